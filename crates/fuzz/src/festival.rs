//! The festival file: read to a tree, or told every fault with its place, in bounded time.

use fanfare::festivals::{self, limits};
use std::time::Duration;

/// Words of the form.
pub(crate) const WORDS: &[&str] = &[
    "[[drops]]",
    "[festival]",
    "[[goods]]",
    "[[drops.items]]",
    "[crowd]",
    "[brand]",
    "=",
    "\"",
    "\"\"\"",
    "'''",
    "[",
    "]",
    "{",
    "}",
    ".",
    "\n",
    "stock",
    "opens_at",
    "2026-04-08T12:00",
    "\"15m\"",
    "\\u0000",
    "99999999999999999999",
    "-1",
    "é",
    "\u{feff}",
    "\r\n",
    "#",
    "repeat",
    "_",
];

/// Most time a file may take, whatever stands in it. Debug builds and shared cores included.
const WITHIN: Duration = Duration::from_secs(20);

/// The same text gives the same tree, or faults that have a place in it.
///
/// # Panics
/// If a fault stands nowhere, too many are told, or reading took too long.
#[expect(clippy::disallowed_methods, reason = "a file must not take long, by a real clock")]
pub fn fuzz_festival(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let clock = std::time::Instant::now();
    let read = festivals::read("x.toml", text);
    let took = clock.elapsed();
    assert!(took < WITHIN, "{} bytes took {took:?}", bytes.len());
    match read {
        Ok(festival) => {
            assert!(festivals::read("x.toml", text).is_ok_and(|again| again == festival));
            assert!(festival.drops().len() <= limits::DROPS_MAX, "more drops than may be");
        }
        Err(faults) => {
            let lines = text.split('\n').count();
            assert!(!faults.list().is_empty(), "refused without a fault");
            for fault in faults.list() {
                let (line, column) = (fault.line(), fault.column());
                assert!((1..=lines).contains(&line), "a fault on line {line} of {lines}");
                assert!(column > 0 && column <= text.len() + 1, "a fault in column {column}");
            }
            let shown = faults.to_string();
            assert!(shown.lines().count() <= limits::FAULTS_SHOWN_MAX + 1, "too many faults");
        }
    }
}
