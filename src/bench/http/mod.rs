//! `fanfare bench http`: what a claim and a refusal cost a server beside the bare one, or one of
//! them alone.
//!
//! The server is pinned to one core, the crowd to the other. *Bare* is the same listener and
//! runtime: it reads the same request whole and answers a fixed body of the same length under the
//! same headers.
//!
//! | file | holds |
//! | --- | --- |
//! | `requests` | what a crowd asks, and whether it is answered as it has to be |
//! | `flood` | kept connections to one server, and what their requests cost it |
//! | `turns` | bare, refusals and claims in turns: what each costs beside the bare one |
//! | `alone` | one kind alone: what it costs with ever more connections, drops and watchers |
//! | `watchers` | people with an open live stream |

mod alone;
mod flood;
mod requests;
mod turns;
mod watchers;

use serde_json::Value;
use std::path::Path;

/// How the bench is run.
#[derive(Clone, Copy, Debug)]
pub struct HttpBench {
    /// Rounds.
    pub rounds: u32,
    /// Seconds each takes in a round.
    pub seconds: u32,
    /// Connections.
    pub connections: usize,
    /// Drops that claims are spread over evenly where it is more than 1: those take turns too.
    pub drops: u32,
    /// The one kind that is measured; none: all of them and the bare server, in turns.
    pub only: Option<Only>,
    /// People with an open live stream, beside the one kind.
    pub watchers: usize,
}

/// A kind of request that is measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Only {
    /// Each makes a claim.
    Claims,
    /// Each is refused: sold out.
    Refusals,
}

/// Runs the bench; the server keeps its data in this folder.
///
/// # Errors
/// If a server does not start, or answers otherwise than it should.
pub fn run(bench: HttpBench, folder: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    super::machine::pin_to_core(1)?;
    match bench.only {
        None => turns::run(bench, folder, told),
        Some(only) => alone::run(bench, only, folder, told),
    }
}
