//! The crowd: what fans, cashiers and hosts ask next. It remembers what it asked and heard, so
//! that it can repeat itself, pay, give back, and come too late.

use crate::hosts;
use crate::rng::Rng;
use fanfare_engine::{Claim, ClaimState, Command, Fan, Key, Line, Number, Quantity};

/// A request on its way to the server.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Which lane, from 0.
    pub(crate) lane: usize,
    pub(crate) command: Command,
}

/// What the crowd knows of a drop.
#[derive(Default)]
struct Memory {
    /// Claims heard of and thought held.
    held: Vec<Number>,
    /// Claims heard of, all.
    all: Vec<Claim>,
    /// What somebody already means to ask.
    meant: Vec<Command>,
    paid: Vec<Number>,
    /// Rights granted: who and for what.
    rights: Vec<(Fan, Line, Quantity)>,
    /// Claims asked for before.
    asked: Vec<Command>,
    lines: u16,
    limit: u64,
}

/// Everybody who asks.
pub(crate) struct Crowd {
    fans: u64,
    lanes: Vec<Memory>,
    /// How near the end the run is, in hundredths.
    pub(crate) progress: u32,
}

/// What hosts need to know to act.
pub(crate) struct Scene {
    pub(crate) now_ms: i64,
    pub(crate) lines: u16,
    pub(crate) progress: u32,
}

impl Crowd {
    pub(crate) fn new(fans: u64, terms: &[fanfare_engine::Terms]) -> Self {
        let memory = |terms: &fanfare_engine::Terms| Memory {
            lines: terms.lines.len() as u16,
            limit: u64::from(terms.limit.get()),
            ..Memory::default()
        };
        Self { fans, lanes: terms.iter().map(memory).collect(), progress: 0 }
    }

    /// What somebody asks next. `halted` tells that a lane's claims are stopped: hosts see it.
    pub(crate) fn next(&mut self, rng: &mut Rng, now_ms: i64, halted: &[bool]) -> Request {
        let lane = rng.index(self.lanes.len());
        if halted[lane] && rng.one_in(5) {
            return Request { lane, command: Command::Resume(hosts::act(rng)) };
        }
        let scene = Scene { now_ms, lines: self.lanes[lane].lines, progress: self.progress };
        let memory = &mut self.lanes[lane];
        if rng.one_in(2)
            && let Some(command) = memory.meant.pop()
        {
            return Request { lane, command };
        }
        let command = match rng.below(100) {
            0..8 => self.repeat(rng, lane),
            8..28 if !memory.held.is_empty() => Command::Settle { number: memory.next_paid(rng) },
            28..34 if !memory.held.is_empty() => {
                Command::Release { number: Memory::of(rng, &memory.held) }
            }
            34..40 if !memory.paid.is_empty() => {
                Command::Return { number: Memory::of(rng, &memory.paid) }
            }
            40..42 => Command::Settle { number: memory.any(rng) },
            42..44 if !memory.all.is_empty() => memory.late(rng),
            44..47 => self.grant(rng, lane, now_ms),
            47..52 => hosts::next(rng, &scene),
            _ => self.claim(rng, lane),
        };
        Request { lane, command }
    }

    fn claim(&mut self, rng: &mut Rng, at: usize) -> Command {
        let fan = Fan::new(rng.range(1, self.fans)).unwrap_or(hosts::HOST);
        let memory = &mut self.lanes[at];
        let (fan, line, quantity) = match memory.rights.len() {
            rights if rights > 0 && rng.one_in(6) => memory.rights.swap_remove(rng.index(rights)),
            _ => {
                let most = if rng.one_in(20) { 4 } else { memory.limit };
                let quantity = if rng.one_in(3) { rng.range(1, most) } else { 1 };
                (fan, memory.line(rng), Quantity::new(quantity as u16).unwrap_or(Quantity::MIN))
            }
        };
        let key = rng.one_in(2).then(|| Key::new(rng.next()));
        let command = Command::Claim { fan, line, quantity, key };
        memory.asked.push(command.clone());
        command
    }

    /// An earlier claim again: the same, or with the key of old and other fields, or without.
    fn repeat(&mut self, rng: &mut Rng, lane: usize) -> Command {
        let memory = &self.lanes[lane];
        if memory.asked.is_empty() {
            return self.claim(rng, lane);
        }
        // Half of the time one of the newest, which may still be under way.
        let count = memory.asked.len();
        let newest = if rng.one_in(2) { count.min(8) } else { count };
        let mut command = memory.asked[count - 1 - rng.index(newest)].clone();
        if let Command::Claim { line, quantity, key, .. } = &mut command {
            match rng.below(6) {
                0 => *line = Line((line.0 + 1) % memory.lines.max(1)),
                1 => *quantity = quantity.saturating_add(1),
                2 => *key = None,
                _ => {}
            }
        }
        command
    }

    fn grant(&mut self, rng: &mut Rng, at: usize, now_ms: i64) -> Command {
        let memory = &mut self.lanes[at];
        let fan = Fan::new(rng.range(1, self.fans)).unwrap_or(hosts::HOST);
        let many = if rng.one_in(10) { 60_000 } else { rng.range(1, memory.limit) };
        let quantity = Quantity::new(many as u16).unwrap_or(Quantity::MIN);
        let line = memory.line(rng);
        memory.rights.push((fan, line, quantity));
        let until_s = (now_ms / 1_000) as u32 + rng.range(0, 400) as u32;
        Command::Grant { fan, line, quantity, until_s }
    }

    /// A fan heard of a claim.
    pub(crate) fn heard(&mut self, lane: usize, claim: &Claim, fresh: bool) {
        let memory = &mut self.lanes[lane];
        match claim.state {
            ClaimState::Held if fresh => {
                memory.held.push(claim.number);
                memory.all.push(*claim);
            }
            ClaimState::Settled if fresh => memory.paid.push(claim.number),
            _ => {}
        }
    }

    /// A line was added.
    pub(crate) fn lines(&mut self, lane: usize, lines: usize) {
        self.lanes[lane].lines = lines as u16;
    }
}

impl Memory {
    /// A line, seldom one that is not there.
    fn line(&self, rng: &mut Rng) -> Line {
        Line(if rng.one_in(60) { 99 } else { rng.below(self.lines.into()) as u16 })
    }

    fn of(rng: &mut Rng, numbers: &[Number]) -> Number {
        if numbers.is_empty() || rng.one_in(40) {
            return Number::new(rng.range(1, 3_000) as u32).unwrap_or(Number::MIN);
        }
        numbers[rng.index(numbers.len())]
    }

    fn any(&self, rng: &mut Rng) -> Number {
        let numbers: &[Claim] = &self.all;
        if numbers.is_empty() {
            return Self::of(rng, &[]);
        }
        numbers[rng.index(numbers.len())].number
    }

    /// A fan who took too long claims the same anew, and then pays for the old claim after all.
    fn late(&mut self, rng: &mut Rng) -> Command {
        let claim = self.all[rng.index(self.all.len())];
        self.meant.push(Command::Settle { number: claim.number });
        let (fan, line, quantity) = (claim.fan, claim.line, claim.quantity);
        Command::Claim { fan, line, quantity, key: Some(Key::new(rng.next())) }
    }

    /// Usually one of the newest held, which is then thought paid.
    fn next_paid(&mut self, rng: &mut Rng) -> Number {
        if self.held.is_empty() {
            return self.any(rng);
        }
        let newest = self.held.len().min(40);
        self.held.swap_remove(self.held.len() - 1 - rng.index(newest))
    }
}
