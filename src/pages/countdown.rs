//! Clocks that run down: written by the server as they stand, moved by the script.

use crate::kit::words::Words;

/// A clock that runs down, and the one that takes its place in the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countdown {
    /// What it runs down to, ms since 1970.
    pub until_ms: i64,
    /// What stands before it.
    pub label: String,
    /// What is said at its end.
    pub done: String,
    /// How it stands now.
    pub text: String,
    /// What follows: until when, under which label, said at its end.
    pub next: Option<(i64, String, String)>,
}

impl Countdown {
    /// A clock under these texts.
    pub fn new(
        w: Words,
        now_ms: i64,
        until_ms: i64,
        label: &'static str,
        done: &'static str,
    ) -> Self {
        let text = left(&w.t("count-days"), until_ms - now_ms);
        Self { until_ms, label: w.t(label), done: w.t(done), text, next: None }
    }

    /// Whether it shows more than minutes and seconds: such a clock gets a line of its own.
    pub fn is_long(&self) -> bool {
        self.text.len() > 5
    }

    /// With the clock that follows.
    #[must_use]
    pub fn then(self, w: Words, until_ms: i64, label: &'static str, done: &'static str) -> Self {
        Self { next: Some((until_ms, w.t(label), w.t(done))), ..self }
    }
}

/// Days where there are some, hours likewise, minutes and seconds: as the script writes it.
fn left(days: &str, ms: i64) -> String {
    let s = ms.max(0).saturating_add(999) / 1_000;
    let (d, h, m, s) = (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
    match (d, h) {
        (0, 0) => format!("{m:02}:{s:02}"),
        (0, _) => format!("{h:02}:{m:02}:{s:02}"),
        _ => format!("{d} {days} {h:02}:{m:02}:{s:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn what_is_left_is_written_as_the_script_writes_it() {
        let all = [0, 1, 90_000, 3_600_000, 90_061_000].map(|ms| left("d", ms));
        assert_eq!(all, ["00:00", "00:01", "01:30", "01:00:00", "1 d 01:01:01"]);
    }
}
