//! Readers beside the writer.

use super::{JournalError, schema};
use crate::kit::hex;
use fanfare_lane::{Header, LaneId, PublicKey, Row, Seal, Sealed};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;
use std::sync::Arc;

/// A lane as the journal lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRecord {
    /// Its number.
    pub lane: LaneId,
    /// Its drop.
    pub drop: String,
    /// The number of its newest row; 0 if it has none yet.
    pub newest_seq: u32,
}

/// A connection that only reads.
pub struct JournalReader(Connection);

impl JournalReader {
    /// Opens a journal that exists.
    ///
    /// # Errors
    /// If there is none, or a newer program wrote it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Ok(Self(schema::open_to_read(path)?))
    }

    /// All lanes, by number.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let mut query = self.0.prepare_cached(
            "SELECT lane, drop_id,
                    COALESCE((SELECT MAX(seq) FROM journal WHERE journal.lane = lanes.lane), 0)
             FROM lanes ORDER BY lane",
        )?;
        let records = query.query_map([], |row| {
            Ok(LaneRecord { lane: row.get(0)?, drop: row.get(1)?, newest_seq: row.get(2)? })
        })?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// The keys the journal was ever signed with.
    ///
    /// # Errors
    /// If the table cannot be read or lists something that is no key.
    pub fn keys(&self) -> Result<Vec<PublicKey>, JournalError> {
        let mut query = self.0.prepare_cached("SELECT public FROM keys ORDER BY id")?;
        let texts = query.query_map([], |row| row.get::<_, String>(0))?;
        let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
        let key = |text: &String| {
            let bytes = hex::from_hex(text);
            bytes.map(PublicKey).ok_or_else(|| JournalError::Unfit(format!("`{text}` is no key")))
        };
        texts.iter().map(key).collect()
    }

    /// The lane's rows from number `from` on, in order, at most `most`.
    ///
    /// # Errors
    /// If they cannot be read; damaged rows are named.
    pub fn rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, JournalError> {
        read_rows(&self.0, lane, from, most)
    }

    /// The lane's rows as raw as they stand, for a reader that names every damage itself.
    ///
    /// # Errors
    /// If they cannot be read at all.
    pub fn raw_rows(
        &self,
        lane: LaneId,
        from: u32,
        most: usize,
    ) -> Result<Vec<RawRow>, JournalError> {
        raw_rows(&self.0, lane, from, most)
    }

    /// Bytes the lane's rows take: header, hash, facts and seal.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn bytes(&self, lane: LaneId) -> Result<u64, JournalError> {
        let bytes = "SELECT CAST(COALESCE(SUM(length(hash) + length(header) + length(facts)
            + length(seal)), 0) AS BIGINT) FROM journal WHERE lane = $1";
        let bytes: i64 = self.0.query_row(bytes, params![lane], |row| row.get(0))?;
        Ok(bytes.unsigned_abs())
    }

    /// The words of a reason, if they are kept.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn reason(&self, why: u64) -> Result<Option<String>, JournalError> {
        let words = "SELECT words FROM reasons WHERE why = $1";
        Ok(self.0.query_row(words, params![why as i64], |row| row.get(0)).optional()?)
    }

    /// The number of the lane's newest row; 0 if it has none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError> {
        let newest = "SELECT COALESCE(MAX(seq), 0) FROM journal WHERE lane = $1";
        Ok(self.0.query_row(newest, params![lane], |row| row.get(0))?)
    }
}

/// A row's columns, unread.
#[derive(Clone, Debug)]
pub struct RawRow {
    /// Its number in the table.
    pub seq: u32,
    /// The hash column.
    pub hash: Vec<u8>,
    /// The header column.
    pub header: Vec<u8>,
    /// The facts column.
    pub facts: Vec<u8>,
    /// The seal column.
    pub seal: Vec<u8>,
}

impl RawRow {
    /// Reads the row and its seal, every part checked against the others but not the signature.
    ///
    /// # Errors
    /// What is damaged, in words.
    pub fn read(self, lane: LaneId) -> Result<Sealed, String> {
        let header = Header::from_bytes(&self.header).map_err(|why| why.to_string())?;
        if (header.lane, header.seq) != (lane, self.seq) {
            let Header { lane, seq, .. } = header;
            return Err(format!("the row says it is row {seq} of lane {lane}"));
        }
        let row = Row::read(&self.header, self.facts).map_err(|why| why.to_string())?;
        if row.hash[..] != self.hash[..] {
            return Err("the header is not the one its hash was made of".to_owned());
        }
        let seal = read_seal(&self.seal).ok_or("the seal is damaged")?;
        Ok(Sealed { row: Arc::new(row), seal: Arc::new(seal) })
    }
}

fn raw_rows(
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

pub(super) fn read_rows(
    connection: &Connection,
    lane: LaneId,
    from: u32,
    most: usize,
) -> Result<Vec<Sealed>, JournalError> {
    let read = |raw: RawRow| {
        let seq = raw.seq;
        raw.read(lane)
            .map_err(|what| JournalError::Unfit(format!("lane {lane}, row {seq}: {what}")))
    };
    raw_rows(connection, lane, from, most)?.into_iter().map(read).collect()
}

fn read_seal(bytes: &[u8]) -> Option<Seal> {
    let (&[1], bytes) = bytes.split_first_chunk::<1>()? else { return None };
    let (key, bytes) = bytes.split_first_chunk::<8>()?;
    let (signature, bytes) = bytes.split_first_chunk::<64>()?;
    let (index, bytes) = bytes.split_first_chunk::<4>()?;
    let (count, bytes) = bytes.split_first_chunk::<4>()?;
    let (path, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || path.len() > 32 {
        return None;
    }
    Some(Seal {
        key: *key,
        signature: *signature,
        index: u32::from_be_bytes(*index),
        count: u32::from_be_bytes(*count),
        path: path.to_vec(),
    })
}
