//! Going on where a journal went back in time: which lanes have lost rows, and, if an operator
//! accepts it, the row that goes on behind what a witness knows of them.

use super::found::went_back;
use super::lanes::publish::head_of;
use super::wake::{self, owner};
use crate::kit::heads::{Head, Heads};
use crate::kit::sqlite::{JournalReader, JournalWriter, LaneRecord};
use fanfare_engine::{Act, Fact, Loss, Number, Served, State, Terms, Witnessed};
use fanfare_lane::{
    Face, FestivalId, FestivalKey, Lane, LaneConfig, LaneId, Lost, Placed, Reading, Store as _,
    seal_commit,
};
use std::sync::Arc;

/// A lane whose newest rows are gone.
#[derive(Clone, Debug)]
pub struct Gone {
    /// Its number, its drop, and the newest row that is left.
    pub record: LaneRecord,
    /// What the witness knows.
    pub head: Head,
    /// What is wrong, in words.
    pub why: String,
    /// Claims the rows that are left made.
    pub claims_left: u32,
    /// The newest row that is left.
    pub left_seq: u32,
    /// Its lane time, ms since 1970.
    pub left_ms: i64,
    /// What the row behind it says, where an earlier restore added it and broke off.
    accepted: Option<Loss>,
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

/// The lanes that have lost rows the witness saw.
///
/// # Errors
/// If the journal cannot be read or believed; then there is nothing yet to go on from.
pub fn gone(
    reader: &JournalReader,
    festival: FestivalId,
    heads: &Heads,
) -> Result<Vec<Gone>, String> {
    let lanes = reader.lanes().map_err(|why| why.to_string())?;
    let mut gone = Vec::new();
    for (&lane, head) in heads {
        let record = lanes.iter().find(|record| record.lane == lane).cloned();
        let nothing = || LaneRecord { lane, drop: head.drop.clone(), newest_seq: 0 };
        let record = record.unwrap_or_else(nothing);
        if record.drop != head.drop {
            return Err(format!(
                "lane {lane} is drop {} in the journal, but the witness knows it as drop {}: \
                 this is another festival's journal, or it was begun anew; restore the newest \
                 backup",
                record.drop, head.drop
            ));
        }
        let Some(why) = went_back(reader, &record, head)? else { continue };
        let replay = wake::replay(reader, festival, lane)?;
        let mut one = Gone {
            claims_left: replay.state().map_or(0, |state| state.claims().count()),
            left_seq: record.newest_seq,
            left_ms: replay.time_ms(),
            accepted: accepted(reader, &record, head)?,
            record,
            head: head.clone(),
            why,
        };
        if one.accepted.is_some() {
            // What is left is what was left before.
            one.left_seq -= 1;
            one.left_ms = time_of(reader, lane, one.left_seq)?;
            one.claims_left = replay.state().map_or(0, newest_known);
        }
        gone.push(one);
    }
    Ok(gone)
}

fn time_of(reader: &JournalReader, lane: LaneId, seq: u32) -> Result<i64, String> {
    if seq == 0 {
        return Ok(i64::MIN);
    }
    let rows = reader.rows(lane, seq, 1).map_err(|why| why.to_string())?;
    Ok(rows.first().map_or(i64::MIN, |sealed| sealed.row.header.time_ms))
}

/// The newest claim of which more is left than its number.
fn newest_known(state: &State) -> u32 {
    let known = |number: &u32| {
        Number::new(*number).is_some_and(|number| state.claims().get(number).is_some())
    };
    (1..=state.claims().count()).rev().find(known).unwrap_or(0)
}

/// Goes on with one lane and gives what its new row says, and the head it then has. Done again
/// after it broke off, it finds the row there.
///
/// # Errors
/// Why it cannot go on.
pub fn accept(
    restoring: &Restoring<'_>,
    writer: &mut JournalWriter,
    reader: &JournalReader,
    gone: &Gone,
) -> Result<(Loss, Head), String> {
    let lane = gone.record.lane;
    let mut replay = wake::replay(reader, restoring.festival, lane)?;
    if let Some(loss) = gone.accepted.clone() {
        let (seq, hash) = (replay.seq(), replay.hash());
        let served = Served::new(replay.take_state().ok_or("a lane without rows")?);
        let face = Face::of(served.seen(), seq, hash);
        return Ok((loss, head_of(&gone.record.drop, &face)));
    }
    let (config, clock) = (LaneConfig::default(), &restoring.clock);
    let lost = Some(Lost { witnessed: witnessed(&gone.head), act: restoring.act });
    let (mut opened, mut served) = match replay.take_state() {
        Some(state) => {
            let mut served = Served::new(state);
            let opened =
                Lane::<()>::open(&replay, &mut served, owner(), config, clock, lost.as_ref());
            (opened.map_err(|why| why.to_string())?, served)
        }
        None => {
            let place = (restoring.festival, lane);
            writer.keep_lane(lane, &gone.record.drop).map_err(|why| why.to_string())?;
            let terms = (restoring.terms)(&gone.record.drop);
            let terms = terms.ok_or(
                "no row is left, and the festival file has no such drop: give it back there",
            )?;
            let created = Lane::create(place, &terms, owner(), config, clock, lost.as_ref());
            created.map_err(|why| why.to_string())?
        }
    };
    let draft = opened.to_append().ok_or("nothing to append")?;
    let sealed = seal_commit(&[Arc::new(draft.finish())], restoring.key).remove(0);
    match writer.append(std::slice::from_ref(&sealed)).map_err(|why| why.0)?.first() {
        Some(Placed::Durable) => {}
        _ => return Err("another process writes this lane".to_owned()),
    }
    let mut loss = None;
    for durable in opened.durable(sealed) {
        durable.publish(&mut served).map_err(|why| why.to_string())?;
        loss = loss.or_else(|| loss_of(&durable.facts));
    }
    let (seq, hash) = opened.durable_head();
    let head = head_of(&gone.record.drop, &Face::of(served.seen(), seq, hash));
    Ok((loss.ok_or("the row says nothing of a loss")?, head))
}

/// The loss this lane's newest row has accepted already, if it has: all that the witness knows of
/// came before that row. A witness may have seen less by now than the one it went by, such as the
/// tables, which are emptied meanwhile; never more. Its row's number alone does not tell: rows
/// behind an accepted loss have the numbers of lost ones.
fn accepted(
    reader: &JournalReader,
    record: &LaneRecord,
    head: &Head,
) -> Result<Option<Loss>, String> {
    let newest = reader.rows(record.lane, record.newest_seq.max(1), 1);
    let newest = newest.map_err(|why| why.to_string())?;
    let Some(sealed) = newest.first() else { return Ok(None) };
    let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
    let claims = head.next_number.saturating_sub(1);
    let covers = |loss: &Loss| {
        loss.seq >= head.seq && loss.claims >= claims && sealed.row.header.time_ms >= head.time_ms
    };
    Ok(loss_of(&facts).filter(covers))
}

fn loss_of(facts: &[Fact]) -> Option<Loss> {
    facts.iter().find_map(|fact| match fact {
        Fact::Restored(loss) => Some(Loss::clone(loss)),
        _ => None,
    })
}

fn witnessed(head: &Head) -> Witnessed {
    let claims = head.next_number.saturating_sub(1);
    Witnessed { seq: head.seq, time_ms: head.time_ms, claims, out: head.out.clone() }
}
