//! The journal on either database: rows by lane and number, only ever added.
//!
//! What a commit acknowledged was synced, and a database that is not set so stops the start. The
//! fence is in the transaction itself: a row goes in only behind the row with the number and hash
//! before it.
//!
//! A festival may have several journals; each lane's rows are in one of them, its home, for good.
//! A home is called by its place in the order of the journals. The first, the register, keeps
//! every lane's number and home.

mod journals;
mod moved;
mod postgres;
mod reader;
mod row;
mod sqlite;

pub use journals::{JOURNALS_MAX, Journals};
pub use moved::{moved, not_moved};
pub use postgres::{Holder, Lease, Leases, NodeRow, View};
pub use reader::{JournalReader, Survey, unnamed};
pub use row::{LaneRecord, RawRow, seal_bytes};
pub use sqlite::SQLITE_MIN;

use super::database::Database;
use fanfare_lane::{LaneId, Placed, PublicKey, Sealed, Store, StoreError};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Why a journal cannot be opened, read or written, in words.
#[derive(Clone, Debug)]
pub enum JournalError {
    /// It did not answer: it is locked, say, or its disk failed. The same may go well later.
    Silent(String),
    /// There is none yet.
    Missing(String),
    /// What it holds is damaged, or neither made for this program nor for this place. The same
    /// will not go well until somebody mends it.
    Unfit(String),
    /// It is whole, and not the history this process saw.
    Another(String),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Silent(why) | Self::Missing(why) | Self::Unfit(why) | Self::Another(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for JournalError {}

impl From<JournalError> for String {
    fn from(why: JournalError) -> Self {
        why.to_string()
    }
}

/// What one of the journals can be asked, as [`JournalReader`] is asked of all.
trait Reads {
    /// The lanes it lists, by number. The register lists those of the others too, without rows.
    fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError>;
    fn keys(&self) -> Result<Vec<PublicKey>, JournalError>;
    fn raw_rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<RawRow>, JournalError>;
    fn bytes(&self) -> Result<u64, JournalError>;
    fn reason(&self, why: u64) -> Result<Option<String>, JournalError>;
    fn reasons(&self) -> Result<Vec<(u64, String)>, JournalError>;
    fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError>;
}

/// What the one who appends to a journal does besides.
pub trait Writes: Store {
    /// Appends lanes' first rows of an owner, each only while its lease is still the holder's, in
    /// the same commit. Where the lock on the data folder is the lease, that is so.
    ///
    /// # Errors
    /// Anything but a known outcome, as with any append.
    fn append_opening(
        &mut self,
        rows: &[Sealed],
        _holder: &Holder,
    ) -> Result<Vec<Placed>, StoreError> {
        self.append(rows)
    }

    /// Gives a drop its lane number and its home, or finds those it has. Asked of the register.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn lane_of(&mut self, drop: &str) -> Result<(LaneId, usize), JournalError>;

    /// Keeps a lane's number and home for its drop, where this journal knows neither lane nor
    /// drop; says whether that is how it stands now. Asked of a lane's home before its first row,
    /// and of the register for what a witness knows: a journal begun anew would give numbers out
    /// in another order.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn keep_lane(&mut self, lane: LaneId, drop: &str, home: usize) -> Result<bool, JournalError>;

    /// Lists the festival's public key among those its journal was signed with.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn list_key(&mut self, key: &PublicKey) -> Result<(), JournalError>;

    /// Keeps the words of a reason under their number. Done before the fact that names it. False
    /// if the number has other words, which it then keeps.
    ///
    /// # Errors
    /// If the table cannot be written.
    fn keep_reason(&mut self, why: u64, words: &str) -> Result<bool, JournalError>;

    /// Takes over a lane's next rows as they stand in another journal, all or none. They are not
    /// looked at: whoever copies a journal compares it afterwards.
    ///
    /// # Errors
    /// If they cannot be written, or one of these numbers is taken.
    fn bring(&mut self, lane: LaneId, rows: &[RawRow]) -> Result<(), JournalError>;
}

/// Appends to a journal.
pub struct JournalWriter(Box<dyn Writes + Send>);

impl JournalWriter {
    /// Opens the register, making it at the first start.
    ///
    /// # Errors
    /// If it cannot be written, or not safely.
    pub fn open(journals: &Journals) -> Result<Self, JournalError> {
        Self::each(journals).map(|mut writers| writers.swap_remove(0))
    }

    /// Opens all, in their order. Those behind the register are connected to when they are first
    /// asked, and made then.
    ///
    /// # Errors
    /// If the register cannot be written, or not safely.
    pub fn each(journals: &Journals) -> Result<Vec<Self>, JournalError> {
        Self::each_by(journals, true)
    }

    /// The same where the register was in use before: it is connected to as the others are.
    ///
    /// # Errors
    /// If a file cannot be written, or something is no URL.
    pub fn each_known(journals: &Journals) -> Result<Vec<Self>, JournalError> {
        Self::each_by(journals, false)
    }

    fn each_by(journals: &Journals, first_now: bool) -> Result<Vec<Self>, JournalError> {
        let mut writers = Vec::with_capacity(journals.count());
        for (database, standing) in journals.each() {
            let now = first_now && writers.is_empty();
            writers.push(Self(match database {
                Database::File(path) => Box::new(sqlite::Writer::open(&path)?),
                Database::Url(url) => Box::new(postgres::Writer::open(&url, standing, now)?),
            }));
        }
        Ok(writers)
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
