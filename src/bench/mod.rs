//! Measurements anybody can repeat: each beside its own limit, in one run, medians of rounds.
//!
//! | file | holds |
//! | --- | --- |
//! | `engine` | durable claims straight into lanes, in rounds, beside a bare loop |
//! | `held` | the same in one lane that grows, by how many claims it holds |
//! | `callers` | who makes these claims |
//! | `http` | claims and refusals over HTTP |
//! | `peers` | the servers those are asked of, the bare one too |
//! | `machine` | CPU time, memory and cores |

mod callers;
pub mod engine;
pub mod held;
pub mod http;
pub mod machine;
pub mod peers;
