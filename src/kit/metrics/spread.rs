//! How long something took each time, or how large it was: a histogram of counters, so that whoever
//! adds to it waits for nobody, and whoever reads it sees every moment alike.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper ends of the classes of times, µs: six in each power of ten, so that what is read between
/// two of them is right to a quarter of itself.
const TIMES_US: [u64; 31] = [
    100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000,
    30_000, 50_000, 70_000, 100_000, 150_000, 200_000, 300_000, 500_000, 700_000, 1_000_000,
    1_500_000, 2_000_000, 3_000_000, 5_000_000, 7_000_000, 10_000_000,
];

/// Upper ends of the classes of what is counted: up to the commands of a full batch.
const COUNTS: [u64; 13] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096];

/// A histogram; its copies count together.
#[derive(Clone, Debug)]
pub struct Spread(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ends: &'static [u64],
    /// How many in each class; the last has all beyond.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    /// How many of what is added make one of what is told. Divided by, for then 100 µs are told as
    /// 0.0001 s and not as nearly that.
    per: f64,
}

impl Spread {
    /// Of times, added in µs and told in seconds.
    pub fn of_times() -> Self {
        Self::new(&TIMES_US, 1e6)
    }

    /// Of how many.
    pub fn of_counts() -> Self {
        Self::new(&COUNTS, 1.0)
    }

    fn new(ends: &'static [u64], per: f64) -> Self {
        let counts = (0..=ends.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Inner { ends, counts, sum: AtomicU64::new(0), per }))
    }

    /// Adds one.
    pub fn add(&self, value: u64) {
        let class = self.0.ends.partition_point(|end| *end < value);
        self.0.counts[class].fetch_add(1, Ordering::Relaxed);
        self.0.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// How it stands now.
    pub fn seen(&self) -> Seen {
        let counts = self.0.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Seen { ends: self.0.ends, counts, sum: self.0.sum.load(Ordering::Relaxed) }
    }
}

impl EncodeMetric for Spread {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let seen = self.seen();
        let ends = seen.ends.iter().map(|end| *end as f64 / self.0.per);
        let buckets: Vec<(f64, u64)> =
            ends.chain([f64::INFINITY]).zip(seen.counts.iter().copied()).collect();
        let sum = seen.sum as f64 / self.0.per;
        encoder.encode_histogram::<NoLabelSet>(sum, seen.count(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// A histogram as it stood at a moment, or what was added between two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    ends: &'static [u64],
    counts: Vec<u64>,
    sum: u64,
}

impl Seen {
    /// What was added since it stood like this.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().copied().chain(std::iter::repeat(0));
        let counts = self.counts.iter().zip(before).map(|(now, then)| now.saturating_sub(then));
        Self {
            ends: self.ends,
            counts: counts.collect(),
            sum: self.sum.saturating_sub(earlier.sum),
        }
    }

    /// How many were added.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How much they are together.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// What that many in a thousand stay at or below, told as if a class were evenly filled; none
    /// where nothing was added. Of what lies beyond the last class only its beginning is known.
    pub fn per_mille(&self, share: u64) -> Option<u64> {
        let rank = (self.count() * share).div_ceil(1_000).max(1);
        let mut below = 0;
        for (class, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if below + count >= rank {
                let from = class.checked_sub(1).map_or(0, |before| self.ends[before]);
                let to = self.ends.get(class).copied().unwrap_or(from);
                return Some(from + (to - from) * (rank - below) / count);
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_stay_below_is_read_within_a_class() {
        let spread = Spread::of_times();
        assert_eq!(spread.seen().per_mille(500), None);
        for us in [90, 900, 900, 900, 40_000_000] {
            spread.add(us);
        }
        let seen = spread.seen();
        assert_eq!((seen.count(), seen.sum()), (5, 40_002_790));
        // Three of the five lie between 700 and 1,000 µs: the middle one is the second of them.
        assert_eq!(seen.per_mille(500), Some(900));
        assert_eq!(seen.per_mille(1), Some(100));
        assert_eq!(seen.per_mille(990), Some(10_000_000), "beyond the last end nothing is known");
    }

    #[test]
    fn what_was_there_before_is_not_counted_again() {
        let spread = Spread::of_counts();
        spread.add(4);
        let before = spread.seen();
        spread.add(4_096);
        let since = spread.seen().since(&before);
        assert_eq!((since.count(), since.sum()), (1, 4_096));
        assert_eq!(since.per_mille(500), Some(4_096));
        assert_eq!(spread.seen().since(&Seen::default()), spread.seen());
        assert_eq!(before.since(&spread.seen()).count(), 0);
    }
}
