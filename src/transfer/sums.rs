//! A journal in a few figures: two journals with the same ones hold the same rows, byte for byte.

use super::Show;
use crate::kit::hex;
use crate::kit::journal::{JournalReader, RawRow};
use fanfare_lane::{FestivalId, Hash, LaneId, Replay};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Rows read at a time.
const ROWS_AT_A_TIME: usize = 64;

/// A lane in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Its number.
    pub lane: LaneId,
    /// Its drop.
    pub drop: String,
    /// How many rows it has.
    pub rows: u32,
    /// The hash of its newest row.
    pub newest: Hash,
    /// The digest of the state its rows add up to; none without a row.
    pub digest: Option<[u8; 32]>,
    /// SHA-256 over every column of every row, seals too.
    pub content: [u8; 32],
    /// How many bytes these are.
    pub bytes: u64,
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lane, drop, rows, newest, digest, .. } = self;
        let digest = digest.map_or_else(|| "none".to_owned(), |digest| hex::hex(&digest));
        write!(f, "lane {lane} {drop}: {rows} rows, newest {}, state {digest}", hex::hex(newest))
    }
}

/// The figures of every lane.
///
/// # Errors
/// What cannot be read or believed, in words.
pub fn sums(
    reader: &JournalReader,
    festival: FestivalId,
    show: Show<'_>,
) -> Result<Vec<Sum>, String> {
    let lanes = reader.lanes().map_err(|why| why.to_string())?;
    let mut sums = Vec::with_capacity(lanes.len());
    for record in lanes {
        let mut adding = Adding::new(festival, record.lane);
        while adding.replay.seq() < record.newest_seq {
            let left = (record.newest_seq - adding.replay.seq()) as usize;
            let from = adding.replay.seq() + 1;
            let rows = reader.raw_rows(record.lane, from, left.min(ROWS_AT_A_TIME));
            let rows = rows.map_err(|why| why.to_string())?;
            if rows.is_empty() {
                return Err(format!("lane {}: row {from} is missing", record.lane));
            }
            rows.into_iter().try_for_each(|raw| adding.row(raw))?;
            show(&record.drop, adding.replay.seq().into(), record.newest_seq.into());
        }
        let Adding { replay, content, bytes } = adding;
        sums.push(Sum {
            lane: record.lane,
            drop: record.drop,
            rows: replay.seq(),
            newest: replay.hash(),
            digest: replay.state().map(fanfare_engine::State::digest),
            content: content.finalize().into(),
            bytes,
        });
    }
    Ok(sums)
}

/// A lane being added up.
struct Adding {
    replay: Replay,
    content: Sha256,
    bytes: u64,
}

impl Adding {
    fn new(festival: FestivalId, lane: LaneId) -> Self {
        Self { replay: Replay::new(festival, lane), content: Sha256::new(), bytes: 0 }
    }

    fn row(&mut self, raw: RawRow) -> Result<(), String> {
        for column in [&raw.hash, &raw.header, &raw.facts, &raw.seal] {
            self.content.update((column.len() as u64).to_be_bytes());
            self.content.update(column);
            self.bytes += column.len() as u64;
        }
        let (lane, seq) = (self.replay.lane(), raw.seq);
        let named = |what: String| format!("lane {lane}, row {seq}: {what}");
        let sealed = raw.read(lane).map_err(named)?;
        let facts = sealed.row.read_facts().map_err(|why| named(why.to_string()))?;
        self.replay.row(&sealed.row, &facts).map_err(|damage| damage.to_string())
    }
}
