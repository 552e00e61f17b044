//! The claims of a journal by running number, held against what fans were told.

use fanfare_engine::{Fact, Place};

use super::super::asks::{ClaimPlace, State};
use super::super::memory::{LostAsk, Memory, Remembered};
use super::Findings;

/// Numbers may run ahead of the claims by this much before they count as senseless.
const GAP_MAX: usize = 1_000_000;

/// A claim as the journal has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    fan: u64,
    time_ms: i64,
    /// When it was held no more: paid, given back, or over.
    held_until_ms: i64,
    place: ClaimPlace,
    units: u16,
    line: u16,
    /// None stands for a number that was skipped.
    state: Option<State>,
    told: bool,
}

impl Entry {
    const SKIPPED: Self = Self {
        fan: 0,
        time_ms: 0,
        held_until_ms: i64::MAX,
        place: ClaimPlace { seq: 0, index: 0 },
        units: 0,
        line: 0,
        state: None,
        told: false,
    };

    pub(super) fn new(place: Place, fan: u64, line: u16, units: u16, time_ms: i64) -> Self {
        let place = ClaimPlace { seq: place.seq, index: place.index };
        let state = Some(State::Held);
        Self { fan, time_ms, held_until_ms: i64::MAX, place, units, line, state, told: false }
    }
}

/// All claims of a journal.
#[derive(Debug)]
pub(super) struct Journalled {
    pub(super) limit: u32,
    pub(super) senseless: u64,
    first_fan: u64,
    by_number: Vec<Entry>,
    /// Units each of the crowd has, by place in the crowd.
    units: Vec<u32>,
    /// The number of the first claim of each of the crowd.
    first: Vec<u32>,
    beyond: u64,
    twice: u64,
}

impl Journalled {
    pub(super) fn new(first_fan: u64, heads: u32) -> Self {
        Self {
            limit: u32::MAX,
            senseless: 0,
            first_fan,
            by_number: Vec::new(),
            units: vec![0; heads as usize],
            first: vec![0; heads as usize],
            beyond: 0,
            twice: 0,
        }
    }

    /// The place of a fan in the crowd; strangers to it are not followed by fan.
    fn seat(&self, fan: u64) -> Option<usize> {
        let seat = usize::try_from(fan.checked_sub(self.first_fan)?).ok()?;
        (seat < self.units.len()).then_some(seat)
    }

    pub(super) fn add(&mut self, number: u32, entry: Entry) {
        let Some(at) = (number as usize).checked_sub(1) else {
            return;
        };
        if at > self.by_number.len() + GAP_MAX {
            self.senseless += 1;
            return;
        }
        if at >= self.by_number.len() {
            self.by_number.resize(at + 1, Entry::SKIPPED);
        }
        if self.by_number[at].state.is_some() {
            self.twice += 1;
        } else {
            self.by_number[at] = entry;
        }
        if let Some(seat) = self.seat(entry.fan) {
            if self.first[seat] == 0 {
                self.first[seat] = number;
            }
            self.take(seat, entry.units);
        }
    }

    fn take(&mut self, seat: usize, units: u16) {
        let before = self.units[seat].saturating_sub(self.limit);
        self.units[seat] += u32::from(units);
        self.beyond += u64::from(self.units[seat].saturating_sub(self.limit) - before);
    }

    /// Changes a claim's state; gives its line and units.
    pub(super) fn change(&mut self, number: u32, time_ms: i64, fact: &Fact) -> Option<(u16, u16)> {
        let (from, to) = match fact {
            Fact::Settled(_) => (State::Held, State::Settled),
            Fact::Expired(_) => (State::Held, State::Expired),
            Fact::Released(_) => (State::Held, State::Released),
            Fact::Returned(_) => (State::Settled, State::Returned),
            Fact::SettledLate(_) => (State::Expired, State::Settled),
            _ => (State::Expired, State::RefundDue),
        };
        let entry = self.by_number.get_mut((number as usize).wrapping_sub(1));
        let Some(entry) = entry.filter(|entry| entry.state == Some(from)) else {
            self.senseless += 1;
            return None;
        };
        entry.state = Some(to);
        entry.held_until_ms = entry.held_until_ms.min(time_ms);
        let (fan, line, units) = (entry.fan, entry.line, entry.units);
        if let Some(seat) = self.seat(fan) {
            match to {
                State::Expired | State::Released | State::Returned => {
                    self.units[seat] = self.units[seat].saturating_sub(u32::from(units));
                }
                State::Settled if from == State::Expired => self.take(seat, units),
                _ => {}
            }
        }
        Some((line, units))
    }

    pub(super) fn count(&self) -> u64 {
        self.by_number.iter().filter(|entry| entry.state.is_some()).count() as u64
    }

    pub(super) fn hold_against(mut self, memory: &Memory, found: &mut Findings) {
        for told in &memory.told {
            self.check_told(told, found);
        }
        let ours = self.by_number.iter().filter(|entry| entry.state.is_some() && !entry.told);
        found.untold = ours.filter(|entry| self.seat(entry.fan).is_some()).count() as u64;
        let other = memory.lost.iter().filter(|lost| !self.same(lost, memory.began_ms));
        found.lost_answers_other = other.count() as u64;
        found.double = self.beyond + self.twice;
    }

    fn check_told(&mut self, told: &Remembered, found: &mut Findings) {
        let entry = self.by_number.get_mut((told.number as usize).wrapping_sub(1));
        let Some(entry) = entry.filter(|entry| entry.state.is_some()) else {
            found.lost += 1;
            return;
        };
        let stands = entry.fan == told.fan
            && (entry.line, entry.units) == (told.line, told.units)
            && entry.place == told.place
            && entry.state.is_some_and(|now| may_become(told.state, now));
        if entry.told && entry.fan != told.fan {
            self.twice += 1;
        }
        if stands {
            entry.told = true;
        } else {
            found.lost += 1;
        }
    }

    /// Whether the repeat of a lost answer said what the journal says: the fan's first claim; or
    /// anything else where there was none yet, or where it was not held any more and no key named
    /// it.
    fn same(&self, lost: &LostAsk, began_ms: i64) -> bool {
        let Some(seat) = self.seat(lost.fan) else { return false };
        let first = self.first[seat];
        let Some(claim) = self.by_number.get((first as usize).wrapping_sub(1)) else {
            return lost.number.is_none();
        };
        let later = claim.time_ms >= began_ms + i64::from(lost.asked_ms);
        let over = !lost.keyed && claim.held_until_ms <= began_ms + i64::from(lost.answered_ms);
        lost.number == Some(first) || (lost.number.is_none() && later) || over
    }
}

/// Whether a claim of which a fan was told one state may stand in another later.
fn may_become(told: State, now: State) -> bool {
    match told {
        State::Held => true,
        State::Settled => matches!(now, State::Settled | State::Returned),
        State::Expired => matches!(now, State::Expired | State::Settled | State::RefundDue),
        told => told == now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_engine::Number;

    #[test]
    fn what_a_fan_was_told_may_only_go_on() {
        assert!(may_become(State::Held, State::Expired));
        assert!(may_become(State::Expired, State::RefundDue));
        assert!(!may_become(State::Settled, State::Expired));
        assert!(!may_become(State::Released, State::Held));
    }

    #[test]
    fn units_beyond_the_limit_and_numbers_given_twice_are_counted() {
        let mut journalled = Journalled::new(10, 5);
        journalled.limit = 1;
        let entry = |fan| Entry::new(Place { seq: 1, index: 0 }, fan, 0, 1, 0);
        journalled.add(1, entry(10));
        journalled.add(2, entry(10));
        journalled.add(2, entry(11));
        journalled.add(4, entry(12));
        assert_eq!((journalled.beyond, journalled.twice, journalled.count()), (1, 1, 3));
    }

    #[test]
    fn a_lost_answer_is_repeated_while_the_claim_is_held_and_with_a_key_for_ever() {
        let mut journalled = Journalled::new(10, 1);
        journalled.add(1, Entry::new(Place { seq: 1, index: 0 }, 10, 0, 1, 1_100));
        let paid = Fact::Settled(Number::new(1).unwrap());
        journalled.change(1, 1_500, &paid).unwrap();
        let lost = LostAsk { fan: 10, asked_ms: 200, answered_ms: 300, keyed: false, number: None };
        let same = |lost: LostAsk| journalled.same(&lost, 1_000);
        assert!(!same(lost), "refused while it was held");
        assert!(same(LostAsk { number: Some(1), ..lost }));
        assert!(same(LostAsk { asked_ms: 90, ..lost }), "asked before there was a claim");
        let later = LostAsk { answered_ms: 500, ..lost };
        assert!(same(later), "paid by then: without a key it is another ask");
        assert!(!same(LostAsk { keyed: true, ..later }), "the key names it for ever");
    }
}
