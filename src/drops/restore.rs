//! Going on where a journal went back in time: which lanes have lost rows, and, if an operator
//! accepts it, the row that goes on behind what a witness knows of them.

use super::found::{known_otherwise, went_back};
use super::lanes::publish::head_of;
use super::testimony::Testimony;
use super::wake::{self, owner};
use crate::kit::heads::{Head, Heads};
use crate::kit::journal::{JournalError, JournalReader, JournalWriter, LaneRecord};
use fanfare_engine::{Act, Fact, Loss, Served, Terms, Witnessed};
use fanfare_lane::{
    Face, FestivalId, FestivalKey, Lane, LaneConfig, LaneId, Lost, Placed, Reading, Replay, Row,
    Sealed, seal_commit,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows without facts that one commit holds.
const FILLED_AT_ONCE: usize = 1_024;

/// A lane whose newest rows are gone.
#[derive(Clone, Debug)]
pub struct Gone {
    /// Its number, its drop, and the newest row that is left.
    pub record: LaneRecord,
    /// What the witness knows.
    pub head: Head,
    /// What is wrong, in words.
    pub why: String,
    /// What is left.
    pub left: Left,
    /// Whether the journal goes on already, and only the tables know it otherwise.
    pub only_tables: bool,
    /// What was accepted already, where an earlier restore broke off or its witness was lost.
    accepted: Option<Loss>,
}

/// What is left of a lane.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// The newest row that says anything.
    pub seq: u32,
    /// Its lane time, ms since 1970.
    pub time_ms: i64,
    /// Claims made by then.
    pub claims: u32,
}

/// Who goes on, with what.
pub struct Restoring<'a> {
    /// Whose festival.
    pub festival: FestivalId,
    /// Signs the rows.
    pub key: &'a FestivalKey,
    /// What the clock shows.
    pub clock: Reading,
    /// Who and why.
    pub act: Act,
    /// What a drop promises of which not one row is left.
    pub terms: &'a dyn Fn(&str) -> Option<Terms>,
}

/// The lanes that have lost rows the witness saw, or whose tables were made of rows that were
/// given up since.
///
/// # Errors
/// If the journal cannot be read or believed; then there is nothing yet to go on from.
pub fn gone(
    reader: &JournalReader,
    festival: FestivalId,
    (witness, tables): (&Heads, &Heads),
) -> Result<Vec<Gone>, String> {
    let lanes = reader.lanes().map_err(|why| why.to_string())?;
    let mut gone = Vec::new();
    let testimony = Testimony::of(witness.clone(), tables.clone());
    let mut homes = BTreeMap::<_, Vec<_>>::new();
    lanes.iter().for_each(|record| homes.entry(record.home).or_default().push(record.lane));
    let heads = testimony.against(reader, &homes);
    for (&lane, newest) in &heads {
        let record = lanes.iter().find(|record| record.lane == lane).cloned();
        let record = match record {
            Some(record) => record,
            None => {
                let home = reader.home(lane).map_err(|why| why.to_string())?;
                LaneRecord { lane, drop: newest.drop.clone(), home, newest_seq: 0 }
            }
        };
        if record.drop != newest.drop {
            return Err(format!(
                "lane {lane} is drop {} in the journal, but the witness knows it as drop {}: \
                 this is another festival's journal, or it was begun anew; restore the newest \
                 backup",
                record.drop, newest.drop
            ));
        }
        for head in std::iter::once(newest).chain(tables.get(&lane)) {
            let Some(why) = went_back(reader, &record, head)? else { continue };
            // What is there must be believed before it is gone on from.
            wake::replay(reader, festival, lane)?;
            let accepted = accepted(reader, lane, head)?;
            let only_tables = head != newest;
            let given_up = only_tables || accepted.is_some();
            let left = left(reader, lane, if given_up { head.seq } else { record.newest_seq })?;
            let (record, head) = (record.clone(), head.clone());
            gone.push(Gone { record, head, why, left, only_tables, accepted });
            break;
        }
    }
    Ok(gone)
}

/// Claims a lane has made so far.
///
/// # Errors
/// If the journal cannot be read.
pub fn claims_by(reader: &JournalReader, record: &LaneRecord) -> Result<u64, String> {
    left(reader, record.lane, record.newest_seq).map(|left| left.claims.into())
}

/// The newest row up to this one that has facts, and the newest claim by then. Behind it an
/// earlier restore may have broken off, or given up what was there.
fn left(reader: &JournalReader, lane: LaneId, until: u32) -> Result<Left, String> {
    let (mut left, mut seq) = (Left { seq: 0, time_ms: i64::MIN, claims: 0 }, until);
    while seq > 0 {
        let from = seq.saturating_sub(FILLED_AT_ONCE as u32 - 1).max(1);
        let rows = reader.rows(lane, from, (seq + 1 - from) as usize);
        for sealed in rows.map_err(|why| why.to_string())?.iter().rev() {
            let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
            if left.seq == 0 && !facts.is_empty() {
                let header = &sealed.row.header;
                (left.seq, left.time_ms) = (header.seq, header.time_ms);
            }
            let newest = facts.iter().rev().find_map(|fact| match fact {
                Fact::Claimed { number, .. } => Some(number.get()),
                Fact::Restored(loss) => Some(loss.claims),
                _ => None,
            });
            if let Some(claims) = newest {
                return Ok(Left { claims, ..left });
            }
        }
        seq = from - 1;
    }
    Ok(left)
}

/// Goes on with one lane and gives what its new row says, and the head it then has. Done again
/// after it broke off, it finds the row there.
///
/// # Errors
/// Why it cannot go on.
pub fn accept(
    restoring: &Restoring<'_>,
    writers: &mut [JournalWriter],
    reader: &JournalReader,
    gone: &Gone,
) -> Result<(Loss, Head), String> {
    let LaneRecord { lane, ref drop, home, .. } = gone.record;
    let mut replay = wake::replay(reader, restoring.festival, lane)?;
    if let Some(loss) = gone.accepted.clone() {
        let (seq, hash) = (replay.seq(), replay.hash());
        let served = Served::new(replay.take_state().ok_or("a lane without rows")?);
        let face = Face::of(served.seen(), seq, hash);
        return Ok((loss, head_of(drop, &face)));
    }
    if replay.seq() == 0 {
        for place in BTreeSet::from([0, home]) {
            let kept = writers[place].keep_lane(lane, drop, home).map_err(|why| why.to_string())?;
            kept.then_some(()).ok_or_else(|| known_otherwise(place, lane, drop))?;
        }
        found_anew(restoring, &mut writers[home], &mut replay, drop)?;
    }
    let writer = &mut writers[home];
    fill(restoring, writer, &mut replay, gone.head.seq)?;
    let lost = Lost { witnessed: witnessed(&gone.head), act: restoring.act };
    let mut served = Served::new(replay.take_state().ok_or("a lane without rows")?);
    let (config, clock) = (LaneConfig::default(), &restoring.clock);
    let opened = Lane::<()>::open(&replay, &mut served, owner(), config, clock, Some(&lost));
    let mut opened = opened.map_err(|why| why.to_string())?;
    let draft = opened.to_append().ok_or("nothing to append")?;
    let sealed = append(restoring, writer, &[Arc::new(draft.finish())])?.remove(0);
    let mut loss = None;
    for durable in opened.durable(sealed) {
        durable.publish(&mut served).map_err(|why| why.to_string())?;
        loss = loss.or_else(|| loss_of(&durable.facts));
    }
    let (seq, hash) = opened.durable_head();
    let head = head_of(drop, &Face::of(served.seen(), seq, hash));
    Ok((loss.ok_or("the row says nothing of a loss")?, head))
}

/// Rows written, sealed and durable.
fn append(
    restoring: &Restoring<'_>,
    writer: &mut JournalWriter,
    rows: &[Arc<Row>],
) -> Result<Vec<Sealed>, String> {
    let sealed = seal_commit(rows, restoring.key);
    let placed = writer.append(&sealed).map_err(|why| why.0)?;
    if placed.iter().all(|placed| *placed == Placed::Durable) {
        return Ok(sealed);
    }
    Err("another process writes this lane".to_owned())
}

/// The first row of a drop of which none is left.
fn found_anew(
    restoring: &Restoring<'_>,
    writer: &mut JournalWriter,
    replay: &mut Replay,
    drop: &str,
) -> Result<(), String> {
    let terms = (restoring.terms)(drop);
    let terms = terms
        .ok_or("no row is left, and the festival file has no such drop: give it back there")?;
    let (place, config) = ((restoring.festival, replay.lane()), LaneConfig::default());
    let created = Lane::<()>::create(place, &terms, owner(), config, &restoring.clock);
    let (mut lane, _) = created.map_err(|why| why.to_string())?;
    let row = Arc::new(lane.to_append().ok_or("nothing to append")?.finish());
    let facts = row.read_facts().map_err(|why| why.to_string())?;
    append(restoring, writer, std::slice::from_ref(&row))?;
    replay.row(&row, &facts).map_err(|damage| damage.to_string())
}

/// Rows without facts up to the newest the witness saw.
fn fill(
    restoring: &Restoring<'_>,
    writer: &mut JournalWriter,
    replay: &mut Replay,
    to: u32,
) -> Result<(), String> {
    while replay.seq() < to {
        let mut rows = Vec::new();
        while replay.seq() < to && rows.len() < FILLED_AT_ONCE {
            rows.push(Arc::new(replay.pass().map_err(|damage| damage.to_string())?));
        }
        append(restoring, writer, &rows)?;
    }
    Ok(())
}

/// The loss that gave up the witness's row already, if one did: behind the rows that were left
/// stand rows without facts, and then the one that says so. A witness may have seen less by now
/// than the one it went by, such as the tables, which are emptied meanwhile; never more.
pub(super) fn accepted(
    reader: &JournalReader,
    lane: LaneId,
    head: &Head,
) -> Result<Option<Loss>, JournalError> {
    let claims = head.next_number.saturating_sub(1);
    for from in (head.seq..=reader.newest_seq(lane)?).step_by(FILLED_AT_ONCE) {
        for sealed in reader.rows(lane, from, FILLED_AT_ONCE)? {
            let facts = sealed.row.read_facts();
            let facts = facts.map_err(|why| JournalError::Unfit(why.to_string()))?;
            let covers = |loss: &Loss| {
                loss.seq >= head.seq
                    && loss.claims >= claims
                    && sealed.row.header.time_ms >= head.time_ms
            };
            if !facts.is_empty() {
                return Ok(loss_of(&facts).filter(covers));
            }
        }
    }
    Ok(None)
}

fn loss_of(facts: &[Fact]) -> Option<Loss> {
    facts.iter().find_map(|fact| match fact {
        Fact::Restored(loss) => Some(Loss::clone(loss)),
        _ => None,
    })
}

fn witnessed(head: &Head) -> Witnessed {
    let claims = head.next_number.saturating_sub(1);
    Witnessed { seq: head.seq, time_ms: head.time_ms, claims, lines: head.lines.clone() }
}
