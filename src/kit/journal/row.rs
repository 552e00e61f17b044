//! A row's columns as either database keeps them.

use super::JournalError;
use crate::kit::hex;
use fanfare_lane::{Header, KeyId, LaneId, PublicKey, Row, Seal, Sealed};
use std::sync::Arc;

/// A lane as the journal lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRecord {
    /// Its number.
    pub lane: LaneId,
    /// Its drop.
    pub drop: String,
    /// The place of the journal that has its rows.
    pub home: usize,
    /// The number of its newest row; 0 if it has none yet.
    pub newest_seq: u32,
}

/// A row's columns, unread.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// A row's columns as they are kept.
    pub fn of(sealed: &Sealed) -> Self {
        let Row { header, hash, facts, .. } = &*sealed.row;
        Self {
            seq: header.seq,
            hash: hash.to_vec(),
            header: header.to_bytes().to_vec(),
            facts: facts.clone(),
            seal: seal_bytes(&sealed.seal),
        }
    }

    /// The key its seal names; none where the seal is damaged.
    pub fn signed_with(&self) -> Option<KeyId> {
        read_seal(&self.seal).map(|seal| seal.key)
    }

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

/// Rows as they stand, each read; the first damaged one is named.
pub(super) fn read_all(lane: LaneId, raw: Vec<RawRow>) -> Result<Vec<Sealed>, JournalError> {
    let read = |raw: RawRow| {
        let seq = raw.seq;
        raw.read(lane)
            .map_err(|what| JournalError::Unfit(format!("lane {lane}, row {seq}: {what}")))
    };
    raw.into_iter().map(read).collect()
}

/// A seal as kept: version 1, key (8), signature (64), index (4), count (4), siblings (32 each).
pub fn seal_bytes(seal: &Seal) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(81 + seal.path.len() * 32);
    bytes.push(1);
    bytes.extend(seal.key);
    bytes.extend(seal.signature);
    bytes.extend(seal.index.to_be_bytes());
    bytes.extend(seal.count.to_be_bytes());
    bytes.extend(seal.path.iter().flatten());
    bytes
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

/// A key as the journal lists it.
pub(super) fn read_key(text: &str) -> Result<PublicKey, JournalError> {
    let bytes = hex::from_hex(text).map(PublicKey);
    bytes.ok_or_else(|| JournalError::Unfit(format!("`{text}` is no key")))
}
