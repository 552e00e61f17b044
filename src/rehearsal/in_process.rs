//! The driver without HTTP: crowds against whatever answers them directly, on a virtual clock.
//!
//! Time goes on in steps. All asks of a step are given at once, and the answers of a step are
//! told to the crowds when the next one has been asked: so the journal is written while the
//! crowds think, and the same seed gives the same run however fast the machine is.

use super::asks::{Answer, Ask};
use super::crowd::Crowd;
use super::over_http::DropRun;
use super::progress::Progress;

/// Steps grow and shrink so that about this many asks fall into one.
const ASKS_A_STEP: usize = 4_096;

/// Longest step with asks in it, and the longest leap over quiet time.
const STEP_MS_MAX: i64 = 50;
const LEAP_MS_MAX: i64 = 1_000;

/// What answers the crowds.
pub trait Served {
    /// Turns the clock to this moment, ms since 1970, never back. Holds that ran out by then
    /// are over for all asks that follow.
    fn turn(&mut self, now_ms: i64);

    /// Takes asks of a drop, counted as the crowds are. Each gets exactly one answer.
    fn ask(&mut self, drop: usize, asks: &[Ask]);

    /// Adds answers as (drop, ask, answer), waiting for at least one. False if none will come
    /// any more; whoever still waits then has lost the answer.
    fn answers(&mut self, out: &mut Vec<(usize, u64, Answer)>) -> bool;
}

/// The asks of a moment that are under way.
struct Step {
    asked_us: i64,
    left: usize,
    /// By crowd: the first id that is not of this step or one before.
    ends: Vec<u64>,
}

/// Rehearses the crowds' drops together. `clock_us` is the real clock, for waits and progress.
pub fn run_served(
    served: &mut impl Served,
    crowds: Vec<(String, Crowd)>,
    clock_us: &dyn Fn() -> i64,
    progress: &mut Progress,
) -> Vec<DropRun> {
    let began_us = clock_us();
    let names: Vec<&str> = crowds.iter().map(|(name, _)| name.as_str()).collect();
    progress.start(&names);
    let mut run = Run {
        now_ms: i64::MIN,
        step_ms: 1,
        pending: Vec::with_capacity(2),
        early: Vec::new(),
        crowds,
        asks: Vec::new(),
    };
    while run.go_on(served, clock_us) {
        let now_us = clock_us();
        if progress.is_due(now_us) {
            for (at, (_, crowd)) in run.crowds.iter().enumerate() {
                progress.show(at, run.now_ms, crowd.memory());
            }
        }
    }
    let took_ms = (clock_us() - began_us) / 1_000;
    let runs = run.crowds.into_iter().enumerate().map(|(at, (drop, crowd))| {
        progress.done(at, crowd.memory());
        let seed = crowd.plan().seed;
        DropRun { drop, memory: crowd.finish(), seed, took_ms, virtual_time: true }
    });
    runs.collect()
}

struct Run {
    now_ms: i64,
    step_ms: i64,
    pending: Vec<Step>,
    /// Answers of the newest step that came before all of the older one's: with their waits.
    early: Vec<(usize, u64, Answer, u64)>,
    crowds: Vec<(String, Crowd)>,
    asks: Vec<Ask>,
}

impl Run {
    /// One step; false when everybody has gone home.
    fn go_on(&mut self, served: &mut impl Served, clock_us: &dyn Fn() -> i64) -> bool {
        let due = self.crowds.iter().filter_map(|(_, crowd)| crowd.next_due_ms()).min();
        let Some(due_ms) = due else {
            return self.hear(served, clock_us);
        };
        if due_ms > self.now_ms.saturating_add(STEP_MS_MAX) && self.hear(served, clock_us) {
            // What was heard may bring something sooner.
            return true;
        }
        if self.now_ms != i64::MIN && due_ms > self.now_ms + LEAP_MS_MAX {
            self.now_ms += LEAP_MS_MAX;
            served.turn(self.now_ms);
            return true;
        }
        self.now_ms = due_ms.max(self.now_ms).saturating_add(self.step_ms - 1);
        served.turn(self.now_ms);
        self.ask(served, clock_us());
        if self.pending.len() > 1 {
            self.hear(served, clock_us);
        }
        true
    }

    fn ask(&mut self, served: &mut impl Served, asked_us: i64) {
        let mut left = 0;
        for (at, (_, crowd)) in self.crowds.iter_mut().enumerate() {
            self.asks.clear();
            crowd.take_due(self.now_ms, usize::MAX, &mut self.asks);
            left += self.asks.len();
            if !self.asks.is_empty() {
                served.ask(at, &self.asks);
            }
        }
        let ends = self.crowds.iter().map(|(_, crowd)| crowd.next_id()).collect();
        self.pending.push(Step { asked_us, left, ends });
        if left > ASKS_A_STEP {
            self.step_ms = (self.step_ms / 2).max(1);
        } else if left < ASKS_A_STEP / 2 {
            self.step_ms = (self.step_ms * 2).min(STEP_MS_MAX);
        }
    }

    /// Waits for all answers of the oldest step and tells them, in the order of the asks. False
    /// if nothing is under way.
    fn hear(&mut self, served: &mut impl Served, clock_us: &dyn Fn() -> i64) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        let step = self.pending.remove(0);
        let mut heard = std::mem::take(&mut self.early);
        let mut came = Vec::new();
        let mut goes_on = true;
        while heard.len() < step.left && goes_on {
            goes_on = served.answers(&mut came);
            let now_us = clock_us();
            for (drop, id, answer) in came.drain(..) {
                let ours = step.ends.get(drop).is_some_and(|&end| id < end);
                let since_us = if ours { step.asked_us } else { self.newest_asked_us(now_us) };
                let waited_us = (now_us - since_us).max(0) as u64;
                let pile = if ours { &mut heard } else { &mut self.early };
                pile.push((drop, id, answer, waited_us));
            }
        }
        heard.sort_unstable_by_key(|&(drop, id, ..)| (drop, id));
        for (drop, id, answer, waited_us) in heard {
            if let Some((_, crowd)) = self.crowds.get_mut(drop) {
                crowd.answered(id, answer, self.now_ms * 1_000, Some(waited_us));
            }
        }
        if !goes_on {
            self.lose_all(&step);
        }
        true
    }

    fn newest_asked_us(&self, now_us: i64) -> i64 {
        self.pending.last().map_or(now_us, |step| step.asked_us)
    }

    /// No answer will come to what is left of a step.
    fn lose_all(&mut self, step: &Step) {
        for ((_, crowd), &end) in self.crowds.iter_mut().zip(&step.ends) {
            for id in crowd.oldest_id()..end {
                crowd.answered(id, Answer::Lost, self.now_ms * 1_000, None);
            }
        }
    }
}
