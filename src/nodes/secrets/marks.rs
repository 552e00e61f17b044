//! What a node's folder knows of the keys it shares: which it had when it last had the others', and
//! how they stood in the database. By that a node whose keys were made anew elsewhere is told from
//! one that never had the festival's. Nothing in it is secret.

use crate::kit::data::{DataError, write_private};
use crate::kit::hex;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The file in the data folder: a line a key, with its name and two hashes.
const FILE: &str = "keys.shared";

/// The marks of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<String, Mark>);

/// Of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    key: String,
    wrapped: String,
}

fn of_key(key: &[u8; 32]) -> String {
    hex::hex(&blake3::derive_key("fanfare 2026-11 which key nodes shared", key))
}

fn of_wrapped(wrapped: &[u8]) -> String {
    hex::hex(blake3::hash(wrapped).as_bytes())
}

impl Marks {
    /// Reads a folder's; none where it never shared keys. Lines that are damaged say nothing.
    pub fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        let mark = |line: &str| {
            let mut words = line.split(' ').map(str::to_owned);
            Some((words.next()?, Mark { key: words.next()?, wrapped: words.next()? }))
        };
        Self(text.lines().filter_map(mark).collect())
    }

    /// Keeps them, where they are others than those that are there.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn keep(&self, folder: &Path) -> Result<(), DataError> {
        if *self == Self::read(folder) {
            return Ok(());
        }
        let line =
            |(name, mark): (&String, &Mark)| format!("{name} {} {}\n", mark.key, mark.wrapped);
        let text: String = self.0.iter().map(line).collect();
        write_private(&folder.join(FILE), text.as_bytes())
    }

    pub(super) fn note(&mut self, name: &str, key: &[u8; 32], wrapped: &[u8]) {
        let mark = Mark { key: of_key(key), wrapped: of_wrapped(wrapped) };
        self.0.insert(name.to_owned(), mark);
    }

    /// Whether this folder shares keys with other nodes.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether this is the key that was the others' too; none if that is not known.
    pub fn is_key(&self, name: &str, key: &[u8; 32]) -> Option<bool> {
        self.0.get(name).map(|mark| mark.key == of_key(key))
    }

    /// Whether it stands in the database as it did; none if that is not known.
    pub fn is_wrapped(&self, name: &str, wrapped: &[u8]) -> Option<bool> {
        self.0.get(name).map(|mark| mark.wrapped == of_wrapped(wrapped))
    }
}
