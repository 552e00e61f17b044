//! What a drop has promised to those who saw it, and no host can change.

/// What a drop has promised: what a change would have to leave as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A drop that has opened keeps its opening.
    OpeningKept,
    /// A drop does not open in the past.
    OpeningAhead,
    /// It opens before it closes.
    OpensFirst,
    /// It does not close in the past.
    ClosingAhead,
    /// It closes after it opened.
    ClosesLast,
    /// Fans keep the time to pay they were told.
    HoldKept,
    /// A hold lasts a second at least.
    HoldLasts,
    /// Fans keep the limit they were told.
    LimitKept,
    /// No price is below zero.
    PriceNotNegative,
    /// A drop that has opened keeps its prices.
    PriceKept,
    /// The reserve is part of the stock.
    ReserveWithin,
    /// A drop has each line once.
    LineOnce,
    /// It has no more lines and units than can be counted.
    Bounds,
}
