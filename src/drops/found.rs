//! Opening lanes: new ones with their terms, those that do not rest by replay. All first rows of
//! a start go into one commit of each journal, and nothing is answered before it is durable.

use super::directory::{Shut, Until};
use super::drop::Drop;
use super::head::HeadDoc;
use super::published::Published;
use super::register::{Seat, Seats};
use super::spec::DropSpec;
use super::ticket::Ticket;
use super::wake::{self, owner};
use crate::kit::heads::{Head, Heads};
use crate::kit::journal::{self, Holder, JournalError, JournalReader, JournalWriter, LaneRecord};
use fanfare_engine::{Broken, Fact, Served};
use fanfare_lane::{
    Face, FestivalId, FestivalKey, Lane, LaneConfig, LaneId, Placed, Reading, Replay, Sealed,
    seal_commit,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to do about a journal that went back in time.
pub(super) const ADVICE: &str = "restore the newest backup, or see what going on without the \
    lost rows would mean: fanfare restore FESTIVAL. Of several nodes no other takes this lane \
    while this one lives; docs/operate/three-nodes.md says what to do";

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
    /// What the other nodes' clocks show, ms since 1970, where any was heard.
    pub theirs_ms: Option<i64>,
    /// The lanes that are this node's; all of them where one process serves alone.
    pub owned: Option<&'a Holder>,
}

impl Founding<'_> {
    fn owns(&self, lane: LaneId) -> bool {
        self.owned.is_none_or(|owned| owned.terms.contains_key(&lane))
    }
}

/// A lane ready to be hosted, or one at rest.
pub enum Found {
    /// Open.
    Open(Box<Lane<Ticket>>, Arc<Drop>),
    /// Its drop is over and nothing is held.
    Resting(Arc<Drop>),
    /// It is another node's, and read up to here.
    Followed(Arc<Drop>, Box<Replay>),
    /// It is not served here now; others go on.
    Shut(Box<Shut>),
}

impl Found {
    pub(super) fn shut(lane: Option<LaneId>, spec: DropSpec, why: String, until: Until) -> Self {
        Self::Shut(Box::new(Shut { lane, spec, why, until }))
    }

    /// It cannot be opened; the operator is told why.
    fn damaged(lane: LaneId, spec: DropSpec, why: String) -> Self {
        Self::shut(Some(lane), spec, why, Until::Mended)
    }

    /// Its journal does not answer now.
    fn silent(lane: LaneId, spec: DropSpec, why: &str) -> Self {
        let why = format!("{why}; it opens when that answers, and other lanes are open");
        Self::shut(Some(lane), spec, why, Until::Answered)
    }

    /// It is, or may be, another node's: that tells of it once it is open. If it never does, and
    /// the lease becomes this node's, it is opened here.
    fn awaited(lane: LaneId, spec: DropSpec) -> Self {
        let why = "no node has opened it yet; it opens when one does".to_owned();
        Self::shut(Some(lane), spec, why, Until::Told)
    }
}

/// What was found, by where its drop stands among those it was opened with.
pub type FoundAt = BTreeMap<usize, Found>;

/// Opens the lanes of all homes.
///
/// # Errors
/// If a journal cannot be written.
pub fn open_homes(
    founding: &Founding<'_>,
    writers: &mut [JournalWriter],
    reader: &JournalReader,
    seats: Seats,
    heads: &Heads,
) -> Result<FoundAt, String> {
    let mut found = FoundAt::new();
    for (home, seats) in seats {
        let opened = open_home(founding, (home, writers.get_mut(home)), reader, seats, heads);
        found.extend(opened.map_err(|why| why.to_string())?);
    }
    Ok(found)
}

/// Opens the lanes of one home with its writer; none where it is not named. A journal that is
/// silent shuts its own lanes; the first, whose lanes were just asked for, stops whoever asked.
///
/// # Errors
/// If the journal cannot be written.
pub fn open_home(
    founding: &Founding<'_>,
    (home, writer): (usize, Option<&mut JournalWriter>),
    reader: &JournalReader,
    seats: Vec<Seat>,
    heads: &Heads,
) -> Result<FoundAt, JournalError> {
    let Some(writer) = writer else {
        let unnamed = |Seat { lane, spec, .. }: Seat| {
            Found::damaged(lane, spec, journal::unnamed(lane, home).to_string())
        };
        return Ok(seats.into_iter().map(|seat| (seat.at, unnamed(seat))).collect());
    };
    match open_all(founding, (home, writer), reader, seats.clone(), heads) {
        Err(JournalError::Silent(why)) if home > 0 => {
            let silent = |Seat { lane, spec, .. }: Seat| Found::silent(lane, spec, &why);
            Ok(seats.into_iter().map(|seat| (seat.at, silent(seat))).collect())
        }
        opened => opened,
    }
}

/// What is wrong where a journal's list of lanes says something else than another's.
pub(super) fn known_otherwise(place: usize, lane: LaneId, drop: &str) -> String {
    format!(
        "lane {lane} (drop {drop}): journal {} knows the lane or the drop otherwise: one of the \
         journals is another festival's or went back in time; restore the newest backup",
        place + 1
    )
}

fn open_all(
    founding: &Founding<'_>,
    (home, writer): (usize, &mut JournalWriter),
    reader: &JournalReader,
    seats: Vec<Seat>,
    heads: &Heads,
) -> Result<FoundAt, JournalError> {
    let mut found = FoundAt::new();
    let mut opening = Vec::new();
    for Seat { at, lane, spec } in seats {
        // Elsewhere than in the register the lane is made now: its rows hang on it.
        if home > 0 && !writer.keep_lane(lane, &spec.id, home)? {
            let why = known_otherwise(home, lane, &spec.id);
            found.insert(at, Found::damaged(lane, spec, why));
            continue;
        }
        let newest_seq = reader.newest_seq(lane)?;
        let record = LaneRecord { lane, drop: spec.id.clone(), home, newest_seq };
        if let Some((&known, _)) = heads.iter().find(|(_, head)| head.drop == spec.id)
            && known != lane
        {
            let why = format!("drop {} was lane {known}: this is another journal", spec.id);
            // Fans know their claims by the lane it was.
            let why = format!("{why}; restore the newest backup");
            found.insert(at, Found::damaged(known, spec, why));
            continue;
        }
        let one = match look(founding, reader, &record, heads.get(&lane), &spec) {
            Ok(Looked::Found(one)) => one,
            Ok(Looked::Opens(one)) => {
                opening.push((at, *one, spec));
                continue;
            }
            // The lane itself may well be whole.
            Err(JournalError::Silent(why)) => Found::silent(lane, spec, &why),
            Err(why) => Found::damaged(lane, spec, why.to_string()),
        };
        found.insert(at, one);
    }
    append_openings(founding, (home, writer), opening, &mut found)?;
    Ok(found)
}

/// What a lane turned out to be.
enum Looked {
    Found(Found),
    /// To be opened here.
    Opens(Box<Opening>),
}

/// Reads what a lane is: at rest, another node's, or to be opened here.
fn look(
    founding: &Founding<'_>,
    reader: &JournalReader,
    record: &LaneRecord,
    head: Option<&Head>,
    spec: &DropSpec,
) -> Result<Looked, JournalError> {
    let lane = record.lane;
    let Some((face, newest)) = at_rest(reader, record, head)? else {
        if founding.owns(lane) {
            let opening = decide_opening(founding, reader, record, spec)?;
            return Ok(Looked::Opens(Box::new(opening)));
        }
        return follow(founding, reader, record, spec.clone()).map(Looked::Found);
    };
    let spec = resting_spec(founding, reader, lane, spec.clone(), &face)?;
    let face_at = (face.seq, face.hash, face.time_ms);
    let published = Published::resting(face, HeadDoc::new(&newest));
    let drop = Drop::new(spec, (lane, record.home), published);
    if founding.owns(lane) {
        return Ok(Looked::Found(Found::Resting(Arc::new(drop))));
    }
    let replay = Replay::behind(founding.festival, lane, face_at);
    drop.answer_until(i64::MIN);
    Ok(Looked::Found(Found::Followed(Arc::new(drop), Box::new(replay))))
}

/// A resting lane's face and newest row. A damaged row shuts its own lane only.
fn at_rest(
    reader: &JournalReader,
    record: &LaneRecord,
    head: Option<&Head>,
) -> Result<Option<(Face, Sealed)>, JournalError> {
    if let Some(head) = head
        && let Some(why) = went_back(reader, record, head)?
    {
        return Err(JournalError::Unfit(format!("{why}; {ADVICE}")));
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
) -> Result<Option<String>, JournalError> {
    let LaneRecord { lane, drop, newest_seq, .. } = record;
    if head.seq > *newest_seq {
        return Ok(Some(format!(
            "the journal went back in time: lane {lane} (drop {drop}) ends at row {newest_seq}, \
             but row {} was durable",
            head.seq
        )));
    }
    let rows = reader.rows(*lane, head.seq, 1)?;
    let stands = rows.first().is_some_and(|sealed| sealed.row.hash == head.hash);
    Ok((!stands).then(|| another_history(*lane, head)))
}

/// What to say of rows that are not those the witness saw.
pub(super) fn another_history(lane: LaneId, head: &Head) -> String {
    let Head { drop, seq, .. } = head;
    format!("lane {lane} (drop {drop}): row {seq} is not the one that was durable")
}

/// What the newest row says, if it sent the lane to rest.
fn resting(
    reader: &JournalReader,
    record: &LaneRecord,
) -> Result<Option<(Face, Sealed)>, JournalError> {
    let newest = reader.rows(record.lane, record.newest_seq.max(1), 1)?;
    let Some(newest) = newest.into_iter().next_back() else { return Ok(None) };
    let unfit = |why| format!("lane {}, row {}: {why}", record.lane, record.newest_seq);
    let facts = newest.row.read_facts().map_err(|why| JournalError::Unfit(unfit(why)))?;
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
) -> Result<DropSpec, JournalError> {
    if !spec.unread && face.lines.len() == spec.terms.lines.len() {
        let terms = spec.terms.clone();
        return Ok(spec.with_terms(terms));
    }
    let replay = wake::replay(reader, founding.festival, lane)?;
    let state = replay.into_state().ok_or_else(without_rows)?;
    Ok(spec.with_terms(state.terms().clone()))
}

/// Reads a lane that another node owns.
fn follow(
    founding: &Founding<'_>,
    reader: &JournalReader,
    record: &LaneRecord,
    spec: DropSpec,
) -> Result<Found, JournalError> {
    if record.newest_seq == 0 {
        return Ok(Found::awaited(record.lane, spec));
    }
    let lane = record.lane;
    let mut replay = wake::replay(reader, founding.festival, lane)?;
    let state = replay.take_state().ok_or_else(without_rows)?;
    let newest = reader.rows(lane, replay.seq(), 1)?.pop();
    let newest = newest.ok_or_else(without_rows)?;
    let spec = spec.with_terms(state.terms().clone());
    let published = Published::new(Served::new(state), &newest);
    let drop = Drop::new(spec, (lane, record.home), published);
    drop.answer_until(i64::MIN);
    Ok(Found::Followed(Arc::new(drop), Box::new(replay)))
}

fn without_rows() -> JournalError {
    JournalError::Unfit("a lane without rows".to_owned())
}

/// A lane whose first row of this owner is not durable yet, and its state.
type Opening = (Lane<Ticket>, Served);

/// Decides a lane's first row of this owner.
fn decide_opening(
    founding: &Founding<'_>,
    reader: &JournalReader,
    record: &LaneRecord,
    spec: &DropSpec,
) -> Result<Opening, JournalError> {
    let Founding { festival, config, clock, theirs_ms, .. } = founding;
    let lane = record.lane;
    let shut = |why| JournalError::Unfit(format!("lane {lane}: {why}"));
    if record.newest_seq == 0 {
        let new = Lane::create((*festival, lane), &spec.terms, owner(), *config, clock);
        return new.map_err(shut);
    }
    let mut replay = wake::replay(reader, *festival, lane)?;
    let mut served = Served::new(replay.take_state().ok_or_else(without_rows)?);
    let (owner, config) = (owner(), *config);
    // Before another node is heard, whatever served may have been off.
    let opened = match theirs_ms {
        Some(_) => Lane::take_over(&replay, &mut served, owner, config, clock, *theirs_ms),
        None => Lane::open(&replay, &mut served, owner, config, clock, None),
    };
    Ok((opened.map_err(shut)?, served))
}

/// Appends the opening rows in one commit and makes the drops of those that stand.
fn append_openings(
    founding: &Founding<'_>,
    (home, writer): (usize, &mut JournalWriter),
    mut opening: Vec<(usize, Opening, DropSpec)>,
    found: &mut FoundAt,
) -> Result<(), JournalError> {
    if opening.is_empty() {
        return Ok(());
    }
    let drafts = opening.iter_mut().filter_map(|(_, (lane, _), _)| lane.to_append());
    let rows: Vec<_> = drafts.map(|draft| Arc::new(draft.finish())).collect();
    let sealed = seal_commit(&rows, founding.key);
    let placed = match founding.owned {
        Some(holder) => {
            let mut holder = holder.clone();
            holder.terms.retain(|lane, _| rows.iter().any(|row| row.header.lane == *lane));
            writer.append_opening(&sealed, &holder)
        }
        None => writer.append(&sealed),
    };
    let placed = placed.map_err(|why| JournalError::Silent(why.0))?;
    for (((at, opening, spec), sealed), placed) in opening.into_iter().zip(sealed).zip(placed) {
        let id = opening.0.id();
        let one = match placed {
            Placed::Durable => opened(founding, home, opening, spec.clone(), sealed)
                .unwrap_or_else(|why| Found::damaged(id, spec, format!("lane {id}: {why}"))),
            // Its lease went elsewhere while it was read.
            Placed::Fenced if founding.owned.is_some() => Found::awaited(id, spec),
            Placed::Fenced => Found::damaged(id, spec, "another owner writes this lane".to_owned()),
        };
        found.insert(at, one);
    }
    Ok(())
}

/// A lane whose first row of this owner is durable.
fn opened(
    founding: &Founding<'_>,
    home: usize,
    (mut lane, mut served): Opening,
    spec: DropSpec,
    sealed: Sealed,
) -> Result<Found, Broken> {
    lane.durable(sealed.clone()).iter().try_for_each(|row| row.publish(&mut served))?;
    let state = served.seen();
    let doubts = (state.lost(), state.doubtful_time());
    warn_if_doubtful(&spec.id, doubts, state.now_ms(), founding.clock.now_ms);
    let spec = spec.with_terms(state.terms().clone());
    let published = Published::new(served, &sealed);
    let drop = Arc::new(Drop::new(spec, (lane.id(), home), published));
    Ok(Found::Open(Box::new(lane), drop))
}

/// Says so where a lane was opened that lost rows, or whose time is in doubt.
pub(super) fn warn_if_doubtful(
    drop: &str,
    (lost, doubtful): (bool, bool),
    newest_ms: i64,
    clock_ms: i64,
) {
    if lost {
        warn_of_loss(drop);
    } else if doubtful {
        warn_of_doubt(drop, newest_ms, clock_ms);
    }
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
        "TIME IN DOUBT: this machine's clock is behind the newest row, or further ahead than the \
         drop can have been without service, so no claims are taken and no hold runs out; if the \
         clock is right, a host confirms it: POST /api/v1/drops/{drop}/resumption"
    );
}
