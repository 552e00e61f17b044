//! A queue many threads push to and one takes from, all at once.
//!
//! Waking the taker costs about as much as the work it is woken for, so it says what it waits for
//! (`Awaits`), and is woken for nothing else.

use crate::kit::clock::Stopwatch;
use crate::kit::serve::Idle;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the taker waits for, besides that it loses patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// The first message.
    First,
    /// The first urgent one.
    Urgent,
    /// The first urgent one, or a lull with messages; with `work` left over, any lull.
    Lull {
        /// Whether there is something to be done then that waits already.
        work: bool,
    },
}

/// The queue. Its bound is its users': each lane's queue and each sender's own limits.
pub struct Inbox<T> {
    inside: Mutex<Inside<T>>,
    arrived: Condvar,
    /// Threads that push and say when they have nothing to do, and those of them that have.
    askers: AtomicUsize,
    awake: AtomicUsize,
}

struct Inside<T> {
    messages: Vec<T>,
    /// Since when the first of them has waited.
    since: Stopwatch,
    awaits: Awaits,
}

impl<T> Inside<T> {
    /// Adds a message; whether it is the first. The clock is read for that one only.
    fn add(&mut self, message: T) -> bool {
        self.messages.push(message);
        let first = self.messages.len() == 1;
        if first {
            self.since = Stopwatch::start();
        }
        first
    }

    /// Whether a lull is what the taker waits for.
    fn lull_helps(&self) -> bool {
        match self.awaits {
            Awaits::Lull { work } => work || !self.messages.is_empty(),
            Awaits::First | Awaits::Urgent => false,
        }
    }
}

/// What was taken besides the messages.
pub struct Taken {
    /// Since when the oldest message has waited; from now on where there is none.
    pub since: Stopwatch,
    /// Whether all who push have nothing to do: until somebody is answered, or somebody new comes,
    /// no more will be pushed. Never where nobody says so of himself.
    pub lull: bool,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        let inside =
            Inside { messages: Vec::new(), since: Stopwatch::long_ago(), awaits: Awaits::First };
        Self {
            inside: Mutex::new(inside),
            arrived: Condvar::new(),
            askers: AtomicUsize::new(0),
            awake: AtomicUsize::new(0),
        }
    }
}

impl<T> Inbox<T> {
    /// Adds a message.
    pub fn push(&self, message: T) {
        let mut inside = self.inside();
        let first = inside.add(message);
        let wakes = first && inside.awaits == Awaits::First;
        // Whoever is woken would have to wait for the lock.
        drop(inside);
        if wakes {
            self.arrived.notify_one();
        }
    }

    /// Adds a message that cannot wait for others.
    pub fn push_urgent(&self, message: T) {
        self.inside().add(message);
        self.arrived.notify_one();
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.inside().messages.is_empty()
    }

    /// Waits for a message without falling asleep, which takes longer than some waits do.
    pub fn wait_awake(&self, most_us: u64) {
        let since = Stopwatch::start();
        // Whoever else has something to do goes first: there may be no core to spare.
        while since.passed_us() < most_us && self.is_empty() {
            std::thread::yield_now();
        }
    }

    /// Swaps all messages into `taken`, which is empty, waiting for up to `patience` until there
    /// are some that are worth being woken for.
    pub fn take(&self, taken: &mut Vec<T>, patience: Duration, awaits: Awaits) -> Taken {
        let mut inside = self.inside();
        inside.awaits = awaits;
        let waits = |inside: &mut Inside<T>| {
            inside.messages.is_empty() && !(inside.lull_helps() && self.lull())
        };
        let waited = self.arrived.wait_timeout_while(inside, patience, waits);
        let (mut inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut inside.messages, taken);
        let since = if taken.is_empty() { Stopwatch::start() } else { inside.since };
        Taken { since, lull: self.lull() }
    }

    fn lull(&self) -> bool {
        self.awake.load(Ordering::Relaxed) == 0 && self.askers.load(Ordering::Relaxed) > 0
    }

    fn inside(&self) -> MutexGuard<'_, Inside<T>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that pushes and says when it has nothing to do; it has until it says so.
pub struct Asker<T>(Arc<Inbox<T>>);

impl<T> Asker<T> {
    /// Before this inbox.
    pub fn of(inbox: Arc<Inbox<T>>) -> Self {
        inbox.awake.fetch_add(1, Ordering::Relaxed);
        inbox.askers.fetch_add(1, Ordering::Relaxed);
        Self(inbox)
    }
}

impl<T: Send + 'static> Idle for Asker<T> {
    fn begins(&self) {
        let Self(inbox) = self;
        // The lock orders this: a taker that begins to wait behind it sees the count, and one that
        // waits already is woken.
        if inbox.awake.fetch_sub(1, Ordering::Relaxed) == 1 && inbox.inside().lull_helps() {
            inbox.arrived.notify_one();
        }
    }

    fn ends(&self) {
        self.0.awake.fetch_add(1, Ordering::Relaxed);
    }
}

impl<T> Drop for Asker<T> {
    fn drop(&mut self) {
        self.0.askers.fetch_sub(1, Ordering::Relaxed);
        self.0.awake.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
