//! What `bench/compare` is made with and nothing of the product is: SQLite's part of the work, and
//! the figures, table and plot of everybody's.
//!
//! | file | holds |
//! | --- | --- |
//! | `sqlite` | the same work on SQLite, a batch a transaction |
//! | `peer` | who is compared, in words, and what survives a power cut of each |
//! | `points` | the measured points as the script writes them; medians |
//! | `report` | figures by name, the table in Markdown |
//! | `plot` | the picture |

mod peer;
mod plot;
mod points;
mod report;
mod sqlite;

use points::Points;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "sqlite FOLDER BATCH SECONDS
  claims on SQLite in this folder; prints claims, seconds and settings, with tabs
report POINTS FACTS OUT
  prints the figures and writes OUT.md and OUT.svg; FACTS are lines NAME<tab>VALUE";

fn run(words: &[&str]) -> Result<String, String> {
    match words {
        ["sqlite", folder, batch, seconds] => {
            let batch = batch.parse().map_err(|_| format!("{batch}: not a batch"))?;
            let seconds = seconds.parse().map_err(|_| format!("{seconds}: not seconds"))?;
            sqlite::measure(Path::new(folder), batch, Duration::from_secs_f64(seconds))
        }
        ["report", points, facts, out] => {
            let points = Points::read(&text_of(points)?)?;
            let table = report::markdown(&points, &text_of(facts)?)?;
            write(&format!("{out}.md"), &table)?;
            write(&format!("{out}.svg"), &plot::svg(&points.summaries()))?;
            report::figures(&points)
        }
        _ => Err(USAGE.to_owned()),
    }
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
