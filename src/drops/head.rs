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
    /// Where a drop sells, most heads refuse nobody, and many heads are kept.
    refusals: OnceLock<Box<[OnceLock<Bytes>; REFUSALS]>>,
}

impl HeadDoc {
    /// The head at this row.
    pub fn new(sealed: &Sealed) -> Self {
        Self {
            sealed: sealed.clone(),
            json: OnceLock::new(),
            receipt: OnceLock::new(),
            refusals: OnceLock::new(),
        }
    }

    /// `{ lane, seq, hash, time_ms, key, signature, path? }`.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| head_json(&self.sealed).to_string())
    }

    /// The part of a short receipt that all facts of the row share.
    pub fn receipt(&self) -> &str {
        self.receipt.get_or_init(|| receipt_part(&self.sealed))
    }

    /// The body of a refusal that everybody gets alike at this head, made once. `slot` is below 5.
    pub fn refusal(&self, slot: usize, make: impl FnOnce() -> String) -> Bytes {
        self.refusals.get_or_init(Box::default)[slot].get_or_init(|| Bytes::from(make())).clone()
    }
}

/// A row's header and seal as members of a JSON object. Where a thousand drops are open at once
/// each claim has a row of its own, so it is written piece by piece, as [`seal_json`] would.
fn receipt_part(sealed: &Sealed) -> String {
    let Sealed { row, seal } = sealed;
    let mut text = String::with_capacity(320 + seal.path.len() * 48);
    text += r#""row":""#;
    text += &hex::base64(&row.header.to_bytes());
    text += r#"","key":""#;
    text += &hex::hex(&seal.key);
    text += r#"","signature":""#;
    text += &hex::base64(&seal.signature);
    text.push('"');
    if seal.count > 1 {
        let mut digits = itoa::Buffer::new();
        text += r#","path":{"count":"#;
        text += digits.format(seal.count);
        text += r#","index":"#;
        text += digits.format(seal.index);
        text += r#","siblings":["#;
        for (at, hash) in seal.path.iter().enumerate() {
            text += if at == 0 { "\"" } else { ",\"" };
            text += &hex::base64(hash);
            text.push('"');
        }
        text += "]}";
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_lane::{Draft, FestivalKey, Row, Written, seal_commit};
    use std::sync::Arc;

    fn row(lane: u32) -> Arc<Row> {
        let (festival, prev, written) = ([0; 16], [0; 32], Arc::new(Written::of(&[])));
        Arc::new(Draft { festival, lane, seq: 1, prev, time_ms: 0, written }.finish())
    }

    #[test]
    fn a_receipt_says_what_the_seal_says() {
        let key = FestivalKey::from_secret(&[7; 32]);
        for lanes in [1, 2, 3, 1_000] {
            let rows: Vec<_> = (1..=lanes).map(row).collect();
            for sealed in seal_commit(&rows, &key).iter().step_by(37) {
                let mut told: serde_json::Map<String, Value> =
                    serde_json::from_str(&format!("{{{}}}", receipt_part(sealed))).unwrap();
                let header = told.remove("row").unwrap();
                assert_eq!(header, hex::base64(&sealed.row.header.to_bytes()));
                let seal = seal_json(&sealed.seal).into_iter();
                let seal: serde_json::Map<_, _> =
                    seal.map(|(name, v)| (name.to_owned(), v)).collect();
                assert_eq!(told, seal);
            }
        }
    }
}
