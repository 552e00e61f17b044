//! How long commands wait in a lane, measured once a batch for whoever keeps the server up. Nothing
//! is decided by it, and no clock is read for a command: all that were taken from the inbox
//! together count as having come with the first of them.

use crate::drops::ticket::Ticket;
use crate::kit::clock::Stopwatch;
use crate::kit::metrics::Work;
use fanfare_engine::Served;
use fanfare_lane::{Lane, Reading};
use std::collections::VecDeque;

/// Most rows of which it is known how long their commands have waited: many more than a lane
/// decides ahead.
const DECIDED_MAX: usize = 16;

/// A lane's queue, and the rows that are under way.
#[derive(Debug, Default)]
pub(super) struct Timing {
    /// Runs since the oldest command came that is not decided.
    waiting: Option<Stopwatch>,
    /// Decided rows, and since when the oldest command of each has waited.
    decided: VecDeque<(u32, Stopwatch)>,
}

impl Timing {
    /// Decides what can be decided now, batch by batch, and counts each. Whatever was asked last
    /// came at `came`.
    pub(super) fn turn(
        &mut self,
        lane: &mut Lane<Ticket>,
        served: &mut Served,
        (clock, came): (&Reading, Stopwatch),
        work: &Work,
    ) {
        self.note(lane, clock, came);
        loop {
            let (waiting, newest) = (lane.waiting(), lane.decided_seq());
            if !lane.turn(clock, served) {
                return;
            }
            let commands = waiting.saturating_sub(lane.waiting());
            let Some(since) = self.waiting.filter(|_| commands > 0) else { continue };
            work.commands.add(commands as u64);
            work.to_decision.add(since.passed_us());
            if lane.decided_seq() == newest {
                // No row: the answers go at once, or with a row that has waited for longer.
                if self.decided.is_empty() {
                    work.to_answer.add(since.passed_us());
                }
            } else if self.decided.len() < DECIDED_MAX {
                self.decided.push_back((lane.decided_seq(), since));
            }
            // What did not fit came with the rest at the latest.
            self.waiting = (lane.waiting() > 0).then_some(came);
        }
    }

    /// Notes that commands wait, if they do.
    pub(super) fn note(&mut self, lane: &Lane<Ticket>, clock: &Reading, came: Stopwatch) {
        let waited = |oldest_mono_ms: i64| {
            let ms = clock.mono_ms.saturating_sub(oldest_mono_ms);
            let known = self.waiting.unwrap_or(came);
            // Passed on by another node it is older than it is here.
            known.or_longer_us(ms.max(0).unsigned_abs() * 1_000)
        };
        self.waiting = lane.oldest_mono_ms().map(waited);
    }

    /// A row is published: how long its oldest command has waited, if it had one.
    pub(super) fn published(&mut self, seq: u32) -> Option<Stopwatch> {
        let mut since = None;
        while let Some((_, waits)) = self.decided.pop_front_if(|(row, _)| *row <= seq) {
            since.get_or_insert(waits);
        }
        since
    }
}
