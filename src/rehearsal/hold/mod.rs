//! Holding the rehearsal: which drops come together, where they are held, and what the journal
//! says afterwards.

mod call;
mod direct;
mod journal;
mod own_server;
mod turns;

pub use call::{CallError, get, post};
pub use direct::{Direct, hold_directly};
pub use journal::findings;
pub use own_server::OwnServer;
pub use turns::{Turn, shifted, turns};
