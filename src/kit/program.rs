//! This same program as a child process. What its parent was set up with stays with the parent:
//! a child that is to serve a rehearsal must not find the real day's settings.

use std::process::Command;

/// The program, without the settings of the environment.
///
/// # Errors
/// If the system cannot say where it lies.
pub fn again() -> Result<Command, String> {
    let mut command = std::env::current_exe().map(Command::new).map_err(|why| why.to_string())?;
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"FANFARE_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}
