//! The journal on PostgreSQL: any number of nodes may append, the fence decides between them.
//!
//! An append is one statement, committed before its answer comes. Whatever is not a clean answer
//! leaves its outcome unknown: an error, silence, and a warning too, because a server that stops
//! waiting for its standby says so by a warning and calls the commit done.

mod leases;
mod link;
mod read;
mod schema;
mod tls;
mod write;

pub use leases::{Holder, Lease, Leases, NodeRow, View};
pub use read::Reader;
pub use write::Writer;
