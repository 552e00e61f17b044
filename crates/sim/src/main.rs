//! Replays one seed, or runs many and prints what they met.
//!
//! `cargo run -p fanfare-sim -- --seed N [--control NAME] [--trace]`, or
//! `cargo run -p fanfare-sim -- --seeds FROM..TO [--control NAME]`.

use fanfare_sim::{Control, Failure, Options, Report, run, run_many};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "--seed N [--control NAME] [--trace] | --seeds FROM..TO [--control NAME]";

/// What was asked on the command line.
#[derive(Default)]
struct Asked {
    seed: Option<u64>,
    seeds: Option<(u64, u64)>,
    control: Option<Control>,
    trace: bool,
}

fn asked() -> Option<Asked> {
    let mut asked = Asked::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seed" => asked.seed = Some(words.next()?.parse().ok()?),
            "--seeds" => {
                let range = words.next()?;
                let (from, to) = range.split_once("..")?;
                asked.seeds = Some((from.parse().ok()?, to.parse().ok()?));
            }
            "--control" => asked.control = Some(Control::named(&words.next()?)?),
            "--trace" => asked.trace = true,
            _ => return None,
        }
    }
    (asked.seed.is_some() != asked.seeds.is_some()).then_some(asked)
}

fn serve(asked: &Asked) -> Result<Report, Failure> {
    let control = asked.control;
    match (asked.seed, asked.seeds) {
        (Some(seed), _) => run(Options { seed, control, trace: asked.trace })
            .map_err(|violation| Failure { seed, control, violation }),
        (None, Some((from, to))) => run_many(from..to, control),
        (None, None) => Ok(Report::default()),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it took is printed, nothing goes by it")]
fn main() -> ExitCode {
    let Some(asked) = asked() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    match serve(&asked) {
        Ok(report) => {
            print!("{report}");
            println!("{:.1} s", begun.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
