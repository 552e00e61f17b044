//! The thread that owns a journal's writer, one a journal: writes what its lanes have ready as
//! rows, seals them with one signature and appends them in one commit.

use super::inbox::Inbox;
use super::lanes::Message;
use super::trail;
use crate::kit::clock::Stopwatch;
use crate::kit::journal::{Holder, JournalWriter};
use crate::kit::metrics::Work as Done;
use crate::kit::vital;
use fanfare_lane::{Draft, FestivalKey, LaneId, Placed, Sealed, StoreError, seal_commit};
use std::sync::{Arc, mpsc};
use std::thread;

/// What the committer is asked to do.
pub enum Work {
    /// Finish and append these rows, at most one a lane. Whether the next follow at once.
    Append(Vec<Draft>, bool),
    /// Finish and append lanes' first rows of this owner, while its leases stand.
    Open(Vec<Draft>, Holder),
    /// Append rows that were durable and are gone, sealed as they were.
    Again(LaneId, Vec<Sealed>),
    /// Read a lane's rows from this number on.
    Read(LaneId, u32),
    /// Do something else with the writer, between commits.
    Else(Box<dyn FnOnce(&mut JournalWriter) + Send>),
}

/// What became of it.
pub enum Outcome {
    /// The append's rows with their seals, and each one's fate; an error leaves all unknown.
    Appended(Vec<Sealed>, Result<Vec<Placed>, StoreError>),
    /// The rows read, or why not.
    Read(LaneId, Result<Vec<Sealed>, StoreError>),
    /// The lane has to read the journal to know.
    Unknown(LaneId),
}

/// Rows read from the journal at a time.
const READ_AT_A_TIME: usize = 512;

/// How long rows that are known to come are waited for awake: their batch is waiting, so all that
/// is left to do for them is to decide it.
const AWAKE_FOR_ROWS_US: u64 = 100;

/// Starts the committer of the journal at this place; it ends when the sender is dropped.
///
/// # Errors
/// If the thread cannot be started.
pub fn start(
    (home, mut writer): (usize, JournalWriter),
    key: Arc<FestivalKey>,
    inbox: Arc<Inbox<Message>>,
    done: Done,
) -> std::io::Result<(mpsc::Sender<Work>, thread::JoinHandle<()>)> {
    let (sender, receiver) = mpsc::channel();
    let body = move || {
        let mut awake = false;
        while let Ok(work) = next(&receiver, awake) {
            awake = matches!(work, Work::Append(_, true));
            let outcome = match work {
                Work::Append(drafts, _) => {
                    let sealed = sealed(&drafts, &key);
                    let placed = counted(&done, &drafts, || writer.append(&sealed));
                    Outcome::Appended(sealed, placed)
                }
                Work::Open(drafts, holder) => {
                    let sealed = sealed(&drafts, &key);
                    let append = || writer.append_opening(&sealed, &holder);
                    let placed = counted(&done, &drafts, append);
                    Outcome::Appended(sealed, placed)
                }
                Work::Again(lane, rows) => {
                    // Whatever becomes of them, the lane reads the journal again and compares.
                    let again = |sealed| writer.append(&[sealed]).is_ok();
                    let _all = rows.into_iter().all(again);
                    Outcome::Unknown(lane)
                }
                Work::Read(lane, from) => Outcome::Read(lane, read(&mut writer, lane, from)),
                Work::Else(work) => {
                    work(&mut writer);
                    continue;
                }
            };
            inbox.push_urgent(Message::Stored(home, outcome));
        }
    };
    let thread = vital::spawn("journal", body)?;
    Ok((sender, thread))
}

/// Appends these rows, and counts what that took.
fn counted(
    done: &Done,
    drafts: &[Draft],
    append: impl FnOnce() -> Result<Vec<Placed>, StoreError>,
) -> Result<Vec<Placed>, StoreError> {
    let began = Stopwatch::start();
    let placed = append();
    let took_us = began.passed_us();
    done.appends.add(took_us);
    match &placed {
        Ok(placed) => {
            let went_in = placed.iter().zip(drafts).filter(|(one, _)| **one == Placed::Durable);
            let facts: usize = went_in.clone().map(|(_, draft)| draft.written.count()).sum();
            done.rows.inc_by(went_in.count() as u64);
            done.facts.inc_by(facts as u64);
        }
        Err(_) => drop(done.unknown.inc()),
    }
    let durable = placed.as_ref().is_ok_and(|all| all.iter().all(|one| *one == Placed::Durable));
    trail::appended(drafts, took_us, durable);
    placed
}

/// Drafts as rows of one commit.
fn sealed(drafts: &[Draft], key: &FestivalKey) -> Vec<Sealed> {
    let rows: Vec<_> = Draft::finish_all(drafts).into_iter().map(Arc::new).collect();
    seal_commit(&rows, key)
}

/// A lane's rows from this number on, all of them: their owner may have kept a minute's.
fn read(
    writer: &mut JournalWriter,
    lane: LaneId,
    mut from: u32,
) -> Result<Vec<Sealed>, StoreError> {
    let mut all = Vec::new();
    loop {
        let rows = writer.read(lane, from, READ_AT_A_TIME)?;
        let more = rows.len() == READ_AT_A_TIME;
        from = rows.last().map_or(from, |last| last.row.header.seq.saturating_add(1));
        all.extend(rows);
        if !more {
            return Ok(all);
        }
    }
}

/// The next work. Falling asleep and being woken takes about a tenth of what a commit takes, so
/// where more is known to come it is waited for awake.
fn next(receiver: &mpsc::Receiver<Work>, awake: bool) -> Result<Work, mpsc::RecvError> {
    let since = Stopwatch::start();
    while awake && since.passed_us() < AWAKE_FOR_ROWS_US {
        match receiver.try_recv() {
            Ok(work) => return Ok(work),
            // Whoever else has something to do goes first: there may be no core to spare.
            Err(_) => thread::yield_now(),
        }
    }
    receiver.recv()
}
