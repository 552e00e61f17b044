//! Opening lanes: new ones with their terms, those that do not rest by replay. All first rows of
//! a start go into one commit, and nothing is answered before it is durable.

use super::drop::Drop;
use super::head::HeadDoc;
use super::published::Published;
use super::spec::DropSpec;
use super::ticket::Ticket;
use super::wake::{self, owner};
use crate::kit::heads::{Head, Heads};
use crate::kit::journal::{JournalError, JournalReader, JournalWriter, LaneRecord};
use fanfare_engine::{Fact, Served};
use fanfare_lane::{
    Face, FestivalId, FestivalKey, Lane, LaneConfig, LaneId, Placed, Reading, Sealed, seal_commit,
};
use std::sync::Arc;

/// What to do about a journal that went back in time.
const ADVICE: &str = "restore the newest backup, or see what going on without the lost rows would \
                      mean: fanfare restore FESTIVAL";

/// What opening needs to know.
pub struct Founding<'a> {
    /// Whose festival.
    pub festival: FestivalId,
    /// Signs the rows.
    pub key: &'a FestivalKey,
    /// How lanes are run.
    pub config: LaneConfig,
    /// What the clock shows.
    pub clock: Reading,
}

/// A lane ready to be hosted, or one at rest.
pub enum Found {
    /// Open.
    Open(Box<Lane<Ticket>>, Arc<Drop>),
    /// Its drop is over and nothing is held.
    Resting(Arc<Drop>),
    /// It cannot be opened; the operator is told why. Others go on.
    Shut(LaneId, String),
}

/// Opens lanes for these drops, new and old together.
///
/// # Errors
/// If the journal cannot be written.
pub fn open_all(
    founding: &Founding<'_>,
    writer: &mut JournalWriter,
    reader: &JournalReader,
    specs: Vec<DropSpec>,
    heads: &Heads,
) -> Result<Vec<Found>, JournalError> {
    for (&lane, head) in heads {
        writer.keep_lane(lane, &head.drop)?;
    }
    let mut found = Vec::new();
    let mut opening = Vec::new();
    for spec in specs {
        let lane = writer.lane_of(&spec.id)?;
        let newest_seq = reader.newest_seq(lane)?;
        let record = LaneRecord { lane, drop: spec.id.clone(), newest_seq };
        if let Some((known, _)) = heads.iter().find(|(_, head)| head.drop == spec.id)
            && *known != lane
        {
            let why = format!("drop {} was lane {known}: this is another journal", spec.id);
            found.push(Found::Shut(lane, format!("{why}; restore the newest backup")));
            continue;
        }
        match at_rest(reader, &record, heads.get(&lane)) {
            Ok(Some((face, newest))) => {
                found.push(match resting_spec(founding, reader, lane, spec, &face) {
                    Ok(spec) => {
                        let published = Published::resting(face, HeadDoc::new(&newest));
                        Found::Resting(Arc::new(Drop::new(spec, lane, published)))
                    }
                    Err(why) => Found::Shut(lane, why),
                });
            }
            Ok(None) => match decide_opening(founding, reader, &record, &spec) {
                Ok((lane, served)) => opening.push((lane, served, spec)),
                Err(why) => found.push(Found::Shut(lane, why)),
            },
            Err(why) => found.push(Found::Shut(lane, why)),
        }
    }
    append_openings(founding, writer, opening, &mut found)?;
    Ok(found)
}

/// A resting lane's face and newest row. A damaged row shuts its own lane only.
fn at_rest(
    reader: &JournalReader,
    record: &LaneRecord,
    head: Option<&Head>,
) -> Result<Option<(Face, Sealed)>, String> {
    if let Some(head) = head
        && let Some(why) = went_back(reader, record, head)?
    {
        return Err(format!("{why}; {ADVICE}"));
    }
    resting(reader, record)
}

/// Says so if the journal is shorter than its witness, or another history.
///
/// # Errors
/// If the journal cannot be read there.
pub(super) fn went_back(
    reader: &JournalReader,
    record: &LaneRecord,
    head: &Head,
) -> Result<Option<String>, String> {
    let LaneRecord { lane, drop, newest_seq } = record;
    if head.seq > *newest_seq {
        return Ok(Some(format!(
            "the journal went back in time: lane {lane} (drop {drop}) ends at row {newest_seq}, \
             but row {} was durable",
            head.seq
        )));
    }
    let rows = reader.rows(*lane, head.seq, 1).map_err(|why| why.to_string())?;
    if rows.first().is_some_and(|sealed| sealed.row.hash == head.hash) {
        return Ok(None);
    }
    let what = format!("row {} is not the one that was durable", head.seq);
    Ok(Some(format!("lane {lane} (drop {drop}): {what}")))
}

/// What the newest row says, if it sent the lane to rest.
fn resting(reader: &JournalReader, record: &LaneRecord) -> Result<Option<(Face, Sealed)>, String> {
    let newest = reader.rows(record.lane, record.newest_seq.max(1), 1);
    let Some(newest) = newest.map_err(|why| why.to_string())?.pop() else { return Ok(None) };
    let facts = newest
        .row
        .read_facts()
        .map_err(|why| format!("lane {}, row {}: {why}", record.lane, record.newest_seq))?;
    let Some(Fact::Rested(totals)) = facts.last() else { return Ok(None) };
    let at = (newest.row.header.seq, newest.row.hash, newest.row.header.time_ms);
    Ok(Some((Face::of_resting(totals, at), newest)))
}

/// The names of a resting lane's lines, in their order. Only lines that were added after the first
/// row need the others to be read.
fn resting_spec(
    founding: &Founding<'_>,
    reader: &JournalReader,
    lane: LaneId,
    spec: DropSpec,
    face: &Face,
) -> Result<DropSpec, String> {
    if face.lines.len() == spec.terms.lines.len() {
        let terms = spec.terms.clone();
        return Ok(spec.with_terms(terms));
    }
    let replay = wake::replay(reader, founding.festival, lane)?;
    let state = replay.into_state().ok_or("a lane without rows")?;
    Ok(spec.with_terms(state.terms().clone()))
}

/// A lane whose first row of this owner is not durable yet, and its state.
type Opening = (Lane<Ticket>, Served);

/// Decides a lane's first row of this owner.
fn decide_opening(
    founding: &Founding<'_>,
    reader: &JournalReader,
    record: &LaneRecord,
    spec: &DropSpec,
) -> Result<Opening, String> {
    let Founding { festival, config, clock, .. } = founding;
    let lane = record.lane;
    let shut = |why| format!("lane {lane}: {why}");
    if record.newest_seq == 0 {
        let new = Lane::create((*festival, lane), &spec.terms, owner(), *config, clock);
        return new.map_err(shut);
    }
    let mut replay = wake::replay(reader, *festival, lane)?;
    let mut served = Served::new(replay.take_state().ok_or("a lane without rows")?);
    let opened = Lane::open(&replay, &mut served, owner(), *config, clock, None);
    Ok((opened.map_err(shut)?, served))
}

/// Appends the opening rows in one commit and makes the drops of those that stand.
fn append_openings(
    founding: &Founding<'_>,
    writer: &mut JournalWriter,
    mut opening: Vec<(Lane<Ticket>, Served, DropSpec)>,
    found: &mut Vec<Found>,
) -> Result<(), JournalError> {
    let drafts = opening.iter_mut().filter_map(|(lane, ..)| lane.to_append());
    let rows: Vec<_> = drafts.map(|draft| Arc::new(draft.finish())).collect();
    let sealed = seal_commit(&rows, founding.key);
    let placed = writer.append(&sealed).map_err(|why| JournalError::Silent(why.0))?;
    for (((mut lane, mut served, spec), sealed), placed) in
        opening.into_iter().zip(sealed).zip(placed)
    {
        let id = lane.id();
        if placed == Placed::Fenced {
            found.push(Found::Shut(id, "another owner writes this lane".to_owned()));
            continue;
        }
        let durable = lane.durable(sealed.clone());
        if let Err(why) = durable.iter().try_for_each(|row| row.publish(&mut served)) {
            found.push(Found::Shut(id, format!("lane {id}: {why}")));
            continue;
        }
        let state = served.seen();
        if state.lost() {
            warn_of_loss(&spec.id);
        } else if state.doubtful_time() {
            warn_of_doubt(&spec.id, state.now_ms(), founding.clock.now_ms);
        }
        let spec = spec.with_terms(state.terms().clone());
        let published = Published::new(served, &sealed);
        let drop = Arc::new(Drop::new(spec, id, published));
        found.push(Found::Open(Box::new(lane), drop));
    }
    Ok(())
}

/// Nobody but a host can know what became of lost claims.
fn warn_of_loss(drop: &str) {
    tracing::warn!(
        drop,
        "ROWS WERE LOST: no claims are taken and no hold runs out until a host has looked at what \
         they told and resumes the drop: POST /api/v1/drops/{drop}/resumption"
    );
}

/// Nobody but a host can know whether the machine's clock is right.
fn warn_of_doubt(drop: &str, newest_ms: i64, clock_ms: i64) {
    let utc = |ms| {
        jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
    };
    let (newest, clock) = (utc(newest_ms), utc(clock_ms));
    tracing::warn!(
        drop,
        newest,
        clock,
        "TIME IN DOUBT: the newest row is not of the last day, so no claims are taken and no hold \
         runs out; if the clock is right, a host confirms it: POST /api/v1/drops/{drop}/resumption"
    );
}
