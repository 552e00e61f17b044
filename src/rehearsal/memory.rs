//! What a crowd remembers: every claim it was told of, every answer it lost, whom it saw refused
//! and when. The audit holds it against the journal.

use hdrhistogram::Histogram;

use super::asks::{ClaimPlace, Code, State, Told};
use super::series::Series;

/// A claim a fan was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The fan's number.
    pub fan: u64,
    /// Where it stands.
    pub place: ClaimPlace,
    /// Its running number.
    pub number: u32,
    /// When the fan heard of it first, ms since the crowd's beginning.
    pub told_ms: u32,
    /// Until when it is held, ms since the crowd's beginning.
    pub until_ms: u32,
    /// The line asked for.
    pub line: u16,
    /// How many units.
    pub units: u16,
    /// The last state the fan was told.
    pub state: State,
}

impl Remembered {
    /// Whether an answer speaks of this claim.
    pub fn is(&self, told: &Told) -> bool {
        (self.place, self.number, self.units) == (told.place, told.number, told.units)
    }
}

/// A lost answer, asked again until a true one came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostAsk {
    /// The fan's number.
    pub fan: u64,
    /// When the repeat that was answered was due, ms since the crowd's beginning.
    pub asked_ms: u32,
    /// When that answer came.
    pub answered_ms: u32,
    /// Whether the asks carried a key.
    pub keyed: bool,
    /// The number of the claim it answered with; none if it was a refusal.
    pub number: Option<u32>,
}

/// Refusals for want of units on one line: for each moment of an answer the latest moment at
/// which such an ask was made. That is enough to tell whether anybody was refused while units
/// were free, and it stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoldOutAnswers(Vec<(u32, u32)>);

impl SoldOutAnswers {
    /// Notes one. Answers come in the order of time.
    pub fn note(&mut self, asked_ms: u32, answered_ms: u32) {
        match self.0.last_mut() {
            Some((at, asked)) if *at >= answered_ms => *asked = (*asked).max(asked_ms),
            _ => self.0.push((answered_ms, asked_ms)),
        }
    }

    /// The latest moment, at or after the first one, at which somebody asked who was refused by
    /// the second.
    pub fn within(&self, from_ms: i64, to_ms: i64) -> Option<i64> {
        let start = self.0.partition_point(|&(answered, _)| i64::from(answered) < from_ms);
        self.0[start..]
            .iter()
            .take_while(|&&(answered, _)| i64::from(answered) <= to_ms)
            .map(|&(_, asked)| i64::from(asked))
            .filter(|&asked| asked >= from_ms)
            .max()
    }
}

/// Plain counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests sent, repeats and bots included.
    pub requests: u64,
    /// Looks at the drop among them.
    pub looks: u64,
    /// Answers that came.
    pub answers: u64,
    /// Answers by refusal, in the order of [`Code::ALL`].
    pub refusals: [u64; Code::ALL.len()],
    /// Answers cut on purpose.
    pub cut: u64,
    /// Answers lost otherwise: broken connections, time limits.
    pub broken: u64,
    /// Answers that are none.
    pub nonsense: u64,
    /// Answers that contradict an earlier one.
    pub differing: u64,
    /// Fans of whom at least one claim was sent.
    pub fans_asked: u64,
    /// Holders told that the claim is paid.
    pub settled: u64,
    /// Holders told that the money came too late.
    pub refund_due: u64,
    /// Payments and returns refused.
    pub settle_refused: u64,
    /// Fans who have had no yes or no: at the end a broken promise.
    pub fans_unanswered: u64,
    /// The last fan's first yes or no, ms after the opening.
    pub last_first_answer_ms: Option<i64>,
    /// Fans told `busy`, `unsure` or the like who never got a yes or no for it.
    pub later_unanswered: u64,
    /// Fans whose lost answer was never repeated.
    pub lost_unanswered: u64,
    /// Fans refused for want of units who had not yet given up at the end.
    pub still_asking: u64,
}

impl Counts {
    /// Refusals of one code.
    pub fn refused(&self, code: Code) -> u64 {
        self.refusals[code as usize]
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The number of the first fan.
    pub first_fan: u64,
    /// Fans, without bots.
    pub fans: u32,
    /// Fans and bots; their numbers follow each other.
    pub heads: u32,
    /// Units each asked for.
    pub quantity: u16,
    /// When the crowd began, ms since 1970.
    pub began_ms: i64,
    /// When the drop opened, ms since 1970.
    pub opens_at_ms: i64,
    /// Every claim a fan was told of, in that order.
    pub told: Vec<Remembered>,
    /// Lost answers that were asked again and answered.
    pub lost: Vec<LostAsk>,
    /// By line.
    pub sold_out: Vec<SoldOutAnswers>,
    /// When the first fan was told that nothing is free, ms since the crowd's beginning.
    pub sold_out_seen_ms: Option<u32>,
    /// Counts.
    pub counts: Counts,
    /// Requests by the moment they were due.
    pub arrivals: Series,
    /// Answers by the moment they came.
    pub answers: Series,
    /// Claims by the moment they were told.
    pub claims: Series,
    /// From the moment a request was due to its answer, µs.
    pub waits: Histogram<u64>,
}

impl Memory {
    /// The empty memory of a crowd.
    pub fn new(plan: &super::CrowdPlan) -> Self {
        let waits = Histogram::new_with_bounds(1, 600_000_000, 3);
        Self {
            first_fan: plan.first_fan,
            fans: plan.fans,
            heads: plan.heads(),
            quantity: plan.quantity,
            began_ms: plan.opens_at_ms - plan.lead_ms,
            opens_at_ms: plan.opens_at_ms,
            told: Vec::new(),
            lost: Vec::new(),
            sold_out: vec![SoldOutAnswers::default(); plan.lines.len()],
            sold_out_seen_ms: None,
            counts: Counts::default(),
            arrivals: Series::default(),
            answers: Series::default(),
            claims: Series::default(),
            waits: waits.expect("the bounds are in order"),
        }
    }

    /// A latency percentile in ms.
    pub fn wait_ms(&self, percentile: f64) -> f64 {
        self.waits.value_at_percentile(percentile) as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_counts_only_if_it_was_asked_within() {
        let mut answers = SoldOutAnswers::default();
        for (asked, answered) in [(10, 20), (15, 20), (5, 30)] {
            answers.note(asked, answered);
        }
        assert_eq!([answers.within(15, 20), answers.within(5, 40)], [Some(15); 2]);
        assert_eq!([answers.within(16, 40), answers.within(0, 19)], [None; 2]);
    }
}
