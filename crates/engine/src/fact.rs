//! What happened: small, final, numbers only. Facts are never edited.

use crate::command::Act;
use crate::ids::{Fan, Key, Line, Number, Quantity, RightId};
use crate::refusal::Tally;
use crate::terms::{LineTerms, Terms};
use alloc::{boxed::Box, vec::Vec};

/// The facts one decision or one batch made, in order.
pub type Facts = Vec<Fact>;

/// One thing that happened in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The lane's first fact: what the drop promises.
    Terms(Box<Terms>),
    /// An owner took the lane over. The lane answers nothing before this is durable.
    Opened {
        /// The owner's nonce, so that two owners' rows differ.
        owner: u64,
        /// Lane time did not fit the wall clock: paused until the host confirms the time.
        doubtful_time: bool,
    },
    /// A fan holds units.
    Claimed {
        /// The claim's running number.
        number: Number,
        /// Who holds them.
        fan: Fan,
        /// Of which line.
        line: Line,
        /// How many.
        quantity: Quantity,
        /// Until when, seconds since 1970.
        until_s: u32,
        /// The key the claim was made with.
        key: Option<Key>,
        /// The right it used up.
        right: Option<RightId>,
    },
    /// Money came in time.
    Settled(Number),
    /// The hold ran out; the units are free again.
    Expired(Number),
    /// The fan gave the units back.
    Released(Number),
    /// Settled units came back to stock.
    Returned(Number),
    /// Money came late and was honoured from the reserve.
    SettledLate(Number),
    /// Money came late and goes back.
    RefundDue(Number),
    /// Units are set aside for a fan.
    Granted {
        /// The right's running number.
        right: RightId,
        /// Who may take them.
        fan: Fan,
        /// Of which line.
        line: Line,
        /// How many.
        quantity: Quantity,
        /// Until when, seconds since 1970.
        until_s: u32,
    },
    /// A right ran out; its units are free again.
    Lapsed(RightId),
    /// No new claims.
    Paused(Act),
    /// Claims again.
    Resumed(Act),
    /// More units.
    Restocked {
        /// Of which line.
        line: Line,
        /// How many.
        units: u32,
        /// Who and why.
        act: Act,
    },
    /// Fewer units.
    Withdrawn {
        /// Of which line.
        line: Line,
        /// How many.
        units: u32,
        /// Who and why.
        act: Act,
    },
    /// The drop is over: its time came, or the host ended it.
    Closed(Option<Act>),
    /// The terms changed.
    Amended {
        /// What changed.
        amendment: Amendment,
        /// Who and why.
        act: Act,
    },
    /// The lane had not served: each hold gets at least what it had left at `since_ms`.
    Extended {
        /// The lane time of the last row before the gap, ms since 1970.
        since_ms: i64,
    },
    /// Refusals since the tally before, lane's and gate's together. No promise rests on it.
    Tallied(Box<Tally>),
    /// Closed, nothing held: the lane leaves memory. Totals stand here so that reading them
    /// needs no replay.
    Rested(Box<Totals>),
    /// The newest rows were gone and an operator accepted the loss. No new claims until resumed.
    Restored(Box<Loss>),
    /// The lane goes on in another journal; here nothing comes behind it. The words of the act's
    /// reason name the place.
    Moved(Act),
}

/// One change of a drop's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// Opens at another time, ms since 1970.
    OpensAt(i64),
    /// Closes at another time, ms since 1970.
    ClosesAt(i64),
    /// Holds given from now on last this long, seconds.
    Hold(u32),
    /// Another limit a fan.
    Limit(Quantity),
    /// Another price for a line, minor units.
    Price(Line, i64),
    /// A further line at the end.
    NewLine(LineTerms),
}

impl Fact {
    /// The fan who claimed, where that is what happened.
    pub fn claimant(&self) -> Option<Fan> {
        match self {
            Self::Claimed { fan, .. } => Some(*fan),
            _ => None,
        }
    }
}

/// What is known of rows that are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The newest row a witness had seen.
    pub seq: u32,
    /// Claims made by then: running numbers go on behind them.
    pub claims: u32,
    /// Units by line that lost claims may have; they leave the stock.
    pub set_aside: Vec<u32>,
    /// Who and why.
    pub act: Act,
}

/// A resting lane in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Claims ever made.
    pub claims: u32,
    /// When it opened, ms since 1970.
    pub opens_at_ms: i64,
    /// When it was to close, ms since 1970.
    pub closes_at_ms: i64,
    /// The first moment nothing was free, ms since 1970.
    pub sold_out_at_ms: Option<i64>,
    /// Per line: issued, free, set aside, settled.
    pub lines: Vec<[u32; 4]>,
}
