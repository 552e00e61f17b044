//! The live totals: rendered once and sent to all who watch, and how fast claims come.
//!
//! A sale and its watchers share the cores, so watchers are served a handful at a time: they stand
//! in [`GROUPS`] groups, each woken at its own moment of the period. A claim that arrives waits
//! behind one group and never behind all who watch.

use crate::app::App;
use crate::drops::answers::totals_json;
use crate::kit::clock::Stopwatch;
use axum::body::Bytes;
use serde_json::json;
use std::array;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The shortest time between two events to one watcher, ms.
const EVERY_MS: u64 = 250;

/// The longest: whoever watches sees a drop sell out well within 3 s, however many there are.
const EVERY_MS_MAX: u64 = 2_000;

/// Each further so many watchers make events rarer by [`EVERY_MS`].
const WATCHERS_PER_STEP: usize = 2_000;

/// Groups of watchers; each is woken at its own moment.
const GROUPS: usize = 64;

/// For how long back the pace of claims is known, seconds.
pub const PACE_S: usize = 60;

/// How much of it an event carries: more than lies between two events.
const PACE_SENT_S: usize = 10;

/// Nothing yet, an event, or None once the server stops.
type Latest = Option<Bytes>;

/// The event everybody gets, how many watch, and the pace of claims.
pub struct Live {
    groups: [watch::Sender<Latest>; GROUPS],
    came: AtomicUsize,
    watchers: AtomicUsize,
    pace: Mutex<Pace>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            groups: array::from_fn(|_| watch::Sender::new(Some(Bytes::new()))),
            came: AtomicUsize::new(0),
            watchers: AtomicUsize::new(0),
            pace: Mutex::default(),
        }
    }
}

impl Live {
    /// Ends every stream: the server stops.
    pub fn end(&self) {
        self.groups.iter().for_each(|group| drop(group.send_replace(None)));
    }

    /// How many watch.
    pub fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }

    /// Claims a second, the last [`PACE_S`] whole seconds, oldest first.
    pub fn pace(&self) -> Pace {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look(&self, app: &App) {
        let directory = app.node.directory();
        let claims = |drop: &Arc<_>| claims_of(drop);
        let total = directory.drops.iter().map(claims).sum();
        let now_s = app.now_ms().div_euclid(1_000);
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).look(now_s, total);
    }
}

fn claims_of(drop: &crate::drops::drop::Drop) -> u64 {
    u64::from(drop.published.front().face.claims)
}

fn send(group: &watch::Sender<Latest>, event: Bytes) {
    group.send_if_modified(|last| match last {
        Some(last) => {
            *last = event;
            true
        }
        // Nothing follows the end.
        None => false,
    });
}

/// How many claims were made in each of the last whole seconds.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The second now under way, since 1970.
    pub now_s: i64,
    /// Claims in each of the seconds before it, oldest first; at most [`PACE_S`].
    pub counts: VecDeque<u64>,
    total: Option<u64>,
}

impl Pace {
    /// These counts, up to this second.
    pub fn of(now_s: i64, counts: Vec<u64>) -> Self {
        Self { now_s, counts: counts.into(), total: None }
    }

    /// Takes note of how many claims there are. Seconds nobody looked in share what came.
    fn look(&mut self, now_s: i64, total: u64) {
        let Some(last) = self.total else {
            (self.total, self.now_s) = (Some(total), now_s);
            return;
        };
        let passed = u64::try_from(now_s - self.now_s).unwrap_or(0);
        if passed == 0 {
            return;
        }
        let came = total.saturating_sub(last);
        for second in 0..passed.min(PACE_S as u64) {
            self.counts.push_back(came / passed + u64::from(second < came % passed));
        }
        self.counts.drain(..self.counts.len().saturating_sub(PACE_S));
        (self.total, self.now_s) = (Some(total), now_s);
    }

    /// The most claims in one second.
    pub fn peak(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }
}

/// One who watches; leaving is counted when it is dropped.
pub struct Watcher {
    app: Arc<App>,
    event: watch::Receiver<Latest>,
}

impl Watcher {
    /// Starts watching.
    pub fn new(app: Arc<App>) -> Self {
        app.live.watchers.fetch_add(1, Ordering::Relaxed);
        let came = app.live.came.fetch_add(1, Ordering::Relaxed);
        let mut event = app.live.groups[came % GROUPS].subscribe();
        event.mark_changed();
        Self { app, event }
    }

    /// The next event.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.event.changed().await.ok()?;
            let event = self.event.borrow_and_update().clone()?;
            if !event.is_empty() {
                return Some(event);
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.app.live.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Looks at the pace of claims and makes events while anybody watches. A group's last event is
/// forgotten when nobody is in it: whoever comes next is not shown totals of long ago.
pub async fn run(app: Arc<App>) {
    let live = &app.live;
    loop {
        live.look(&app);
        let steps = 1 + (live.watchers() / WATCHERS_PER_STEP) as u64;
        let period = Duration::from_millis((EVERY_MS * steps).min(EVERY_MS_MAX));
        let (peopled, deserted): (Vec<_>, Vec<_>) =
            live.groups.iter().partition(|group| group.receiver_count() > 0);
        deserted.into_iter().for_each(|group| send(group, Bytes::new()));
        let Some(apart) = period.checked_div(u32::try_from(peopled.len()).unwrap_or(1)) else {
            tokio::time::sleep(period).await;
            continue;
        };
        let (mut event, mut made) = (event(&app), Stopwatch::start());
        for group in peopled {
            tokio::time::sleep(apart).await;
            if made.passed_us() >= EVERY_MS * 1_000 {
                live.look(&app);
                (event, made) = (self::event(&app), Stopwatch::start());
            }
            send(group, event.clone());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_told_by_the_second_and_forgets() {
        let mut pace = Pace::default();
        for (now_s, total) in [(10, 7), (10, 9), (11, 12), (14, 19)] {
            pace.look(now_s, total);
        }
        assert_eq!((pace.now_s, pace.peak()), (14, 5));
        assert_eq!(pace.counts, [5, 3, 2, 2]);
        // A directory that lost a drop, a clock that was turned: nothing is made up.
        pace.look(13, 30);
        pace.look(10_000, 3);
        assert_eq!((pace.counts.len(), pace.peak()), (PACE_S, 0));
    }
}
