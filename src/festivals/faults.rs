//! Faults of a festival file: where each stands, what is wrong and what to write instead.
//!
//! None has a language yet: hosts read them in theirs, the terminal in English.

use std::fmt;

use super::limits::FAULTS_SHOWN_MAX;
use crate::kit::words::{Saying, say};

/// One fault with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    line: usize,
    column: usize,
    what: Saying,
}

impl Fault {
    pub(super) fn new(line: usize, column: usize, what: Saying) -> Self {
        Self { line, column, what }
    }

    /// Line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong; what to write instead.
    pub fn what(&self) -> &Saying {
        &self.what
    }
}

/// All faults of one file, sorted by place. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    name: String,
    list: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(name: &str, mut list: Vec<Fault>) -> Self {
        assert!(!list.is_empty(), "a file is refused for a reason");
        list.sort();
        list.dedup();
        Self { name: name.to_owned(), list }
    }

    /// A file that could not be read at all has one fault, at its beginning.
    pub(super) fn whole_file(name: &str, what: Saying) -> Self {
        Self::new(name, vec![Fault::new(1, 1, what)])
    }

    /// The faults in the order of the file.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Those that are shown, and behind them, where there are too many, how many are not.
    pub fn shown(&self) -> impl Iterator<Item = Fault> {
        let more = self.list.get(FAULTS_SHOWN_MAX).map(|next| {
            let more = self.list.len() - FAULTS_SHOWN_MAX;
            Fault::new(next.line, next.column, say("file-more").put("n", more.to_string()))
        });
        self.list.iter().take(FAULTS_SHOWN_MAX).cloned().chain(more)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A file's name is input too: it must not steer the terminal it is printed on.
        let name = self.name.escape_debug().to_string();
        for Fault { line, column, what } in self.shown() {
            writeln!(out, "{name}:{line}:{column}: {}", what.english())?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A fault while the file is being read: its place is still a byte offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) sort: Sort,
    pub(super) what: Saying,
}

/// What a fault rests on; in a file with broken TOML some rest on text that was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// What stands there is wrong by itself.
    Here,
    /// Something is not there.
    Missing,
    /// Something in another section is not there.
    Elsewhere,
}

/// Turns byte offsets into lines and columns in one pass over the text: a hostile file may have
/// a million faults on one line of a million characters.
pub(super) fn place(text: &str, mut found: Vec<Found>) -> Vec<(Sort, Fault)> {
    found.sort();
    let mut chars = text.char_indices().peekable();
    let (mut line, mut column) = (1, 1);
    let mut placed = Vec::with_capacity(found.len());
    for one in found {
        while let Some((_, letter)) = chars.next_if(|(at, _)| *at < one.at) {
            column += 1;
            if letter == '\n' {
                line += 1;
                column = 1;
            }
        }
        placed.push((one.sort, Fault::new(line, column, one.what)));
    }
    placed
}

/// Text from the file as a message quotes it: short, and without characters that act.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let short: String = text.chars().take(SHOWN).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("\"{}{dots}\"", short.escape_debug())
}
