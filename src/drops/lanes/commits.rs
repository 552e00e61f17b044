//! One journal's commits: one under way at most, and not too soon behind the one before. Journals
//! do not wait for each other.

use super::{Hosted, Lanes};
use crate::drops::committer::Work;
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::journal::Holder;
use fanfare_lane::{Draft, LaneId};
use std::sync::mpsc;

/// Two commits begin this far apart at the least, unless a full batch waits or nobody who asks has
/// anything to do: fewer, larger commits leave more of the machine to those who ask. A commit after
/// a quiet moment never waits.
const PACE_US: u64 = 3_000;

/// A commit that is under way for this long is stuck.
const STUCK_US: u64 = 500_000;

/// A journal's commits.
pub(super) struct Commits {
    committer: mpsc::Sender<Work>,
    under_way: u32,
    /// Runs since the newest commit began.
    began: Stopwatch,
    /// Whether it was too soon for the next when that was last looked at.
    paced: bool,
    /// Rows that go into the next.
    rows: Vec<Draft>,
    /// Whether one of them is a full batch.
    full: bool,
}

impl Commits {
    pub(super) fn new(committer: mpsc::Sender<Work>) -> Self {
        Self {
            committer,
            under_way: 0,
            began: Stopwatch::long_ago(),
            paced: false,
            rows: Vec::new(),
            full: false,
        }
    }

    /// Whether one is under way.
    pub(super) fn under_way(&self) -> bool {
        self.under_way > 0
    }

    /// Hears that the one under way is over.
    pub(super) fn over(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Looks whether it is too soon for the next, which stays so until this is called again: what
    /// was left for later is looked at again, whenever that may be. In a lull it never is too soon,
    /// nor by a virtual clock: nobody's machine is shared then.
    pub(super) fn look(&mut self, clock: &Clock, lull: bool) {
        self.paced = !lull && !clock.is_virtual() && self.began.passed_us() < PACE_US;
    }

    /// Whether the next waits only until it is time, and how long that takes, microseconds.
    pub(super) fn pause_us(&self) -> Option<u64> {
        let left = || PACE_US.saturating_sub(self.began.passed_us());
        (self.paced && !self.under_way()).then(left)
    }

    /// Whether nothing can be committed yet, unless it is a full batch's.
    pub(super) fn busy(&self) -> bool {
        self.under_way() || self.paced
    }

    /// Takes a row into the next commit, of a full batch or not.
    pub(super) fn gather(&mut self, row: Draft, full: bool) {
        self.rows.push(row);
        self.full |= full;
    }

    /// Leaves out a lane's rows that have not gone yet.
    pub(super) fn forget(&mut self, lane: LaneId) {
        self.rows.retain(|row| row.lane != lane);
    }

    /// Whether the one under way takes so long that nothing more should be decided behind it: who
    /// waits to be decided can be told so, who is decided cannot.
    pub(super) fn stuck(&self) -> bool {
        self.under_way() && self.began.passed_us() >= STUCK_US
    }

    /// How many rows are to be committed.
    pub(super) fn gathered(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is something to commit and nothing it has to wait for.
    pub(super) fn can_begin(&self) -> bool {
        let waits = self.under_way() || !self.full && self.paced;
        !self.rows.is_empty() && !waits
    }

    /// Commits what was gathered; whether the next follow at once.
    pub(super) fn begin(&mut self, crowded: bool) {
        (self.began, self.full) = (Stopwatch::start(), false);
        let work = Work::Append(std::mem::take(&mut self.rows), crowded);
        self.under_way += u32::from(self.committer.send(work).is_ok());
    }

    /// Commits a lane's first row of this owner, while its lease stands.
    pub(super) fn open(&mut self, row: Draft, holder: Holder) {
        let work = Work::Open(vec![row], holder);
        self.under_way += u32::from(self.committer.send(work).is_ok());
    }

    /// Has the committer do something else, behind what it does.
    pub(super) fn ask(&self, work: Work) {
        let _ = self.committer.send(work);
    }
}

impl Lanes {
    /// Whether a full batch waits already for this journal, so that its commits follow each other
    /// without a pause.
    pub(super) fn crowded(&self, home: usize) -> bool {
        self.full().any(|hosted| hosted.drop.home == home)
    }

    /// Whether a full batch waits behind a commit that is under way.
    pub(super) fn crowded_behind_one(&self) -> bool {
        self.full().any(|hosted| self.commits[hosted.drop.home].under_way())
    }

    /// Takes from the committer what it would have to do for the next rows before it has them,
    /// while there is nothing else to do here.
    pub(super) fn work_ahead(&mut self) {
        let ids = self.full.iter().copied().collect::<Vec<_>>();
        for id in ids {
            if self.inbox.is_empty()
                && let Some(hosted) = self.hosted.get_mut(&id)
            {
                hosted.lane.work_ahead();
            }
        }
    }

    /// The lanes of which a full batch waits.
    fn full(&self) -> impl Iterator<Item = &Hosted> {
        let full = |hosted: &&Hosted| hosted.lane.waiting() >= self.config.batch_max;
        self.full.iter().filter_map(|id| self.hosted.get(id)).filter(full)
    }
}
