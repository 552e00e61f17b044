//! Everything a request needs, built once and passed down.

use crate::drops::cold::Lag;
use crate::drops::node::Node;
use crate::drops::receipts::Receipts;
use crate::fans::People;
use crate::festivals::{Festival, Pictures};
use crate::host::{Crowds, Pulse};
use crate::kit::db::Cold;
use crate::kit::metrics::Metrics;
use crate::kit::rates::Rates;
use crate::live::Live;
use crate::look::Look;
use fanfare_lane::LaneId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, Semaphore};

/// How the server was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A real festival.
    Real,
    /// The demo: drops open every few minutes and paying is pretended.
    Demo,
    /// A rehearsal: paying is pretended, every page says so.
    Rehearsal,
}

impl Mode {
    /// Whether fans may pretend to pay.
    pub fn pretends(self) -> bool {
        self != Self::Real
    }
}

/// Most lanes at rest that are replayed at one time.
pub const RECALLS_MAX: usize = 2;

/// The program, running.
pub struct App {
    /// Drops, lanes, clock, sessions.
    pub node: Arc<Node>,
    /// The festival as its file proposes it.
    pub festival: Festival,
    /// How it looks.
    pub look: Look,
    /// How the server was started.
    pub mode: Mode,
    /// Who asks too fast.
    pub rates: Rates,
    /// Rows read back for receipts.
    pub receipts: Arc<Receipts>,
    /// Leave to replay a lane at rest.
    pub recalls: Semaphore,
    /// Whether it was told to stop, and goes on answering for a moment.
    leaving: AtomicBool,
    /// The live totals.
    pub live: Live,
    /// Counters for operators.
    pub metrics: Metrics,
    /// How the engine did in the last seconds.
    pub pulse: Pulse,
    /// Whoever acts as a host on a page has it meanwhile: two do not act on what both saw. By lane
    /// the newest act that the page of the last form had shown; the tables may be late.
    pub acting: Mutex<BTreeMap<LaneId, String>>,
    /// Crowds made up for a demo.
    pub crowds: Crowds,
    /// The cold side. A node held within another program has none.
    pub cold: Option<ColdSide>,
}

/// The cold side as requests are given it.
pub struct ColdSide {
    /// The database.
    pub cold: Arc<Cold>,
    /// How far its tables are behind the journal.
    pub lag: Arc<Lag>,
    /// Accounts and their sessions.
    pub people: People,
}

impl ColdSide {
    /// Of a node beside a database.
    pub fn new(cold: Arc<Cold>, lag: Arc<Lag>, node: &Node) -> Self {
        let people = People::new(cold.clone(), node.tokens.ended.clone());
        Self { cold, lag, people }
    }
}

impl App {
    /// The program around a node, without a cold side.
    pub fn new(node: Arc<Node>, festival: Festival, mode: Mode) -> Arc<Self> {
        Self::beside(node, festival, mode, None)
    }

    /// The program around a node and beside a database.
    pub fn beside(
        node: Arc<Node>,
        festival: Festival,
        mode: Mode,
        cold: Option<ColdSide>,
    ) -> Arc<Self> {
        // `serve` and `check` refuse a picture that cannot be read; pages do without it.
        let pictures = Pictures::load(&festival).unwrap_or_default();
        let look = Look::of(&festival, &pictures);
        let receipts = Receipts::new(node.folder.journals());
        let metrics = Metrics::beside(&node.told.work);
        Arc::new(Self {
            node,
            festival,
            look,
            mode,
            rates: Rates::default(),
            receipts,
            recalls: Semaphore::new(RECALLS_MAX),
            leaving: AtomicBool::new(false),
            live: Live::default(),
            metrics,
            pulse: Pulse::default(),
            acting: Mutex::default(),
            crowds: Crowds::default(),
            cold,
        })
    }

    /// From now on proxies hear that they are to send nothing here any more.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to stop.
    pub fn leaves(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// The guarded time, ms since 1970.
    pub fn now_ms(&self) -> i64 {
        self.node.clock.now_ms()
    }
}
