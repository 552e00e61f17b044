//! Receipts read back from the journal, off the hot threads.

use super::head::{HeadDoc, seal_json};
use crate::kit::hex;
use crate::kit::journal::{JournalReader, Journals};
use crate::kit::keys::Keyring;
use fanfare_engine::Place;
use fanfare_lane::{Hash, KeyId, LaneId, PublicKey, Sealed, leaf_hash, path};
use serde_json::{Value, json};
use std::sync::{Mutex, PoisonError};

/// Reads rows for receipts; keeps a few readers open.
pub struct Receipts {
    journals: Journals,
    readers: Mutex<Vec<JournalReader>>,
}

impl Receipts {
    /// Over these journals.
    pub fn new(journals: Journals) -> Self {
        Self { journals, readers: Mutex::new(Vec::new()) }
    }

    /// Lends a reader to some work. Blocks.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn with_reader<R>(
        &self,
        work: impl FnOnce(&JournalReader) -> Result<R, String>,
    ) -> Result<R, String> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => JournalReader::open(&self.journals).map_err(|why| why.to_string())?,
        };
        let result = work(&reader);
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        result
    }

    fn row(&self, lane: LaneId, seq: u32) -> Result<Sealed, String> {
        self.with_reader(|reader| {
            let row = reader.rows(lane, seq, 1).map_err(|why| why.to_string())?.pop();
            row.filter(|sealed| sealed.row.header.seq == seq)
                .ok_or_else(|| format!("lane {lane}, row {seq} is not in the journal"))
        })
    }

    /// A short receipt, as a 201 carries it. Blocks.
    ///
    /// # Errors
    /// If the row cannot be read.
    pub fn short(&self, lane: LaneId, place: Place) -> Result<String, String> {
        let head = HeadDoc::new(&self.row(lane, place.seq)?);
        short_receipt(&head, place).ok_or_else(|| "no such fact".to_owned())
    }

    /// The key a row was signed with. Blocks.
    ///
    /// # Errors
    /// If the row cannot be read.
    pub fn signed_with(&self, lane: LaneId, seq: u32) -> Result<KeyId, String> {
        Ok(self.row(lane, seq)?.seal.key)
    }

    /// The receipt one keeps: fact, place, path, signed head, the key of these it was signed with.
    /// Blocks.
    ///
    /// # Errors
    /// If the row cannot be read.
    pub fn full(
        &self,
        festival: &str,
        keys: &Keyring,
        lane: LaneId,
        place: Place,
    ) -> Result<Value, String> {
        let sealed = self.row(lane, place.seq)?;
        receipt_json(festival, keys.named(&sealed.seal.key), &sealed, usize::from(place.index))
    }
}

/// The short receipt of a fact of this row.
pub fn short_receipt(head: &HeadDoc, place: Place) -> Option<String> {
    let span = head.sealed.row.spans().nth(usize::from(place.index))?;
    let fact = hex::base64(span.ok()?);
    Some(format!(r#"{{"fact":"{fact}",{}}}"#, head.receipt()))
}

/// The receipt of one fact of a row.
///
/// # Errors
/// If the row has no such fact.
pub fn receipt_json(
    festival: &str,
    key: &PublicKey,
    sealed: &Sealed,
    index: usize,
) -> Result<Value, String> {
    let facts: Vec<&[u8]> =
        sealed.row.spans().collect::<Result<_, _>>().map_err(|why| why.to_string())?;
    let leaves: Vec<Hash> = facts.iter().map(|fact| leaf_hash(fact)).collect();
    let fact = facts.get(index).ok_or("no such fact")?;
    let siblings: Vec<String> = path(leaves, index).iter().map(|hash| hex::base64(hash)).collect();
    let mut head = json!({ "row": hex::base64(&sealed.row.header.to_bytes()) });
    if let Value::Object(head) = &mut head {
        let members = seal_json(&sealed.seal);
        head.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    Ok(json!({
        "version": 1,
        "kind": "receipt",
        "festival": festival,
        "fact": hex::base64(fact),
        "place": { "index": index, "count": facts.len(), "siblings": siblings },
        "head": head,
        "public_key": hex::hex(&key.0),
    }))
}
