//! What a lane can be asked to do.

use crate::fact::Amendment;
use crate::ids::{Fan, Key, Line, Number, Quantity};

/// Who acted for the brand, and the act's number. Under the same number the words of the reason
/// stand in a row outside the journal. Asked again with its number, an act is not done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// The fan number of the host, cashier or operator.
    pub by: Fan,
    /// The act's number, and that of the reason given.
    pub why: u64,
}

impl Command {
    /// The fan who asks, where one does.
    pub fn fan(&self) -> Option<Fan> {
        match self {
            Self::Claim { fan, .. } | Self::Grant { fan, .. } => Some(*fan),
            _ => None,
        }
    }
}

/// A command, as the gate passes it on: every field already checked for shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A fan asks for units.
    Claim {
        /// Who asks.
        fan: Fan,
        /// For what.
        line: Line,
        /// For how many.
        quantity: Quantity,
        /// So that a repeat finds the same claim.
        key: Option<Key>,
    },
    /// Money came in for a claim.
    Settle {
        /// Which claim.
        number: Number,
    },
    /// The fan gives a held claim back.
    Release {
        /// Which claim.
        number: Number,
    },
    /// Settled units come back to stock.
    Return {
        /// Which claim.
        number: Number,
    },
    /// A fan gets a right to units, which are set aside for them until then.
    Grant {
        /// Who gets it.
        fan: Fan,
        /// For what.
        line: Line,
        /// For how many.
        quantity: Quantity,
        /// Until when, seconds since 1970.
        until_s: u32,
    },
    /// No new claims until resumed.
    Pause(Act),
    /// Claims are taken again; also the host's word that the time is right.
    Resume(Act),
    /// More units of a line.
    Restock {
        /// Of which line.
        line: Line,
        /// How many.
        units: u32,
        /// Who and why.
        act: Act,
    },
    /// Fewer units of a line; only free ones can go.
    Withdraw {
        /// Of which line.
        line: Line,
        /// How many.
        units: u32,
        /// Who and why.
        act: Act,
    },
    /// The drop ends before its time.
    Close(Act),
    /// The terms change.
    Amend {
        /// What changes.
        amendment: Amendment,
        /// Who and why.
        act: Act,
    },
}
