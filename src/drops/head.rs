//! A lane's newest signed head as answers carry it, written once and sent many times.

use crate::kit::hex;
use axum::body::Bytes;
use fanfare_lane::{Seal, Sealed};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// How many refusals depend on nothing but the head; see [`HeadDoc::refusal`].
const REFUSALS: usize = 5;

/// A signed head and the answers that can be made from it alone.
#[derive(Debug)]
pub struct HeadDoc {
    /// The row and its seal.
    pub sealed: Sealed,
    json: OnceLock<String>,
    receipt: OnceLock<String>,
    refusals: [OnceLock<Bytes>; REFUSALS],
}

impl HeadDoc {
    /// The head at this row.
    pub fn new(sealed: &Sealed) -> Self {
        Self {
            sealed: sealed.clone(),
            json: OnceLock::new(),
            receipt: OnceLock::new(),
            refusals: [const { OnceLock::new() }; REFUSALS],
        }
    }

    /// `{ lane, seq, hash, time_ms, key, signature, path? }`.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| head_json(&self.sealed).to_string())
    }

    /// The part of a short receipt that all facts of the row share.
    pub fn receipt(&self) -> &str {
        self.receipt.get_or_init(|| {
            let header = hex::base64(&self.sealed.row.header.to_bytes());
            let mut doc = format!(r#""row":"{header}""#);
            for (name, value) in seal_json(&self.sealed.seal) {
                doc += &format!(",\"{name}\":{value}");
            }
            doc
        })
    }

    /// The body of a refusal that everybody gets alike at this head, made once. `slot` is below 5.
    pub fn refusal(&self, slot: usize, make: impl FnOnce() -> String) -> Bytes {
        self.refusals[slot].get_or_init(|| Bytes::from(make())).clone()
    }
}

/// The head as JSON.
pub fn head_json(sealed: &Sealed) -> Value {
    let header = &sealed.row.header;
    let mut head = json!({
        "lane": header.lane,
        "seq": header.seq,
        "hash": hex::hex(&sealed.row.hash),
        "time_ms": header.time_ms,
    });
    if let Value::Object(head) = &mut head {
        head.extend(seal_json(&sealed.seal).into_iter().map(|(name, v)| (name.to_owned(), v)));
    }
    head
}

/// A seal's members: key and signature, and where the commit held several lanes the way to what
/// was signed.
pub fn seal_json(seal: &Seal) -> Vec<(&'static str, Value)> {
    let mut members = vec![
        ("key", Value::from(hex::hex(&seal.key))),
        ("signature", Value::from(hex::base64(&seal.signature))),
    ];
    if seal.count > 1 {
        let siblings: Vec<String> = seal.path.iter().map(|hash| hex::base64(hash)).collect();
        let path = json!({ "index": seal.index, "count": seal.count, "siblings": siblings });
        members.push(("path", path));
    }
    members
}
