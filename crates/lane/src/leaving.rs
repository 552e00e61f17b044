//! What several nodes ask of a lane: whether somebody is in doubt or may lose patience, and how an
//! owner leaves.

use crate::batch::Reply;
use crate::lane::Lane;
use crate::row::{Hash, Row};
use alloc::vec::Vec;
use fanfare_engine::{Command, Fact, Fan};

/// What is under way for so long is slow: a client that lost its answer may be back.
const SLOW_MS: i64 = 250;

/// What is left of a lane that this process does not own any more.
#[derive(Debug)]
pub struct Left<T> {
    /// Commands nothing was done with.
    pub waiting: Vec<(T, Command)>,
    /// The newest durable row's number, hash and lane time, if nothing was decided behind it: the
    /// state may be followed on. Else it holds what may never be, and is to be replayed.
    pub tip: Option<(u32, Hash, i64)>,
}

impl<T> Lane<T> {
    /// Takes out the commands that wait to be decided, in their order: the lane is handed over, and
    /// whoever owns it next decides them.
    pub fn take_waiting(&mut self) -> Vec<(T, Command)> {
        self.waiting.drain(..).map(|waiting| (waiting.ticket, waiting.command)).collect()
    }

    /// The newest row somebody was told `unsure` of that is not known to stand: until it is
    /// published, or gone, nobody may be refused from what is published.
    pub fn in_doubt(&self) -> Option<u32> {
        self.pending.iter().rev().find(|batch| batch.doubted).map(|batch| batch.seq)
    }

    /// Whether something that was asked some time ago is not durable yet. Who asked it may have
    /// lost patience and ask again: that is for the lane to answer, not for who only sees what is
    /// published.
    pub fn slow(&self, mono_ms: i64) -> bool {
        let decided = self.pending.front().map(|batch| batch.decided_mono_ms);
        let waiting = self.waiting.front().map(|waiting| waiting.arrived_mono_ms);
        let oldest_ms = decided.into_iter().chain(waiting).min();
        oldest_ms.is_some_and(|since_ms| mono_ms - since_ms >= SLOW_MS)
    }

    /// Whose claims are decided in rows behind this one that are not known to be durable, by row.
    pub fn under_way(&self, behind: u32) -> Vec<(u32, Vec<Fan>)> {
        let fan = |fact: &Fact| match fact {
            Fact::Claimed { fan, .. } => Some(*fan),
            _ => None,
        };
        let rows = self.pending.iter().filter(|batch| batch.seq > behind);
        let rows = rows.map(|batch| (batch.seq, batch.facts.iter().filter_map(fan).collect()));
        rows.filter(|(_, fans): &(u32, Vec<Fan>)| !fans.is_empty()).collect()
    }

    /// Whether a row is with the store.
    pub fn with_store(&self) -> bool {
        self.with_store
    }

    /// Whether this row is with the store.
    pub fn awaits(&self, row: &Row) -> bool {
        let next = self.pending.get(self.standing.len());
        self.with_store && next.is_some_and(|batch| batch.seq == row.header.seq)
    }

    /// Ends the ownership. Callers whose command was decided hear `unsure`, unless it was durable.
    pub fn leave(mut self) -> (Left<T>, Vec<(T, Reply)>) {
        let clean = self.pending.is_empty() && self.stopped.is_none();
        let tip = clean.then_some((self.durable.seq, self.durable.hash, self.durable.time_ms));
        let waiting = self.waiting.drain(..).map(|one| (one.ticket, one.command)).collect();
        for batch in self.pending.drain(..) {
            let unsure = batch.answers.into_iter().map(|(ticket, _)| (ticket, Reply::Unsure));
            self.ready.extend(unsure);
        }
        (Left { waiting, tip }, self.ready)
    }
}
