//! A server of the rehearsal's own: a child process on a free port, over a fresh data folder.

use crate::kit::program;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};

/// The server; it is stopped when this is dropped.
pub struct OwnServer {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl OwnServer {
    /// Starts this same program as a rehearsal's server and waits until it answers.
    ///
    /// # Errors
    /// If it does not start; what it said stands on standard error.
    pub fn start(festival: &Path, data: &Path) -> Result<Self, String> {
        let mut child = program::again()?
            .args(["serve", "--rehearsal", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .arg(festival)
            .env("FANFARE_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| format!("the server does not start: {why}"))?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let address = line.trim().strip_prefix("listening on http://");
        match address.and_then(|address| address.parse().ok()) {
            Some(address) if read.is_ok() => Ok(Self { child, address }),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                Err("the server did not come up; see above".to_owned())
            }
        }
    }

    /// Stops it in order and waits for it.
    pub fn stop(&mut self) {
        if let Some(process) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}
