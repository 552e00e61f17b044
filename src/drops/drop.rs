//! A drop as the whole process knows it: its names, its lane's published state, its counters.

use super::answers;
use super::published::Published;
use super::spec::DropSpec;
use crate::kit::clock::boot_ms;
use axum::body::Bytes;
use fanfare_engine::{CODES, Fact, Fan};
use fanfare_lane::{LaneId, UnderWay};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// A drop that is served.
pub struct Drop {
    /// Names and terms, as they were when the process began or was last told to change them.
    pub spec: DropSpec,
    /// What all claims to a line say alike, by line: [`answers::claim_words`].
    pub words: Box<[String]>,
    /// The lane that decides it.
    pub lane: LaneId,
    /// The place of the journal that has its rows.
    pub home: usize,
    /// What everybody may see of it.
    pub published: Arc<Published>,
    /// Refusals the gate gave since the last tally, by [`CODES`].
    pub refused: Arc<[AtomicU64; CODES.len()]>,
    /// Units that came back and can be given again.
    pub came_back: Arc<AtomicU64>,
    /// Held by whoever replays the lane at rest, so that others wait for it.
    pub recalling: Arc<tokio::sync::Mutex<()>>,
    /// The drop as it was last written down for whoever looks.
    pub view: View,
    stopped: Arc<OnceLock<String>>,
    /// Until when what is published may be answered from, by the clock of
    /// [`crate::kit::clock::boot_ms`].
    answers_until_ms: Arc<AtomicI64>,
    /// Whether somebody was told `unsure` of a row that may stand: until that is known, nobody is
    /// refused from what is published.
    in_doubt: Arc<AtomicBool>,
    /// Whose claims another node decided that are not published here yet, and whether there are
    /// any.
    under_way: Arc<(AtomicBool, RwLock<UnderWay>)>,
}

/// How long what was written down may be shown, ms.
const SHOWN_MS: i64 = 50;

/// A drop in words, written at most once every so often.
#[derive(Default)]
pub struct View(RwLock<(i64, Bytes)>);

impl View {
    /// What to show at this moment.
    pub fn at(&self, now_ms: i64, write: impl FnOnce() -> Bytes) -> Bytes {
        let fresh = |at_ms: i64| at_ms > now_ms - SHOWN_MS && at_ms <= now_ms;
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if fresh(kept.0) {
            return kept.1;
        }
        let body = write();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (now_ms, body.clone());
        body
    }
}

fn words(spec: &DropSpec) -> Box<[String]> {
    spec.lines.iter().map(|line| answers::claim_words(&spec.id, line)).collect()
}

impl Drop {
    /// A drop with this lane in this journal, and this published state.
    pub fn new(spec: DropSpec, (lane, home): (LaneId, usize), published: Published) -> Self {
        Self {
            words: words(&spec),
            spec,
            lane,
            home,
            published: Arc::new(published),
            refused: Arc::new([const { AtomicU64::new(0) }; CODES.len()]),
            came_back: Arc::default(),
            recalling: Arc::default(),
            view: View::default(),
            stopped: Arc::default(),
            answers_until_ms: Arc::new(AtomicI64::new(i64::MAX)),
            in_doubt: Arc::default(),
            under_way: Arc::default(),
        }
    }

    /// The same drop under other names and terms; whoever still has the old ones sees the same
    /// lane and counts on.
    #[must_use]
    pub fn renamed(&self, spec: DropSpec) -> Self {
        Self {
            words: words(&spec),
            spec,
            lane: self.lane,
            home: self.home,
            published: self.published.clone(),
            refused: self.refused.clone(),
            came_back: self.came_back.clone(),
            recalling: self.recalling.clone(),
            view: View::default(),
            stopped: self.stopped.clone(),
            answers_until_ms: self.answers_until_ms.clone(),
            in_doubt: self.in_doubt.clone(),
            under_way: self.under_way.clone(),
        }
    }

    /// From now on what is published may be answered from until then. Where one process serves
    /// alone, that is for ever.
    pub fn answer_until(&self, until_ms: i64) {
        self.answers_until_ms.store(until_ms, Ordering::Release);
    }

    /// Whether what is published is known to be the newest that was told to anybody.
    pub fn answers(&self, now_ms: i64) -> bool {
        now_ms < self.answers_until_ms.load(Ordering::Acquire)
    }

    /// The same at this moment, which is looked at only where it matters.
    pub fn answers_now(&self) -> bool {
        let until_ms = self.answers_until_ms.load(Ordering::Acquire);
        until_ms == i64::MAX || boot_ms() < until_ms
    }

    /// From now on somebody was told `unsure` of a row, or that is settled.
    pub fn doubt(&self, in_doubt: bool) {
        self.in_doubt.store(in_doubt, Ordering::Release);
    }

    /// Claims that another node has under way are so no more; where there are none, which is for
    /// nearly every row, that costs no lock.
    pub fn end_under_way(&self, end: impl FnOnce(&mut UnderWay)) {
        if self.under_way.0.load(Ordering::Acquire) {
            self.note_under_way(end);
        }
    }

    /// Something is to be noted about claims that another node has under way.
    pub fn note_under_way(&self, note: impl FnOnce(&mut UnderWay)) {
        let (any, under_way) = &*self.under_way;
        let mut under_way = under_way.write().unwrap_or_else(PoisonError::into_inner);
        note(&mut under_way);
        any.store(!under_way.is_empty(), Ordering::Release);
    }

    /// Whether this fan may have a claim at another node that is not published here.
    fn may_have(&self, fan: Fan) -> bool {
        let (any, under_way) = &*self.under_way;
        any.load(Ordering::Acquire)
            && under_way.read().unwrap_or_else(PoisonError::into_inner).may_have(fan)
    }

    /// Whether this fan may be refused from what is published. To be asked after the request came
    /// and before what is published is read.
    pub fn refuses_now(&self, fan: Fan) -> bool {
        !self.in_doubt.load(Ordering::Acquire) && self.answers_now() && !self.may_have(fan)
    }

    /// Counts a refusal the gate gave.
    pub fn count_refusal(&self, code: &str) {
        if let Some(at) = CODES.iter().position(|known| *known == code) {
            self.refused[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Stops the drop for good and alarms whoever runs the server. Other drops go on.
    pub fn stop(&self, why: &str) {
        if self.stopped.set(why.to_owned()).is_ok() {
            tracing::error!(drop = %self.spec.id, lane = self.lane, why, "LANE STOPPED");
        }
    }

    /// Why the drop stopped, if it did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.get().map(String::as_str)
    }

    /// Notes published facts that counters care about.
    pub fn note_facts(&self, facts: &[Fact]) {
        let back =
            |fact: &&Fact| matches!(fact, Fact::Expired(_) | Fact::Released(_) | Fact::Returned(_));
        let count = facts.iter().filter(back).count() as u64;
        if count > 0 {
            self.came_back.fetch_add(count, Ordering::Relaxed);
        }
    }
}
