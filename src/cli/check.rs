//! `fanfare check`: every fault of a festival file at once.

use crate::festivals::{self, Pictures};
use std::path::Path;
use std::process::ExitCode;

/// Checks a file; prints its faults, or one line on what it holds.
///
/// # Errors
/// Never; faults are the answer.
pub fn run(path: &Path) -> Result<ExitCode, String> {
    match festivals::read_file(path) {
        Ok(festival) => {
            if let Err(why) = Pictures::load(&festival) {
                eprintln!("{}: {why}", path.display());
                return Ok(ExitCode::FAILURE);
            }
            let units: u64 = festival.drops().iter().map(|drop| u64::from(drop.stock())).sum();
            println!(
                "{}: good: festival `{}`, {} drops, {units} units",
                path.display(),
                festival.id(),
                festival.drops().len()
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            eprint!("{faults}");
            Ok(ExitCode::FAILURE)
        }
    }
}
