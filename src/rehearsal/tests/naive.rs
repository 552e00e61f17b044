//! A sale in the plainest way, with a list of faults it can be told to have.

use std::collections::HashMap;

use fanfare_engine::{Fact, Fan, Key, Line, LineTerms, Number, Place, Quantity, Terms};

use crate::rehearsal::in_process::Served;
use crate::rehearsal::{Answer, Ask, ClaimPlace, Code, Kind, State, Told};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Every so often gives a unit it does not have.
    Oversells,
    /// Forgets to write one claim down.
    LosesClaim,
    /// Forgets to write payments down.
    LosesPayment,
    /// Gives a number twice.
    NumberTwice,
    /// Makes a new claim for a repeated key.
    RepeatDiffers,
    /// Refuses though units came back.
    KeepsUnits,
    /// Answers busy, unsure and nonsense now and then, but truly when asked again.
    Moody,
}

struct Held {
    told: Told,
    fan: u64,
    key: Option<u64>,
}

pub(super) struct Naive {
    pub(super) journal: Vec<(Place, i64, Fact)>,
    fault: Fault,
    now_ms: i64,
    hold_ms: i64,
    free: u32,
    claims: Vec<Held>,
    /// The claims of a fan; the newest is last.
    of_fan: HashMap<u64, Vec<usize>>,
    /// The oldest claim that may still be held.
    oldest: usize,
    out: Vec<(usize, u64, Answer)>,
    asked: u64,
}

impl Naive {
    pub(super) fn new(stock: u32, opens_at_ms: i64, hold_ms: i64, fault: Fault) -> Self {
        let line = LineTerms { id: 1, price_minor: 100, stock, reserve: 0 };
        let terms = Terms {
            rules: [0; 32],
            opens_at_ms,
            closes_at_ms: i64::MAX,
            hold_s: (hold_ms / 1_000) as u32,
            limit: Quantity::MIN,
            lines: vec![line],
        };
        let first = Place { seq: 1, index: 0 };
        Self {
            journal: vec![(first, 0, Fact::Terms(Box::new(terms)))],
            fault,
            now_ms: 0,
            hold_ms,
            free: stock,
            claims: Vec::new(),
            of_fan: HashMap::new(),
            oldest: 0,
            out: Vec::new(),
            asked: 0,
        }
    }

    fn write(&mut self, fact: Fact) -> Place {
        let at = self.journal.len();
        let place = Place { seq: (at / 4_096) as u32 + 1, index: (at % 4_096) as u16 };
        self.journal.push((place, self.now_ms, fact));
        place
    }

    fn claim(&mut self, fan: u64, key: Option<u64>) -> Answer {
        let own = self.of_fan.get(&fan);
        let repeated = own.into_iter().flatten().map(|&at| &self.claims[at]).find(|claim| {
            (key.is_some() && claim.key == key)
                || (key.is_none() && claim.told.state == State::Held)
        });
        let again = key.is_some() && self.fault == Fault::RepeatDiffers && self.free > 0;
        if let Some(claim) = repeated.filter(|_| !again) {
            return Answer::Claim(claim.told);
        }
        let has = |&at: &usize| matches!(self.claims[at].told.state, State::Held | State::Settled);
        if !again && own.into_iter().flatten().any(has) {
            return Answer::Refused(Code::LimitReached);
        }
        let gives_anyway = self.fault == Fault::Oversells && self.asked.is_multiple_of(5_000);
        if self.free == 0 && !gives_anyway {
            return Answer::Refused(Code::SoldOut);
        }
        self.free = self.free.saturating_sub(1);
        self.give(fan, key)
    }

    fn give(&mut self, fan: u64, key: Option<u64>) -> Answer {
        let mut number = self.claims.len() as u32 + 1;
        if self.fault == Fault::NumberTwice && number == 77 {
            number = 76;
        }
        let until_ms = self.now_ms + self.hold_ms;
        let place = if self.fault == Fault::LosesClaim && number == 77 {
            Place { seq: 9, index: 9 }
        } else {
            self.write(Fact::Claimed {
                number: Number::new(number).unwrap(),
                fan: Fan::new(fan).unwrap(),
                line: Line(0),
                quantity: Quantity::MIN,
                until_s: (until_ms / 1_000) as u32,
                key: key.map(Key::new),
                right: None,
            })
        };
        let place = ClaimPlace { seq: place.seq, index: place.index };
        let state = State::Held;
        let told = Told { place, number, units: 1, state, held_until_ms: until_ms };
        self.of_fan.entry(fan).or_default().push(self.claims.len());
        self.claims.push(Held { told, fan, key });
        Answer::Claim(told)
    }

    /// Pays or gives back the claim of this number.
    fn end(&mut self, fan: u64, number: u32, to: State) -> Answer {
        let at = number as usize - 1;
        if self.claims[at].fan != fan {
            return Answer::Refused(Code::NoSuchClaim);
        }
        let state = self.claims[at].told.state;
        if state == State::Held {
            let number = Number::new(number).unwrap();
            match to {
                State::Settled if self.fault == Fault::LosesPayment => {}
                State::Settled => drop(self.write(Fact::Settled(number))),
                _ => {
                    self.write(Fact::Released(number));
                    self.free += 1;
                }
            }
            self.claims[at].told.state = to;
        } else if state != to {
            return Answer::Refused(Code::NotHeld);
        }
        Answer::Claim(self.claims[at].told)
    }

    fn answer(&mut self, ask: &Ask) -> Answer {
        self.asked += 1;
        if self.fault == Fault::Moody && self.asked.is_multiple_of(30) {
            return match self.asked / 30 % 3 {
                0 => Answer::Refused(Code::Busy),
                1 => {
                    self.truly(ask);
                    Answer::Refused(Code::Unsure)
                }
                _ => Answer::Nonsense,
            };
        }
        self.truly(ask)
    }

    fn truly(&mut self, ask: &Ask) -> Answer {
        match ask.kind {
            Kind::Look => Answer::Looked,
            Kind::Claim { key, .. } => self.claim(ask.fan, key),
            Kind::Settle { number, .. } => self.end(ask.fan, number, State::Settled),
            Kind::Release { number, .. } => self.end(ask.fan, number, State::Released),
        }
    }
}

impl Served for Naive {
    fn turn(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        while let Some(claim) = self.claims.get_mut(self.oldest)
            && claim.told.held_until_ms <= now_ms
        {
            self.oldest += 1;
            if claim.told.state == State::Held {
                claim.told.state = State::Expired;
                let number = Number::new(claim.told.number).unwrap();
                self.write(Fact::Expired(number));
                self.free += u32::from(self.fault != Fault::KeepsUnits);
            }
        }
    }

    fn ask(&mut self, drop: usize, asks: &[Ask]) {
        for ask in asks {
            let answer = self.answer(ask);
            self.out.push((drop, ask.id, answer));
        }
    }

    fn answers(&mut self, out: &mut Vec<(usize, u64, Answer)>) -> bool {
        out.append(&mut self.out);
        true
    }
}
