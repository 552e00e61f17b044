//! The one writer.

use super::read::read_rows;
use super::{JournalError, schema, store_error};
use crate::kit::hex;
use fanfare_lane::{LaneId, Placed, PublicKey, Row, Seal, Sealed, Store, StoreError};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// The exit code after a failed sync: what the disk holds is then unknown to everybody.
pub const EXIT_SYNC_FAILED: i32 = 74;

const INSERT_FIRST: &str = "INSERT OR IGNORE INTO journal (lane, seq, hash, header, facts, seal)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE $7 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM journal WHERE lane = $1)";

const INSERT_NEXT: &str = "INSERT OR IGNORE INTO journal (lane, seq, hash, header, facts, seal)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE EXISTS (SELECT 1 FROM journal WHERE lane = $1 AND seq = $2 - 1 AND hash = $7)";

/// The connection that appends.
pub struct JournalWriter {
    connection: Connection,
    commits: AtomicU64,
}

impl JournalWriter {
    /// Opens the journal, making it at the first start.
    ///
    /// # Errors
    /// If it cannot be written, or not safely.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self { connection: schema::open_to_write(path)?, commits: AtomicU64::new(0) })
    }

    /// Gives a drop its lane number, or finds the one it has.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn lane_of(&self, drop: &str) -> Result<LaneId, JournalError> {
        self.connection.execute(
            "INSERT INTO lanes (lane, drop_id)
             SELECT (SELECT COALESCE(MAX(lane), 0) + 1 FROM lanes), $1
             WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE drop_id = $1)",
            params![drop],
        )?;
        let lane = "SELECT lane FROM lanes WHERE drop_id = $1";
        Ok(self.connection.query_row(lane, params![drop], |row| row.get(0))?)
    }

    /// Keeps a lane's number for the drop a witness knows it as, where the journal knows neither
    /// any more: a journal begun anew would give them out in another order.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn keep_lane(&self, lane: LaneId, drop: &str) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT OR IGNORE INTO lanes (lane, drop_id) VALUES ($1, $2)",
            params![lane, drop],
        )?;
        Ok(())
    }

    /// Lists the festival's public key among those its journal was signed with.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn list_key(&self, key: &PublicKey) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT INTO keys (id, public) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            params![hex::hex(&key.id()), hex::hex(&key.0)],
        )?;
        Ok(())
    }

    /// Keeps the words of a reason under their number. Done before the fact that names it.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub fn keep_reason(&self, why: u64, words: &str) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT INTO reasons (why, words) VALUES ($1, $2) ON CONFLICT (why) DO NOTHING",
            params![why as i64, words],
        )?;
        Ok(())
    }

    /// How many commits were made.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn insert(&mut self, rows: &[Sealed]) -> rusqlite::Result<Vec<Placed>> {
        let transaction = self.connection.transaction()?;
        let mut placed = Vec::with_capacity(rows.len());
        for sealed in rows {
            let row: &Row = &sealed.row;
            let sql = if row.header.seq == 1 { INSERT_FIRST } else { INSERT_NEXT };
            let inserted = transaction.prepare_cached(sql)?.execute(params![
                row.header.lane,
                row.header.seq,
                &row.hash[..],
                &row.header.to_bytes()[..],
                &row.facts[..],
                seal_bytes(&sealed.seal),
                &row.header.prev[..],
            ])?;
            placed.push(if inserted == 1 { Placed::Durable } else { Placed::Fenced });
        }
        transaction.commit()?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(placed)
    }
}

impl Store for JournalWriter {
    fn append(&mut self, rows: &[Sealed]) -> Result<Vec<Placed>, StoreError> {
        self.insert(rows).map_err(|why| {
            if sync_failed(&why) {
                eprintln!("fanfare: SYNC FAILED: {why}; the disk must be looked at; stopping");
                process::exit(EXIT_SYNC_FAILED);
            }
            store_error(&why)
        })
    }

    fn read(&mut self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, StoreError> {
        let rows = read_rows(&self.connection, lane, from, most);
        rows.map_err(|why| StoreError(why.to_string()))
    }
}

fn sync_failed(why: &rusqlite::Error) -> bool {
    matches!(why.sqlite_error(), Some(error)
        if error.extended_code == rusqlite::ffi::SQLITE_IOERR_FSYNC
            || error.extended_code == rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// A seal as kept: version 1, key (8), signature (64), index (4), count (4), siblings (32 each).
pub(super) fn seal_bytes(seal: &Seal) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(81 + seal.path.len() * 32);
    bytes.push(1);
    bytes.extend(seal.key);
    bytes.extend(seal.signature);
    bytes.extend(seal.index.to_be_bytes());
    bytes.extend(seal.count.to_be_bytes());
    bytes.extend(seal.path.iter().flatten());
    bytes
}

impl JournalWriter {
    /// A reason's words, if they are kept here.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn reason(&self, why: u64) -> Result<Option<String>, JournalError> {
        let words = "SELECT words FROM reasons WHERE why = $1";
        Ok(self.connection.query_row(words, params![why as i64], |row| row.get(0)).optional()?)
    }
}
