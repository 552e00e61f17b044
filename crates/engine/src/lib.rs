//! The engine: one drop's rules, pure.
//!
//! A lane feeds commands to [`State::decide`], which makes [`Fact`]s, and feeds the facts to
//! [`Served::apply`], which changes the state; once they are durable, [`Served::publish`]
//! shows them. There is no clock, no randomness, no IO and no
//! thread in here, and `no_std` keeps it so: time and seeds arrive as values.
//!
//! States of a claim: held, then settled, expired or released; settled may be returned; expired
//! money that comes late is settled from the reserve or becomes a refund that is due.
//!
//! Promises kept here: nothing scarce is given twice (the [`Ledger`] moves units, it never makes
//! them), nobody holds more than the limit, a repeated command finds the claim it made, a host's
//! act is done once however often it is asked ([`Acts`]), and the same facts give the same state,
//! bit for bit ([`State::digest`]).
//!
//! | file | holds |
//! | --- | --- |
//! | `ids` | the numbers things are called by |
//! | `terms` | what a drop promises, its lane's first fact |
//! | `command`, `fact`, `refusal`, `promise` | what goes in, what happened, why not |
//! | `ledger` | stock: issued = free + set aside + held + settled |
//! | `claim`, `claims`, `holders` | every claim by number, and by fan |
//! | `ends`, `extensions` | when holds end; what they got back while their lane did not serve |
//! | `rights` | what fans may still take: who, for what, until when |
//! | `sale` | the first mechanism: first come, first served |
//! | `host`, `acts` | what hosts do: pause, restock, withdraw, amend, close; what was done |
//! | `loss` | going on where a journal has lost rows |
//! | `book`, `state`, `digest` | all of it together, replayed from facts |
//! | `served` | the state as decided, and what of it is published |
//! | `wire` | facts as bytes, with a version |

#![no_std]

extern crate alloc;

mod acts;
mod book;
mod claim;
mod claims;
mod command;
mod decide;
mod digest;
mod ends;
mod extensions;
mod fact;
mod holders;
mod host;
mod ids;
mod ledger;
mod loss;
mod promise;
mod refusal;
mod rights;
mod sale;
mod served;
mod state;
mod terms;
pub mod wire;

pub use acts::Acts;
pub use book::{Book, Phase};
pub use claim::{Claim, ClaimState};
pub use claims::Claims;
pub use command::{Act, Command};
pub use decide::Answer;
pub use digest::Digest;
pub use fact::{Amendment, Fact, Facts, Loss, Totals};
pub use ids::{Fan, Key, Line, Number, Place, Quantity, RightId};
pub use ledger::{Broken, Ledger, Stock};
pub use loss::{Witnessed, WitnessedLine};
pub use promise::Promise;
pub use refusal::{CODES, Refusal, Tally};
pub use rights::{Right, Rights};
pub use served::{Seen, Served};
pub use state::State;
pub use terms::{LineTerms, Terms};

/// Most facts one batch may hold. Source: the design's bound on a row.
pub const FACTS_PER_BATCH_MAX: usize = 4_096;

/// The shortest time a hold has left after its lane did not serve, in milliseconds.
pub const HOLD_LEFT_MIN_MS: i64 = 60_000;
