//! How far the tables are behind the journal, for operators.

use crate::kit::metrics::Metrics;
use fanfare_lane::LaneId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How far the tables are behind the journal.
#[derive(Debug, Default)]
pub struct Lag {
    /// Rows of the journal that are not yet rows of tables.
    pub rows: AtomicU64,
    /// How long some row has been waiting, ms.
    pub waiting_ms: AtomicU64,
    /// Facts that became rows since the process began.
    pub facts: AtomicU64,
    stopped: Mutex<BTreeMap<LaneId, String>>,
}

impl Lag {
    /// Writes it where operators read it.
    pub fn show(&self, metrics: &Metrics) {
        let shown = |value: &AtomicU64| value.load(Ordering::Relaxed) as i64;
        metrics.projector_rows.set(shown(&self.rows));
        metrics.projector_ms.set(shown(&self.waiting_ms));
        metrics.projector_facts.set(shown(&self.facts));
        metrics.projector_stopped.set(self.stopped().len() as i64);
    }

    /// Notes that a lane's facts become rows no more.
    pub(super) fn stop(&self, lane: LaneId, why: String) {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).insert(lane, why);
    }

    /// Lanes whose facts become rows no more, and why.
    pub fn stopped(&self) -> BTreeMap<LaneId, String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
