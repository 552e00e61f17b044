//! The live board: totals of every open drop, made once and sent to all who watch.

use crate::app::App;
use crate::drops::answers::totals_json;
use axum::body::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The shortest time between two events.
const EVERY: Duration = Duration::from_millis(250);

/// Each further thousand of watchers makes events this much rarer.
const WATCHERS_PER_STEP: usize = 1_000;

/// The event everybody gets, and how many watch.
pub struct Live {
    /// None once the server stops.
    event: watch::Sender<Option<Bytes>>,
    watchers: AtomicUsize,
}

impl Default for Live {
    fn default() -> Self {
        Self { event: watch::Sender::new(Some(Bytes::new())), watchers: AtomicUsize::new(0) }
    }
}

impl Live {
    /// Ends every stream: the server stops.
    pub fn end(&self) {
        self.event.send_replace(None);
    }

    fn send(&self, event: Bytes) {
        self.event.send_if_modified(|last| match last {
            Some(last) => {
                *last = event;
                true
            }
            // Nothing follows the end.
            None => false,
        });
    }

    /// How many watch.
    pub fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }
}

/// One who watches; leaving is counted when it is dropped.
pub struct Watcher {
    app: Arc<App>,
    event: watch::Receiver<Option<Bytes>>,
}

impl Watcher {
    /// Starts watching.
    pub fn new(app: Arc<App>) -> Self {
        app.live.watchers.fetch_add(1, Ordering::Relaxed);
        let mut event = app.live.event.subscribe();
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

/// Makes the events while anybody watches. The last one is forgotten when nobody does: whoever
/// comes next is not shown totals of long ago.
pub async fn run(app: Arc<App>) {
    loop {
        let watchers = app.live.watchers();
        let steps = 1 + watchers / WATCHERS_PER_STEP;
        tokio::time::sleep(EVERY * u32::try_from(steps).unwrap_or(u32::MAX)).await;
        if watchers > 0 {
            let event = format!("event: totals\ndata: {}\n\n", totals_json(&app));
            app.live.send(Bytes::from(event));
        } else {
            app.live.send(Bytes::new());
        }
    }
}
