//! A queue many threads push to and one takes from, all at once, woken only when it sleeps.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The queue. Its bound is its users': each lane's queue and each sender's own limits.
pub struct Inbox<T> {
    messages: Mutex<Vec<T>>,
    arrived: Condvar,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self { messages: Mutex::new(Vec::new()), arrived: Condvar::new() }
    }
}

impl<T> Inbox<T> {
    /// Adds a message.
    pub fn push(&self, message: T) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
        if messages.len() == 1 {
            self.arrived.notify_one();
        }
    }

    /// Adds many messages.
    pub fn extend(&self, more: impl IntoIterator<Item = T>) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.extend(more);
        self.arrived.notify_one();
    }

    /// Swaps all messages into `taken`, which is empty, waiting up to `patience` for the first.
    pub fn take(&self, taken: &mut Vec<T>, patience: Duration) {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.arrived.wait_timeout_while(messages, patience, |m| m.is_empty());
        let (mut messages, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *messages, taken);
    }
}
