//! Why what a host wants is not done. Pages say it in the host's language, the API and the terminal
//! in English.

use crate::kit::words::{Saying, say};
use fanfare_engine::{Broken, Promise, Refusal};

/// Why an act was refused.
pub fn refused(refusal: &Refusal) -> Saying {
    match refusal {
        Refusal::BreaksPromise(promise) => say(promised(*promise)),
        Refusal::TooMany { possible } => say("refused-most").put("n", possible.to_string()),
        Refusal::Closed => say("refused-closed"),
        Refusal::ActReused => say("refused-reused"),
        Refusal::NoSuchLine => say("refused-no-line"),
        _ => say("refused-now"),
    }
}

/// Why a drop could not go on with what was wanted: its sums would not hold.
pub fn unsound(broken: Broken) -> Saying {
    say("refused-unsound").put("why", broken.to_string())
}

/// The promise that would break.
fn promised(promise: Promise) -> &'static str {
    match promise {
        Promise::OpeningKept => "promise-opening-kept",
        Promise::OpeningAhead => "promise-opening-ahead",
        Promise::OpensFirst => "promise-opens-first",
        Promise::ClosingAhead => "promise-closing-ahead",
        Promise::ClosesLast => "promise-closes-last",
        Promise::HoldKept => "promise-hold-kept",
        Promise::HoldLasts => "promise-hold-lasts",
        Promise::LimitKept => "promise-limit-kept",
        Promise::PriceNotNegative => "promise-price-not-negative",
        Promise::PriceKept => "promise-price-kept",
        Promise::ReserveWithin => "promise-reserve-within",
        Promise::LineOnce => "promise-line-once",
        Promise::Bounds => "promise-bounds",
    }
}
