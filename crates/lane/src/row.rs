//! One batch as it is written, version 1.
//!
//! Header, 105 bytes, numbers big-endian: `FANF`, version (1 byte), festival (16), lane (4),
//! seq (8), hash of the row before (32), Merkle root over the facts (32), lane time in ms (8).
//! The row's hash is SHA-256 over the header alone. Facts: per fact its length as a varint, then
//! its bytes; each is a leaf of the root.

use crate::merkle;
use crate::sha::{sha256, sha256_each};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;
use fanfare_engine::{FACTS_PER_BATCH_MAX, Fact, wire};

/// SHA-256.
pub type Hash = [u8; 32];

/// The first 16 bytes of SHA-256 over the festival's id.
pub type FestivalId = [u8; 16];

/// A lane's number, from 1, unique in its festival.
pub type LaneId = u32;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 105;

/// Most bytes a row's facts may take: 4,096 facts of the largest kind stay below.
const FACT_BYTES_MAX: usize = 4 << 20;

/// Bytes of a claim's fact and its length, where numbers are small.
const FACT_BYTES: usize = 16;

/// Leaves of several rows whose trees grow together: many times what a processor hashes side by
/// side, and no more than stays in its nearest caches.
const LEAVES_AT_ONCE: usize = 1_024;

const MAGIC: [u8; 4] = *b"FANF";
const VERSION: u8 = 1;

/// A row's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose festival.
    pub festival: FestivalId,
    /// Whose lane.
    pub lane: LaneId,
    /// The row's number in its lane, from 1.
    pub seq: u32,
    /// Hash of the row before; zeros for the first.
    pub prev: Hash,
    /// Merkle root over the facts.
    pub root: Hash,
    /// Lane time, ms since 1970.
    pub time_ms: i64,
}

/// Why bytes are not a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowError {
    /// The header has another length or magic.
    NoHeader,
    /// Written by a newer version.
    Version(u8),
    /// A fact does not read, counted from 0.
    Fact(usize, wire::WireError),
    /// The facts' lengths do not fit their bytes.
    Lengths,
    /// The facts are not those the header's root was made of.
    Root,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("the header is damaged"),
            Self::Version(v) => write!(f, "written in version {v}, newer than this program"),
            Self::Fact(at, why) => write!(f, "fact {at}: {why}"),
            Self::Lengths => f.write_str("the facts' lengths do not fit their bytes"),
            Self::Root => f.write_str("the facts are not those the header was made for"),
        }
    }
}

impl core::error::Error for RowError {}

impl Header {
    /// The header as written.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        put(&MAGIC);
        put(&[VERSION]);
        put(&self.festival);
        put(&self.lane.to_be_bytes());
        put(&u64::from(self.seq).to_be_bytes());
        put(&self.prev);
        put(&self.root);
        put(&self.time_ms.to_be_bytes());
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RowError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.try_into().map_err(|_| RowError::NoHeader)?;
        let mut rest = &bytes[..];
        if take::<4>(&mut rest) != MAGIC {
            return Err(RowError::NoHeader);
        }
        match take::<1>(&mut rest) {
            [VERSION] => {}
            [newer] => return Err(RowError::Version(newer)),
        }
        Ok(Self {
            festival: take(&mut rest),
            lane: u32::from_be_bytes(take(&mut rest)),
            seq: u64::from_be_bytes(take(&mut rest)).try_into().map_err(|_| RowError::NoHeader)?,
            prev: take(&mut rest),
            root: take(&mut rest),
            time_ms: i64::from_be_bytes(take(&mut rest)),
        })
    }

    /// The row's own hash.
    pub fn hash(&self) -> Hash {
        sha256(&[&self.to_bytes()])
    }
}

/// Takes the next `N` bytes; the length of the whole is fixed, so they are always there.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&rest[..N]);
    *rest = &rest[N..];
    part
}

const LEAF: u8 = 0;

/// The leaf of a fact's bytes: the hash of the byte 0 and the fact.
pub fn leaf_hash(fact: &[u8]) -> Hash {
    sha256(&[&[LEAF], fact])
}

/// The leaves of many facts' bytes.
pub fn leaf_hashes(facts: &[&[u8]]) -> Vec<Hash> {
    sha256_each(&[LEAF], facts)
}

/// A row: header, its hash, and the facts as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The header.
    pub header: Header,
    /// The header's hash.
    pub hash: Hash,
    /// The facts as written.
    pub facts: Vec<u8>,
}

/// Facts as written, and their leaves: what of a row needs no other row.
#[derive(Clone, Debug)]
pub struct Written {
    facts: Vec<u8>,
    leaves: Vec<Hash>,
    /// The root over the leaves, once somebody has grown the tree.
    root: Option<Hash>,
}

impl Written {
    /// Writes facts.
    pub fn of(facts: &[Fact]) -> Self {
        let mut bytes = Vec::with_capacity(facts.len() * 24);
        let mut places = Vec::with_capacity(facts.len());
        let mut one = Vec::with_capacity(64);
        for fact in facts {
            one.clear();
            wire::put_fact(&mut one, fact);
            wire::put_varint(&mut bytes, one.len() as u64);
            bytes.extend_from_slice(&one);
            places.push(bytes.len() - one.len()..bytes.len());
        }
        let spans: Vec<&[u8]> = places.into_iter().map(|place| &bytes[place]).collect();
        Self { leaves: leaf_hashes(&spans), facts: bytes, root: None }
    }

    /// Grows the tree, if nobody has: whoever finishes the row is spared it.
    pub fn grow(&mut self) {
        self.root = Some(self.root());
    }

    fn root(&self) -> Hash {
        self.root.unwrap_or_else(|| merkle::root(self.leaves.clone()))
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.leaves.len()
    }
}

/// A row before it is written. Whoever finishes it, and however often, gets the same bytes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whose festival.
    pub festival: FestivalId,
    /// Whose lane.
    pub lane: LaneId,
    /// The row's number in its lane.
    pub seq: u32,
    /// Hash of the row before; zeros for the first.
    pub prev: Hash,
    /// Lane time, ms since 1970.
    pub time_ms: i64,
    /// The facts, in order.
    pub written: Arc<Written>,
}

impl Draft {
    /// Finishes the row. The tree over the leaves takes about as long as all the rest of writing
    /// it, so it is left to whoever appends, who is another thread than the one that decides;
    /// unless that one had the time to ([`Written::grow`]).
    pub fn finish(&self) -> Row {
        let header = self.header(self.written.root());
        Row { hash: header.hash(), header, facts: self.written.facts.clone() }
    }

    /// Finishes the rows of a commit, each of another lane: what is hashed for one waits for
    /// nothing that is hashed for another, so it is hashed side by side.
    pub fn finish_all(drafts: &[Self]) -> Vec<Row> {
        let mut rows = Vec::with_capacity(drafts.len());
        let mut rest = drafts;
        while !rest.is_empty() {
            let (some, others) = rest.split_at(Self::at_once(rest));
            rows.extend(Self::finish_some(some));
            rest = others;
        }
        rows
    }

    /// How many of the first are finished together: one at the least.
    fn at_once(drafts: &[Self]) -> usize {
        let mut leaves = 0;
        let fits = |draft: &&Self| {
            leaves += draft.written.count();
            leaves <= LEAVES_AT_ONCE
        };
        drafts.iter().take_while(fits).count().max(1)
    }

    fn finish_some(drafts: &[Self]) -> impl Iterator<Item = Row> {
        let written = drafts.iter().map(|draft| &draft.written).filter(|one| one.root.is_none());
        let leaves: Vec<&[Hash]> = written.map(|one| &one.leaves[..]).collect();
        let counts: Vec<usize> = leaves.iter().map(|leaves| leaves.len()).collect();
        let mut roots = merkle::roots(leaves.concat(), &counts).into_iter();
        let root = |draft: &Self| draft.written.root.or_else(|| roots.next()).unwrap_or_default();
        let roots: Vec<Hash> = drafts.iter().map(root).collect();
        let headers: Vec<Header> =
            drafts.iter().zip(roots).map(|(draft, root)| draft.header(root)).collect();
        let bytes: Vec<[u8; HEADER_BYTES]> = headers.iter().map(Header::to_bytes).collect();
        let bytes: Vec<&[u8]> = bytes.iter().map(|bytes| &bytes[..]).collect();
        let hashes = sha256_each(&[], &bytes);
        let headed = drafts.iter().zip(headers).zip(hashes);
        headed.map(|((draft, header), hash)| Row {
            header,
            hash,
            facts: draft.written.facts.clone(),
        })
    }

    fn header(&self, root: Hash) -> Header {
        let &Self { festival, lane, seq, prev, time_ms, .. } = self;
        Header { festival, lane, seq, prev, root, time_ms }
    }
}

impl Row {
    /// Reads a row and checks its facts against the header's root.
    ///
    /// # Errors
    /// What is damaged.
    pub fn read(header: &[u8], facts: Vec<u8>) -> Result<Self, RowError> {
        let header = Header::from_bytes(header)?;
        let row = Self { hash: header.hash(), header, facts };
        let mut spans = row.room_for_facts();
        for span in row.spans() {
            spans.push(span?);
        }
        let root = merkle::root(leaf_hashes(&spans));
        if root == row.header.root { Ok(row) } else { Err(RowError::Root) }
    }

    /// The bytes of each fact, in order.
    pub fn spans(&self) -> FactSpans<'_> {
        FactSpans(if self.facts.len() <= FACT_BYTES_MAX { Ok(&self.facts) } else { Err(()) })
    }

    /// The facts.
    ///
    /// # Errors
    /// The first fact that does not read.
    pub fn read_facts(&self) -> Result<Vec<Fact>, RowError> {
        let mut facts = self.room_for_facts();
        for (at, span) in self.spans().enumerate() {
            facts.push(wire::read_fact(span?).map_err(|why| RowError::Fact(at, why))?);
        }
        Ok(facts)
    }

    /// Room for as many as there mostly are: to collect them into a list that grows takes longer
    /// than to read them.
    fn room_for_facts<T>(&self) -> Vec<T> {
        Vec::with_capacity((self.facts.len() / FACT_BYTES).min(FACTS_PER_BATCH_MAX))
    }
}

/// Iterates over the bytes of a row's facts.
#[derive(Clone, Debug)]
pub struct FactSpans<'a>(Result<&'a [u8], ()>);

impl<'a> Iterator for FactSpans<'a> {
    type Item = Result<&'a [u8], RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = match self.0 {
            Ok([]) => return None,
            Ok(bytes) => bytes,
            Err(()) => {
                self.0 = Ok(&[]);
                return Some(Err(RowError::Lengths));
            }
        };
        let mut reader = wire::Reader::new(bytes);
        let span = reader
            .varint()
            .ok()
            .and_then(|length| usize::try_from(length).ok())
            .and_then(|length| reader.take(length).ok().map(|span| (length, span)));
        let Some((length, span)) = span else {
            self.0 = Ok(&[]);
            return Some(Err(RowError::Lengths));
        };
        let start = span.as_ptr() as usize - bytes.as_ptr() as usize;
        self.0 = Ok(&bytes[start + length..]);
        Some(Ok(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn draft(lane: LaneId, facts: usize) -> Draft {
        let opened = Fact::Opened { owner: u64::from(lane), doubtful_time: false };
        let written = Arc::new(Written::of(&vec![opened; facts]));
        Draft { festival: [1; 16], lane, seq: 3, prev: [2; 32], time_ms: 4, written }
    }

    #[test]
    fn rows_that_are_finished_together_are_those_that_are_finished_alone() {
        let agree = |counts: &[usize]| {
            let mut drafts: Vec<Draft> = (1..).zip(counts).map(|(at, n)| draft(at, *n)).collect();
            let alone: Vec<Row> = drafts.iter().map(Draft::finish).collect();
            assert_eq!(Draft::finish_all(&drafts), alone, "{counts:?}");
            // Trees of some that were grown before stand in nobody's way.
            for every in [3, 2, 1] {
                let grown = drafts.iter_mut().step_by(every);
                grown.for_each(|draft| Arc::get_mut(&mut draft.written).unwrap().grow());
                assert_eq!(Draft::finish_all(&drafts), alone, "{counts:?}, every {every}");
            }
        };
        agree(&[]);
        agree(&[0]);
        agree(&[1, 0, 2, 3, 0]);
        let ragged: Vec<usize> = (0..300).map(|at| at * at % 41).collect();
        agree(&ragged);
        let at_once = LEAVES_AT_ONCE;
        agree(&[at_once, 1, at_once - 1, 1, 1, at_once + 1, 5, FACTS_PER_BATCH_MAX]);
    }
}
