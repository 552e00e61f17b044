//! What an answer leads to.

use super::super::asks::{Answer, Code, State, Told};
use super::super::chance::Question;
use super::super::in_flight::Waiting;
use super::super::memory::{LostAsk, Remembered};
use super::{Crowd, Fan, LATER, LOST, NONE, PATIENT, PAY_LATER, PAY_LOST, PAYING, What};

/// How often the same is asked again before a fan despairs.
const TRIES_MAX: u8 = 100;

impl Crowd {
    /// Takes an answer. `waited_us` is given where time is virtual; otherwise the wait is counted
    /// from the moment the ask was due. Whatever comes to an ask that was cut is lost.
    pub fn answered(&mut self, id: u64, answer: Answer, now_us: i64, waited_us: Option<u64>) {
        let Some(ask) = self.in_flight.take(id) else {
            return;
        };
        let now = self.since(now_us.div_euclid(1_000));
        let answer = if ask.cut { Answer::Lost } else { answer };
        if answer != Answer::Lost {
            let due_us = (self.memory.began_ms + i64::from(ask.due_ms)) * 1_000;
            let waited_us = waited_us.unwrap_or((now_us - due_us).max(0) as u64);
            self.memory.waits.saturating_record(waited_us);
            self.memory.counts.answers += 1;
            self.memory.answers.count(now);
        }
        match answer {
            Answer::Lost if ask.cut => self.memory.counts.cut += 1,
            Answer::Lost => self.memory.counts.broken += 1,
            Answer::Refused(code) => self.memory.counts.refusals[code as usize] += 1,
            Answer::Nonsense => self.memory.counts.nonsense += 1,
            Answer::Claim(_) | Answer::Looked => {}
        }
        match ask.what {
            What::Look => {}
            What::Settle | What::Release | What::SettleRepeat | What::ReleaseRepeat => {
                self.paid(ask, answer, now);
            }
            _ => self.claimed(ask, answer, now),
        }
    }

    fn claimed(&mut self, ask: Waiting<What>, answer: Answer, now: u32) {
        match answer {
            Answer::Claim(told) => self.told(ask, &told, now),
            Answer::Refused(code) if code.is_later() => {
                self.fans[ask.fan as usize].set(LATER, true);
                self.repeat(ask.fan, What::Repeat, now);
            }
            Answer::Refused(code) => self.refused(ask, code, now),
            Answer::Lost | Answer::Nonsense | Answer::Looked => {
                let bot = self.is_bot(ask.fan);
                self.fans[ask.fan as usize].set(LOST, !bot);
                self.repeat(ask.fan, What::Repeat, now);
            }
        }
    }

    /// The same is asked again, later each time; a claim and a payment each by themselves. Bots
    /// shrug: they hammer on anyway.
    fn repeat(&mut self, fan: u32, what: What, now: u32) {
        let state = &mut self.fans[fan as usize];
        if fan >= self.plan.fans || state.is(what.repeating()) || state.tries >= TRIES_MAX {
            return;
        }
        state.set(what.repeating(), true);
        let round = u32::from(state.tries);
        state.tries += 1;
        let after = 300 + self.chance.below(fan, Question::Repeat, round, 600);
        self.wheel.set(now + after + 100 * round.min(20), fan, what);
    }

    /// A yes or no: whatever the fan waited for is answered.
    fn settle_doubts(&mut self, ask: Waiting<What>, number: Option<u32>, now: u32) {
        let fan = &mut self.fans[ask.fan as usize];
        fan.set(LATER, false);
        if fan.is(LOST) {
            fan.set(LOST, false);
            self.note_lost(ask, number, now);
        }
    }

    fn note_lost(&mut self, ask: Waiting<What>, number: Option<u32>, now: u32) {
        self.memory.lost.push(LostAsk {
            fan: self.plan.first_fan + u64::from(ask.fan),
            asked_ms: ask.due_ms,
            answered_ms: now,
            keyed: self.key(ask.fan).is_some(),
            number,
        });
    }

    /// The first 201 or 409; other refusals leave a fan without a yes or no.
    fn note_first(&mut self, fan: u32, now: u32) {
        let first_ms = &mut self.fans[fan as usize].first_ms;
        *first_ms = now.min(*first_ms);
    }

    /// Whether the contract forbids that this fan's ask ends in anything but the claim the fan
    /// has: with a key always, without one while the claim is surely held.
    fn bound(&self, fan: &Fan, index: u32, now: u32) -> bool {
        let held = |claim: &Remembered| {
            claim.state == State::Held && now < claim.until_ms && !fan.is(PAYING)
        };
        let claim = self.memory.told.get(fan.claim as usize);
        claim.is_some_and(|claim| self.key(index).is_some() || held(claim))
    }

    fn told(&mut self, ask: Waiting<What>, told: &Told, now: u32) {
        self.settle_doubts(ask, Some(told.number), now);
        self.note_first(ask.fan, now);
        let fan = self.fans[ask.fan as usize];
        if told.units != self.plan.quantity {
            self.memory.counts.differing += 1;
        }
        let known = self.memory.told.get(fan.claim as usize);
        if known.is_some_and(|known| known.is(told)) {
            return;
        }
        if self.bound(&fan, ask.fan, now) {
            self.memory.counts.differing += 1;
        }
        self.remember(ask.fan, told, now);
    }

    fn remember(&mut self, fan: u32, told: &Told, now: u32) {
        let round = self.memory.told.len() as u32;
        let line = self.line(fan);
        self.memory.claims.count(now);
        self.memory.told.push(Remembered {
            fan: self.plan.first_fan + u64::from(fan),
            place: told.place,
            number: told.number,
            told_ms: now,
            until_ms: self.since(told.held_until_ms),
            line,
            units: told.units,
            state: told.state,
        });
        let state = &mut self.fans[fan as usize];
        (state.claim, state.tries) = (round, 0);
        state.set(PAYING, false);
        if told.state == State::Held && !self.is_bot(fan) {
            self.plan_payment(fan, now);
        }
    }

    /// The fan pays, gives back, or never comes to it.
    fn plan_payment(&mut self, fan: u32, now: u32) {
        let lot = self.chance.below(fan, Question::Pay, 0, 1_000_000);
        let (unpaid, released) = (self.plan.unpaid_share, self.plan.release_share);
        if lot < unpaid {
            return;
        }
        let (low, high) = self.plan.pays_within_ms();
        let span = (high - low + 1).clamp(1, i64::from(NONE)) as u32;
        let after = low as u32 + self.chance.below(fan, Question::PayAfter, 0, span);
        let what = if lot - unpaid < released { What::Release } else { What::Settle };
        self.wheel.set(now + after, fan, what);
    }

    fn refused(&mut self, ask: Waiting<What>, code: Code, now: u32) {
        self.settle_doubts(ask, None, now);
        if matches!(code, Code::SoldOut | Code::LimitReached | Code::Closed) {
            self.note_first(ask.fan, now);
        }
        let fan = self.fans[ask.fan as usize];
        // Two asks may overtake each other: only one made after the yes was heard is bound by it.
        let told_ms = self.memory.told.get(fan.claim as usize).map(|claim| claim.told_ms);
        let after = told_ms.is_some_and(|told_ms| ask.due_ms > told_ms);
        if after && self.bound(&fan, ask.fan, now) {
            self.memory.counts.differing += 1;
        }
        if code != Code::SoldOut {
            return;
        }
        self.memory.sold_out_seen_ms.get_or_insert(now);
        let line = usize::from(self.line(ask.fan));
        self.memory.sold_out[line].note(ask.due_ms, now);
        let patience = self.plan.asks_again_after_ms.get(usize::from(fan.again)).copied();
        let patient = !self.is_bot(ask.fan)
            && self.chance.share(ask.fan, Question::Patience, 0, self.plan.asks_again_share);
        if let Some(after_ms) = patience
            && patient
            && fan.claim == NONE
            && !fan.is(PATIENT)
        {
            let state = &mut self.fans[ask.fan as usize];
            state.set(PATIENT, true);
            state.again += 1;
            self.wheel.set(now + after_ms.clamp(1, 86_400_000) as u32, ask.fan, What::Again);
        }
    }

    /// The answer to a payment or to a claim given back.
    fn paid(&mut self, ask: Waiting<What>, answer: Answer, now: u32) {
        let release = matches!(ask.what, What::Release | What::ReleaseRepeat);
        let again = if release { What::ReleaseRepeat } else { What::SettleRepeat };
        match answer {
            Answer::Claim(told) => self.outcome(ask, &told, release, now),
            Answer::Refused(code) if code.is_later() => {
                self.fans[ask.fan as usize].set(PAY_LATER, true);
                self.repeat(ask.fan, again, now);
            }
            Answer::Refused(_) => {
                self.fans[ask.fan as usize].set(PAY_LATER | PAY_LOST, false);
                self.memory.counts.settle_refused += 1;
            }
            Answer::Lost | Answer::Nonsense | Answer::Looked => {
                self.fans[ask.fan as usize].set(PAY_LOST, true);
                self.repeat(ask.fan, again, now);
            }
        }
    }

    fn outcome(&mut self, ask: Waiting<What>, told: &Told, release: bool, now: u32) {
        let fan = &mut self.fans[ask.fan as usize];
        let lost = fan.is(PAY_LOST);
        fan.set(PAY_LATER | PAY_LOST, false);
        let Some(known) = self.memory.told.get_mut(fan.claim as usize) else {
            return;
        };
        let fits = if release {
            told.state == State::Released
        } else {
            matches!(told.state, State::Settled | State::RefundDue)
        };
        if !known.is(told) || !fits {
            self.memory.counts.differing += 1;
            return;
        }
        known.state = told.state;
        self.memory.counts.settled += u64::from(told.state == State::Settled);
        self.memory.counts.refund_due += u64::from(told.state == State::RefundDue);
        if lost {
            self.note_lost(ask, Some(told.number), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::asks::{Ask, ClaimPlace, Kind};
    use super::super::super::plan::CrowdPlan;
    use super::*;

    /// What is asked from here to there, in order.
    fn asks(crowd: &mut Crowd, to_ms: i64) -> Vec<Ask> {
        let mut out = Vec::new();
        crowd.take_due(to_ms, usize::MAX, &mut out);
        out
    }

    #[test]
    fn a_lost_payment_is_sent_again_though_a_claim_is_asked_again_too() {
        let all = 1_000_000;
        let plan = CrowdPlan {
            fans: 1,
            bots: 0,
            double_tap_share: all,
            lost_answer_share: 0,
            keyed_share: all,
            unpaid_share: 0,
            release_share: 0,
            ..CrowdPlan::default()
        };
        let mut crowd = Crowd::new(plan);
        let (began_ms, end_ms) = (crowd.memory.began_ms, i64::from(u32::MAX >> 8));
        let told = Told {
            place: ClaimPlace { seq: 2, index: 0 },
            number: 1,
            units: crowd.plan.quantity,
            state: State::Held,
            held_until_ms: began_ms + end_ms,
        };
        let (mut at_ms, mut taps, mut paid) = (began_ms, Vec::new(), None);
        while paid.is_none() {
            at_ms = crowd.next_due_ms().unwrap().max(at_ms);
            for ask in asks(&mut crowd, at_ms) {
                match ask.kind {
                    Kind::Claim { .. } if taps.is_empty() => {
                        crowd.answered(ask.id, Answer::Claim(told), at_ms * 1_000, None);
                        taps.push(ask.id);
                    }
                    Kind::Claim { .. } => taps.push(ask.id),
                    Kind::Settle { .. } => paid = Some(ask.id),
                    _ => {}
                }
            }
        }
        // Neither the second tap nor the payment is answered.
        for id in [taps[1], paid.unwrap()] {
            crowd.answered(id, Answer::Lost, at_ms * 1_000, None);
        }
        let mut settled = told;
        settled.state = State::Settled;
        let mut again = Vec::new();
        for ask in asks(&mut crowd, at_ms + 5_000) {
            again.push(matches!(ask.kind, Kind::Settle { .. }));
            let answer = if again.last() == Some(&true) { settled } else { told };
            crowd.answered(ask.id, Answer::Claim(answer), (at_ms + 5_000) * 1_000, None);
        }
        again.sort_unstable();
        assert_eq!(again, [false, true], "the claim and the payment");
        let memory = crowd.finish();
        assert_eq!((memory.counts.lost_unanswered, memory.lost.len()), (0, 2));
    }
}
