//! Predicts what a lane decides: its opening, and each batch.

use super::lane::{LaneAudit, Log, code, short};
use super::model::{End, Life, Model};
use super::rules::{Expect, Outcome};
use super::{Auditor, Breach, Check, Decided, caught};
use fanfare_engine::{Command, Fact, Place, RightId, Terms, Totals};
use fanfare_lane::{Reading, Sealed};

/// A batch not durable for so long is a time without service.
const STALL_MS: i64 = 2_000;

/// Nobody waits longer for an answer.
const PATIENCE_MS: i64 = 5_000;

const DAY_MS: i64 = 86_400_000;

/// Who served a lane before it is opened.
#[derive(Clone, Copy)]
pub(crate) enum Before {
    /// Nobody, for as long as the clock says.
    Nobody,
    /// Another node, whose clock would show this now, if that is known.
    Other(Option<i64>),
}

impl Auditor {
    /// A lane was created or replayed from these rows, and opened; where another node had it,
    /// with what that one's clock shows, if that is known.
    pub(crate) fn opened(
        &mut self,
        lane: usize,
        owner: u64,
        (clock, theirs): (&Reading, Before),
        read: &[Sealed],
    ) -> Check {
        Self::sound(read)?;
        let audit = &mut self.lanes[lane];
        audit.forget();
        (audit.owner, audit.unopened) = (owner, true);
        let hashes: Vec<u64> = read.iter().map(|sealed| short(&sealed.row.hash)).collect();
        audit.model = audit.rebuild(&hashes)?;
        audit.base = Some((audit.model.clone(), hashes));
        let facts = audit.opening(owner, clock, theirs);
        for (index, fact) in facts.iter().enumerate() {
            let place = Place { seq: audit.model.seq + 1, index: index as u16 };
            if let Err(wrong) = audit.model.take(place, fact) {
                return caught(Breach::OtherFacts, format!("opening: {wrong}"));
            }
        }
        audit.push(facts, Vec::new(), clock.mono_ms);
        Ok(())
    }

    /// Another owner opened the lane from these rows: its row is learnt, as predicted.
    pub(crate) fn foreign(
        &mut self,
        lane: usize,
        owner: u64,
        clock: &Reading,
        read: &[Sealed],
        row: &fanfare_lane::Row,
    ) -> Check {
        let audit = &mut self.lanes[lane];
        let hashes: Vec<u64> = read.iter().map(|sealed| short(&sealed.row.hash)).collect();
        let model = audit.rebuild(&hashes)?;
        let own = core::mem::replace(&mut audit.model, model);
        let facts = audit.opening(owner, clock, Before::Nobody);
        let time_ms = audit.model.now_ms;
        audit.model = own;
        let row_is = row.read_facts().is_ok_and(|said| said == facts);
        if !row_is || row.header.time_ms != time_ms {
            return caught(Breach::OtherFacts, format!("another owner's opening: {facts:?}"));
        }
        let row_log = super::lane::Row { time_ms, facts }.into();
        audit.log.borrow_mut().insert(short(&row.hash), row_log);
        Ok(())
    }

    /// A quiet lane says when it wants to be woken.
    pub(crate) fn sleeps_until(&self, lane: usize, said_ms: Option<i64>) -> Check {
        let own_ms = self.lanes[lane].model.next_due_ms();
        if own_ms == said_ms {
            return Ok(());
        }
        caught(Breach::OtherFacts, format!("wakes at {said_ms:?}, not {own_ms:?}"))
    }

    /// A lane took its turn; `decided` is what it said.
    pub(crate) fn turned(
        &mut self,
        lane: usize,
        clock: &Reading,
        decided: bool,
        batch_max: usize,
    ) -> Check {
        let audit = &mut self.lanes[lane];
        audit.wait(clock.mono_ms);
        while audit.queue.front().is_some_and(|(_, at)| clock.mono_ms - at >= PATIENCE_MS) {
            audit.queue.pop_front();
        }
        if !decided {
            return Ok(());
        }
        if audit.unopened {
            return caught(Breach::OtherFacts, "decided before its opening was durable");
        }
        if audit.stalling {
            return caught(Breach::OtherFacts, "decided more while a batch did not get through");
        }
        let model = &mut audit.model;
        if !model.doubtful {
            // A clock that was ahead of the last owner's is caught up with, a second a minute.
            let (lead_ms, since_ms) = audit.lead;
            let lead_ms = (lead_ms - (clock.mono_ms - since_ms) / 60).max(0);
            model.now_ms = model.now_ms.max(clock.now_ms - lead_ms);
        }
        let mut facts = Vec::new();
        audit.due(!clock.stepped, &mut facts)?;
        let mut tickets = Vec::new();
        while tickets.len() < batch_max
            && let Some((ticket, at)) = audit.queue.pop_front()
        {
            if clock.mono_ms - at >= PATIENCE_MS {
                continue;
            }
            let command = &self.asked[ticket as usize].command;
            self.asked[ticket as usize].decided = Some(audit.decide(command, &mut facts)?);
            tickets.push(ticket);
        }
        audit.close_out(clock.mono_ms, &mut facts)?;
        if !facts.is_empty() {
            audit.push(facts, tickets, clock.mono_ms);
            return Ok(());
        }
        for ticket in &tickets {
            if let Some(decided) = &mut self.asked[*ticket as usize].decided {
                decided.rests_on = audit.model.seq;
            }
        }
        if let Some(newest) = audit.pending.back_mut() {
            newest.tickets.extend(tickets);
        }
        Ok(())
    }
}

/// The model after these rows of a drop with these terms.
pub(super) fn rebuild(terms: &Terms, log: &Log, hashes: &[u64]) -> Result<Model, super::Violation> {
    let log = log.borrow();
    let first = hashes.first().and_then(|hash| log.get(hash));
    let mut model = Model::new(terms, first.map_or(0, |row| row.time_ms));
    for hash in hashes {
        let Some(row) = log.get(hash) else {
            let seq = model.seq + 1;
            return caught(Breach::OtherFacts, format!("row {seq} was decided by nobody"));
        };
        if let Err(wrong) = model.follow(row) {
            let seq = model.seq;
            return caught(Breach::OtherFacts, format!("row {seq}: {wrong}"));
        }
    }
    Ok(model)
}

impl LaneAudit {
    /// The model after these rows, each known as predicted.
    pub(crate) fn rebuild(&self, hashes: &[u64]) -> Result<Model, super::Violation> {
        rebuild(&self.terms, &self.log, hashes)
    }

    /// The facts an owner opens with; lane time becomes the opening's.
    fn opening(&mut self, owner: u64, clock: &Reading, theirs: Before) -> Vec<Fact> {
        let before_ms = self.model.now_ms;
        self.lead = (0, clock.mono_ms);
        if self.model.seq == 0 {
            self.model.now_ms = clock.now_ms;
            let terms = Fact::Terms(Box::new(self.terms.clone()));
            return vec![terms, Fact::Opened { owner, doubtful_time: false }];
        }
        // Ten seconds are waited for. Ahead of the last owner's clock they are caught up with.
        let waits = before_ms - clock.now_ms <= 10_000;
        let (other, theirs_ms) = match theirs {
            Before::Nobody => (false, None),
            Before::Other(theirs_ms) => (true, theirs_ms),
        };
        let ahead_ms = theirs_ms.map(|theirs_ms| clock.now_ms - theirs_ms.max(before_ms));
        let behind_ms = theirs_ms.map_or(0, |theirs_ms| theirs_ms - clock.now_ms);
        let near = |ahead_ms| ahead_ms <= 10_000 && behind_ms <= 10_000;
        let known = ahead_ms.map_or(clock.now_ms - before_ms <= DAY_MS, near);
        let doubted = other && self.model.doubtful;
        let doubtful_time = self.model.lost || doubted || !waits || !known;
        let mut facts = vec![Fact::Opened { owner, doubtful_time }];
        if !doubtful_time {
            self.lead.0 = ahead_ms.filter(|ahead_ms| *ahead_ms > 1_000).unwrap_or(0);
            self.model.now_ms = before_ms.max(clock.now_ms - self.lead.0);
            if self.model.held() > 0 {
                facts.push(Fact::Extended { since_ms: before_ms });
            }
        }
        facts
    }

    /// Notices whether rows wait, or waited, too long.
    fn wait(&mut self, mono_ms: i64) {
        let too_long = |at: i64| mono_ms - at >= STALL_MS;
        self.stalling = self.pending.front().is_some_and(|row| too_long(row.decided_mono_ms));
        if self.waited.take().is_some_and(too_long) || self.stalling {
            self.gap_ms = Some(self.tip_ms);
        }
    }

    fn make(&mut self, facts: &mut Vec<Fact>, fact: Fact) -> Check {
        let place = Place { seq: self.model.seq + 1, index: facts.len() as u16 };
        if let Err(wrong) = self.model.take(place, &fact) {
            return caught(Breach::OtherFacts, format!("{fact:?}: {wrong}"));
        }
        facts.push(fact);
        Ok(())
    }

    /// What time alone brings about.
    fn due(&mut self, clock_holds: bool, facts: &mut Vec<Fact>) -> Check {
        if let Some(since_ms) = self.gap_ms.take()
            && self.model.held() > 0
        {
            self.make(facts, Fact::Extended { since_ms })?;
        }
        if !clock_holds || self.model.doubtful || self.model.end == End::Resting {
            return Ok(());
        }
        let now_s = (self.model.now_ms / 1_000) as u32;
        for number in self.model.over(now_s) {
            self.make(facts, Fact::Expired(number))?;
        }
        let mut lapsed: Vec<(u32, u32)> = self
            .model
            .rights
            .iter()
            .filter(|right| right.until_s <= now_s)
            .map(|right| (right.until_s, right.id))
            .collect();
        lapsed.sort_unstable();
        for id in lapsed.into_iter().filter_map(|(_, id)| RightId::new(id)) {
            self.make(facts, Fact::Lapsed(id))?;
        }
        if !self.model.closed() && self.model.now_ms >= self.model.closes_at_ms {
            self.make(facts, Fact::Closed(None))?;
        }
        Ok(())
    }

    fn decide(
        &mut self,
        command: &Command,
        facts: &mut Vec<Fact>,
    ) -> Result<Decided, super::Violation> {
        self.decided += 1;
        let doubtful = self.model.doubtful;
        let outcome = self.model.outcome(command);
        let made = matches!(outcome, Outcome::Fact(_));
        let claim = |model: &Model, number: fanfare_engine::Number| {
            let known = model.claims[number.get() as usize - 1];
            Expect::Claim(number, known, made)
        };
        let expect = match outcome {
            Outcome::Idle => Expect::Acted,
            Outcome::Same(number) => claim(&self.model, number),
            Outcome::No(refusal) => {
                self.refused[refusal.code_index()] += 1;
                self.refusals[code(&refusal)] += 1;
                Expect::Refused(refusal)
            }
            Outcome::Fact(fact) => {
                self.made += 1;
                self.late_above_limit += u64::from(self.is_late_above_limit(&fact));
                let number = match &fact {
                    Fact::Claimed { number, .. }
                    | Fact::Settled(number)
                    | Fact::Released(number)
                    | Fact::Returned(number)
                    | Fact::SettledLate(number)
                    | Fact::RefundDue(number) => Some(*number),
                    _ => None,
                };
                self.make(facts, fact)?;
                number.map_or(Expect::Acted, |number| claim(&self.model, number))
            }
        };
        if doubtful && !self.model.doubtful {
            // The host confirmed the time: what was held gets its due from the next row on.
            self.gap_ms = Some(self.model.now_ms);
        }
        let rests_on = self.model.seq + 1;
        Ok(Decided { expect, rests_on, made, row: 0 })
    }

    /// Whether money comes late that the reserve would cover, but not the fan's limit.
    fn is_late_above_limit(&self, fact: &Fact) -> bool {
        let Fact::RefundDue(number) = fact else { return false };
        let claim = &self.model.claims[number.get() as usize - 1];
        let reserve = self.model.lines[usize::from(claim.line.0)].reserve;
        reserve >= u32::from(claim.quantity.get())
    }

    /// The tally, at most one a second and one at the closing; and rest.
    fn close_out(&mut self, mono_ms: i64, facts: &mut Vec<Fact>) -> Check {
        let life = self.model.life(self.model.now_ms);
        let closing = facts.iter().any(|fact| matches!(fact, Fact::Closed(_)));
        let serving = matches!(life, Life::Open | Life::Paused);
        let due = serving && mono_ms - self.tallied_mono_ms >= 1_000;
        if self.refused.iter().any(|count| *count > 0) && (due || closing) {
            self.tallied_mono_ms = mono_ms;
            let tally = core::mem::take(&mut self.refused);
            self.make(facts, Fact::Tallied(Box::new(tally)))?;
        }
        let model = &self.model;
        let over = model.end == End::Closed && model.held() == 0 && model.rights.is_empty();
        if over && self.queue.is_empty() {
            let lines = model.lines.iter();
            let totals = Totals {
                claims: model.claims.len() as u32,
                opens_at_ms: model.opens_at_ms,
                closes_at_ms: model.closes_at_ms,
                sold_out_at_ms: model.sold_out_at_ms,
                lines: lines.map(|l| [l.issued, l.free, l.rights + l.reserve, l.settled]).collect(),
            };
            self.make(facts, Fact::Rested(Box::new(totals)))?;
        }
        Ok(())
    }
}
