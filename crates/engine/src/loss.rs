//! When a journal went back in time and an operator accepts it: what a witness still knows of the
//! rows that are gone is enough to give nothing twice.
//!
//! Running numbers go on behind the witness's, and units that fans of lost claims may have leave
//! the stock. How many those are is a bound from above: whoever lost a claim may come with its
//! receipt, and what then turns out to be nobody's a host restocks.

use crate::book::Book;
use crate::command::Act;
use crate::fact::{Fact, Loss};
use crate::ids::Line;
use crate::ledger::{Broken, Stock};
use alloc::{boxed::Box, vec::Vec};

/// Most claims a journal can lose and go on, all losses together. Each keeps its number, in
/// memory too.
pub(crate) const LOST_MAX: u32 = 1 << 24;

/// What a witness outside the journal saw of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The newest row.
    pub seq: u32,
    /// Its lane time, ms since 1970.
    pub time_ms: i64,
    /// Claims made by then.
    pub claims: u32,
    /// Where units were, by line.
    pub lines: Vec<WitnessedLine>,
}

/// Where a line's units were, as a witness saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessedLine {
    /// Not free: set aside, held or settled.
    pub out: u32,
    /// Nobody's yet.
    pub free: u32,
}

impl Book {
    /// The fact that goes on where the newest rows the witness saw are gone. `claims` were made by
    /// the rows that are left.
    pub(crate) fn accept_loss(&self, claims: u32, witnessed: &Witnessed, act: Act) -> Fact {
        let lost = witnessed.claims.saturating_sub(claims);
        let most = lost.saturating_mul(self.terms.limit.get().into());
        let of = |(stock, &WitnessedLine { out, free }): (&Stock, &WitnessedLine)| {
            let grown = out.saturating_sub(stock.issued - stock.free);
            // Lost claims account for it all, or else units went out some other way.
            let out = out.min(most.max(grown));
            // A host took units away, or an earlier loss did: they are not to be free again.
            out.max(stock.free.saturating_sub(free)).min(stock.free)
        };
        let set_aside = self.ledger.lines().iter().zip(&witnessed.lines).map(of).collect();
        let claims = witnessed.claims.max(claims);
        Fact::Restored(Box::new(Loss { seq: witnessed.seq, claims, set_aside, act }))
    }

    /// Takes what lost claims may have out of the stock and stops new claims: a host looks first.
    pub(crate) fn lose(&mut self, loss: &Loss) -> Result<(), Broken> {
        for (line, units) in loss.set_aside.iter().enumerate() {
            self.ledger.withdraw(Line(line as u16), *units)?;
        }
        (self.paused, self.lost) = (true, true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Facts, Fan, LineTerms, Number, Phase, Place, Quantity, State, Terms};

    const ACT: Act = Act { by: Fan::FIRST, why: 0 };

    fn claim(state: &mut State, seq: u32, fan: u64) -> Number {
        let mut facts = Facts::new();
        let (fan, quantity) = (Fan::new(fan).unwrap(), Quantity::MIN);
        let command = Command::Claim { fan, line: Line(0), quantity, key: None };
        state.decide(&command, &mut facts).unwrap();
        let Fact::Claimed { number, .. } = facts[0] else { panic!("{facts:?}") };
        state.apply(Place { seq, index: 0 }, &facts[0]).unwrap();
        number
    }

    /// Ten units, opened, with so many claims.
    fn sold(claims: u32) -> State {
        let line = LineTerms { id: 1, price_minor: 1, stock: 10, reserve: 0 };
        let (rules, limit) = ([0; 32], Quantity::new(2).unwrap());
        let lines = alloc::vec![line];
        let terms = Terms { rules, opens_at_ms: 0, closes_at_ms: 90_000, hold_s: 60, limit, lines };
        let mut state = State::new(&terms, 0).unwrap();
        for fan in 1..=claims {
            claim(&mut state, fan, fan.into());
        }
        state
    }

    /// The rest of the ten was free.
    fn witnessed(claims: u32, out: u32) -> Witnessed {
        taken_away(claims, out, 0)
    }

    fn taken_away(claims: u32, out: u32, units: u32) -> Witnessed {
        let lines = alloc::vec![WitnessedLine { out, free: 10 - out - units }];
        Witnessed { seq: 90, time_ms: 5, claims, lines }
    }

    fn set_aside(state: &State, witnessed: &Witnessed) -> u32 {
        let Fact::Restored(loss) = state.accept_loss(witnessed, ACT) else {
            panic!("another fact")
        };
        loss.set_aside[0]
    }

    #[test]
    fn what_lost_claims_may_have_is_bounded_from_above() {
        let state = sold(3);
        assert_eq!(set_aside(&state, &witnessed(3, 3)), 0, "no claim was lost");
        assert_eq!(set_aside(&state, &witnessed(3, 1)), 0, "units came back in lost rows");
        assert_eq!(set_aside(&state, &witnessed(4, 4)), 2, "one claim, two units at most");
        assert_eq!(set_aside(&state, &witnessed(9, 5)), 5, "never more than were out");
        assert_eq!(set_aside(&state, &witnessed(9, 9)), 7, "nor than are free");
        assert_eq!(set_aside(&state, &witnessed(3, 5)), 2, "set aside without a claim");
        assert_eq!(set_aside(&state, &taken_away(3, 3, 4)), 4, "a host took them away");
        assert_eq!(set_aside(&state, &taken_away(4, 4, 4)), 5, "and one more was claimed");
    }

    #[test]
    fn no_number_and_no_unit_is_given_twice() {
        let mut state = sold(3);
        let fact = state.accept_loss(&witnessed(8, 8), ACT);
        let at = Place { seq: 4, index: 1 };
        state.apply(at, &fact).unwrap();
        state.check().unwrap();
        let stock = *state.ledger().line(Line(0)).unwrap();
        assert_eq!((stock.issued, stock.free, stock.held), (3, 0, 3));
        assert_eq!(state.phase(5), Phase::Paused);
        assert_eq!(state.claims().count(), 8);
        let lost = Number::new(5).unwrap();
        assert!(state.claims().get(lost).is_none(), "nobody knows whose it was");
        assert_eq!(state.claims().iter().count(), 3);
        let restock = Fact::Restocked { line: Line(0), units: 2, act: ACT };
        state.apply(Place { seq: 5, index: 0 }, &Fact::Resumed(ACT)).unwrap();
        state.apply(Place { seq: 5, index: 1 }, &restock).unwrap();
        assert_eq!(claim(&mut state, 6, 77).get(), 9);
        let again = state.accept_loss(&witnessed(8, 8), ACT);
        assert!(state.apply(Place { seq: 7, index: 0 }, &again).is_ok(), "nothing more is lost");
        assert_eq!(state.claims().count(), 9);
    }

    #[test]
    fn a_loss_nobody_could_have_is_refused() {
        let mut state = sold(1);
        let at = Place { seq: 2, index: 0 };
        let fact = |claims, units| {
            let set_aside = alloc::vec![units];
            Fact::Restored(Box::new(Loss { seq: 9, claims, set_aside, act: ACT }))
        };
        assert!(state.clone().apply(at, &fact(0, 0)).is_err(), "fewer claims than there are");
        assert!(state.clone().apply(at, &fact(LOST_MAX + 2, 0)).is_err());
        assert!(state.clone().apply(at, &fact(1, 10)).is_err(), "units that are not free");
        state.apply(at, &fact(2, 0)).unwrap();
        assert!(state.apply(at, &fact(LOST_MAX + 2, 0)).is_err(), "more, all losses together");
    }

    #[test]
    fn a_lane_that_moved_away_decides_nothing_and_nothing_follows() {
        let mut state = sold(2);
        let before = state.digest();
        state.apply(Place { seq: 3, index: 0 }, &Fact::Moved(ACT)).unwrap();
        assert!(state.moved() && state.digest() != before);
        let mut facts = Facts::new();
        let number = Number::new(1).unwrap();
        assert!(state.decide(&Command::Settle { number }, &mut facts).is_err());
        state.begin(10_000_000).unwrap();
        state.due(9, &mut facts);
        assert!(facts.is_empty() && state.next_due_ms().is_none(), "no hold runs out here");
        for fact in [Fact::Settled(number), Fact::Resumed(ACT), Fact::Moved(ACT)] {
            assert!(state.clone().apply(Place { seq: 4, index: 0 }, &fact).is_err());
        }
    }
}
