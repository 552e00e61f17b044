//! Who asks which node; what a node answers from memory; and what fans hear, held against the
//! history.

use super::events::{Event, What};
use super::links::Answered;
use super::process::Role;
use super::{Fleet, Met};
use crate::audit::{Breach, Check, Known, ReadOut, caught};
use crate::control::Control;
use crate::crowd::Request;
use fanfare_engine::{Answer, Claim, Command, Facts, Fan, Refusal, Seen};
use fanfare_lane::{Face, Reply, screen};

/// How often somebody asks again after `busy`, `unsure` or nothing.
const TRIES_MAX: u32 = 6;

/// What somebody wants.
#[derive(Clone)]
pub(super) enum Wants {
    Command(Command),
    /// The stock and the fan's own claims.
    Reading(Fan),
}

/// A request on its way, and what came of it.
pub(super) struct Ask {
    pub(super) lane: usize,
    wants: Wants,
    /// The newest row anybody had been told of when it arrived.
    since: Option<u32>,
    /// At which process it waits for an answer.
    pub(super) at: Option<usize>,
    /// Since when it is there, by that process's clock.
    pub(super) here_ms: i64,
    /// The lanes' tickets it became.
    pub(super) tickets: Vec<(usize, u32)>,
    pub(super) heard: bool,
    /// Whether `unsure` was heard.
    unsure: bool,
    /// The same request, asked before.
    pub(super) before: Option<u32>,
    tries: u32,
    /// Refused, as of this row: what was asked before may stand no later.
    pub(super) refused_at: Option<u32>,
}

/// A claim at the gate, between face and holders.
pub(super) struct AtGate {
    face: Face,
}

impl Ask {
    pub(super) fn command(&self) -> Option<Command> {
        match &self.wants {
            Wants::Command(command) => Some(command.clone()),
            Wants::Reading(_) => None,
        }
    }

    /// Whether it was heard `unsure` about.
    pub(super) fn was_unsure(&self) -> bool {
        self.unsure
    }
}

impl Fleet {
    /// Somebody asks, or reads.
    pub(super) fn crowd_asks(&mut self) {
        let gap_ms = self.rng.range(1, self.plan.every_ms * 2) as i64;
        if self.now_ms < self.plan.lasts_ms {
            self.after(gap_ms, Event::Crowd);
        }
        self.crowd.progress = (self.now_ms * 100 / self.plan.lasts_ms) as u32;
        let halted = |h: &crate::audit::History| h.halted();
        let halted: Vec<bool> = self.history.iter().map(halted).collect();
        let now_ms = super::wall_ms(self.now_ms);
        let Request { lane, command } = self.crowd.next(&mut self.rng, now_ms, &halted);
        let wants = match command {
            Command::Claim { fan, .. } if self.rng.one_in(6) => Wants::Reading(fan),
            command => Wants::Command(command),
        };
        self.new_ask(lane, wants, None, 0);
    }

    pub(super) fn new_ask(&mut self, lane: usize, wants: Wants, before: Option<u32>, tries: u32) {
        let ask = self.asks.len() as u32;
        self.asks.push(Ask {
            lane,
            wants,
            since: None,
            at: None,
            here_ms: 0,
            tickets: Vec::new(),
            heard: false,
            unsure: false,
            before,
            tries,
            refused_at: None,
        });
        self.report.asked += 1;
        let alive: Vec<usize> =
            self.nodes.iter().flatten().copied().filter(|pid| self.procs[*pid].alive).collect();
        if alive.is_empty() {
            self.unheard(ask);
            return;
        }
        let pid = alive[self.rng.index(alive.len())];
        self.soon(pid, 3, What::Ask { ask });
        self.asks[ask as usize].at = Some(pid);
    }

    /// A request reaches a process, which may be paused.
    pub(super) fn arrives(&mut self, ask: u32) {
        let told = self.history[self.asks[ask as usize].lane].told;
        self.asks[ask as usize].since.get_or_insert(told);
    }

    /// Nobody answers it.
    pub(super) fn unheard(&mut self, ask: u32) {
        let asked = &mut self.asks[ask as usize];
        if !core::mem::replace(&mut asked.heard, true) {
            asked.at = None;
            let ms = self.rng.range(20, 900) as i64;
            self.after(ms, Event::Again(ask));
        }
    }

    /// The same once more, at any node.
    pub(super) fn ask_again(&mut self, ask: u32) {
        let asked = &self.asks[ask as usize];
        let (lane, wants, tries) = (asked.lane, asked.wants.clone(), asked.tries + 1);
        if tries <= TRIES_MAX || asked.unsure {
            self.new_ask(lane, wants, Some(ask), tries);
        }
    }

    /// A process takes a request up.
    pub(super) fn asked(&mut self, pid: usize, ask: u32) -> Check {
        let (command, before) = (self.asks[ask as usize].command(), self.asks[ask as usize].before);
        self.tell(|| format!("ask {ask} at process {pid}, before {before:?}: {command:?}"));
        self.asks[ask as usize].here_ms = self.procs[pid].mono(self.now_ms);
        self.asked_again(pid, ask)
    }

    /// Answers from memory if that may be done, else passes it on.
    pub(super) fn asked_again(&mut self, pid: usize, ask: u32) -> Check {
        let asked = &self.asks[ask as usize];
        let (lane, wants) = (asked.lane, asked.wants.clone());
        match wants {
            Wants::Reading(fan) if self.may_answer(pid, lane) => self.read(pid, lane, (ask, fan)),
            Wants::Command(Command::Claim { .. }) if self.may_answer(pid, lane) => {
                let face = match &self.procs[pid].lanes[lane] {
                    Role::Own(own) => own.face.clone(),
                    Role::Follow(follow) => follow.face.clone(),
                    Role::Open(_) | Role::Shut(_) => None,
                };
                let Some(face) = face else { return self.route(pid, ask) };
                let gate = Box::new(AtGate { face });
                if self.rng.one_in(6) {
                    self.soon(pid, 3, What::Holders { ask, gate });
                    return Ok(());
                }
                self.gate_holders(pid, ask, &gate)
            }
            _ => self.route(pid, ask),
        }
    }

    /// Whether this process may answer from memory now. Asked after the request has come and
    /// before the state is read.
    fn may_answer(&self, pid: usize, lane: usize) -> bool {
        let proc = &self.procs[pid];
        let now_ms = proc.mono(self.now_ms);
        match &proc.lanes[lane] {
            Role::Own(own) => {
                let tenure = proc.tenure(self.plan.db_of[lane]);
                let proven = tenure.good(now_ms) || self.off(Control::StaleLease);
                // Durable is not yet published, and the gate goes by what is.
                let doubt = own.machine.in_doubt().is_some() || own.newest.0 < own.doubted;
                let doubt = doubt && !self.off(Control::DoubtKept);
                own.face.is_some() && proven && !doubt
            }
            Role::Follow(follow) => {
                let mut word = follow.word;
                if self.off(Control::UnsettledTold) {
                    word.settled(follow.replay.seq());
                }
                follow.face.is_some() && word.good(now_ms)
            }
            Role::Open(_) | Role::Shut(_) => false,
        }
    }

    /// What this process has published of a lane.
    pub(super) fn seen(&self, pid: usize, lane: usize) -> Option<Seen<'_>> {
        match &self.procs[pid].lanes[lane] {
            Role::Own(own) if own.face.is_some() => Some(own.served.seen()),
            Role::Follow(follow) => follow.served.as_ref().map(|served| served.seen()),
            _ => None,
        }
    }

    fn newest(&self, pid: usize, lane: usize) -> u32 {
        match &self.procs[pid].lanes[lane] {
            Role::Own(own) => own.newest.0,
            Role::Follow(follow) => follow.replay.seq(),
            Role::Open(_) | Role::Shut(_) => 0,
        }
    }

    /// The gate asks for holders, after it has seen the face.
    pub(super) fn gate_holders(&mut self, pid: usize, ask: u32, gate: &AtGate) -> Check {
        let asked = &self.asks[ask as usize];
        let lane = asked.lane;
        let Some(command) = asked.command() else { return Ok(()) };
        let Command::Claim { fan, line, quantity, .. } = command else { return Ok(()) };
        let clock_ms = self.procs[pid].clock(self.now_ms).now_ms;
        let follows = matches!(self.procs[pid].lanes[lane], Role::Follow(_));
        // The lane may have been given up since the face was seen.
        let newer = self.newest(pid, lane) >= gate.face.seq;
        let Some(seen) = self.seen(pid, lane).filter(|_| newer) else {
            return self.route(pid, ask);
        };
        let known = |fan| seen.has(fan) || seen.rights().iter().any(|(_, r)| r.fan == fan);
        if let Some(refusal) = screen(&gate.face, fan, line, quantity, clock_ms, known) {
            let own = self.procs[pid].own(lane).is_some();
            self.met(if own { Met::OwnerRefused } else { Met::FollowerRefused });
            return self.hears_gate(pid, ask, refusal, clock_ms);
        }
        let again = follows && self.may_answer(pid, lane);
        let mut facts = Facts::new();
        let repeat = self.seen(pid, lane).filter(|_| again).and_then(|seen| {
            match seen.decide(&command, &mut facts) {
                Ok(Answer::Already(number)) => seen.claim(number),
                _ => None,
            }
        });
        match repeat {
            Some(claim) => {
                self.met(Met::FollowerRepeated);
                self.hears_repeat(ask, &claim)
            }
            None => self.route(pid, ask),
        }
    }

    fn read(&mut self, pid: usize, lane: usize, (ask, fan): (u32, Fan)) -> Check {
        let Some(seen) = self.seen(pid, lane) else { return self.route(pid, ask) };
        let free = seen.ledger().lines().iter().map(|line| line.free).collect();
        let own = seen.claims_of(fan).map(|claim| (claim.number.get(), Known::from(&claim)));
        let read = ReadOut { free, own: own.collect() };
        self.met(Met::Read);
        if !self.heard(ask) {
            return Ok(());
        }
        let since = self.since(ask);
        self.history[lane].heard_reading(since, fan, &read).map(|_| ())
    }

    fn since(&self, ask: u32) -> u32 {
        self.asks[ask as usize].since.unwrap_or(0)
    }

    /// An answer is heard, unless it is lost on the way or nobody waits any more.
    fn heard(&mut self, ask: u32) -> bool {
        if self.asks[ask as usize].heard {
            return false;
        }
        if self.rng.one_in(25) {
            self.met(Met::LostAnswer);
            self.unheard(ask);
            return false;
        }
        let asked = &mut self.asks[ask as usize];
        (asked.heard, asked.at) = (true, None);
        true
    }

    fn hears_gate(&mut self, pid: usize, ask: u32, refusal: Refusal, clock_ms: i64) -> Check {
        if !self.heard(ask) {
            return Ok(());
        }
        let asked = &self.asks[ask as usize];
        let (lane, since) = (asked.lane, self.since(ask));
        let Some(command) = asked.command() else { return Ok(()) };
        self.tell(|| format!("ask {ask} is refused by process {pid}: {refusal:?}"));
        let found = self.history[lane].heard_gate(since, &command, &refusal, clock_ms);
        let at = found.inspect_err(|wrong| {
            let row = self.newest(pid, lane);
            self.tell(|| format!("process {pid}, row {row}: {wrong}"));
        })?;
        self.asks[ask as usize].refused_at = Some(at);
        Ok(())
    }

    fn hears_repeat(&mut self, ask: u32, claim: &Claim) -> Check {
        if !self.heard(ask) {
            return Ok(());
        }
        let (lane, since) = (self.asks[ask as usize].lane, self.since(ask));
        let known = Known::from(claim);
        self.history[lane].heard_repeat(since, claim.number.get(), known).map(|_| ())
    }

    /// What came of a command.
    pub(super) fn hears_lane(&mut self, pid: usize, ask: u32, answered: Answered) -> Check {
        let (lane, since) = (self.asks[ask as usize].lane, self.since(ask));
        self.tell(|| format!("ask {ask} at process {pid} hears {answered:?}"));
        let (reply, rests) = match answered {
            Answered::NotMine => {
                let since_ms = self.asks[ask as usize].here_ms;
                self.procs[pid].waiting.push((ask, since_ms));
                return Ok(());
            }
            Answered::Lane(reply, rests) => (reply, rests),
        };
        if !self.heard(ask) {
            return Ok(());
        }
        match &reply {
            Reply::Busy | Reply::Unsure => {
                let unsure = reply == Reply::Unsure;
                self.report.put_off[usize::from(unsure)] += 1;
                self.asks[ask as usize].unsure = unsure;
                let ms = self.rng.range(5, 1_500) as i64;
                self.after(ms, Event::Again(ask));
                return Ok(());
            }
            Reply::Claim { claim, fresh } => self.crowd.heard(lane, claim, *fresh),
            Reply::Refused(_) => self.asks[ask as usize].refused_at = Some(rests.0),
            Reply::Acted => {}
        }
        self.history[lane].heard(since, rests, &reply).map_err(|mut wrong| {
            wrong.what = format!("process {pid}, lane {}: {}", super::id(lane), wrong.what);
            wrong
        })
    }

    /// What was told of requests that came more than once: each was done once at most, and who
    /// heard `unsure` and asked again heard the truth.
    pub(super) fn retold(&self) -> Check {
        for (at, asked) in self.asks.iter().enumerate() {
            let history = &self.history[asked.lane];
            let made: Vec<u32> = asked
                .tickets
                .iter()
                .filter_map(|(pid, ticket)| self.procs[*pid].audit.made(*ticket))
                .filter_map(|hash| history.place_of(hash))
                .collect();
            if made.len() > 1 {
                let what = format!("ask {at}: rows {made:?}, {:?}", asked.command());
                return caught(Breach::DoneTwice, what);
            }
            let Some(row) = made.first().filter(|_| asked.was_unsure()) else { continue };
            self.never_refused(at as u32, *row)?;
        }
        Ok(())
    }

    /// Nobody who asked this again was refused as of a row before the one in which it was done.
    fn never_refused(&self, ask: u32, row: u32) -> Check {
        let mut same = vec![ask];
        for (at, later) in self.asks.iter().enumerate().skip(ask as usize + 1) {
            if !later.before.is_some_and(|before| same.contains(&before)) {
                continue;
            }
            same.push(at as u32);
            let claims = matches!(later.wants, Wants::Command(Command::Claim { .. }));
            if later.refused_at.is_some_and(|refused| refused < row) && claims {
                let what = format!("ask {ask} stands in row {row}, ask {at} was refused before");
                return caught(Breach::UnsureThenRefused, what);
            }
        }
        Ok(())
    }
}
