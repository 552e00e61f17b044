//! What verification found.

use crate::kit::data::DataError;
use crate::kit::db::DbError;
use crate::kit::journal::JournalError;
use fanfare_lane::{LaneId, PublicKey};
use std::fmt;

/// A promise that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A row stands as it was written.
    Row,
    /// Each row follows the one before it, none is missing.
    Chain,
    /// What was durable stays: the journal is not shorter than a witness or a receipt says.
    Kept,
    /// Rows are signed with a key of the festival.
    Signature,
    /// issued = free + set aside + held + settled; nothing is given twice.
    Conservation,
    /// No fan has more units than the limit.
    Limit,
    /// Running numbers are given once, one after the other.
    Numbers,
    /// A claim goes from state to state as it may.
    Life,
    /// A right is its fan's and is used once.
    Rights,
    /// Nobody claims before the opening, after the closing or while paused.
    Opening,
    /// A hold lasts as long as promised.
    Hold,
    /// A repeated request makes no second claim.
    Repeats,
    /// Totals are those of the facts.
    Totals,
    /// The engine replays every row.
    Replay,
    /// The tables beside the journal say what its facts say.
    Tables,
    /// A proof or receipt is as it was given.
    Receipt,
}

impl Promise {
    /// The word a program understands.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Chain => "chain",
            Self::Kept => "kept",
            Self::Signature => "signature",
            Self::Conservation => "conservation",
            Self::Limit => "limit",
            Self::Numbers => "numbers",
            Self::Life => "life",
            Self::Rights => "rights",
            Self::Opening => "opening",
            Self::Hold => "hold",
            Self::Repeats => "repeats",
            Self::Totals => "totals",
            Self::Replay => "replay",
            Self::Tables => "tables",
            Self::Receipt => "receipt",
        }
    }
}

/// A promise broken, before it is known where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) promise: Promise,
    pub(super) what: String,
}

/// A fault, for `Err` and `map_err`.
pub(super) fn fault(promise: Promise, what: impl Into<String>) -> Fault {
    Fault { promise, what: what.into() }
}

/// A promise broken, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which promise.
    pub promise: Promise,
    /// In which lane; none where it concerns the folder or the file as a whole.
    pub lane: Option<LaneId>,
    /// The lane's drop; empty where it is not known.
    pub drop: String,
    /// At which row.
    pub row: Option<u32>,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.promise.code())?;
        if let Some(lane) = self.lane {
            write!(f, "lane {lane}")?;
            if !self.drop.is_empty() {
                write!(f, " (drop {})", self.drop)?;
            }
            if let Some(row) = self.row {
                write!(f, ", row {row}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.what)
    }
}

/// A lane as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneReport {
    /// Its number.
    pub lane: LaneId,
    /// Its drop.
    pub drop: String,
    /// Rows read.
    pub rows: u64,
    /// Facts in them.
    pub facts: u64,
    /// Claims ever made.
    pub claims: u64,
    /// Of these, claims whose rows were lost and given up: of them nothing but numbers is left.
    pub claims_lost: u64,
    /// Where the lane goes on, in words, if it moved away.
    pub moved: Option<String>,
    /// Units held or settled at the end.
    pub units_out: u64,
    /// The engine's digest of the lane's state, hexadecimal; none if the lane does not replay.
    pub digest: Option<String>,
    /// The number of the newest row when verification began; 0 for a lane without rows.
    pub newest_seq: u32,
    /// How long it took, seconds.
    pub seconds: f64,
}

/// A data folder as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The lanes, by number.
    pub lanes: Vec<LaneReport>,
    /// What is broken, in the order it was found.
    pub broken: Vec<Broken>,
    /// The keys the journal lists.
    pub keys: Vec<PublicKey>,
}

impl Report {
    /// Whether every promise that was checked is kept.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// How far reading has come.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// The lane being read.
    pub drop: &'a str,
    /// Rows of it read.
    pub rows: u64,
    /// Rows it has.
    pub rows_of: u64,
    /// Facts read so far, in all lanes.
    pub facts: u64,
}

/// Why nothing can be said at all.
#[derive(Debug)]
pub enum VerifyError {
    /// The data folder cannot be read.
    Folder(DataError),
    /// The journal cannot be read.
    Journal(JournalError),
    /// The tables beside it cannot be read.
    Tables(DbError),
    /// A thread cannot be started.
    Thread(std::io::Error),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(why) => why.fmt(f),
            Self::Journal(why) => why.fmt(f),
            Self::Tables(why) => why.fmt(f),
            Self::Thread(why) => write!(f, "a thread cannot be started: {why}"),
        }
    }
}

impl std::error::Error for VerifyError {}

impl From<DataError> for VerifyError {
    fn from(why: DataError) -> Self {
        Self::Folder(why)
    }
}

impl From<DbError> for VerifyError {
    fn from(why: DbError) -> Self {
        Self::Tables(why)
    }
}

impl From<JournalError> for VerifyError {
    fn from(why: JournalError) -> Self {
        Self::Journal(why)
    }
}
