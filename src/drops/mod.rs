//! Drops: their lanes, what is published of them, the gate in front of them.
//!
//! States of a drop: before, open, paused, sold out, closed; then its lane rests. A claim is
//! decided by the lane, made durable by the committer, published, and only then answered.
//!
//! Promises: an answer never runs ahead of the durable row; the gate refuses by itself only who
//! has nothing in the drop; a lane that finds a promise broken stops, says why, and all others go
//! on.

pub mod answers;
pub mod cold;
pub mod committer;
pub mod desk;
pub mod directory;
pub mod drop;
pub mod found;
pub mod gate;
pub mod head;
pub mod inbox;
pub mod joining;
pub mod lanes;
pub mod node;
pub mod plan;
pub mod proof;
pub mod published;
pub mod reasons;
pub mod receipts;
pub mod register;
pub mod restore;
pub mod spec;
pub mod testimony;
pub mod ticket;
pub mod trail;
pub mod wake;
pub mod web;
