//! The crowd against a naive sale, the client against a bare server, and what they cost.

mod bare;
mod cost;
mod naive;
mod reported;
mod server;
mod wire;
mod zeros;

use std::time::Instant;

/// The machine's clock in µs since the test began, and a bit.
#[expect(clippy::disallowed_methods, reason = "tests of a driver that is given its clock")]
fn clock() -> impl Fn() -> i64 {
    let start = Instant::now();
    move || 1_000_000_000 + i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX)
}
