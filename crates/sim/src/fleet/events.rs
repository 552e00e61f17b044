//! What can happen, and when.

use super::db::{DbReply, Request};
use super::fans::AtGate;
use super::links::Note;
use super::trouble::Move;
use core::cmp::Ordering;
use fanfare_lane::{Hash, Reply};

/// Something that happens at a moment. Of two at one moment the older comes first.
pub(super) struct Due {
    pub(super) at_ms: i64,
    pub(super) nr: u64,
    pub(super) event: Event,
}

pub(super) enum Event {
    /// It is a process's to see, once it is awake.
    At(usize, What),
    /// A request reaches a database.
    Db { db: usize, epoch: u32, from: usize, op: u32, request: Request },
    /// An operator looks after a database that went back in time.
    Operator(usize),
    /// A node starts a process.
    Start(usize),
    /// Somebody asks.
    Crowd,
    /// Somebody asks again.
    Again(u32),
    /// The plan's next fault.
    Trouble,
}

pub(super) enum What {
    /// A few times a second: renew, watch, look after what takes too long.
    Tick,
    /// A few times a second: ask owners for their word.
    Ping,
    Turn {
        lane: usize,
    },
    Db {
        op: u32,
        reply: DbReply,
    },
    Net {
        conn: usize,
        arrived_ms: i64,
        note: Note,
    },
    Closed {
        conn: usize,
    },
    Ask {
        ask: u32,
    },
    /// The gate has seen the face and asks for holders.
    Holders {
        ask: u32,
        gate: Box<AtGate>,
    },
    /// Answers go to who waits.
    Leave {
        lane: usize,
        answers: Vec<(u32, Reply)>,
        rests: (u32, Hash),
    },
    /// A decision to move a lease is carried out.
    Move {
        lane: usize,
        request: Move,
    },
    /// What was passed on to an owner that ended is told.
    Lost {
        owner: usize,
        ids: Vec<u64>,
    },
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The soonest is the greatest: a heap gives it first.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.nr).cmp(&(self.at_ms, self.nr))
    }
}
