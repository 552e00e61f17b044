//! The simulator: one seed makes a crowd, a store that fails on command, crashes between any two
//! steps, and an auditor that shares no rule with the engine and predicts every answer.
//!
//! A seed that fails prints the command that replays it:
//! `cargo run -p fanfare-sim -- --seed N`.
//!
//! | file | holds |
//! | --- | --- |
//! | `plan`, `rng` | what a seed decides before anything happens |
//! | `crowd`, `hosts` | who asks what next |
//! | `store`, `sign` | the journal that fails, and cheap signatures |
//! | `restore` | the witness, and going on without rows that are lost |
//! | `world` | the driver: gate, lanes, commits, publishing, crashes |
//! | `fleet` | the other driver: several nodes, several journals |
//! | `audit` | the auditor |
//! | `fault`, `control` | what goes wrong by name; safeguards switched off |
//! | `report`, `many` | counts, and many seeds on all cores |

mod audit;
mod control;
mod crowd;
mod fault;
mod fleet;
mod hosts;
mod many;
mod plan;
mod report;
mod restore;
mod rng;
mod sign;
mod store;
mod world;

pub use audit::{Breach, Violation};
pub use control::Control;
pub use many::{Failure, run_many};
pub use report::Report;
pub use world::Options;

/// Runs one seed: even ones hold one process with several lanes, odd ones several nodes.
///
/// # Errors
/// What the auditor caught.
pub fn run(options: Options) -> Result<Report, Violation> {
    let one = options.seed.is_multiple_of(2);
    if one && options.control.is_some_and(Control::of_nodes) {
        return Ok(Report::default());
    }
    if one { world::run(options) } else { fleet::run(options) }
}
