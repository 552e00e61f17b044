//! The page on how the server does, made up: in the midst of a drop, before anybody has come, and
//! where somebody has to look.

use super::engine_page::EnginePage;
use super::engine_rows::{Figures, Machine, Tables};
use super::samples::{Sample, made, titled};
use crate::host::pulse::Counts;
use crate::kit::metrics::{Seen, Spread};
use crate::pages::Frame;

/// So many times each of these.
fn seen(spread: &Spread, times: u64, values: &[u64]) -> Seen {
    (0..times).for_each(|_| values.iter().for_each(|value| spread.add(*value)));
    spread.seen()
}

/// What so many seconds of a drop come to; commits take `append_us`.
fn busy(seconds: u64, append_us: u64, refused: &[(&'static str, u64)]) -> Counts {
    let times = |values: &[u64]| seen(&Spread::of_times(), seconds * 20, values);
    let wait_us = append_us + 3_000;
    Counts {
        at_us: seconds * 1_000_000,
        cpu_us: seconds * 900_000,
        claims: seconds * 11_200,
        refused: refused.iter().map(|(code, count)| (*code, count * seconds)).collect(),
        commands: seen(&Spread::of_counts(), seconds * 20, &[180, 320, 4_000]),
        to_decision: times(&[2_100, 3_400, 4_000]),
        to_answer: times(&[wait_us, wait_us + 2_000, wait_us * 3]),
        appends: times(&[append_us, append_us + 900, append_us * 3]),
        facts: seconds * 11_200,
        unknown: u64::from(append_us > 100_000),
    }
}

fn machine() -> Machine {
    Machine {
        cores: 2,
        resident_bytes: 214 << 20,
        memory: Some((3_900 << 20, 2_310 << 20)),
        connections: 14_203,
        watchers: 8_112,
    }
}

/// All of them.
pub(super) fn engines(frame: &Frame) -> Vec<Sample> {
    let page =
        |figures: &Figures| EnginePage::with(titled(frame, "host-engine", "/host/engine"), figures);
    let crowd = [("sold_out", 9_400), ("not_open", 310), ("too_fast", 3)];
    let tables = Tables { rows: 212, waiting_ms: 340, stopped: 0 };
    let full = Figures {
        up_us: 93_600_000_000,
        asked: true,
        not_open: 0,
        last: busy(10, 2_600, &crowd),
        minute: busy(60, 3_100, &crowd),
        machine: machine(),
        tables: Some(tables),
    };
    let none = Figures {
        up_us: 42_000_000,
        asked: false,
        last: Counts { at_us: 10_000_000, cpu_us: 21_000, ..Counts::default() },
        minute: Counts { at_us: 42_000_000, cpu_us: 310_000, ..Counts::default() },
        tables: Some(Tables::default()),
        ..full.clone()
    };
    let slow = [("sold_out", 120), ("busy", 14), ("unsure", 2), ("key_reused", 1)];
    let odd = Figures {
        not_open: 1,
        last: busy(10, 1_400_000, &slow),
        minute: busy(60, 1_100_000, &slow),
        machine: Machine { memory: Some((3_900 << 20, 190 << 20)), ..machine() },
        tables: Some(Tables { rows: 48_100, waiting_ms: 74_000, stopped: 1 }),
        ..full.clone()
    };
    vec![
        made("engine", &page(&full)),
        made("engine-none", &page(&none)),
        made("engine-odd", &page(&odd)),
    ]
}
