//! What a journal must be able to do. `SQLite`, the simulator's store and, later, `PostgreSQL`
//! keep to the same few sentences and the same suite.

use crate::row::LaneId;
use crate::seal::Sealed;
use alloc::{string::String, vec::Vec};
use core::fmt;

/// What became of one row of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It stands, durably.
    Durable,
    /// The fence kept it out: the row before it is not there with that hash, or its number is
    /// taken.
    Fenced,
}

/// A store's failure. After a failed append the outcome of every row in it is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for StoreError {}

/// A journal: rows by lane and number, only ever added.
pub trait Store {
    /// Appends rows in one commit, those of a lane in their order. A row goes in only behind the
    /// row of its lane with the number and hash before it (the fence); those kept out do not keep
    /// out others.
    ///
    /// # Errors
    /// Anything but a known outcome: each row may or may not stand.
    fn append(&mut self, rows: &[Sealed]) -> Result<Vec<Placed>, StoreError>;

    /// The lane's rows from number `from` on, in order, at most `most`. May miss the newest row
    /// for a moment, never shows a wrong one.
    ///
    /// # Errors
    /// If it cannot be read, or a row is damaged.
    fn read(&mut self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, StoreError>;
}
