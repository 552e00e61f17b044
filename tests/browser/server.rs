//! A demo of its own for a browser: the program as anybody starts it.

use crate::common::program::{self, Program};
use fanfare::kit::scratch::Scratch;
use std::process::Command;

/// A running server; it ends when this is dropped.
pub struct Server {
    _program: Program,
    folder: Scratch,
    pub url: String,
}

impl Server {
    /// Serves a festival file, or the demo.
    pub fn start(festival: Option<&str>) -> Self {
        let folder = Scratch::new(None, "served").unwrap();
        let mut program = Program::start(&mut program::serve(folder.path(), festival));
        let url = program.url().to_owned();
        Self { _program: program, folder, url }
    }

    /// Gives an account a role, as whoever runs the server does.
    pub fn raise(&self, name: &str, role: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
        let command = command.args(["role", name, role, "--data"]);
        let done = command.arg(self.folder.path().join("data")).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
