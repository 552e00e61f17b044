//! A demo of its own for a browser: the program as anybody starts it.

use crate::common::program::{self, Program};
use fanfare::kit::scratch::Scratch;

/// A running server; it ends when this is dropped.
pub struct Server {
    _program: Program,
    _folder: Scratch,
    pub url: String,
}

impl Server {
    /// Serves a festival file, or the demo.
    pub fn start(festival: Option<&str>) -> Self {
        let folder = Scratch::new(None, "served").unwrap();
        let mut program = Program::start(&mut program::serve(folder.path(), festival));
        let url = program.url().to_owned();
        Self { _program: program, _folder: folder, url }
    }
}
