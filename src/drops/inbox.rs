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
    messages: Mutex<Vec<T>>,
    arrived: Condvar,
    collecting: AtomicBool,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self {
            messages: Mutex::new(Vec::new()),
            arrived: Condvar::new(),
            collecting: AtomicBool::new(false),
        }
    }
}

impl<T> Inbox<T> {
    /// Adds a message.
    pub fn push(&self, message: T) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
        let first = messages.len() == 1;
        drop(messages);
        if first && !self.collecting.load(Ordering::Acquire) {
            self.arrived.notify_one();
        }
    }

    /// Adds a message that cannot wait for others.
    pub fn push_urgent(&self, message: T) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        self.arrived.notify_one();
    }

    /// Waits for a message without falling asleep, which takes longer than some waits do.
    pub fn wait_awake(&self, most_us: u64) {
        let since = Stopwatch::start();
        let empty = || self.messages.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        while since.passed_us() < most_us && empty() {
            std::hint::spin_loop();
        }
    }

    /// Swaps all messages into `taken`, which is empty, waiting up to `patience` for the first;
    /// while `collecting`, for the first urgent one.
    pub fn take(&self, taken: &mut Vec<T>, patience: Duration, collecting: bool) {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        self.collecting.store(collecting, Ordering::Release);
        let waited = self.arrived.wait_timeout_while(messages, patience, |m| m.is_empty());
        let (mut messages, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *messages, taken);
    }
}
