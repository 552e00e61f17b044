//! Rows read and checked, each for itself, on as many threads as there are cores: bytes, hash,
//! root, facts and seal need no other row. What follows from order is left to `lane`.

use super::report::{Fault, Promise, VerifyError, fault};
use super::seals::Seals;
use crate::kit::journal::{JournalReader, Journals};
use fanfare_engine::Fact;
use fanfare_lane::{FestivalId, LaneId, Row, Sealed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Rows one reading takes: those of a rush are about 100 kB each.
const ROWS_AT_A_TIME: u32 = 32;

/// Readings a thread may be ahead.
const AHEAD: usize = 2;

/// Most threads.
const THREADS_MAX: usize = 8;

/// Lane times beyond these ms are nobody's: sums with them stay far from overflow.
const TIME_MS_MAX: i64 = 1 << 53;

/// A row as it stands in the table.
pub(super) struct Seen {
    pub(super) seq: u32,
    /// The row and its facts, or what is wrong with it.
    pub(super) row: Result<(Sealed, Vec<Fact>), Fault>,
    /// Its signature: checked apart, since the row's facts count whatever the seal says.
    pub(super) seal: Result<(), Fault>,
}

/// What checking a row by itself needs.
pub(super) struct Source<'a> {
    pub(super) journals: &'a Journals,
    pub(super) festival: FestivalId,
    pub(super) seals: &'a Seals,
}

impl Source<'_> {
    /// Reads a lane's rows up to `newest` and hands them over in order.
    ///
    /// # Errors
    /// If the journal cannot be opened.
    pub(super) fn each(
        &self,
        reader: &JournalReader,
        lane: LaneId,
        newest: u32,
        take: &mut dyn FnMut(Vec<Seen>),
    ) -> Result<(), VerifyError> {
        let readings = newest.div_ceil(ROWS_AT_A_TIME);
        if readings <= 2 {
            (0..readings).for_each(|nth| take(self.reading(reader, lane, newest, nth)));
            return Ok(());
        }
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        thread::scope(|scope| {
            let mut receivers = Vec::with_capacity(threads);
            for first in 0..threads as u32 {
                let (sender, receiver) = sync_channel(AHEAD);
                let reader = JournalReader::open(self.journals)?;
                let mine = (first..readings).step_by(threads);
                thread::Builder::new()
                    .name(format!("verify-{first}"))
                    .spawn_scoped(scope, move || self.send(&reader, lane, newest, mine, &sender))
                    .map_err(VerifyError::Thread)?;
                receivers.push(receiver);
            }
            for nth in 0..readings as usize {
                if let Ok(seen) = receivers[nth % threads].recv() {
                    take(seen);
                }
            }
            Ok(())
        })
    }

    fn send(
        &self,
        reader: &JournalReader,
        lane: LaneId,
        newest: u32,
        readings: impl Iterator<Item = u32>,
        sender: &SyncSender<Vec<Seen>>,
    ) {
        for nth in readings {
            if sender.send(self.reading(reader, lane, newest, nth)).is_err() {
                return; // Whoever asked has stopped listening.
            }
        }
    }

    /// The nth reading's rows.
    fn reading(&self, reader: &JournalReader, lane: LaneId, newest: u32, nth: u32) -> Vec<Seen> {
        let first = nth * ROWS_AT_A_TIME + 1;
        let last = newest.min(first.saturating_add(ROWS_AT_A_TIME - 1));
        let most = (last - first + 1) as usize;
        match reader.raw_rows(lane, first, most) {
            Ok(rows) => {
                let own = rows.into_iter().filter(|raw| raw.seq <= last);
                own.map(|raw| self.check(raw.seq, raw.read(lane))).collect()
            }
            // Something in there cannot be read at all: look at each row by itself.
            Err(_) => (first..=last).filter_map(|seq| self.single(reader, lane, seq)).collect(),
        }
    }

    fn single(&self, reader: &JournalReader, lane: LaneId, seq: u32) -> Option<Seen> {
        match reader.raw_rows(lane, seq, 1) {
            Ok(mut rows) => {
                let raw = rows.pop().filter(|raw| raw.seq == seq)?;
                Some(self.check(seq, raw.read(lane)))
            }
            Err(why) => {
                let row = Err(fault(Promise::Row, format!("it cannot be read: {why}")));
                Some(Seen { seq, row, seal: Ok(()) })
            }
        }
    }

    fn check(&self, seq: u32, read: Result<Sealed, String>) -> Seen {
        let sealed = match read {
            Ok(sealed) => sealed,
            Err(what) => return Seen { seq, row: Err(fault(Promise::Row, what)), seal: Ok(()) },
        };
        let seal = self.seals.check(&sealed.seal, &sealed.row.hash);
        let facts = self.facts(&sealed.row);
        Seen { seq, row: facts.map(|facts| (sealed, facts)), seal }
    }

    fn facts(&self, row: &Row) -> Result<Vec<Fact>, Fault> {
        if row.header.festival != self.festival {
            return Err(fault(Promise::Row, "it belongs to another festival"));
        }
        let facts = row.read_facts().map_err(|why| fault(Promise::Row, why.to_string()))?;
        let believable = |ms: i64| (-TIME_MS_MAX..=TIME_MS_MAX).contains(&ms);
        let extended = |fact: &Fact| match fact {
            Fact::Extended { since_ms } => believable(*since_ms) && *since_ms <= row.header.time_ms,
            _ => true,
        };
        if believable(row.header.time_ms) && facts.iter().all(extended) {
            Ok(facts)
        } else {
            Err(fault(Promise::Row, "its time cannot be"))
        }
    }
}
