//! Bad input gets a clear answer and nothing is lost: requests that are no HTTP, huge, slow or cut
//! off; bodies that are wrong; sessions that are forged, over or another's; claims too early, too
//! late or for too many; a port in use. Over a real server on a real socket; after each abuse an
//! honest claim still works, and what the server leaves behind verifies.

#[path = "hostile/bodies.rs"]
mod bodies;
mod common;
#[path = "hostile/process.rs"]
mod process;
#[path = "hostile/refusals.rs"]
mod refusals;
#[path = "hostile/sessions.rs"]
mod sessions;
#[path = "hostile/shop.rs"]
mod shop;
#[path = "hostile/turns.rs"]
mod turns;
#[path = "hostile/wire.rs"]
mod wire;
