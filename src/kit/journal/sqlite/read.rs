//! Readers beside the writer.

use super::super::row::{RawRow, read_key};
use super::super::{JournalError, LaneRecord, Reads};
use super::{chain, schema};
use fanfare_lane::{LaneId, PublicKey};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::cell::Cell;
use std::path::Path;

/// A connection that only reads.
pub struct Reader {
    connection: Connection,
    older: Cell<bool>,
}

impl Reader {
    /// Opens a journal that exists.
    ///
    /// # Errors
    /// If there is none, or a newer program wrote it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = schema::open_to_read(path)?;
        let older = Cell::new(schema::is_older(&connection)?);
        Ok(Self { connection, older })
    }

    /// Whether the file is still as an older program left it.
    fn older(&self) -> rusqlite::Result<bool> {
        if self.older.get() {
            self.older.set(schema::is_older(&self.connection)?);
        }
        Ok(self.older.get())
    }

    fn newest(&self, lane: LaneId) -> rusqlite::Result<u32> {
        if self.older()? {
            return chain::newest_of_all(&self.connection, lane);
        }
        chain::newest_seq(&self.connection, lane)
    }
}

impl Reads for Reader {
    fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT lane, drop_id, home FROM lanes ORDER BY lane")?;
        let records = query.query_map([], |row| {
            let lane = row.get(0)?;
            Ok(LaneRecord {
                lane,
                drop: row.get(1)?,
                home: row.get::<_, i64>(2)? as usize,
                newest_seq: self.newest(lane)?,
            })
        })?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    fn keys(&self) -> Result<Vec<PublicKey>, JournalError> {
        let mut query = self.connection.prepare_cached("SELECT public FROM keys ORDER BY id")?;
        let texts = query.query_map([], |row| row.get::<_, String>(0))?;
        let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
        texts.iter().map(|text| read_key(text)).collect()
    }

    fn raw_rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<RawRow>, JournalError> {
        let rows = if self.older()? { chain::rows_of_all } else { chain::rows };
        Ok(rows(&self.connection, lane, from, most)?)
    }

    fn bytes(&self) -> Result<u64, JournalError> {
        let bytes = "SELECT COALESCE(SUM(length(hash) + length(header) + length(facts)
            + length(seal)), 0) FROM journal";
        let bytes: i64 = self.connection.query_row(bytes, [], |row| row.get(0))?;
        Ok(bytes.unsigned_abs())
    }

    fn reason(&self, why: u64) -> Result<Option<String>, JournalError> {
        let words = "SELECT words FROM reasons WHERE why = $1";
        Ok(self.connection.query_row(words, params![why as i64], |row| row.get(0)).optional()?)
    }

    fn reasons(&self) -> Result<Vec<(u64, String)>, JournalError> {
        let mut query =
            self.connection.prepare_cached("SELECT why, words FROM reasons ORDER BY why")?;
        let reasons = query.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
        Ok(reasons.collect::<Result<_, _>>()?)
    }

    fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError> {
        Ok(self.newest(lane)?)
    }
}
