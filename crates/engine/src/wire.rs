//! Facts as bytes, version 1: a kind byte, then the fields; whole numbers as LEB128 varints,
//! signed ones zigzagged. A reader refuses anything but the one shortest form, so that a fact has
//! exactly one spelling and one hash.
//!
//! Changing any of this takes a new version number; `tests/journals/` keeps the old ones readable.

mod read;
mod write;

pub use read::{Reader, WireError, read_fact};
pub use write::{put_fact, put_terms, put_varint};

/// The version of the written form of facts.
pub const VERSION: u8 = 1;

/// The kind byte of each fact. Never reused, never renumbered.
mod kind {
    pub(super) const TERMS: u8 = 1;
    pub(super) const OPENED: u8 = 2;
    pub(super) const CLAIMED: u8 = 3;
    pub(super) const SETTLED: u8 = 4;
    pub(super) const EXPIRED: u8 = 5;
    pub(super) const RELEASED: u8 = 6;
    pub(super) const RETURNED: u8 = 7;
    pub(super) const SETTLED_LATE: u8 = 8;
    pub(super) const REFUND_DUE: u8 = 9;
    pub(super) const GRANTED: u8 = 10;
    pub(super) const LAPSED: u8 = 11;
    pub(super) const PAUSED: u8 = 12;
    pub(super) const RESUMED: u8 = 13;
    pub(super) const RESTOCKED: u8 = 14;
    pub(super) const WITHDRAWN: u8 = 15;
    pub(super) const CLOSED: u8 = 16;
    pub(super) const AMENDED: u8 = 17;
    pub(super) const EXTENDED: u8 = 18;
    pub(super) const TALLIED: u8 = 19;
    pub(super) const RESTED: u8 = 20;
    pub(super) const RESTORED: u8 = 21;
    pub(super) const MOVED: u8 = 22;
}

#[cfg(test)]
mod tests;
