//! What the crowd was told, and whether the journal still says the same.

use fanfare::drops::answers::claim_id;
use fanfare_engine::{Claim, ClaimState, Fan, Number, State};
use std::collections::{HashMap, HashSet};

use super::place::LANE;

/// A request for a claim: who, with which key.
#[derive(Clone, Debug)]
pub struct Ask {
    pub fan: u64,
    pub key: Option<String>,
}

/// A claim that was answered.
#[derive(Clone, Debug)]
pub struct Told {
    /// The request that made it.
    pub ask: Ask,
    /// Its id.
    pub id: String,
    /// Its running number.
    pub number: u64,
    /// The state its fan was told last.
    pub state: ClaimState,
    /// The state asked for since, whose answer never came.
    pub asked: Option<ClaimState>,
}

/// Everything the crowd remembers.
#[derive(Default)]
pub struct Memory {
    /// The claims the folder was filled with, in the order of their fans; nobody changes them.
    pub first: Vec<Claim>,
    /// Claims made over HTTP, in the order they were answered.
    pub told: Vec<Told>,
    /// Requests under way when the server was killed, or answered `unsure`.
    pub unheard: Vec<Ask>,
    /// How many heard `unsure`, and how many `busy`.
    pub unsure: usize,
    pub busy: usize,
}

impl Memory {
    /// Takes over what a client remembers.
    pub fn add(&mut self, other: Self) {
        self.told.extend(other.told);
        self.unheard.extend(other.unheard);
        self.unsure += other.unsure;
        self.busy += other.busy;
    }

    /// What of this the state contradicts, in words; nothing if all is there as it was told.
    pub fn faults(&self, state: &State) -> Vec<String> {
        let mut faults: Vec<String> =
            self.first.iter().filter_map(|claim| first_fault(claim, state)).collect();
        let mut numbers = HashSet::new();
        for told in &self.told {
            faults.extend(told.fault(state));
            if !numbers.insert(told.number) {
                faults.push(format!("number {} was given twice", told.number));
            }
        }
        faults.extend(self.count_faults(state));
        faults
    }

    /// No fan has more claims than they were told of, or may have without knowing.
    fn count_faults(&self, state: &State) -> Vec<String> {
        let mut known: HashMap<u64, (usize, usize)> = HashMap::new();
        self.told.iter().for_each(|told| known.entry(told.ask.fan).or_default().0 += 1);
        self.unheard.iter().for_each(|ask| known.entry(ask.fan).or_default().1 += 1);
        let mut faults = Vec::new();
        for (fan, (told, unheard)) in known {
            let has = state.claims().of(Fan::new(fan).unwrap()).count();
            if !(told..=told + unheard).contains(&has) {
                faults.push(format!("fan {fan} has {has} claims, was told of {told}"));
            }
        }
        let least = self.first.len() + self.told.len();
        let count = state.claims().count() as usize;
        if !(least..=least + self.unheard.len()).contains(&count) {
            faults.push(format!("there are {count} claims, and {least} were answered"));
        }
        faults
    }

    /// Notes which changes, asked for and not answered, were made.
    pub fn learn(&mut self, state: &State) {
        for told in self.told.iter_mut().filter(|told| told.asked.is_some()) {
            if let Some(claim) = found(told.number, state) {
                told.state = claim.state;
            }
            told.asked = None;
        }
    }
}

impl Told {
    fn fault(&self, state: &State) -> Option<String> {
        let Self { ask, id, number, .. } = self;
        let Some(claim) = found(*number, state) else {
            return Some(format!("claim {number} of fan {} is lost", ask.fan));
        };
        if claim.fan.get() != ask.fan || claim_id(LANE, claim.place) != *id {
            let (fan, is) = (claim.fan.get(), claim_id(LANE, claim.place));
            return Some(format!(
                "claim {number} was {id} of fan {}, and is {is} of fan {fan}",
                ask.fan
            ));
        }
        let follows = claim.state == self.state || Some(claim.state) == self.asked;
        let said = || format!("claim {number} was {:?}, and is {:?}", self.state, claim.state);
        (!follows).then(said)
    }
}

fn found(number: u64, state: &State) -> Option<Claim> {
    state.claims().get(Number::new(number as u32)?)
}

/// A first claim stands as it was; only its hold may last longer.
fn first_fault(was: &Claim, state: &State) -> Option<String> {
    let same = |is: &Claim| {
        (is.fan, is.place, is.state, is.key) == (was.fan, was.place, was.state, was.key)
            && is.until_s >= was.until_s
    };
    let is = state.claims().get(was.number);
    let said = || format!("claim {} was {was:?}, and is {is:?}", was.number);
    (!is.as_ref().is_some_and(same)).then(said)
}
