//! What hosts see and do: the day, each drop with its figures, acts with who, when, why and an
//! undo, a changed festival file, the list of claims; and in a demo a made crowd.
//!
//! Acts are commands of the drops' lanes; their reasons stand beside the journal, and the acts
//! become events with the drop's other facts. Nothing here counts units.
//!
//! Promises: only a host or an operator sees or does any of it; nothing that cannot be undone is
//! done without a question before it; a list of claims never holds the whole of it in memory.

mod actions;
mod crowd;
mod model;
pub mod pulse;
mod store;
pub mod web;

pub use crowd::Crowds;
pub use pulse::Pulse;
pub use store::STATEMENTS;
