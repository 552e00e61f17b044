//! The one writer.

use super::super::row::{read_all, seal_bytes};
use super::super::{JournalError, Writes};
use super::{read, schema, store_error};
use crate::kit::hex;
use fanfare_lane::{LaneId, Placed, PublicKey, Row, Sealed, Store, StoreError};
use rusqlite::{Connection, params};
use std::path::Path;

const INSERT_FIRST: &str = "INSERT OR IGNORE INTO journal (lane, seq, hash, header, facts, seal)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE $7 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM journal WHERE lane = $1)";

const INSERT_NEXT: &str = "INSERT OR IGNORE INTO journal (lane, seq, hash, header, facts, seal)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE EXISTS (SELECT 1 FROM journal WHERE lane = $1 AND seq = $2 - 1 AND hash = $7)";

/// The connection that appends.
pub struct Writer {
    connection: Connection,
}

impl Writer {
    /// Opens the journal, making it at the first start.
    ///
    /// # Errors
    /// If it cannot be written, or not safely.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self { connection: schema::open_to_write(path)? })
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
        Ok(placed)
    }
}

impl Writes for Writer {
    fn lane_of(&mut self, drop: &str) -> Result<LaneId, JournalError> {
        self.connection.execute(
            "INSERT INTO lanes (lane, drop_id)
             SELECT (SELECT COALESCE(MAX(lane), 0) + 1 FROM lanes), $1
             WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE drop_id = $1)",
            params![drop],
        )?;
        let lane = "SELECT lane FROM lanes WHERE drop_id = $1";
        Ok(self.connection.query_row(lane, params![drop], |row| row.get(0))?)
    }

    fn keep_lane(&mut self, lane: LaneId, drop: &str) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT OR IGNORE INTO lanes (lane, drop_id) VALUES ($1, $2)",
            params![lane, drop],
        )?;
        Ok(())
    }

    fn list_key(&mut self, key: &PublicKey) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT INTO keys (id, public) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            params![hex::hex(&key.id()), hex::hex(&key.0)],
        )?;
        Ok(())
    }

    fn keep_reason(&mut self, why: u64, words: &str) -> Result<(), JournalError> {
        self.connection.execute(
            "INSERT INTO reasons (why, words) VALUES ($1, $2) ON CONFLICT (why) DO NOTHING",
            params![why as i64, words],
        )?;
        Ok(())
    }
}

impl Store for Writer {
    fn append(&mut self, rows: &[Sealed]) -> Result<Vec<Placed>, StoreError> {
        self.insert(rows).map_err(|why| store_error(&why))
    }

    fn read(&mut self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, StoreError> {
        let rows = read::raw_rows(&self.connection, lane, from, most);
        rows.and_then(|raw| read_all(lane, raw)).map_err(|why| StoreError(why.to_string()))
    }
}
