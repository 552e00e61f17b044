//! The rehearsal: a made crowd holds the festival before the day, and an audit says whether every
//! promise was kept.
//!
//! The crowd is an open model: arrivals do not wait for answers, and a wait counts from the
//! moment a request was due. It behaves as crowds do: early reloads, a burst at the opening,
//! double taps, lost answers asked again, fans who give up and fans who come back, bots that
//! hammer, holds never paid. One seed and one plan give the same crowd.
//!
//! Every claim a fan was told of is remembered and held against the journal, fact by fact, by
//! sums of its own: crowd and audit share no rule with the engine they examine.
//!
//! | file | holds |
//! | --- | --- |
//! | `plan`, `of_drop` | how a crowd behaves; the plan a festival file asks for |
//! | `chance`, `wheel`, `in_flight` | decisions by hash, timers, asks under way |
//! | `crowd`, `asks` | who acts when, what they ask, what an answer leads to |
//! | `memory`, `series` | what the crowd remembers |
//! | `audit` | the journal held against it |
//! | `http`, `json` | a client for tens of thousands of requests a second on one thread |
//! | `hold` | whose turn it is, where it is held, what the journal says |
//! | `over_http`, `in_process` | drivers: real time and sockets, or a virtual clock |
//! | `outcome`, `promises` | figures a drop, and what was promised |
//! | `progress`, `report`, `charts` | for people: the terminal, a page that prints |

mod asks;
mod audit;
mod chance;
mod charts;
mod claim_id;
mod crowd;
mod hold;
mod http;
mod in_flight;
mod in_process;
mod json;
mod memory;
mod of_drop;
mod outcome;
mod over_http;
mod plan;
mod progress;
mod promises;
mod report;
mod series;
#[cfg(test)]
mod tests;
mod wheel;

pub use asks::{Answer, Ask, ClaimPlace, Code, Kind, State, Told};
pub use audit::{Audit, Findings};
pub use crowd::Crowd;
pub use hold::{
    CallError, Direct, OwnServer, Turn, findings, get as call_get, hold_directly,
    post as call_post, shifted, turns,
};
pub use http::{CONNECTIONS_DEFAULT, Load, Next, Traffic, Why};
pub use in_process::{Served, run_served};
pub use memory::{Counts, Memory, Remembered};
pub use of_drop::{LEAD_MS, Wishes};
pub use outcome::{About, Outcome, Words, json};
pub use over_http::{DropPlanned, DropRun, Target, Tokens, run_drops};
pub use plan::CrowdPlan;
pub use progress::Progress;
pub use promises::{Promise, SAID};
pub use report::{Occasion, page};
