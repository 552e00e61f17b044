//! What the scripts of `bench/` are made with and nothing of the product is: the peers' part of the
//! work, the tables and pictures, and `docs/performance.md` held against what its commands print.
//!
//! | module | holds |
//! | --- | --- |
//! | `compare` | Fanfare beside what one would otherwise take |
//! | `growth` | what a claim costs as something grows |
//! | `profile` | where the time of a request goes |
//! | `document` | the document: which command makes which figures, and whether it still does |
//! | `figures`, `picture` | numbers as they are told; how all pictures look |

mod compare;
mod document;
mod figures;
mod growth;
mod picture;
mod profile;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "sqlite FOLDER BATCH SECONDS
  claims on SQLite in this folder; prints claims, seconds and settings, with tabs
compare POINTS FACTS OUT
growth POINTS FACTS OUT
profile POINTS FACTS OUT
  prints the figures and writes OUT.md and OUT.svg; FACTS are lines NAME<tab>VALUE
commands DOCUMENT
  prints the command beside each block of figures; fails where figures stand without one
again DOCUMENT COMMAND OUTPUT
  prints each figure beside this command and what its output says now; fails if one is missing or
  further off than the document says
write DOCUMENT COMMAND TABLES
  puts these tables beside the command
fill DOCUMENT COMMAND OUTPUT
  puts the values that the output names into the table beside the command";

fn run(words: &[&str]) -> Result<String, String> {
    match words {
        ["sqlite", folder, batch, seconds] => {
            let batch = batch.parse().map_err(|_| format!("{batch}: not a batch"))?;
            let seconds = seconds.parse().map_err(|_| format!("{seconds}: not seconds"))?;
            compare::measure_sqlite(Path::new(folder), batch, Duration::from_secs_f64(seconds))
        }
        [what @ ("compare" | "growth" | "profile"), points, facts, out] => {
            let (points, facts) = (text_of(points)?, figures::facts(&text_of(facts)?)?);
            let told = match *what {
                "compare" => compare::told(&points)?,
                "growth" => growth::told(&points)?,
                _ => profile::told(&points)?,
            };
            write(&format!("{out}.md"), &format!("{}\n{facts}", told.tables))?;
            write(&format!("{out}.svg"), &told.picture)?;
            Ok(told.figures)
        }
        ["commands", document] => document::commands(&text_of(document)?),
        ["again", document, command, output] => {
            document::again(&text_of(document)?, command, &text_of(output)?)
        }
        [what @ ("write" | "fill"), document, command, from] => {
            let (text, from) = (text_of(document)?, text_of(from)?);
            let change = if *what == "write" { document::write } else { document::fill };
            write(document, &change(&text, command, &from)?)?;
            Ok(String::new())
        }
        _ => Err(USAGE.to_owned()),
    }
}

/// What a measurement says.
struct Told {
    /// For programs: a name and a value a line.
    figures: String,
    /// For people, in Markdown.
    tables: String,
    /// As SVG.
    picture: String,
}

fn text_of(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|why| format!("{path}: {why}"))
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|why| format!("{path}: {why}"))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<&str>>()) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
