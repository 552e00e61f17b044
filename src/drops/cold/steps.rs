//! The way of a claim from state to state, and what each step does to the stock.

use super::rows::Stock;
use fanfare_engine::{ClaimState, Fact, Number};

/// The claim a fact moves, from which state to which.
pub(super) fn step_of(fact: &Fact) -> Option<(Number, ClaimState, ClaimState)> {
    use ClaimState::{Expired, Held, RefundDue, Released, Returned, Settled};
    match fact {
        Fact::Settled(n) => Some((*n, Held, Settled)),
        Fact::Expired(n) => Some((*n, Held, Expired)),
        Fact::Released(n) => Some((*n, Held, Released)),
        Fact::Returned(n) => Some((*n, Settled, Returned)),
        Fact::SettledLate(n) => Some((*n, Expired, Settled)),
        Fact::RefundDue(n) => Some((*n, Expired, RefundDue)),
        _ => None,
    }
}

/// What one unit does to the stock when its claim goes from one state to another.
pub(super) fn stock_of(from: ClaimState, to: ClaimState) -> Stock {
    use ClaimState::{Expired, Held, Settled};
    let late = i64::from(from == Expired && to == Settled);
    let at = |state, pot| i64::from(state == pot);
    Stock {
        issued: 0,
        set_aside: -late,
        reserve: -late,
        held: at(to, Held) - at(from, Held),
        settled: at(to, Settled) - at(from, Settled),
    }
}

/// The first whole second at or after a moment.
pub(super) fn ceil_s(ms: i64) -> u32 {
    let ms = ms.max(0);
    u32::try_from(ms / 1_000 + i64::from(ms % 1_000 > 0)).unwrap_or(u32::MAX)
}
