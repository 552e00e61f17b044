//! Measurements anybody can repeat: each beside its own limit, in one run, medians of rounds.

pub mod engine;
pub mod http;
pub mod machine;
pub mod peers;
