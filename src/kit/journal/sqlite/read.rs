//! Readers beside the writer.

use super::super::row::{RawRow, read_key};
use super::super::{JournalError, LaneRecord, Reads};
use super::schema;
use fanfare_lane::{LaneId, PublicKey};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;

/// A connection that only reads.
pub struct Reader(Connection);

impl Reader {
    /// Opens a journal that exists.
    ///
    /// # Errors
    /// If there is none, or a newer program wrote it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self(schema::open_to_read(path)?))
    }
}

impl Reads for Reader {
    fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let mut query = self.0.prepare_cached(
            "SELECT lane, drop_id, home,
                    COALESCE((SELECT MAX(seq) FROM journal WHERE journal.lane = lanes.lane), 0)
             FROM lanes ORDER BY lane",
        )?;
        let records = query.query_map([], |row| {
            Ok(LaneRecord {
                lane: row.get(0)?,
                drop: row.get(1)?,
                home: row.get::<_, i64>(2)? as usize,
                newest_seq: row.get(3)?,
            })
        })?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    fn keys(&self) -> Result<Vec<PublicKey>, JournalError> {
        let mut query = self.0.prepare_cached("SELECT public FROM keys ORDER BY id")?;
        let texts = query.query_map([], |row| row.get::<_, String>(0))?;
        let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
        texts.iter().map(|text| read_key(text)).collect()
    }

    fn raw_rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<RawRow>, JournalError> {
        raw_rows(&self.0, lane, from, most)
    }

    fn bytes(&self, lane: LaneId) -> Result<u64, JournalError> {
        let bytes = "SELECT CAST(COALESCE(SUM(length(hash) + length(header) + length(facts)
            + length(seal)), 0) AS BIGINT) FROM journal WHERE lane = $1";
        let bytes: i64 = self.0.query_row(bytes, params![lane], |row| row.get(0))?;
        Ok(bytes.unsigned_abs())
    }

    fn reason(&self, why: u64) -> Result<Option<String>, JournalError> {
        let words = "SELECT words FROM reasons WHERE why = $1";
        Ok(self.0.query_row(words, params![why as i64], |row| row.get(0)).optional()?)
    }

    fn reasons(&self) -> Result<Vec<(u64, String)>, JournalError> {
        let mut query = self.0.prepare_cached("SELECT why, words FROM reasons ORDER BY why")?;
        let reasons = query.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
        Ok(reasons.collect::<Result<_, _>>()?)
    }

    fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError> {
        let newest = "SELECT COALESCE(MAX(seq), 0) FROM journal WHERE lane = $1";
        Ok(self.0.query_row(newest, params![lane], |row| row.get(0))?)
    }
}

pub(super) fn raw_rows(
    connection: &Connection,
    lane: LaneId,
    from: u32,
    most: usize,
) -> Result<Vec<RawRow>, JournalError> {
    let mut query = connection.prepare_cached(
        "SELECT seq, hash, header, facts, seal FROM journal
         WHERE lane = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
    )?;
    let rows = query.query_map(params![lane, from, most as i64], |row| {
        Ok(RawRow {
            seq: row.get(0)?,
            hash: row.get(1)?,
            header: row.get(2)?,
            facts: row.get(3)?,
            seal: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
