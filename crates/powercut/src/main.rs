//! The server, as it is, on a disk that can lose what was not synced.

use std::process::ExitCode;

fn main() -> ExitCode {
    fanfare_powercut::from_environment();
    fanfare::cli::run()
}
