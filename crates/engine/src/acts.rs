//! Hosts' acts by their numbers, so that one is done once however often it is asked.
//!
//! A number is given to an act before it is asked for the first time and stands in its fact, so
//! replay finds it again. Nothing is forgotten: whoever asks again may do so after days.

use crate::command::{Act, Command};
use crate::fact::Fact;
use crate::ids::{Fan, Line};
use crate::refusal::Refusal;
use alloc::collections::BTreeMap;

/// What an act did, apart from who did it and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    Paused,
    Resumed,
    Restocked(Line, u32),
    Withdrawn(Line, u32),
    Closed,
}

/// Every act that was done, by its number: by whom, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acts(BTreeMap<u64, (Fan, Did)>);

impl Acts {
    /// How many acts added units to this line or took some away.
    pub fn of(&self, line: Line) -> usize {
        let moved = |did: &Did| match *did {
            Did::Restocked(other, _) | Did::Withdrawn(other, _) => other == line,
            Did::Paused | Did::Resumed | Did::Closed => false,
        };
        self.0.values().filter(|(_, did)| moved(did)).count()
    }

    /// Whether this command is an act that was done already.
    ///
    /// # Errors
    /// If its number is another act's.
    pub fn has(&self, command: &Command) -> Result<bool, Refusal> {
        let (act, did) = match *command {
            Command::Pause(act) => (act, Did::Paused),
            Command::Resume(act) => (act, Did::Resumed),
            Command::Restock { line, units, act } => (act, Did::Restocked(line, units)),
            Command::Withdraw { line, units, act } => (act, Did::Withdrawn(line, units)),
            Command::Close(act) => (act, Did::Closed),
            _ => return Ok(false),
        };
        match self.0.get(&act.why) {
            None => Ok(false),
            Some(known) if *known == (act.by, did) => Ok(true),
            Some(_) => Err(Refusal::ActReused),
        }
    }

    /// Remembers what was done. Journals made before acts had numbers of their own name several by
    /// one: the first is as good as any, for no new act gets such a number.
    pub(crate) fn keep(&mut self, fact: &Fact) {
        let (Act { by, why }, did) = match *fact {
            Fact::Paused(act) => (act, Did::Paused),
            Fact::Resumed(act) => (act, Did::Resumed),
            Fact::Restocked { line, units, act } => (act, Did::Restocked(line, units)),
            Fact::Withdrawn { line, units, act } => (act, Did::Withdrawn(line, units)),
            Fact::Closed(Some(act)) => (act, Did::Closed),
            _ => return,
        };
        self.0.entry(why).or_insert((by, did));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Facts, LineTerms, Place, Quantity, Served, State, Terms};
    use alloc::vec;

    const LINE: Line = Line(0);

    fn act(why: u64) -> Act {
        Act { by: Fan::FIRST, why }
    }

    fn more(units: u32, why: u64) -> Command {
        Command::Restock { line: LINE, units, act: act(why) }
    }

    fn fewer(units: u32, why: u64) -> Command {
        Command::Withdraw { line: LINE, units, act: act(why) }
    }

    /// Two lines of ten units, open for a minute and a half.
    fn state() -> State {
        let line = LineTerms { id: 1, price_minor: 1, stock: 10, reserve: 0 };
        let lines = vec![line, LineTerms { id: 2, ..line }];
        let (rules, limit) = ([0; 32], Quantity::MIN);
        let terms = Terms { rules, opens_at_ms: 0, closes_at_ms: 90_000, hold_s: 60, limit, lines };
        State::new(&terms, 0).unwrap()
    }

    /// Asks, and does what comes of it; gives the answer and the facts.
    fn ask(state: &mut State, seq: u32, command: &Command) -> (Result<Answer, Refusal>, Facts) {
        let mut facts = Facts::new();
        let answer = state.decide(command, &mut facts);
        for (index, fact) in facts.iter().enumerate() {
            state.apply(Place { seq, index: index as u16 }, fact).unwrap();
        }
        state.check().unwrap();
        (answer, facts)
    }

    /// The same, of what is done then.
    fn does(state: &mut State, seq: u32, command: &Command) -> Facts {
        let (answer, facts) = ask(state, seq, command);
        assert_eq!((answer, facts.len()), (Ok(Answer::Acted), 1), "{command:?}");
        facts
    }

    fn issued(state: &State) -> u32 {
        state.ledger().line(LINE).unwrap().issued
    }

    #[test]
    fn an_act_is_done_once_however_often_it_is_asked() {
        let mut state = state();
        for (seq, (command, then)) in
            [(more(10, 7), 20), (fewer(3, 8), 17), (more(10, 9), 27)].into_iter().enumerate()
        {
            does(&mut state, seq as u32, &command);
            for _ in 0..3 {
                let again = ask(&mut state, seq as u32, &command);
                assert_eq!(again, (Ok(Answer::Idle), Facts::new()), "{command:?}");
            }
            assert_eq!(issued(&state), then, "{command:?}");
        }
        // However much time and whatever else lies between.
        does(&mut state, 5, &Command::Close(act(10)));
        state.begin(900_000).unwrap();
        for command in [more(10, 7), fewer(3, 8), more(10, 9), Command::Close(act(10))] {
            assert_eq!(ask(&mut state, 6, &command), (Ok(Answer::Idle), Facts::new()));
        }
        assert_eq!(ask(&mut state, 6, &more(1, 11)).0, Err(Refusal::Closed));
        assert_eq!(issued(&state), 27);
    }

    #[test]
    fn a_pause_that_comes_again_late_stops_nobody() {
        let mut state = state();
        does(&mut state, 1, &Command::Pause(act(1)));
        does(&mut state, 2, &Command::Resume(act(2)));
        assert_eq!(ask(&mut state, 3, &Command::Pause(act(1))), (Ok(Answer::Idle), Facts::new()));
        assert!(!state.paused());
        does(&mut state, 3, &Command::Pause(act(3)));
        assert_eq!(ask(&mut state, 4, &Command::Resume(act(2))), (Ok(Answer::Idle), Facts::new()));
        assert!(state.paused());
    }

    #[test]
    fn a_number_of_another_act_is_refused() {
        let mut state = state();
        does(&mut state, 1, &more(10, 7));
        let by = Fan::new(2).unwrap();
        for other in [
            more(9, 7),
            fewer(10, 7),
            Command::Restock { line: Line(1), units: 10, act: act(7) },
            Command::Restock { line: LINE, units: 10, act: Act { by, why: 7 } },
            Command::Pause(act(7)),
        ] {
            let said = ask(&mut state, 2, &other);
            assert_eq!(said, (Err(Refusal::ActReused), Facts::new()), "{other:?}");
        }
        assert_eq!((issued(&state), Refusal::ActReused.code()), (20, "key_reused"));
    }

    #[test]
    fn what_was_refused_was_not_done_and_may_be_asked_with_other_units() {
        let mut state = state();
        let much = ask(&mut state, 1, &fewer(11, 7));
        assert_eq!(much.0, Err(Refusal::TooMany { possible: 10 }));
        does(&mut state, 2, &fewer(10, 7));
        assert_eq!(issued(&state), 0);
    }

    #[test]
    fn replay_knows_the_acts_again_and_those_older_than_numbers_of_their_own() {
        let (mut first, mut again) = (state(), state());
        // One number for all: as journals have it that were written before.
        let facts = [
            Fact::Restocked { line: LINE, units: 5, act: act(3) },
            Fact::Withdrawn { line: LINE, units: 2, act: act(3) },
            Fact::Restocked { line: LINE, units: 5, act: act(3) },
        ];
        for state in [&mut first, &mut again] {
            for (index, fact) in facts.iter().enumerate() {
                state.apply(Place { seq: 1, index: index as u16 }, fact).unwrap();
            }
        }
        assert_eq!((issued(&first), issued(&again)), (18, 18));
        let made = does(&mut first, 2, &more(10, 4));
        again.apply(Place { seq: 2, index: 0 }, &made[0]).unwrap();
        assert_eq!(ask(&mut again, 3, &more(10, 4)), (Ok(Answer::Idle), Facts::new()));
        assert!(again.acts() == first.acts() && again.digest() == first.digest());
        assert_eq!([LINE, Line(1)].map(|line| again.acts().of(line)), [2, 0]);
    }

    #[test]
    fn what_is_under_way_is_known_to_the_owner_and_not_yet_to_others() {
        let mut served = Served::new(state());
        let fact = Fact::Restocked { line: LINE, units: 10, act: act(7) };
        served.apply(Place { seq: 2, index: 0 }, &fact).unwrap();
        let command = more(10, 7);
        assert_eq!(served.decided().acts().has(&command), Ok(true));
        assert_eq!(served.seen().acts().has(&command), Ok(false));
        served.publish(2, 0, &[fact]).unwrap();
        assert_eq!(served.seen().acts().has(&command), Ok(true));
        assert!(served.agrees());
    }
}
