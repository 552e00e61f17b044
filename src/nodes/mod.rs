//! Nodes: several processes that serve one festival from one set of PostgreSQL journals.
//!
//! Who serves a lane stands in leases beside the lanes' rows; the fence keeps histories single
//! even where a lease is wrong. Each node has every lane: its own as owner, the others' as
//! follower, fed by their owner. What cannot be answered here is passed on to the owner.
//!
//! | file | holds |
//! | --- | --- |
//! | `keeper` | a thread a journal: renews this node's leases, sees who is there, takes and gives |
//! | `standing` | which process has a node's place at a journal |
//! | `links`, `tls` | kept connections between nodes that hold the same key |
//! | `frame`, `words` | what they say, as bytes |
//! | `secrets` | the festival's keys, by the cold database, wrapped by the operator's secret |
//!
//! The rules of time stand in `fanfare_lane`'s `tenure`; what a lane's owner and its followers do
//! by them stands in `drops::lanes`.

pub mod frame;
pub mod keeper;
pub mod links;
pub mod secrets;
pub mod standing;
pub mod tls;
pub mod words;
