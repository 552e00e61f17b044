//! `fanfare doctor`: what is wrong, the worst first, and what to do about each.

use super::Where;
use crate::doctor::{Patient, examine};
use crate::kit::clock::Clock;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `doctor` takes.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Writes what was found as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Nobody is to serve it now: that nobody does is not wrong.
    #[arg(long)]
    stopped: bool,
    #[command(flatten)]
    place: Where,
}

/// Looks and tells; 0 if nothing is wrong.
///
/// # Errors
/// If what was found cannot be written.
pub fn run(args: &Doctor) -> Result<ExitCode, String> {
    let Where { data, database, journal } = &args.place;
    let now_ms = Clock::machine().now_ms();
    let (database, stopped) = (database.as_deref(), args.stopped);
    let report = examine(&Patient { data, database, journal, now_ms, stopped });
    print!("{}", report.words());
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", report.json());
        std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
