//! The journal on either database: rows by lane and number, only ever added.
//!
//! What a commit acknowledged was synced, and a database that is not set so stops the start. The
//! fence is in the statement itself: a row goes in only behind the row with the number and hash
//! before it.

mod postgres;
mod row;
mod sqlite;

pub use row::{LaneRecord, RawRow, seal_bytes};

use super::database::Database;
use fanfare_lane::{LaneId, PublicKey, Sealed, Store};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Why a journal cannot be opened, read or written, in words.
#[derive(Debug)]
pub enum JournalError {
    /// It did not answer: it is locked, say, or its disk failed. The same may go well later.
    Silent(String),
    /// There is none yet.
    Missing(String),
    /// What it holds is damaged, or neither made for this program nor for this place. The same
    /// will not go well until somebody mends it.
    Unfit(String),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Silent(why) | Self::Missing(why) | Self::Unfit(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for JournalError {}

/// What a journal can be asked.
pub trait Reads {
    /// All lanes, by number.
    ///
    /// # Errors
    /// If the table cannot be read.
    fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError>;

    /// The keys the journal was ever signed with.
    ///
    /// # Errors
    /// If the table cannot be read or lists something that is no key.
    fn keys(&self) -> Result<Vec<PublicKey>, JournalError>;

    /// The lane's rows from number `from` on, in order, at most `most`, as raw as they stand, for
    /// a reader that names every damage itself.
    ///
    /// # Errors
    /// If they cannot be read at all.
    fn raw_rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<RawRow>, JournalError>;

    /// The same rows, each read.
    ///
    /// # Errors
    /// If they cannot be read; damaged rows are named.
    fn rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, JournalError> {
        row::read_all(lane, self.raw_rows(lane, from, most)?)
    }

    /// Bytes the lane's rows take: header, hash, facts and seal.
    ///
    /// # Errors
    /// If they cannot be read.
    fn bytes(&self, lane: LaneId) -> Result<u64, JournalError>;

    /// The words of a reason, if they are kept.
    ///
    /// # Errors
    /// If the table cannot be read.
    fn reason(&self, why: u64) -> Result<Option<String>, JournalError>;

    /// The number of the lane's newest row; 0 if it has none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError>;
}

/// What the one who appends to a journal does besides.
pub trait Writes: Store {
    /// Gives a drop its lane number, or finds the one it has.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn lane_of(&mut self, drop: &str) -> Result<LaneId, JournalError>;

    /// Keeps a lane's number for the drop a witness knows it as, where the journal knows neither
    /// any more: a journal begun anew would give them out in another order.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn keep_lane(&mut self, lane: LaneId, drop: &str) -> Result<(), JournalError>;

    /// Lists the festival's public key among those its journal was signed with.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn list_key(&mut self, key: &PublicKey) -> Result<(), JournalError>;

    /// Keeps the words of a reason under their number. Done before the fact that names it.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn keep_reason(&mut self, why: u64, words: &str) -> Result<(), JournalError>;
}

/// Reads a journal beside its writer.
pub struct JournalReader(Box<dyn Reads + Send>);

impl JournalReader {
    /// Opens a journal that exists.
    ///
    /// # Errors
    /// If there is none, or a newer program wrote it.
    pub fn open(place: &Database) -> Result<Self, JournalError> {
        Ok(Self(match place {
            Database::File(path) => Box::new(sqlite::Reader::open(path)?),
            Database::Url(url) => Box::new(postgres::Reader::open(url)?),
        }))
    }

    /// The same; none where there is no journal yet.
    ///
    /// # Errors
    /// If it cannot be read, or a newer program wrote it.
    pub fn find(place: &Database) -> Result<Option<Self>, JournalError> {
        match Self::open(place) {
            Ok(reader) => Ok(Some(reader)),
            Err(JournalError::Missing(_)) => Ok(None),
            Err(why) => Err(why),
        }
    }
}

impl Deref for JournalReader {
    type Target = dyn Reads + Send;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Appends to a journal.
pub struct JournalWriter(Box<dyn Writes + Send>);

impl JournalWriter {
    /// Opens the journal, making it at the first start.
    ///
    /// # Errors
    /// If it cannot be written, or not safely.
    pub fn open(place: &Database) -> Result<Self, JournalError> {
        Ok(Self(match place {
            Database::File(path) => Box::new(sqlite::Writer::open(path)?),
            Database::Url(url) => Box::new(postgres::Writer::open(url)?),
        }))
    }
}

impl Deref for JournalWriter {
    type Target = dyn Writes + Send;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl DerefMut for JournalWriter {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}
