//! A claim as its fan is shown it.

use super::countdown::Countdown;
use super::doubt::{Doubt, STILL};
use super::drop_view::picture;
use super::format;
use super::visit::Visit;
use crate::drops::answers::claim_id;
use crate::drops::drop::Drop;
use crate::kit::words::{Key, Words, grouped};
use fanfare_engine::{Claim, ClaimState};

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimView {
    /// Its id, in addresses.
    pub id: String,
    /// Its running number in words.
    pub number: String,
    /// The same in digits.
    pub digits: String,
    /// What was claimed, as a picture.
    pub picture: String,
    /// The drop's id.
    pub drop: String,
    /// The drop's name.
    pub drop_name: String,
    /// What was claimed, with the number of units where it is more than one.
    pub what: String,
    /// What all of it costs.
    pub amount: String,
    /// The state as the contract calls it.
    pub state: &'static str,
    /// The state in words.
    pub state_text: String,
    /// What the fan can do now, or what will happen.
    pub more: String,
    /// The time left to pay.
    pub countdown: Option<Countdown>,
    /// The whole of that time, ms.
    pub hold_ms: i64,
    /// What is left of it, in a hundred.
    pub percent: i64,
    /// Whether the pretended payment is offered.
    pub pays: bool,
    /// Whether it can be given back.
    pub held: bool,
}

impl ClaimView {
    /// The claim as this visitor is shown it.
    pub fn of(visit: &Visit, drop: &Drop, claim: &Claim) -> Self {
        let w = visit.words;
        let until_ms = i64::from(claim.until_s) * 1_000;
        let held = claim.state == ClaimState::Held;
        let still = held && Doubt::of(&drop.published.front().face).is_some();
        let (state, more) = if still { STILL } else { keys(claim.state) };
        let hold_ms = i64::from(drop.spec.terms.hold_s.max(1)) * 1_000;
        let countdown = || Countdown::new(w, visit.now_ms, until_ms, "count-pay", "done-pay");
        Self {
            id: claim_id(drop.lane, claim.place),
            number: w.with("claim-number", &[("number", &grouped(claim.number.get().into()))]),
            digits: grouped(claim.number.get().into()),
            picture: picture(visit, &drop.spec),
            drop: drop.spec.id.clone(),
            drop_name: w.0.of(&drop.spec.names).to_owned(),
            what: what(w, drop, claim),
            amount: amount(visit, drop, claim),
            state: claim.state.word(),
            state_text: w.key(state),
            more: w.with(more.0, &[("when", &visit.moments().full(until_ms))]),
            countdown: (held && !still).then(countdown),
            hold_ms,
            percent: ((until_ms - visit.now_ms).max(0) * 100 / hold_ms).min(100),
            pays: held && visit.app.mode.pretends(),
            held,
        }
    }

    /// Whether it is held, and its time to pay stands still.
    pub fn still(&self) -> bool {
        self.held && self.countdown.is_none()
    }
}

pub const fn keys(state: ClaimState) -> (Key, Key) {
    match state {
        ClaimState::Held => (Key("claim-held"), Key("claim-held-more")),
        ClaimState::Settled => (Key("claim-settled"), Key("claim-settled-more")),
        ClaimState::Expired => (Key("claim-expired"), Key("claim-expired-more")),
        ClaimState::Released => (Key("claim-released"), Key("claim-released-more")),
        ClaimState::Returned => (Key("claim-returned"), Key("claim-returned-more")),
        ClaimState::RefundDue => (Key("claim-refund-due"), Key("claim-refund-due-more")),
    }
}

fn what(w: Words, drop: &Drop, claim: &Claim) -> String {
    let Some(name) = drop.spec.lines.get(usize::from(claim.line.0)) else {
        return String::new();
    };
    let item = w.0.of(&name.names);
    let item = match &name.variant_names {
        Some(variant) => w.with("item-variant", &[("item", item), ("variant", w.0.of(variant))]),
        None => item.to_owned(),
    };
    match claim.quantity.get() {
        1 => item,
        n => w.with("item-times", &[("item", &item), ("n", &n.to_string())]),
    }
}

fn amount(visit: &Visit, drop: &Drop, claim: &Claim) -> String {
    let at = usize::from(claim.line.0);
    let journalled = drop
        .published
        .read(visit.now_ms, |state| state.terms().lines.get(at).map(|line| line.price_minor));
    let proposed = || drop.spec.terms.lines.get(at).map(|line| line.price_minor);
    let minor = journalled.flatten().or_else(proposed).unwrap_or(0);
    let minor = minor.saturating_mul(i64::from(claim.quantity.get()));
    format::money(visit.words.0, minor, visit.app.festival.currency())
}
