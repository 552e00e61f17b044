//! The crowd as a machine without IO. It says when somebody acts next and what they ask; told
//! the answers, it decides what follows. It shares no code with the engine: what a fan may
//! believe is written down here a second time, from the contract.
//!
//! Arrivals do not wait for answers. A fan takes sixteen bytes: twelve of state and the place in
//! the order of arrival.

mod answers;
mod coming;

use super::asks::{Ask, ClaimPlace, Kind};
use super::chance::{Chance, Question};
use super::in_flight::InFlight;
use super::memory::Memory;
use super::plan::CrowdPlan;
use super::wheel::{Timer, Wheel};
use coming::Coming;

/// No time, no claim.
const NONE: u32 = u32::MAX;

/// What somebody does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Look,
    First,
    Tap,
    Again,
    Repeat,
    Settle,
    Release,
    SettleRepeat,
    ReleaseRepeat,
    Bot,
}

impl What {
    /// The flag that says that this will be asked again.
    fn repeating(self) -> u16 {
        if matches!(self, Self::SettleRepeat | Self::ReleaseRepeat) { REPAYING } else { REPEATING }
    }
}

/// One fan. `claim` is the place of the newest claim in the memory.
#[derive(Clone, Copy, Debug)]
struct Fan {
    first_ms: u32,
    claim: u32,
    flags: u16,
    tries: u8,
    again: u8,
}

/// A claim's answer was lost and has not been repeated yet.
const LOST: u16 = 1;
/// A payment's or return's answer was.
const PAY_LOST: u16 = 1 << 1;
/// The fan was told to come later and has had no yes or no since.
const LATER: u16 = 1 << 2;
/// The same claim will be asked again.
const REPEATING: u16 = 1 << 3;
/// A refused fan will try again.
const PATIENT: u16 = 1 << 4;
/// The fan has sent a payment or a return: a claim without a key is no longer surely held.
const PAYING: u16 = 1 << 5;
/// The same payment or return will be sent again.
const REPAYING: u16 = 1 << 6;
/// The fan was told to come later with a payment or a return.
const PAY_LATER: u16 = 1 << 7;

impl Fan {
    const NEW: Self = Self { first_ms: NONE, claim: NONE, flags: 0, tries: 0, again: 0 };

    fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    fn set(&mut self, flag: u16, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }
}

/// A drop's crowd.
#[derive(Debug)]
pub struct Crowd {
    plan: CrowdPlan,
    chance: Chance,
    fans: Vec<Fan>,
    coming: Coming,
    wheel: Wheel<What>,
    in_flight: InFlight<What>,
    memory: Memory,
    weight: u32,
    due: Vec<Timer<What>>,
}

impl Crowd {
    /// The crowd of a plan.
    pub fn new(plan: CrowdPlan) -> Self {
        let chance = Chance::new(plan.seed);
        let lead_ms = plan.lead_ms.max(0) as u32;
        let mut wheel = Wheel::new();
        for bot in plan.fans..plan.heads() {
            let after = chance.below(bot, Question::Bot, 0, plan.bot_every_ms());
            if i64::from(after) < plan.arrive_within_ms {
                wheel.set(lead_ms + after, bot, What::Bot);
            }
        }
        Self {
            chance,
            fans: vec![Fan::NEW; plan.heads() as usize],
            coming: Coming::new(&plan, chance),
            wheel,
            in_flight: InFlight::new(),
            memory: Memory::new(&plan),
            weight: plan.lines.iter().copied().fold(0, u32::saturating_add),
            due: Vec::new(),
            plan,
        }
    }

    /// What the crowd is made of.
    pub fn plan(&self) -> &CrowdPlan {
        &self.plan
    }

    /// What it remembers so far.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// When somebody acts next, ms since 1970; none if everybody waits for an answer or is done.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.next_due().map(|at| self.memory.began_ms + i64::from(at))
    }

    fn next_due(&self) -> Option<u32> {
        match (self.coming.next_due(), self.wheel.next_due()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether everybody has gone home.
    pub fn is_done(&self) -> bool {
        self.in_flight.is_empty() && self.next_due().is_none()
    }

    /// How many asks wait for an answer.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The id below which every ask has been answered.
    pub fn oldest_id(&self) -> u64 {
        self.in_flight.oldest_id()
    }

    /// The id the next ask will have.
    pub fn next_id(&self) -> u64 {
        self.in_flight.next_id()
    }

    /// Adds what is due by now to `out`, in the order of time; stops after the millisecond in
    /// which `out` reaches `enough`.
    pub fn take_due(&mut self, now_ms: i64, enough: usize, out: &mut Vec<Ask>) {
        let now = self.since(now_ms);
        while out.len() < enough
            && let Some(at) = self.next_due().filter(|&at| at <= now)
        {
            while let Some((fan, what)) = self.coming.take(at) {
                self.act(at, fan, what, out);
            }
            let mut due = std::mem::take(&mut self.due);
            self.wheel.take(at, &mut due);
            for timer in due.drain(..) {
                self.act(at, timer.fan, timer.what, out);
            }
            self.due = due;
        }
    }

    fn since(&self, now_ms: i64) -> u32 {
        (now_ms - self.memory.began_ms).clamp(0, i64::from(NONE - 1)) as u32
    }

    fn is_bot(&self, fan: u32) -> bool {
        fan >= self.plan.fans
    }

    fn key(&self, fan: u32) -> Option<u64> {
        let keyed =
            !self.is_bot(fan) && self.chance.share(fan, Question::Keyed, 0, self.plan.keyed_share);
        keyed.then(|| self.chance.bits(fan, Question::Key, 0))
    }

    fn line(&self, fan: u32) -> u16 {
        let mut ticket = self.chance.below(fan, Question::Line, 0, self.weight);
        for (line, &weight) in self.plan.lines.iter().enumerate() {
            if ticket < weight {
                return line as u16;
            }
            ticket -= weight;
        }
        0
    }

    /// Somebody acts: an ask goes out, and perhaps the next act is set.
    fn act(&mut self, at: u32, fan: u32, what: What, out: &mut Vec<Ask>) {
        let mut cut = false;
        match what {
            What::First => {
                self.memory.counts.fans_asked += 1;
                cut = self.cuts(fan, 0);
                if self.chance.share(fan, Question::DoubleTap, 0, self.plan.double_tap_share) {
                    let after = 80 + self.chance.below(fan, Question::DoubleTap, 1, 220);
                    self.wheel.set(at + after, fan, What::Tap);
                }
            }
            What::Again => {
                let state = &mut self.fans[fan as usize];
                state.set(PATIENT, false);
                if state.claim != NONE {
                    return;
                }
                let round = u32::from(state.again);
                cut = self.cuts(fan, round);
            }
            What::Bot => {
                let next = at + self.plan.bot_every_ms();
                if i64::from(next) < self.plan.lead_ms + self.plan.arrive_within_ms {
                    self.wheel.set(next, fan, What::Bot);
                }
            }
            What::Settle | What::Release => {
                self.fans[fan as usize].set(PAYING, true);
                cut = self.cuts(fan, 100);
            }
            What::Repeat | What::SettleRepeat | What::ReleaseRepeat => {
                self.fans[fan as usize].set(what.repeating(), false);
            }
            What::Look => self.memory.counts.looks += 1,
            What::Tap => {}
        }
        let kind = self.kind(fan, what);
        let id = self.in_flight.push(fan, at, what, cut);
        self.memory.counts.requests += 1;
        self.memory.arrivals.count(at);
        out.push(Ask { id, fan: self.plan.first_fan + u64::from(fan), kind, cut });
    }

    fn cuts(&self, fan: u32, round: u32) -> bool {
        !self.is_bot(fan)
            && self.chance.share(fan, Question::Cut, round, self.plan.lost_answer_share)
    }

    fn kind(&self, fan: u32, what: What) -> Kind {
        let (claim, number) = self.claim_of(fan).unwrap_or_default();
        match what {
            What::Look => Kind::Look,
            What::Settle | What::SettleRepeat => Kind::Settle { claim, number },
            What::Release | What::ReleaseRepeat => Kind::Release { claim, number },
            _ => Kind::Claim {
                line: self.line(fan),
                quantity: self.plan.quantity,
                key: self.key(fan),
            },
        }
    }

    fn claim_of(&self, fan: u32) -> Option<(ClaimPlace, u32)> {
        let told = self.memory.told.get(self.fans[fan as usize].claim as usize)?;
        Some((told.place, told.number))
    }

    /// Ends the crowd and gives what it remembers. Who still waited is counted as unanswered.
    pub fn finish(mut self) -> Memory {
        let lead_ms = self.plan.lead_ms;
        let counts = &mut self.memory.counts;
        for (at, fan) in self.fans.iter().enumerate() {
            let person = at < self.plan.fans as usize;
            if person && fan.first_ms == NONE {
                counts.fans_unanswered += 1;
            } else if person {
                let first_ms = i64::from(fan.first_ms) - lead_ms;
                counts.last_first_answer_ms = counts.last_first_answer_ms.max(Some(first_ms));
            }
            counts.later_unanswered += u64::from(person && fan.is(LATER | PAY_LATER));
            counts.lost_unanswered += u64::from(fan.is(LOST | PAY_LOST));
            let waits = fan.is(PATIENT) || (person && fan.first_ms == NONE);
            counts.still_asking += u64::from(waits && fan.claim == NONE);
        }
        self.memory
    }
}
