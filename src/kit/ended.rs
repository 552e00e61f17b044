//! What was ended before its time: sessions, and guests who became accounts. The hot check looks
//! here; the lists are filled from the cold side each second.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

/// Ended sessions and guests.
#[derive(Debug, Default)]
pub struct Ended {
    /// By number, and until when their newest token could live, ms since 1970.
    sessions: RwLock<HashMap<u64, i64>>,
    guests: RwLock<HashSet<u64>>,
}

impl Ended {
    /// Whether this session was ended.
    pub fn session(&self, number: u64) -> bool {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).contains_key(&number)
    }

    /// Whether this guest became an account: the guest's cookie is nobody's any more.
    pub fn guest(&self, fan: u64) -> bool {
        self.guests.read().unwrap_or_else(PoisonError::into_inner).contains(&fan)
    }

    /// Ends a session whose tokens live until then at the latest.
    pub fn end_session(&self, number: u64, until_ms: i64) {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(number, until_ms);
    }

    /// Ends a guest.
    pub fn end_guest(&self, fan: u64) {
        self.guests.write().unwrap_or_else(PoisonError::into_inner).insert(fan);
    }

    /// Forgets sessions whose tokens are over by themselves.
    pub fn forget(&self, now_ms: i64) {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, until_ms| *until_ms > now_ms);
    }
}
