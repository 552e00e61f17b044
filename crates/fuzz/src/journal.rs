//! A row and its seal, as either database keeps them.
//!
//! The bytes: one that chooses, hash (32), header (105), length of the seal (2), seal, facts. A
//! mutated fact never fits the root it stands under; where the first byte is odd, root and hash
//! are made to fit, so that what lies behind is reached too.

use fanfare::kit::journal::{RawRow, seal_bytes};
use fanfare_engine::wire;
use fanfare_lane::{HEADER_BYTES, Header, Row, RowError, leaf_hash, root};

/// Words of the form.
pub(crate) const WORDS: &[&str] = &["FANF", "\u{1}", "\u{0}", "\u{7f}"];

/// Where a header's root stands.
const ROOT: core::ops::Range<usize> = 65..97;

/// The columns in these bytes; none if they are too few.
fn columns(bytes: &[u8]) -> Option<RawRow> {
    let (&[choice], bytes) = bytes.split_first_chunk::<1>()?;
    let (hash, bytes) = bytes.split_first_chunk::<32>()?;
    let (header, bytes) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let (length, bytes) = bytes.split_first_chunk::<2>()?;
    let (seal, facts) = bytes.split_at_checked(u16::from_be_bytes(*length).into())?;
    let (mut hash, mut header) = (hash.to_vec(), header.to_vec());
    if choice % 2 == 1 {
        let unread = Row { header: blank(), hash: [0; 32], facts: facts.to_vec() };
        if let Ok(leaves) = unread.spans().map(|span| span.map(leaf_hash)).collect() {
            header[ROOT].copy_from_slice(&root(leaves));
        }
        if let Ok(fitting) = Header::from_bytes(&header) {
            hash = fitting.hash().to_vec();
        }
    }
    let seq = Header::from_bytes(&header).map_or(1, |header| header.seq);
    Some(RawRow { seq, hash, header, facts: facts.to_vec(), seal: seal.to_vec() })
}

fn blank() -> Header {
    Header { festival: [0; 16], lane: 0, seq: 0, prev: [0; 32], root: [0; 32], time_ms: 0 }
}

/// What reads is written back to the same bytes; a row whose root does not fit is refused.
///
/// # Panics
/// If bytes that read are written otherwise.
pub fn fuzz_journal(bytes: &[u8]) {
    let Some(raw) = columns(bytes) else { return };
    let lane = Header::from_bytes(&raw.header).map_or(1, |header| header.lane);
    let Ok(sealed) = raw.clone().read(lane) else { return };
    let (row, seal) = (&sealed.row, &sealed.seal);
    assert_eq!(row.header.to_bytes()[..], raw.header, "another spelling of a header");
    assert_eq!(row.header.hash()[..], raw.hash, "a row under another's hash");
    assert_eq!(row.facts, raw.facts, "other facts than were kept");
    assert_eq!(seal_bytes(seal), raw.seal, "another spelling of a seal");
    assert!(seal.path.len() * 32 <= raw.seal.len(), "a path longer than its bytes");
    let _ = seal.message(&row.hash);
    match row.read_facts() {
        Ok(facts) => assert_eq!(spelled(&facts), raw.facts, "two spellings of the same facts"),
        Err(RowError::Fact(at, _)) => assert!(row.spans().nth(at).is_some(), "no such fact"),
        Err(other) => panic!("what was read does not read again: {other}"),
    }
    let other = raw.clone().read(lane ^ 1).is_err();
    assert!(other, "a row that says it is another lane's");
}

/// Facts as they are written.
pub(crate) fn spelled(facts: &[fanfare_engine::Fact]) -> Vec<u8> {
    let mut all = Vec::new();
    for fact in facts {
        let mut one = Vec::new();
        wire::put_fact(&mut one, fact);
        wire::put_varint(&mut all, one.len() as u64);
        all.extend(one);
    }
    all
}
