//! How fast claims come, by the second.

use std::collections::VecDeque;

/// For how long back the pace of claims is known, seconds.
pub const PACE_S: usize = 60;

/// How many claims were made in each of the last whole seconds.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The second now under way, since 1970.
    pub now_s: i64,
    /// Claims in each of the seconds before it, oldest first; at most [`PACE_S`].
    pub counts: VecDeque<u64>,
    total: Option<u64>,
}

impl Pace {
    /// These counts, up to this second.
    pub fn of(now_s: i64, counts: Vec<u64>) -> Self {
        Self { now_s, counts: counts.into(), total: None }
    }

    /// Takes note of how many claims there are. Seconds nobody looked in share what came.
    pub(super) fn look(&mut self, now_s: i64, total: u64) {
        let Some(last) = self.total else {
            (self.total, self.now_s) = (Some(total), now_s);
            return;
        };
        let passed = u64::try_from(now_s - self.now_s).unwrap_or(0);
        if passed == 0 {
            return;
        }
        let came = total.saturating_sub(last);
        for second in 0..passed.min(PACE_S as u64) {
            self.counts.push_back(came / passed + u64::from(second < came % passed));
        }
        self.counts.drain(..self.counts.len().saturating_sub(PACE_S));
        (self.total, self.now_s) = (Some(total), now_s);
    }

    /// The most claims in one second.
    pub fn peak(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_told_by_the_second_and_forgets() {
        let mut pace = Pace::default();
        for (now_s, total) in [(10, 7), (10, 9), (11, 12), (14, 19)] {
            pace.look(now_s, total);
        }
        assert_eq!((pace.now_s, pace.peak()), (14, 5));
        assert_eq!(pace.counts, [5, 3, 2, 2]);
        // A directory that lost a drop, a clock that was turned: nothing is made up.
        pace.look(13, 30);
        pace.look(10_000, 3);
        assert_eq!((pace.counts.len(), pace.peak()), (PACE_S, 0));
    }
}
