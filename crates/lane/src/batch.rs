//! A decided batch, and what its callers hear.

use crate::seal::Sealed;
use alloc::{sync::Arc, vec::Vec};
use fanfare_engine::{Broken, Claim, Fact, Facts, Fan, Place, Refusal, State};

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
    pub(crate) facts: Arc<Facts>,
    pub(crate) answers: Vec<(T, Reply)>,
    /// When it was decided, monotonic ms.
    pub(crate) decided_mono_ms: i64,
}

/// A row that became durable: to be published first, then answered.
#[derive(Debug)]
pub struct Durable<T> {
    /// The row and its seal.
    pub sealed: Sealed,
    /// Its facts.
    pub facts: Arc<Facts>,
    /// Who hears what, after publishing.
    pub answers: Vec<(T, Reply)>,
}

impl<T> Durable<T> {
    /// The published state with this row: the state before it, or none before a lane's first.
    ///
    /// # Errors
    /// If the facts do not fit: the published state is not the one decided over.
    pub fn publish(&self, before: Option<State>) -> Result<State, Broken> {
        let header = &self.sealed.row.header;
        let (mut state, terms) = match (before, self.facts.first()) {
            (Some(state), _) => (state, 0),
            (None, Some(Fact::Terms(terms))) => (State::new(terms, header.time_ms)?, 1),
            (None, _) => return Err(Broken("a first row without terms")),
        };
        state.claims().warm(self.facts.iter().filter_map(claimant));
        state.begin(header.time_ms)?;
        for (index, fact) in self.facts.iter().enumerate().skip(terms) {
            state.apply(Place { seq: header.seq, index: index as u16 }, fact)?;
        }
        Ok(state)
    }
}

fn claimant(fact: &Fact) -> Option<Fan> {
    match fact {
        Fact::Claimed { fan, .. } => Some(*fan),
        _ => None,
    }
}
