//! What the tables hold of a lane, as types: its cursor, its claims, its stock.

use fanfare_engine::ClaimState;
use fanfare_lane::Hash;

/// How far a lane's rows have become rows of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The newest row's number; 0 before the first.
    pub seq: u32,
    /// Its hash.
    pub hash: Hash,
    /// Its lane time, ms since 1970.
    pub at_ms: i64,
}

/// A claim's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its running number.
    pub number: u32,
    /// Whose it is.
    pub fan: u64,
    /// Of which line.
    pub line: u16,
    /// How many units.
    pub quantity: u16,
    /// What became of it.
    pub state: ClaimState,
    /// Until when it is or was held, seconds since 1970.
    pub until_s: u32,
    /// The key it was made with.
    pub key: Option<u64>,
    /// Where the fact that made it stands.
    pub seq: u32,
    /// And where in that row.
    pub place: u16,
    /// When it was made, ms since 1970.
    pub made_at_ms: i64,
    /// When it last changed, ms since 1970.
    pub changed_at_ms: i64,
    /// How many facts made it so.
    pub facts: u32,
}

/// What happened to a claim that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What it was.
    pub from: ClaimState,
    /// What it is now.
    pub to: ClaimState,
    /// Since when, ms since 1970.
    pub at_ms: i64,
    /// By how many facts.
    pub facts: u32,
    /// What its units do to the stock, for each of them.
    pub per_unit: Stock,
}

/// A change of a line's stock, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// All there are.
    pub issued: i64,
    /// Kept for those with a right, and for late money.
    pub set_aside: i64,
    /// Of these, for late money.
    pub reserve: i64,
    /// Claimed, not paid.
    pub held: i64,
    /// Claimed and paid.
    pub settled: i64,
}

impl Stock {
    /// Adds so many times another change.
    pub fn add(&mut self, other: Self, times: i64) {
        self.issued += other.issued * times;
        self.set_aside += other.set_aside * times;
        self.reserve += other.reserve * times;
        self.held += other.held * times;
        self.settled += other.settled * times;
    }
}

/// The first digits of a hash, enough to tell two apart.
pub fn short(hash: &Hash) -> String {
    crate::kit::hex::hex(&hash[..8])
}
