//! Lanes and the journal's written form, pure: no clock, no IO, no thread.
//!
//! A lane is the unit of order: one state, one batch at a time, one row a batch. [`Lane`] is the
//! loop as a machine without IO: a driver brings it commands, the clock's readings and what became
//! of its appends, and carries out what it says. The server drives it with threads and `SQLite`,
//! the simulator with one seed and faults.
//!
//! Promises kept here: an answer leaves after its row is durable and published; a batch once
//! decided is never decided anew; only a later durable append proves a row whose outcome was
//! unknown; each row carries the hash of the row before it, so a history cannot be changed
//! unnoticed; every fact can be shown to stand under a signature.
//!
//! | file | holds |
//! | --- | --- |
//! | `row`, `merkle`, `sha` | a batch as written: header, facts, hash, root |
//! | `seal`, `receipt` | one signature a commit, and what a fan keeps |
//! | `store` | what a journal must be able to do |
//! | `replay` | rows back to a state, every link checked |
//! | `lane`, `batch`, `resolve` | the loop, and what to do when an outcome is not known |
//! | `leaving` | doubts, patience, and how an owner leaves |
//! | `face` | what the gate may refuse by itself |
//! | `opening` | a lane is made, opened, or taken over from another node |
//! | `clock` | one guarded clock for gate and lanes; what a new owner believes of its own |
//! | `tenure`, `forwards` | several nodes: who may answer from memory, and requests passed on |
//! | `under_way` | whom another node may not refuse from memory: their claim is on its way |

#![no_std]

extern crate alloc;

mod batch;
mod clock;
mod face;
mod forwards;
mod lane;
mod leaving;
mod merkle;
mod opening;
mod receipt;
mod replay;
mod resolve;
mod row;
mod seal;
mod sha;
mod store;
mod tenure;
mod under_way;

pub use batch::{Durable, Reply};
pub use clock::{APART_MS, DIFFERS_MS, GAP_BELIEVED_MS, Guard, Heard, Reading, far_off};
pub use face::{Face, screen};
pub use forwards::{Arrived, FORWARDS_MAX, Forwards};
pub use lane::{Lane, LaneConfig, Lost, Stopped};
pub use leaving::Left;
pub use merkle::{check_path, path, root};
pub use receipt::{Receipt, ReceiptError};
pub use replay::{Damage, Replay};
pub use resolve::Resolution;
pub use row::{
    Draft, FactSpans, FestivalId, HEADER_BYTES, Hash, Header, LaneId, Row, RowError, Written,
    leaf_hash, leaf_hashes,
};
pub use seal::{FestivalKey, KeyId, PublicKey, Seal, Sealed, Signer, seal_commit};
pub use sha::hashes_agree;
pub use store::{Placed, Store, StoreError};
pub use tenure::{
    GONE_AFTER_MS, GOOD_FOR_MS, Grants, Owed, Rival, SUCCESSOR_WAITS_MS, Tenure, Watch, Word,
};
pub use under_way::UnderWay;
