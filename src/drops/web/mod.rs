//! The drops' web side: the hot route in front of the router, the API behind it.

pub mod api;
pub mod body;
pub mod describe;
pub mod host;
pub mod hot;
pub mod rehearsal;
