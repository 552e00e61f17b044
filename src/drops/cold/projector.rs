//! The thread that makes rows of tables from rows of the journal. It reads the journal beside its
//! writer, wakes when a lane publishes, and takes what has gathered in one transaction.

use super::cursors;
use super::lag::Lag;
use super::load::Load;
use super::rows::{Cursor, short};
use super::write::{self, Refused};
use crate::drops::lanes::Told;
use crate::kit::clock::Stopwatch;
use crate::kit::db::Cold;
use crate::kit::journal::{JournalError, JournalReader, Journals, LaneRecord};
use fanfare_lane::LaneId;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Facts one transaction takes, at most one row of the journal more. On SQLite it keeps other
/// writers waiting for about a tenth of a second.
const FACTS_MAX: usize = 2_048;

/// Rows of the journal read at a time.
const ROWS_AT_A_TIME: usize = 16;

/// How long rows gather before they are taken: fewer, larger transactions.
const GATHER: Duration = Duration::from_millis(25);

/// How much the thread gives way to those who answer the crowd.
const NICE: i32 = 10;

/// While rows come faster than they are taken, one part in so many of the time goes into taking
/// them: a table may wait, a fan may not. What gathered is taken when the crowd is gone.
const SHARE: u64 = 100;

/// The longest rest of all.
const REST_MAX_US: u64 = 10_000_000;

/// How long the thread goes on when the process stops; the rest is taken after the next start.
const STOP_WITHIN_US: u64 = 3_000_000;

/// How long the thread sleeps if nothing rings.
const NAP: Duration = Duration::from_millis(500);

/// How long it waits for a database or a journal that did not answer.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The thread, running.
pub struct Projector {
    /// How far behind it is.
    pub lag: Arc<Lag>,
    stop: Arc<AtomicBool>,
    told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

impl Projector {
    /// Starts it over journals and a database.
    ///
    /// # Errors
    /// If either cannot be read.
    pub fn start(journals: Journals, cold: Arc<Cold>, told: Arc<Told>) -> Result<Self, String> {
        let reader = JournalReader::known(&journals).map_err(|why| why.to_string())?;
        let db = cold.db();
        let cursors = cold.wait(async move { cursors(&db).await });
        let cursors = cursors.map_err(|why| why.to_string())?;
        let (lag, stop) = (Arc::new(Lag::default()), Arc::new(AtomicBool::new(false)));
        let mut run = Run {
            reader,
            cold,
            lanes: BTreeMap::new(),
            lag: lag.clone(),
            waiting: None,
            unwell: false,
            turn: 0,
            owned: None,
            refused: BTreeMap::new(),
        };
        for (lane, (cursor, lines)) in cursors {
            run.lanes.insert(lane, Lane { drop: String::new(), cursor, lines, checked: false });
        }
        let (stopping, bell) = (stop.clone(), told.clone());
        let body = move || run.until(&stopping, &bell);
        let thread = thread::Builder::new().name("projector".to_owned()).spawn(body);
        Ok(Self { lag, stop, told, thread: Some(thread.map_err(|why| why.to_string())?) })
    }

    /// Takes what there is and ends.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.told.rows.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A lane as the thread knows it.
#[derive(Default)]
struct Lane {
    drop: String,
    cursor: Cursor,
    lines: u16,
    /// Whether the cursor was found in the journal.
    checked: bool,
}

struct Run {
    reader: JournalReader,
    cold: Arc<Cold>,
    lanes: BTreeMap<LaneId, Lane>,
    lag: Arc<Lag>,
    /// Runs since something was first left waiting.
    waiting: Option<Stopwatch>,
    /// Whether somebody's silence was told.
    unwell: bool,
    /// Which lane comes first.
    turn: usize,
    /// The lanes that were this node's at the last look; none where all are.
    owned: Option<BTreeSet<LaneId>>,
    /// How often in a row a lane's rows were refused that another node may have taken meanwhile.
    refused: BTreeMap<LaneId, u32>,
}

/// Rows of a lane that may have been another node's a moment ago are tried so often.
const REFUSED_MAX: u32 = 3;

impl Run {
    fn until(mut self, stop: &AtomicBool, told: &Told) {
        // Like the cold side's own thread: the crowd goes first.
        let _ = rustix::process::nice(NICE);
        let mut stopping = None;
        loop {
            // What was published before the word to stop is still taken, as far as time allows.
            let ending = stop.load(Ordering::Acquire);
            let late = ending
                && stopping.get_or_insert_with(Stopwatch::start).passed_us() >= STOP_WITHIN_US;
            let began = Stopwatch::start();
            // Tables are not worth the crowd: whatever goes wrong here is tried again.
            let passed = panic::catch_unwind(AssertUnwindSafe(|| self.pass(told)));
            match passed.unwrap_or_else(|_| self.fell()) {
                Ok(true) if late => return,
                Ok(true) => {
                    if told.rows.wait(Duration::ZERO) {
                        rest((SHARE - 1) * began.passed_us(), stop);
                    }
                    continue;
                }
                Ok(false) => self.well(),
                Err(why) => self.tell(&why),
            }
            if ending {
                return;
            }
            if self.unwell {
                thread::sleep(AGAIN_AFTER);
            } else if told.rows.wait(NAP) && !stop.load(Ordering::Acquire) {
                thread::sleep(GATHER);
            }
        }
    }

    /// After a panic, told above: what is in the tables is read anew.
    fn fell(&mut self) -> Result<bool, String> {
        self.look_again();
        Err("a fault of the program".to_owned())
    }

    /// Says once that the database or the journal does not answer.
    fn tell(&mut self, why: &str) {
        if !std::mem::replace(&mut self.unwell, true) {
            tracing::error!(why, "the tables fall behind the journal; trying again each second");
        }
    }

    /// Says that what was told is over.
    fn well(&mut self) {
        if std::mem::take(&mut self.unwell) {
            tracing::info!("the tables follow the journal again");
        }
    }

    /// Takes one transaction's worth of rows; says whether there are more.
    fn pass(&mut self, told: &Told) -> Result<bool, String> {
        let owned = told.owned.read().unwrap_or_else(PoisonError::into_inner).clone();
        if owned != self.owned {
            // Another node moved these lanes' cursors, if they were its own before.
            self.owned = owned;
            self.look_again();
        }
        let waiting = *self.waiting.get_or_insert_with(Stopwatch::start);
        let (mut records, mut silent) = self.records();
        // Another lane first each time: one that always has rows holds up nobody.
        let turn = self.turn % records.len().max(1);
        records.rotate_left(turn);
        self.turn = self.turn.wrapping_add(1);
        let stopped = self.lag.stopped();
        let (mut loads, mut facts, mut behind) = (Vec::new(), 0, 0);
        for LaneRecord { lane: id, drop, home, newest_seq } in records {
            let lane = self.lanes.entry(id).or_default();
            lane.drop = drop;
            let ours = self.owned.as_ref().is_none_or(|owned| owned.contains(&id));
            if !ours || stopped.contains_key(&id) || newest_seq == lane.cursor.seq && lane.checked {
                continue;
            }
            // Rows appended meanwhile may be read already, so a load may end past the newest.
            let left = |seq: u32| u64::from(newest_seq.saturating_sub(seq));
            if facts >= FACTS_MAX || silent.contains_key(&home) {
                behind += left(lane.cursor.seq);
                continue;
            }
            match read(&self.reader, id, lane, newest_seq, FACTS_MAX - facts) {
                Ok(load) if load.to == load.from => {}
                Ok(load) => {
                    facts += load.facts;
                    behind += left(load.to.seq);
                    loads.push(load);
                }
                Err(JournalError::Unfit(why) | JournalError::Another(why)) => {
                    self.stop_lane(id, why);
                }
                // Nobody waits for this journal again in this pass. The next begins with another
                // lane.
                Err(JournalError::Silent(why) | JournalError::Missing(why)) => {
                    behind += left(lane.cursor.seq);
                    silent.insert(home, why);
                }
            }
        }
        let rows: u64 = loads.iter().map(|load| u64::from(load.to.seq - load.from.seq)).sum();
        self.lag.rows.store(behind + rows, Ordering::Relaxed);
        self.lag.waiting_ms.store(waiting.passed_us() / 1_000, Ordering::Relaxed);
        self.write(loads)?;
        self.lag.rows.store(behind, Ordering::Relaxed);
        if let Some((_, why)) = silent.pop_first() {
            return Err(why);
        }
        if behind == 0 {
            self.waiting = None;
            self.lag.waiting_ms.store(0, Ordering::Relaxed);
        }
        Ok(behind > 0)
    }

    /// All lanes of the journals that answer, and what is wrong with the others.
    fn records(&self) -> (Vec<LaneRecord>, BTreeMap<usize, String>) {
        let (mut records, mut silent) = (Vec::new(), BTreeMap::new());
        for home in 0..self.reader.count() {
            match self.reader.lanes_of(home) {
                Ok(lanes) => records.extend(lanes),
                Err(why) => {
                    silent.insert(home, why.to_string());
                }
            }
        }
        (records, silent)
    }

    /// Writes these loads; without those that do not fit, whose lanes stop.
    fn write(&mut self, mut loads: Vec<Load>) -> Result<(), String> {
        while !loads.is_empty() {
            let (db, shared) = (self.cold.db(), Arc::new(loads));
            let writing = shared.clone();
            let written = self.cold.wait(async move { Ok(write::write(&db, &writing).await) });
            // The thread may be letting go of its copy this moment.
            loads = Arc::try_unwrap(shared).unwrap_or_else(|shared| shared.to_vec());
            match written {
                Ok(Ok(())) => {
                    self.advance(&loads);
                    return Ok(());
                }
                Ok(Err(Refused::Lane(lane, why))) => {
                    self.refuse(lane, why);
                    loads.retain(|load| load.lane != lane);
                }
                // What was asked for may stand or not: the cursors say which.
                Ok(Err(Refused::Database(why))) | Err(why) => {
                    self.look_again();
                    return Err(why.to_string());
                }
            }
        }
        Ok(())
    }

    fn advance(&mut self, loads: &[Load]) {
        for load in loads {
            if let Some(lane) = self.lanes.get_mut(&load.lane) {
                (lane.cursor, lane.lines) = (load.to, load.lines());
            }
            self.refused.remove(&load.lane);
            self.lag.facts.fetch_add(load.facts as u64, Ordering::Relaxed);
        }
    }

    /// Reads the cursors anew, if the database answers.
    fn look_again(&mut self) {
        let db = self.cold.db();
        let Ok(cursors) = self.cold.wait(async move { cursors(&db).await }) else {
            return;
        };
        for (id, lane) in &mut self.lanes {
            (lane.cursor, lane.lines) = cursors.get(id).copied().unwrap_or_default();
            lane.checked = false;
        }
    }

    /// Rows that do not fit the tables stop their lane; where nodes take lanes over, only once it
    /// is sure that no other node was a moment ahead.
    fn refuse(&mut self, lane: LaneId, why: String) {
        let refused = self.refused.entry(lane).or_default();
        *refused += 1;
        if self.owned.is_none() || *refused >= REFUSED_MAX {
            return self.stop_lane(lane, why);
        }
        self.look_again();
    }

    fn stop_lane(&self, lane: LaneId, why: String) {
        tracing::error!(lane, why, "PROJECTION STOPPED: this lane's tables stay as they are");
        self.lag.stop(lane, why);
    }
}

/// Rests so long, or until the process stops.
fn rest(rest_us: u64, stop: &AtomicBool) {
    let since = Stopwatch::start();
    while since.passed_us() < rest_us.min(REST_MAX_US) && !stop.load(Ordering::Acquire) {
        thread::sleep(GATHER);
    }
}

/// Reads a lane's rows behind its cursor. Rows that do not fit the tables are damage too.
fn read(
    reader: &JournalReader,
    id: LaneId,
    lane: &mut Lane,
    newest_seq: u32,
    most: usize,
) -> Result<Load, JournalError> {
    let mut load = Load::new(id, &lane.drop, lane.cursor, lane.lines);
    if !lane.checked && lane.cursor.seq > 0 {
        found(reader, id, &lane.cursor, newest_seq)?;
    }
    lane.checked = true;
    while load.facts < most && load.to.seq < newest_seq {
        let next_seq = load.to.seq + 1;
        let rows = reader.rows(id, next_seq, ROWS_AT_A_TIME)?;
        if rows.is_empty() {
            let missing = format!("row {next_seq} of the journal is missing");
            return Err(JournalError::Unfit(missing));
        }
        for sealed in rows {
            load.row(&sealed.row).map_err(JournalError::Unfit)?;
            if load.facts >= most {
                break;
            }
        }
    }
    Ok(load)
}

/// Whether the cursor's row is in the journal; names both where it is not.
fn found(
    reader: &JournalReader,
    id: LaneId,
    at: &Cursor,
    newest_seq: u32,
) -> Result<(), JournalError> {
    let Cursor { seq, hash, .. } = at;
    if *seq > newest_seq {
        return Err(JournalError::Unfit(format!(
            "the journal went back in time: lane {id} ends at row {newest_seq}, but the tables \
             have row {seq}"
        )));
    }
    let rows = reader.rows(id, *seq, 1)?;
    let stands = rows.first().map(|sealed| sealed.row.hash);
    if stands.as_ref() == Some(hash) {
        return Ok(());
    }
    let stands = stands.map_or_else(|| "none".to_owned(), |hash| short(&hash));
    Err(JournalError::Unfit(format!(
        "two histories: row {seq} of lane {id} has the hash {stands} in the journal and {} in the \
         tables; restore both from the same backup, or see: fanfare restore FESTIVAL",
        short(hash)
    )))
}
