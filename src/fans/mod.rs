//! People who come back: accounts with a name and a password, where they are signed in, and what
//! they may do.
//!
//! A session is two things: a short token the hot side checks in memory, and a record here by
//! which it is renewed, seen and ended. An ended session's token stops within a second on every
//! node. A guest who signs up keeps the fan number and so the claims; the guest's own cookie is
//! nobody's from then on.
//!
//! Promises: passwords are kept only as argon2 leaves them, secrets only as hashes; a name that
//! is not there takes as long to refuse as a wrong password; each action writes an event in its
//! own transaction.

mod actions;
mod model;
mod password;
mod rates;
mod store;
pub mod web;

pub use actions::{
    ACCOUNTS, Entry, Refused, SignedIn, become_host, end, follow_ended, make_role, new_host_secret,
    renewed, sessions, sign_in, sign_up,
};
pub use model::{Name, Password, Record};
pub use rates::Rates;
pub use store::STATEMENTS;

use crate::kit::db::Cold;
use crate::kit::ended::Ended;
use password::Hasher;
use std::sync::Arc;

/// What the domain's actions work with.
#[derive(Clone)]
pub struct People {
    /// The database.
    pub cold: Arc<Cold>,
    /// What the hot check is told.
    pub ended: Arc<Ended>,
    /// Who tried how often lately.
    pub rates: Arc<Rates>,
    hasher: Hasher,
}

impl People {
    /// Over this database; ended sessions are told here.
    pub fn new(cold: Arc<Cold>, ended: Arc<Ended>) -> Self {
        Self { cold, ended, rates: Arc::default(), hasher: Hasher::default() }
    }
}
