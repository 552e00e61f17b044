//! How far something long has come, on the terminal: one line that is written over; elsewhere a
//! line now and then, and none where it is over soon.

use crate::kit::clock::Stopwatch;
use std::io::{IsTerminal as _, Write as _};

/// Nothing is shown before this, and elsewhere than on a terminal again only after as long.
const SHOW_AFTER_US: u64 = 2_000_000;
/// How often the line on a terminal is written over.
const TERMINAL_EVERY_US: u64 = 250_000;

/// What is shown, and when it last was.
pub struct Shown {
    watch: Stopwatch,
    at_us: u64,
}

impl Shown {
    /// From now on.
    pub fn start() -> Self {
        Self { watch: Stopwatch::start(), at_us: 0 }
    }

    /// So much of something is done, if that is worth a line now.
    pub fn say(&mut self, what: &str, done: u64, of: u64) {
        let (now_us, mut err) = (self.watch.passed_us(), std::io::stderr().lock());
        let every_us = if err.is_terminal() { TERMINAL_EVERY_US } else { SHOW_AFTER_US };
        if now_us < SHOW_AFTER_US || now_us - self.at_us < every_us {
            return;
        }
        self.at_us = now_us;
        let line = format!("{what}: {done} of {of}");
        let _ =
            if err.is_terminal() { write!(err, "\r{line:<78}") } else { writeln!(err, "{line}") };
    }

    /// What comes next begins on a line of its own.
    pub fn end(&self) {
        if self.at_us > 0 && std::io::stderr().is_terminal() {
            eprintln!();
        }
    }
}
