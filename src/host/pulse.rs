//! How this process does: all counters once a second, for a minute back, so that a page can say
//! what they came to in the last seconds.

use crate::app::App;
use crate::kit::clock::Stopwatch;
use crate::kit::metrics::Seen;
use crate::kit::process::process_cpu;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the counters are read.
const EVERY: Duration = Duration::from_secs(1);

/// For how long back they are known, seconds.
pub const KEPT_S: u64 = 60;

/// The counters at a moment, or what they grew by between two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// When, since the process began; or over how long: µs.
    pub at_us: u64,
    /// CPU time of all threads, µs.
    pub cpu_us: u64,
    /// Claims made here, whoever asked for them.
    pub claims: u64,
    /// Requests refused, by code.
    pub refused: Vec<(&'static str, u64)>,
    /// Commands a batch decided.
    pub commands: Seen,
    /// From a batch's oldest command coming in to its decision, µs.
    pub to_decision: Seen,
    /// From there to its answers leaving, µs.
    pub to_answer: Seen,
    /// Commits of the journal, µs.
    pub appends: Seen,
    /// Facts in them.
    pub facts: u64,
    /// Commits of which it was not known whether they went in.
    pub unknown: u64,
}

impl Counts {
    fn of(app: &App, at_us: u64) -> Self {
        let (metrics, work) = (&app.metrics, &app.metrics.work);
        Self {
            at_us,
            cpu_us: u64::try_from(process_cpu().as_micros()).unwrap_or(u64::MAX),
            claims: work.claims.get(),
            refused: metrics.refused_by_code().collect(),
            commands: work.commands.seen(),
            to_decision: work.to_decision.seen(),
            to_answer: work.to_answer.seen(),
            appends: work.appends.seen(),
            facts: work.facts.get(),
            unknown: work.unknown.get(),
        }
    }

    /// What they grew by since they stood like this.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.refused.iter().map(|(_, count)| *count).chain(std::iter::repeat(0));
        let grown = |((code, now), then): (&(_, u64), u64)| (*code, now.saturating_sub(then));
        Self {
            at_us: self.at_us.saturating_sub(earlier.at_us),
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            claims: self.claims.saturating_sub(earlier.claims),
            refused: self.refused.iter().zip(before).map(grown).collect(),
            commands: self.commands.since(&earlier.commands),
            to_decision: self.to_decision.since(&earlier.to_decision),
            to_answer: self.to_answer.since(&earlier.to_answer),
            appends: self.appends.since(&earlier.appends),
            facts: self.facts.saturating_sub(earlier.facts),
            unknown: self.unknown.saturating_sub(earlier.unknown),
        }
    }

    /// Requests refused for any reason.
    pub fn refused_in_all(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }

    /// How often a second something happened that did so many times.
    pub fn per_s(&self, times: u64) -> f64 {
        times as f64 * 1e6 / self.at_us.max(1) as f64
    }
}

/// The last minute of a process.
#[derive(Debug)]
pub struct Pulse {
    since: Stopwatch,
    beats: Mutex<VecDeque<Counts>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { since: Stopwatch::start(), beats: Mutex::default() }
    }
}

impl Pulse {
    /// The counters now, from the beginning on.
    pub fn now(&self, app: &App) -> Counts {
        Counts::of(app, self.since.passed_us())
    }

    /// Keeps how they stand now.
    pub fn beat(&self, app: &App) {
        self.keep(self.now(app));
    }

    fn keep(&self, counts: Counts) {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.push_back(counts);
        // One more than seconds: they begin with one that is a minute old.
        let over = beats.len().saturating_sub(KEPT_S as usize + 1);
        beats.drain(..over);
    }

    /// What they grew by in the last so many seconds, or for as long as it is known: from the
    /// beginning on, where that is no longer ago.
    pub fn last(&self, now: &Counts, seconds: u64) -> Counts {
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        // A beat may be some milliseconds late.
        let from_us = (seconds * 1_000_000).saturating_sub(500_000);
        let old = |counts: &&Counts| now.at_us.saturating_sub(counts.at_us) >= from_us;
        let earlier = beats.iter().rev().find(old);
        let known = earlier.or(beats.front().filter(|_| beats.len() as u64 > KEPT_S));
        known.map_or_else(|| now.clone(), |earlier| now.since(earlier))
    }
}

/// Reads the counters once a second.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        app.pulse.beat(&app);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Counts {
        let refused = vec![("sold_out", 7 * seconds)];
        Counts { at_us: seconds * 1_000_000, claims: 3 * seconds, refused, ..Counts::default() }
    }

    #[test]
    fn what_happened_is_told_of_the_last_seconds_and_forgotten_after_a_minute() {
        let pulse = Pulse::default();
        // Before the first beat: since the process began.
        let first = pulse.last(&at(4), 10);
        assert_eq!((first.at_us, first.claims), (4_000_000, 12));
        (1..=100).for_each(|second| pulse.keep(at(second)));
        let last = pulse.last(&at(101), 10);
        assert_eq!((last.at_us, last.claims, last.refused_in_all()), (10_000_000, 30, 70));
        assert!((last.per_s(last.claims) - 3.0).abs() < 1e-9);
        let minute = pulse.last(&at(101), KEPT_S);
        assert_eq!((minute.at_us, minute.claims), (60_000_000, 180));
        assert_eq!(pulse.beats.lock().unwrap().len(), 61);
        // Whoever asks for longer gets what there is.
        assert_eq!(pulse.last(&at(101), 3_600).at_us, 61_000_000);
    }
}
