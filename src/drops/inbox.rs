//! A queue many threads push to and one takes from, all at once.
//!
//! Waking the taker costs about as much as the work it is woken for, so it is woken for the first
//! message only, and while it says that it is collecting, for urgent ones only.

use crate::kit::clock::Stopwatch;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The queue. Its bound is its users': each lane's queue and each sender's own limits.
pub struct Inbox<T> {
    /// And since when the first of them has waited.
    messages: Mutex<(Vec<T>, Stopwatch)>,
    arrived: Condvar,
    collecting: AtomicBool,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self {
            messages: Mutex::new((Vec::new(), Stopwatch::long_ago())),
            arrived: Condvar::new(),
            collecting: AtomicBool::new(false),
        }
    }
}

impl<T> Inbox<T> {
    /// Adds a message.
    pub fn push(&self, message: T) {
        if self.add(message) && !self.collecting.load(Ordering::Acquire) {
            self.arrived.notify_one();
        }
    }

    /// Adds a message that cannot wait for others.
    pub fn push_urgent(&self, message: T) {
        self.add(message);
        self.arrived.notify_one();
    }

    /// Adds a message; whether it is the first. The clock is read for that one only.
    fn add(&self, message: T) -> bool {
        let mut inside = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let (messages, since) = &mut *inside;
        messages.push(message);
        let first = messages.len() == 1;
        if first {
            *since = Stopwatch::start();
        }
        first
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).0.is_empty()
    }

    /// Waits for a message without falling asleep, which takes longer than some waits do.
    pub fn wait_awake(&self, most_us: u64) {
        let since = Stopwatch::start();
        // Whoever else has something to do goes first: there may be no core to spare.
        while since.passed_us() < most_us && self.is_empty() {
            std::thread::yield_now();
        }
    }

    /// Swaps all messages into `taken`, which is empty, waiting up to `patience` for the first;
    /// while `collecting`, for the first urgent one. Says since when the oldest has waited; where
    /// there is none, from now on.
    pub fn take(&self, taken: &mut Vec<T>, patience: Duration, collecting: bool) -> Stopwatch {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        self.collecting.store(collecting, Ordering::Release);
        let waited = self.arrived.wait_timeout_while(messages, patience, |m| m.0.is_empty());
        let (mut inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut inside.0, taken);
        if taken.is_empty() { Stopwatch::start() } else { inside.1 }
    }
}
