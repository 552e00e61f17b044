//! One lane as the auditor follows it.

use super::answers::View;
use super::model::Model;
use core::ops::RangeInclusive;
use fanfare_engine::{Fact, Place, Refusal, Tally, Terms};
use fanfare_lane::Hash;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// How many codes of a lane's refusals are counted; see [`code`].
pub(crate) const LANE_CODES: [&str; 11] = [
    "not_open",
    "paused",
    "closed",
    "sold_out",
    "limit_reached",
    "key_reused",
    "no_such_item",
    "no_such_claim",
    "not_held",
    "invalid: too many",
    "invalid: breaks a promise",
];

/// What can happen, by name; see [`kind`].
pub(crate) const KINDS: [&str; 22] = [
    "terms",
    "opened",
    "claimed",
    "settled",
    "expired",
    "released",
    "returned",
    "settled late",
    "refund due",
    "granted",
    "lapsed",
    "paused",
    "resumed",
    "restocked",
    "withdrawn",
    "closed",
    "amended",
    "extended",
    "tallied",
    "rested",
    "claimed by right",
    "restored",
];

/// The index of a fact in [`KINDS`].
pub(crate) fn kind(fact: &Fact) -> usize {
    match fact {
        Fact::Terms(_) => 0,
        Fact::Opened { .. } => 1,
        Fact::Claimed { right: None, .. } => 2,
        Fact::Settled(_) => 3,
        Fact::Expired(_) => 4,
        Fact::Released(_) => 5,
        Fact::Returned(_) => 6,
        Fact::SettledLate(_) => 7,
        Fact::RefundDue(_) => 8,
        Fact::Granted { .. } => 9,
        Fact::Lapsed(_) => 10,
        Fact::Paused(_) => 11,
        Fact::Resumed(_) => 12,
        Fact::Restocked { .. } => 13,
        Fact::Withdrawn { .. } => 14,
        Fact::Closed(_) => 15,
        Fact::Amended { .. } => 16,
        Fact::Extended { .. } => 17,
        Fact::Tallied(_) => 18,
        Fact::Rested(_) => 19,
        Fact::Claimed { .. } => 20,
        Fact::Restored(_) => 21,
        Fact::Moved(_) => unreachable!("nobody here moves a lane"),
    }
}

/// The index of a refusal in [`LANE_CODES`].
pub(crate) fn code(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::NotOpen { .. } => 0,
        Refusal::Paused => 1,
        Refusal::Closed => 2,
        Refusal::SoldOut { .. } => 3,
        Refusal::LimitReached => 4,
        Refusal::KeyReused { .. } | Refusal::ActReused => 5,
        Refusal::NoSuchLine => 6,
        Refusal::NoSuchClaim => 7,
        Refusal::NotHeld { .. } => 8,
        Refusal::TooMany { .. } => 9,
        Refusal::BreaksPromise(_) => 10,
    }
}

/// The first eight bytes of a hash: enough to tell a run's rows apart.
pub(crate) fn short(hash: &Hash) -> u64 {
    u64::from_be_bytes(core::array::from_fn(|at| hash[at]))
}

/// A row as predicted.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) time_ms: i64,
    pub(crate) facts: Vec<Fact>,
}

/// Rows as predicted, by hash prefix; several auditors of one lane share it.
pub(crate) type Log = Rc<RefCell<HashMap<u64, Rc<Row>>>>;

/// A predicted row that is not yet known to stand.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) row: Rc<Row>,
    pub(crate) decided_mono_ms: i64,
    /// Hash prefix, once the row was taken for the store.
    pub(crate) hash: Option<u64>,
    /// Callers whose answers wait for it.
    pub(crate) tickets: Vec<u32>,
}

/// One lane.
pub(crate) struct LaneAudit {
    pub(crate) terms: Terms,
    /// Everything decided so far.
    pub(crate) model: Model,
    pub(crate) pending: VecDeque<Pending>,
    pub(crate) queue: VecDeque<(u32, i64)>,
    /// Rows seen and found as predicted, by hash prefix.
    pub(crate) log: Log,
    /// Everything published so far, and the hash prefixes of its rows.
    pub(crate) published: Model,
    pub(crate) hashes: Vec<u64>,
    /// What an opening lane replayed; published together with its `opened` row.
    pub(crate) base: Option<(Model, Vec<u64>)>,
    pub(crate) view: Option<Rc<View>>,
    /// Claims a fan heard of, as last heard, by number.
    pub(crate) heard: HashMap<u32, super::model::Known>,
    /// Numbers of lost claims that a witness knows.
    pub(crate) kept_out: Vec<RangeInclusive<u32>>,
    /// Fans who heard of a claim of theirs.
    pub(crate) holders: Vec<bool>,
    pub(crate) owner: u64,
    pub(crate) unopened: bool,
    /// A row waits two seconds or more.
    pub(crate) stalling: bool,
    /// When the row that became durable last was decided, until the next turn.
    pub(crate) waited: Option<i64>,
    /// Lane time of the newest row.
    pub(crate) tip_ms: i64,
    /// Lane time of the last row before a time without service.
    pub(crate) gap_ms: Option<i64>,
    /// How far lane time was behind the owner's clock when it opened, and when that was.
    pub(crate) lead: (i64, i64),
    pub(crate) refused: Tally,
    pub(crate) tallied_mono_ms: i64,
    pub(crate) made: u64,
    pub(crate) decided: u64,
    pub(crate) late_above_limit: u64,
    pub(crate) refusals: [u64; LANE_CODES.len()],
    pub(crate) facts: [u64; KINDS.len()],
}

impl LaneAudit {
    pub(crate) fn new(terms: &Terms) -> Self {
        Self {
            terms: terms.clone(),
            model: Model::new(terms, 0),
            pending: VecDeque::new(),
            queue: VecDeque::new(),
            log: Log::default(),
            published: Model::new(terms, 0),
            hashes: Vec::new(),
            base: None,
            view: None,
            heard: HashMap::new(),
            kept_out: Vec::new(),
            holders: Vec::new(),
            owner: 0,
            unopened: true,
            stalling: false,
            waited: None,
            tip_ms: 0,
            gap_ms: None,
            lead: (0, 0),
            refused: Tally::default(),
            tallied_mono_ms: i64::MIN / 2,
            made: 0,
            decided: 0,
            late_above_limit: 0,
            refusals: [0; LANE_CODES.len()],
            facts: [0; KINDS.len()],
        }
    }

    /// The owner's memory is gone.
    pub(crate) fn forget(&mut self) {
        self.pending.clear();
        self.queue.clear();
        self.stalling = false;
        self.waited = None;
        self.gap_ms = None;
        self.refused = Tally::default();
        self.tallied_mono_ms = i64::MIN / 2;
    }

    /// Puts a predicted row behind those under way.
    pub(crate) fn push(&mut self, facts: Vec<Fact>, tickets: Vec<u32>, mono_ms: i64) {
        self.model.seq += 1;
        self.tip_ms = self.model.now_ms;
        let row = Rc::new(Row { time_ms: self.model.now_ms, facts });
        self.pending.push_back(Pending { row, decided_mono_ms: mono_ms, hash: None, tickets });
    }
}

impl Model {
    /// Takes a whole row that follows.
    pub(crate) fn follow(&mut self, row: &Row) -> Result<(), super::model::Wrong> {
        self.seq += 1;
        if row.time_ms < self.now_ms {
            return Err("lane time went back");
        }
        self.now_ms = row.time_ms;
        for (index, fact) in row.facts.iter().enumerate() {
            self.take(Place { seq: self.seq, index: index as u16 }, fact)?;
        }
        Ok(())
    }
}
