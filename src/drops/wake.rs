//! Waking a resting lane: its rows are replayed on a thread of their own, so that no other lane
//! waits for it.

use super::drop::Drop;
use super::found::{ADVICE, another_history};
use super::inbox::Inbox;
use super::lanes::{Message, Replayed};
use super::published::Published;
use super::spec::DropSpec;
use crate::kit::data::DataFolder;
use crate::kit::heads::Head;
use crate::kit::journal::{JournalError, JournalReader, RawRow};
use crate::kit::turns::Turns;
use fanfare_engine::{Answer, Command, Fact, Facts, Seen, Served};
use fanfare_lane::{Damage, FestivalId, LaneId, Replay, Reply, Sealed};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Rows read from the journal at a time: those of a rush are about 100 kB each.
const ROWS_AT_A_TIME: usize = 16;

/// How many readings may wait to be checked, and to be applied, behind each other.
const READINGS_AHEAD: usize = 8;

/// Threads that hold rows against their hashes.
const CHECKERS: usize = 2;

/// Most claims that room is made for beforehand.
const ROOM_MAX: u32 = 1 << 24;

/// Most lanes that are replayed at one time to be woken or followed: each has a connection to the
/// journals of its own.
pub const REPLAYS_MAX: usize = 2;

static REPLAYS: Turns = Turns::new(REPLAYS_MAX);

/// The festival's number in every row.
pub fn festival_number(id: &str) -> FestivalId {
    let mut number = FestivalId::default();
    number.copy_from_slice(&Sha256::digest(id.as_bytes())[..16]);
    number
}

/// A fresh owner's nonce.
pub fn owner() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Replays a lane from its first row. One thread reads rows, some hold them against their hashes,
/// and one applies their facts, in order: to check a row takes longer than anything else.
///
/// # Errors
/// What cannot be read now, or not be believed.
pub fn replay(
    reader: &JournalReader,
    festival: FestivalId,
    lane: LaneId,
) -> Result<Replay, JournalError> {
    let first = reader.raw_rows(lane, 1, ROWS_AT_A_TIME)?;
    let replay = Replay::new(festival, lane);
    if first.len() < ROWS_AT_A_TIME {
        // Most lanes of a start are short, and threads would take longer than their rows.
        return apply_all(replay, check(first, lane));
    }
    // Whatever is wrong there is told when its turn comes.
    let replay = replay.with_room(claims_at_end(reader, lane).unwrap_or_default());
    thread::scope(|scope| {
        let start = |name: String| thread::Builder::new().name(name);
        let silent = |why: std::io::Error| JournalError::Silent(why.to_string());
        let (mut checkers, mut checked) = (Vec::new(), Vec::new());
        for nth in 0..CHECKERS {
            let (rows, unread) = sync_channel(READINGS_AHEAD);
            let (sender, readings) = sync_channel(READINGS_AHEAD);
            let body = move || {
                unread.iter().all(|rows| sender.send(check(rows, lane)).is_ok());
            };
            start(format!("check-{lane}-{nth}")).spawn_scoped(scope, body).map_err(silent)?;
            checkers.push(rows);
            checked.push(readings);
        }
        let body = move || apply(replay, &checked);
        let applier = start(format!("replay-{lane}")).spawn_scoped(scope, body).map_err(silent)?;
        let read = read_all(reader, lane, first, &checkers);
        drop(checkers);
        let broken = |_| JournalError::Unfit(format!("lane {lane}: its replay broke off"));
        let replay = applier.join().map_err(broken)?;
        // Rows before one that cannot be read were applied; what is wrong with them comes first.
        let replay = replay?;
        read.map(|()| replay)
    })
}

/// How many claims the newest rows speak of. They are not checked yet, so no more is believed than
/// takes half a gigabyte.
fn claims_at_end(reader: &JournalReader, lane: LaneId) -> Result<u32, JournalError> {
    let newest = reader.newest_seq(lane)?;
    let from = newest.saturating_sub(ROWS_AT_A_TIME as u32 - 1).max(1);
    let rows = reader.raw_rows(lane, from, ROWS_AT_A_TIME)?;
    let number_in = |raw: RawRow| {
        let facts = raw.read(lane).ok()?.row.read_facts().ok()?;
        facts.iter().rev().find_map(|fact| match fact {
            Fact::Claimed { number, .. } => Some(number.get()),
            _ => None,
        })
    };
    let number = rows.into_iter().rev().find_map(number_in).unwrap_or_default();
    Ok(number.min(ROOM_MAX))
}

/// A row that was read and held against its hashes, with its facts; or what is wrong with it.
type Checked = Result<(Sealed, Vec<Fact>), JournalError>;

/// Reads all rows and hands them to the checkers in turn; ends early if nobody takes them any more.
fn read_all(
    reader: &JournalReader,
    lane: LaneId,
    first: Vec<RawRow>,
    checkers: &[SyncSender<Vec<RawRow>>],
) -> Result<(), JournalError> {
    let mut rows = first;
    for checker in checkers.iter().cycle() {
        let newest = rows.last().map_or(u32::MAX, |row| row.seq);
        let more = rows.len() == ROWS_AT_A_TIME;
        if checker.send(rows).is_err() || !more {
            return Ok(());
        }
        rows = reader.raw_rows(lane, newest.saturating_add(1), ROWS_AT_A_TIME)?;
    }
    Ok(())
}

fn check(rows: Vec<RawRow>, lane: LaneId) -> Vec<Checked> {
    let one = |raw: RawRow| {
        let seq = raw.seq;
        read_row(raw, lane)
            .map_err(|why| JournalError::Unfit(format!("lane {lane}, row {seq}: {why}")))
    };
    rows.into_iter().map(one).collect()
}

fn read_row(raw: RawRow, lane: LaneId) -> Result<(Sealed, Vec<Fact>), String> {
    let sealed = raw.read(lane)?;
    let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
    Ok((sealed, facts))
}

/// Applies what the checkers hand over in turn, until the next of them has nothing more.
fn apply(mut replay: Replay, checked: &[Receiver<Vec<Checked>>]) -> Result<Replay, JournalError> {
    for checker in checked.iter().cycle() {
        let Ok(rows) = checker.recv() else { break };
        replay = apply_all(replay, rows)?;
    }
    Ok(replay)
}

fn apply_all(mut replay: Replay, rows: Vec<Checked>) -> Result<Replay, JournalError> {
    for row in rows {
        let (sealed, facts) = row?;
        let damaged = |damage: Damage| JournalError::Unfit(damage.to_string());
        replay.row(&sealed.row, &facts).map_err(damaged)?;
    }
    Ok(replay)
}

/// What a resting lane answers without being woken, if its state is in memory: whatever makes no
/// fact, such as a repeated claim or a refusal. Nothing changes while it rests, so what is
/// published is what its lane would go by.
pub fn answered_at_rest(drop: &Drop, command: &Command, now_ms: i64) -> Option<Reply> {
    let answer = |state: Seen<'_>| {
        let claim = |number| state.claim(number);
        match state.decide(command, &mut Facts::new()) {
            Ok(Answer::Already(number)) => {
                claim(number).map(|claim| Reply::Claim { claim, fresh: false })
            }
            Ok(Answer::Idle) => Some(Reply::Acted),
            Ok(Answer::Done(_) | Answer::Acted) => None,
            Err(refusal) => Some(Reply::Refused(refusal)),
        }
    };
    let resting = |state: Seen<'_>| state.resting().then(|| answer(state)).flatten();
    drop.published.read(now_ms, resting).flatten()
}

/// Starts replaying a lane; the inbox hears when it is done.
pub fn start(
    drop: Arc<Drop>,
    head: Option<Head>,
    folder: Arc<DataFolder>,
    inbox: Arc<Inbox<Message>>,
) {
    let (lane, home) = (drop.lane, drop.home);
    let told = inbox.clone();
    let body = move || {
        let replayed = {
            let _turn = REPLAYS.take();
            JournalReader::known(&folder.journals()).and_then(|reader| {
                reader.knows(lane, home);
                replay_of(&reader, &folder, (lane, head))
            })
        };
        told.push_urgent(Message::Woken(lane, replayed));
    };
    if let Err(why) = thread::Builder::new().name(format!("wake-{lane}")).spawn(body) {
        inbox.push(Message::Woken(lane, Err(JournalError::Silent(why.to_string()))));
    }
}

/// Replays a lane of this folder's journals; gives its newest row too. It is another history than
/// the witness saw if the row that was its head is another one. One that is shorter may be written
/// again by its owner.
fn replay_of(
    reader: &JournalReader,
    folder: &DataFolder,
    (lane, head): (LaneId, Option<Head>),
) -> Result<Replayed, JournalError> {
    let replay = replay(reader, festival_number(folder.festival()), lane)?;
    let newest = reader.rows(lane, replay.seq().max(1), 1)?.pop();
    let newest = newest.ok_or_else(|| JournalError::Missing("a lane without rows".to_owned()))?;
    if let Some(head) = head.filter(|head| head.seq <= replay.seq())
        && let Some(row) = reader.rows(lane, head.seq, 1)?.pop()
        && row.row.hash != head.hash
    {
        let what = another_history(lane, &head);
        return Err(JournalError::Another(format!("{what}; {ADVICE}")));
    }
    Ok((Box::new(replay), newest))
}

/// A drop that another node owns and told of, made of its rows.
pub type Met = Result<(Arc<Drop>, Replay), (LaneId, String)>;

/// Reads a drop that another node told of, on a thread of its own.
pub fn meet(
    spec: DropSpec,
    (lane, head): (LaneId, Option<Head>),
    folder: Arc<DataFolder>,
    tell: impl FnOnce(Met) + Send + 'static,
) {
    let body = move || {
        let met = || {
            let _turn = REPLAYS.take();
            let reader = JournalReader::known(&folder.journals())?;
            let (mut replay, newest) = replay_of(&reader, &folder, (lane, head))?;
            let home = reader.home(lane)?;
            let state = replay.take_state().ok_or("a lane without rows")?;
            let spec = spec.with_terms(state.terms().clone());
            let published = Published::new(Served::new(state), &newest);
            let drop = Drop::new(spec, (lane, home), published);
            drop.answer_until(i64::MIN);
            Ok((Arc::new(drop), *replay))
        };
        tell(met().map_err(|why: String| (lane, why)));
    };
    if let Err(why) = thread::Builder::new().name(format!("meet-{lane}")).spawn(body) {
        tracing::warn!(lane, %why, "a drop of another node cannot be read");
    }
}
