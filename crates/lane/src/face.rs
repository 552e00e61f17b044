//! What the gate sees of a lane without asking it: enough to refuse most of a crowd.
//!
//! A face is made from published state and never ahead of it. It may refuse only a fan who has
//! nothing in the drop, so the published claims must be updated before the face is: a fan whose
//! claim sold the drop out must be found among the holders by whoever sees it sold out.

use crate::row::Hash;
use alloc::vec::Vec;
use fanfare_engine::{Fan, Line, Phase, Quantity, Refusal, Seen, Stock, Totals};

/// A lane as the gate sees it, at one published row.
#[derive(Clone, Debug)]
pub struct Face {
    /// The row's number.
    pub seq: u32,
    /// The row's hash.
    pub hash: Hash,
    /// Lane time of the row, ms since 1970.
    pub time_ms: i64,
    /// First moment of the sale.
    pub opens_at_ms: i64,
    /// First moment after it.
    pub closes_at_ms: i64,
    /// Whether new claims are stopped.
    pub paused: bool,
    /// Whether it is over.
    pub closed: bool,
    /// Whether lane time stands still until the host confirms it.
    pub doubtful_time: bool,
    /// Whether rows were lost and no host has resumed it since; then its time is in doubt, too.
    pub lost: bool,
    /// The first moment nothing was free.
    pub sold_out_at_ms: Option<i64>,
    /// Claims ever made.
    pub claims: u32,
    /// Units by line.
    pub lines: Vec<Stock>,
}

impl Face {
    /// The face of a published state at its newest row.
    pub fn of(seen: Seen<'_>, seq: u32, hash: Hash) -> Self {
        let (terms, state) = (seen.terms(), seen);
        Self {
            seq,
            hash,
            time_ms: state.now_ms(),
            opens_at_ms: terms.opens_at_ms,
            closes_at_ms: terms.closes_at_ms,
            paused: state.paused() || state.doubtful_time(),
            closed: state.closed(),
            doubtful_time: state.doubtful_time(),
            lost: state.lost(),
            sold_out_at_ms: state.sold_out_at_ms(),
            claims: state.count(),
            lines: state.ledger().lines().to_vec(),
        }
    }

    /// The face of a lane that went to rest, from the totals it left.
    pub fn of_resting(totals: &Totals, (seq, hash, time_ms): (u32, Hash, i64)) -> Self {
        let stock = |&[issued, free, set_aside, settled]: &[u32; 4]| Stock {
            issued,
            free,
            set_aside,
            reserve: set_aside,
            held: 0,
            settled,
        };
        Self {
            seq,
            hash,
            time_ms,
            opens_at_ms: totals.opens_at_ms,
            closes_at_ms: totals.closes_at_ms,
            paused: false,
            closed: true,
            doubtful_time: false,
            lost: false,
            sold_out_at_ms: totals.sold_out_at_ms,
            claims: totals.claims,
            lines: totals.lines.iter().map(stock).collect(),
        }
    }

    /// Where the drop is in its life when the clock shows this moment.
    pub fn phase(&self, clock_ms: i64) -> Phase {
        let now_ms = if self.doubtful_time { self.time_ms } else { clock_ms.max(self.time_ms) };
        if self.closed || now_ms >= self.closes_at_ms {
            Phase::Closed
        } else if now_ms < self.opens_at_ms {
            Phase::Before
        } else if self.paused {
            Phase::Paused
        } else {
            Phase::Open
        }
    }

    /// Free units over all lines.
    pub fn free(&self) -> u64 {
        self.lines.iter().map(|stock| u64::from(stock.free)).sum()
    }

    /// Why a fan who has nothing in this drop would be refused, if so.
    pub fn refusal(&self, line: Line, quantity: Quantity, clock_ms: i64) -> Option<Refusal> {
        let Some(stock) = self.lines.get(usize::from(line.0)) else {
            return Some(Refusal::NoSuchLine);
        };
        match self.phase(clock_ms) {
            Phase::Before => Some(Refusal::NotOpen { opens_at_ms: self.opens_at_ms }),
            Phase::Paused => Some(Refusal::Paused),
            Phase::Closed => Some(Refusal::Closed),
            Phase::Open if stock.free < u32::from(quantity.get()) => {
                Some(Refusal::SoldOut { may_return: stock.held > 0 })
            }
            Phase::Open => None,
        }
    }
}

/// The gate's whole decision: refuses only where the face says so and the fan has nothing in the
/// drop. `known` tells whether the fan has a claim or a right there; it is asked after the face,
/// never before, and only when it matters.
pub fn screen(
    face: &Face,
    fan: Fan,
    line: Line,
    quantity: Quantity,
    clock_ms: i64,
    known: impl FnOnce(Fan) -> bool,
) -> Option<Refusal> {
    face.refusal(line, quantity, clock_ms).filter(|_| !known(fan))
}
