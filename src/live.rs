//! The live totals: rendered once and sent to all who watch, and how fast claims come.
//!
//! A sale and its watchers share the cores, so nobody is woken to watch: one task walks past all
//! seats, a few at a time, once a period, and writes to each what it takes. A claim that arrives
//! waits behind a handful of writes and never behind all who watch.

mod pace;
mod seats;

pub use pace::{PACE_S, Pace};

use crate::app::App;
use crate::drops::answers::totals_json;
use crate::kit::clock::Stopwatch;
use axum::body::Bytes;
use seats::Seat;
use serde_json::json;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The shortest time between two events to one watcher, ms.
const EVERY_MS: u64 = 250;

/// The longest: whoever watches sees a drop sell out well within 3 s, however many there are.
const EVERY_MS_MAX: u64 = 2_000;

/// Each further so many watchers make events rarer by [`EVERY_MS`].
const WATCHERS_PER_STEP: usize = 2_000;

/// The walk rests so long between two handfuls, ms.
const REST_MS: u64 = 2;

/// Most seats in a handful. Where the walk is late it goes on late rather than in a rush.
const HANDFUL: usize = 64;

/// How much of the pace an event carries, seconds: more than lies between two events.
const PACE_SENT_S: usize = 10;

/// Those who came since the last round, how many watch, and the pace of claims.
pub struct Live {
    /// None once the server stops.
    came: Mutex<Option<Vec<Seat>>>,
    watchers: AtomicUsize,
    pace: Mutex<Pace>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            came: Mutex::new(Some(Vec::new())),
            watchers: AtomicUsize::new(0),
            pace: Mutex::default(),
        }
    }
}

impl Live {
    /// Ends every stream: the server stops.
    pub fn end(&self) {
        *held(&self.came) = None;
    }

    /// How many watch.
    pub fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }

    /// Claims a second, the last [`PACE_S`] whole seconds, oldest first.
    pub fn pace(&self) -> Pace {
        held(&self.pace).clone()
    }

    /// Takes a watcher's socket, which does not block, and sends it this head and then events.
    pub fn watch_at(&self, socket: TcpStream, head: Bytes) {
        self.seat(Seat::at(socket, head));
    }

    /// Events for a body that the caller sends. They end when the server stops.
    pub fn watch(&self) -> watch::Receiver<Bytes> {
        let (sender, events) = watch::channel(Bytes::new());
        self.seat(Seat::Body(sender));
        events
    }

    fn seat(&self, seat: Seat) {
        if let Some(came) = held(&self.came).as_mut() {
            came.push(seat);
            self.watchers.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn look(&self, app: &App) {
        let directory = app.node.directory();
        let claims = |drop: &Arc<_>| claims_of(drop);
        let total = directory.drops.iter().map(claims).sum();
        let now_s = app.now_ms().div_euclid(1_000);
        held(&self.pace).look(now_s, total);
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn claims_of(drop: &crate::drops::drop::Drop) -> u64 {
    u64::from(drop.published.front().face.claims)
}

/// Looks at the pace of claims, and walks past the seats while anybody watches.
pub async fn run(app: Arc<App>) {
    let live = &app.live;
    let mut seats = Vec::new();
    loop {
        live.look(&app);
        match held(&live.came).as_mut() {
            Some(came) => seats.append(came),
            None => return,
        }
        if seats.is_empty() {
            tokio::time::sleep(Duration::from_millis(EVERY_MS)).await;
            continue;
        }
        let steps = 1 + (seats.len() / WATCHERS_PER_STEP) as u64;
        round(&app, &mut seats, (EVERY_MS * steps).min(EVERY_MS_MAX)).await;
        let before = seats.len();
        // In order: whoever is left is served as long after the last time as everybody else.
        seats.retain(|seat| !seat.gone());
        live.watchers.fetch_sub(before - seats.len(), Ordering::Relaxed);
    }
}

/// Walks past all seats, evenly over the period. What is given is never older than [`EVERY_MS`].
async fn round(app: &App, seats: &mut [Seat], period_ms: u64) {
    let all = seats.len();
    let rest_ms = (period_ms / all as u64).max(REST_MS);
    let (walk, mut made, mut given) = (Stopwatch::start(), Stopwatch::start(), event(app));
    let mut past = 0;
    while past < all {
        tokio::time::sleep(Duration::from_millis(rest_ms)).await;
        if made.passed_us() >= EVERY_MS * 1_000 {
            app.live.look(app);
            (made, given) = (Stopwatch::start(), event(app));
        }
        let part = walk.passed_us() as f64 / (period_ms * 1_000) as f64;
        let due = ((all as f64 * part) as usize).min(past + HANDFUL).min(all);
        seats[past..due].iter_mut().for_each(|seat| seat.give(&given));
        past = due;
    }
}

/// The totals as an event of a stream.
fn event(app: &App) -> Bytes {
    let mut totals = totals_json(app);
    let pace = app.live.pace();
    let from = pace.counts.len().saturating_sub(PACE_SENT_S);
    let counts: Vec<u64> = pace.counts.range(from..).copied().collect();
    totals["claims_per_s"] = json!({ "now_s": pace.now_s, "counts": counts });
    Bytes::from(format!("event: totals\ndata: {totals}\n\n"))
}
