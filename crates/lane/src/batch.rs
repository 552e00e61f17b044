//! A decided batch, and what its callers hear.

use crate::row::Written;
use crate::seal::Sealed;
use alloc::{sync::Arc, vec::Vec};
use fanfare_engine::{Broken, Claim, Facts, Refusal, Served};

/// What a caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The claim as it is now; `fresh` if this command made or changed it.
    Claim {
        /// The claim.
        claim: Claim,
        /// Whether this command made or changed it.
        fresh: bool,
    },
    /// A host's act is done, or was already so.
    Acted,
    /// Refused, and why.
    Refused(Refusal),
    /// Nothing was done; ask again.
    Busy,
    /// It may have been done; ask the same again.
    Unsure,
}

/// A batch between its decision and its durability.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pub(crate) seq: u32,
    pub(crate) time_ms: i64,
    pub(crate) facts: Facts,
    pub(crate) written: Arc<Written>,
    pub(crate) answers: Vec<(T, Reply)>,
    /// When it was decided, monotonic ms.
    pub(crate) decided_mono_ms: i64,
    /// Whether somebody heard `unsure` about it.
    pub(crate) doubted: bool,
}

/// A row that became durable: to be published first, then answered.
#[derive(Debug)]
pub struct Durable<T> {
    /// The row and its seal.
    pub sealed: Sealed,
    /// Its facts.
    pub facts: Facts,
    /// Who hears what, after publishing.
    pub answers: Vec<(T, Reply)>,
}

impl<T> Durable<T> {
    /// Publishes the row.
    ///
    /// # Errors
    /// If its facts are not those that were decided.
    pub fn publish(&self, served: &mut Served) -> Result<(), Broken> {
        let header = &self.sealed.row.header;
        served.publish(header.seq, header.time_ms, &self.facts)
    }
}
