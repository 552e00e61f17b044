//! One file, and what may be wrong with it.

use std::fmt;
use std::path::Path;

/// One file that is text.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Whether it may be run.
    pub runs: bool,
}

impl File {
    /// A file that exists only in a test.
    pub fn made(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), runs: false }
    }

    /// The path's last part.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        has_ending(&self.path, "rs")
    }

    /// Whether it holds nothing but tests.
    pub fn is_test(&self) -> bool {
        self.name() == "tests.rs" || self.path.split('/').any(|part| part == "tests")
    }

    /// Whether others wrote it, or a program did: no rule about style is for it.
    pub fn is_foreign(&self) -> bool {
        let made = self.text.lines().take(3).any(|line| line.contains("@generated"));
        made || self.path.contains("/vendor/") || self.path.contains(".min.")
    }
}

/// Whether a path ends in a dot and this.
pub fn has_ending(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|is| is == ending)
}

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

impl Fault {
    /// A fault at a line.
    pub fn at(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}
