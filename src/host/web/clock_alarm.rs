//! What a host is told where this machine's clock jumped while serving.

use super::alarm::{Alarm, Confirm};
use crate::kit::words::Words;
use crate::pages::{Visit, span};

/// Where it is shown that the clock jumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// On the day.
    Day,
    /// On the page of a drop that can be resumed there.
    Resumable,
    /// On the page of any other, by its id and the newest act.
    Drop(&'a str, &'a str),
}

/// How the machine's clock stands to Fanfare's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ahead by so much, in words.
    Ahead(String),
    /// Behind this moment, in words, at which time stands still.
    Back(String),
}

/// The alarm of this machine's clock, if it jumped while serving.
pub fn of_clock(visit: &Visit, shown: Shown<'_>) -> Option<Alarm> {
    let by_ms = visit.app.node.clock.stepped_by_ms()?;
    let step = if by_ms > 0 {
        Step::Ahead(about(visit.words, by_ms))
    } else {
        // Up to the second: from its first part on, time may go on.
        Step::Back(visit.moments().short((visit.now_ms + 999) / 1_000 * 1_000))
    };
    Some(clock(visit.words, &step, shown))
}

/// A length of time that stays the same for a while: a page that says it is not news each time.
fn about(w: Words, ms: i64) -> String {
    let unit_ms = match ms {
        86_400_000.. => 3_600_000,
        120_000.. => 60_000,
        _ => 1_000,
    };
    span(w, (ms + unit_ms / 2) / unit_ms * unit_ms)
}

/// The alarm of a clock that stepped.
pub fn clock(w: Words, step: &Step, shown: Shown<'_>) -> Alarm {
    match step {
        Step::Ahead(by) => {
            let (more, confirm) = match shown {
                Shown::Day => (Some(w.t("host-clock-ahead-any")), None),
                Shown::Resumable => (Some(w.t("host-clock-ahead-resume")), None),
                Shown::Drop(drop, seen) => {
                    let says = w.t("host-clock-ahead-confirm");
                    (None, Some(Confirm { says, drop: drop.to_owned(), seen: seen.to_owned() }))
                }
            };
            let says = [
                w.with("host-clock-ahead-what", &[("span", by)]),
                w.t("host-clock-ahead-while"),
                w.t("host-clock-ahead-do"),
            ];
            Alarm {
                heading: w.t("host-clock-ahead"),
                says: says.into_iter().chain(more).collect(),
                drops: Vec::new(),
                confirm,
            }
        }
        Step::Back(until) => Alarm {
            heading: w.t("host-clock-back"),
            says: vec![
                w.with("host-clock-back-what", &[("when", until)]),
                w.with("host-clock-back-while", &[("when", until)]),
                w.t("host-clock-back-do"),
            ],
            ..Alarm::default()
        },
    }
}
