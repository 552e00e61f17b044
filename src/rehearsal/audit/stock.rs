//! One line's units over time.

use super::super::memory::SoldOutAnswers;

/// How long units may be free before a refusal for want of them is a broken promise: a row has
/// this long to become durable and be published before the lane itself says that it stalls.
const NEWS_MS: i64 = 2_000;

/// How far the crowd's clock and lane time may differ, ms: both count whole ones, from their own
/// beginning. Who is refused in the very moment the last unit goes was not refused too early.
const CLOCKS_MS: i64 = 2;

/// A line's units.
#[derive(Debug)]
pub(super) struct Stock {
    issued: i64,
    /// Held and settled.
    pub(super) out: i64,
    /// Kept for rights and for late money.
    pub(super) aside: i64,
    given: i64,
    issued_max: i64,
    over_max: i64,
    quantity: i64,
    free_since_ms: Option<i64>,
    /// Spans of time in which units stayed free longer than news takes.
    free_spans: Vec<(i64, i64)>,
}

impl Stock {
    pub(super) fn new(stock: u32, reserve: u32, quantity: u32, free_from_ms: i64) -> Self {
        let mut new = Self {
            issued: i64::from(stock),
            out: 0,
            aside: i64::from(reserve),
            given: 0,
            issued_max: i64::from(stock),
            over_max: 0,
            quantity: i64::from(quantity.max(1)),
            free_since_ms: None,
            free_spans: Vec::new(),
        };
        new.note(free_from_ms);
        new
    }

    pub(super) fn free(&self) -> i64 {
        self.issued - self.out - self.aside
    }

    pub(super) fn give(&mut self, units: u32, by_right: bool) {
        let units = i64::from(units);
        self.out += units;
        self.given += units;
        if by_right {
            self.aside -= units;
        }
    }

    pub(super) fn issue(&mut self, units: i64) {
        self.issued += units;
        self.issued_max = self.issued_max.max(self.issued);
    }

    /// Takes note of the new state of things.
    pub(super) fn note(&mut self, time_ms: i64) {
        self.over_max = self.over_max.max(self.out - self.issued);
        match (self.free() >= self.quantity, self.free_since_ms) {
            (true, None) => self.free_since_ms = Some(time_ms),
            (false, Some(since_ms)) => {
                self.free_since_ms = None;
                if time_ms - since_ms > NEWS_MS {
                    self.free_spans.push((since_ms, time_ms));
                }
            }
            _ => {}
        }
    }

    /// The lane did not serve from one moment to the other: what was free then counts as free
    /// anew from its end.
    pub(super) fn stalled(&mut self, from_ms: i64, to_ms: i64) {
        if let Some(since_ms) = self.free_since_ms {
            if from_ms - since_ms > NEWS_MS {
                self.free_spans.push((since_ms, from_ms));
            }
            self.free_since_ms = Some(to_ms.max(since_ms));
        }
    }

    pub(super) fn oversold(&self) -> u64 {
        self.over_max.max(0) as u64
    }

    /// Units that never left are given before those that came back, so whatever was given above
    /// the stock was given again.
    pub(super) fn resold(&self) -> u64 {
        (self.given - self.issued_max).max(0) as u64
    }

    pub(super) fn given_once(&self) -> u64 {
        self.given.min(self.issued_max).max(0) as u64
    }

    /// Spans in which units were free and somebody asked, later than news takes, and was refused;
    /// and the longest time units had then been free, ms.
    pub(super) fn refused_while_free(&self, answers: &SoldOutAnswers, began_ms: i64) -> (u64, i64) {
        let still = self.free_since_ms.map(|since_ms| (since_ms, i64::MAX / 2));
        let unseen = |(from, to): (i64, i64)| {
            let last = to - CLOCKS_MS - began_ms;
            let asked = answers.within(from + NEWS_MS - began_ms, last);
            asked.map(|asked| asked + began_ms - from)
        };
        let spans = self.free_spans.iter().copied().chain(still).filter_map(unseen);
        spans.fold((0, 0), |(count, longest), unseen_ms| (count + 1, longest.max(unseen_ms)))
    }

    pub(super) fn refused_at_the_end(&self, answers: &SoldOutAnswers, began_ms: i64) -> bool {
        self.free_since_ms
            .is_some_and(|since| answers.within(since + NEWS_MS - began_ms, i64::MAX / 2).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_come_back_are_resold() {
        let mut stock = Stock::new(10, 0, 1, 0);
        for _ in 0..10 {
            stock.give(1, false);
            stock.note(100);
        }
        stock.out -= 3;
        stock.note(200);
        stock.give(2, false);
        stock.note(300);
        assert_eq!((stock.free(), stock.resold(), stock.given_once()), (1, 2, 10));
        assert_eq!(stock.oversold(), 0);
        stock.give(2, false);
        stock.note(400);
        assert_eq!(stock.oversold(), 1);
    }

    #[test]
    fn while_the_lane_stalls_nobody_could_know() {
        let mut stock = Stock::new(1, 0, 1, 0);
        stock.stalled(5_000, 9_000);
        let mut answers = SoldOutAnswers::default();
        answers.note(8_000, 8_100);
        assert_eq!(stock.refused_while_free(&answers, 0), (0, 0));
        answers.note(11_000, 11_100);
        assert_eq!(stock.refused_while_free(&answers, 0), (1, 2_000));
    }

    #[test]
    fn a_refusal_soon_after_units_came_back_breaks_nothing() {
        let mut stock = Stock::new(1, 0, 1, 0);
        stock.give(1, false);
        stock.note(100);
        stock.out -= 1;
        stock.note(10_000);
        let mut answers = SoldOutAnswers::default();
        answers.note(11_500, 11_600);
        assert!(!stock.refused_at_the_end(&answers, 0));
        answers.note(12_100, 12_200);
        assert!(stock.refused_at_the_end(&answers, 0));
        assert_eq!(stock.refused_while_free(&answers, 0), (1, 2_100));
    }
}
