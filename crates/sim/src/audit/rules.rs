//! What each command must lead to, written from the contract's words.

use super::model::{Known, Life, Model, whole_s};
use fanfare_engine::{
    Amendment, ClaimState, Command, Fact, Fan, Key, Line, Number, Promise, Quantity, Refusal,
    RightId,
};
use fanfare_lane::Reply;

/// What a caller must hear.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// This claim, as it is after the command.
    Claim(Number, Known, bool),
    /// A host's act is done or was so already.
    Acted,
    /// This refusal.
    Refused(Refusal),
}

impl Expect {
    /// Whether a reply is what was expected. Which promise an act breaks is the product's own to
    /// say.
    pub(crate) fn is(&self, reply: &Reply) -> bool {
        match (self, reply) {
            (Self::Claim(number, known, fresh), Reply::Claim { claim, fresh: said }) => {
                (*number, *known, *fresh) == (claim.number, Known::from(claim), *said)
            }
            (Self::Acted, Reply::Acted)
            | (
                Self::Refused(Refusal::BreaksPromise(_)),
                Reply::Refused(Refusal::BreaksPromise(_)),
            ) => true,
            (Self::Refused(own), Reply::Refused(said)) => own == said,
            _ => false,
        }
    }
}

/// What comes of a command: at most one fact, and what the caller hears.
pub(crate) enum Outcome {
    Fact(Fact),
    Same(Number),
    Idle,
    No(Refusal),
}

impl Model {
    /// What must come of a command at lane time.
    pub(crate) fn outcome(&self, command: &Command) -> Outcome {
        match *command {
            Command::Claim { fan, line, quantity, key } => self.claim(fan, line, quantity, key),
            Command::Settle { number } => self.settle(number),
            Command::Release { number } => self.give_back(
                number,
                (ClaimState::Held, ClaimState::Released),
                Fact::Released(number),
            ),
            Command::Return { number } => self.give_back(
                number,
                (ClaimState::Settled, ClaimState::Returned),
                Fact::Returned(number),
            ),
            Command::Grant { fan, line, quantity, until_s } => {
                self.grant(fan, line, quantity, until_s)
            }
            _ => self.host(command),
        }
    }

    fn has_line(&self, line: Line) -> bool {
        usize::from(line.0) < self.lines.len()
    }

    fn known(&self, number: Number) -> Option<&Known> {
        self.claims.get(number.get() as usize - 1).filter(|claim| !claim.is_lost())
    }

    fn claim(&self, fan: Fan, line: Line, quantity: Quantity, key: Option<Key>) -> Outcome {
        if !self.has_line(line) {
            return Outcome::No(Refusal::NoSuchLine);
        }
        let wanted = |claim: &Known| claim.line == line && claim.quantity == quantity;
        for (number, claim) in self.claims_of(fan) {
            let Some(number) = Number::new(number) else { continue };
            match key {
                Some(_) if claim.key != key => {}
                Some(_) if wanted(claim) => return Outcome::Same(number),
                Some(_) => return Outcome::No(Refusal::KeyReused { number }),
                None if claim.state == ClaimState::Held && wanted(claim) => {
                    return Outcome::Same(number);
                }
                None => {}
            }
        }
        let opens_at_ms = self.opens_at_ms;
        match self.life(self.now_ms) {
            Life::Before => return Outcome::No(Refusal::NotOpen { opens_at_ms }),
            Life::Paused => return Outcome::No(Refusal::Paused),
            Life::Over => return Outcome::No(Refusal::Closed),
            Life::Open => {}
        }
        let units = u32::from(quantity.get());
        if self.units_of(fan) + units > self.limit {
            return Outcome::No(Refusal::LimitReached);
        }
        let right = self
            .rights
            .iter()
            .find(|right| (right.fan, right.line, right.quantity) == (fan, line, quantity))
            .and_then(|right| RightId::new(right.id));
        let at = &self.lines[usize::from(line.0)];
        if right.is_none() && at.free < units {
            return Outcome::No(Refusal::SoldOut { may_return: at.held > 0 });
        }
        let number = Number::new(self.claims.len() as u32 + 1).unwrap_or(Number::MAX);
        // Holds end in the order of their numbers.
        let own_s = whole_s(self.now_ms + i64::from(self.hold_s) * 1_000);
        let until_s = own_s.max(self.latest_s);
        Outcome::Fact(Fact::Claimed { number, fan, line, quantity, until_s, key, right })
    }

    fn settle(&self, number: Number) -> Outcome {
        let Some(claim) = self.known(number) else {
            return Outcome::No(Refusal::NoSuchClaim);
        };
        match claim.state {
            ClaimState::Held => Outcome::Fact(Fact::Settled(number)),
            ClaimState::Settled | ClaimState::RefundDue => Outcome::Same(number),
            ClaimState::Expired => {
                let units = u32::from(claim.quantity.get());
                let reserve = self.lines[usize::from(claim.line.0)].reserve;
                let room = self.units_of(claim.fan) + units <= self.limit;
                Outcome::Fact(if reserve >= units && room {
                    Fact::SettledLate(number)
                } else {
                    Fact::RefundDue(number)
                })
            }
            state => Outcome::No(Refusal::NotHeld { state }),
        }
    }

    fn give_back(
        &self,
        number: Number,
        (from, to): (ClaimState, ClaimState),
        fact: Fact,
    ) -> Outcome {
        match self.known(number).map(|claim| claim.state) {
            None => Outcome::No(Refusal::NoSuchClaim),
            Some(state) if state == to => Outcome::Same(number),
            Some(state) if state == from => Outcome::Fact(fact),
            Some(state) => Outcome::No(Refusal::NotHeld { state }),
        }
    }

    fn grant(&self, fan: Fan, line: Line, quantity: Quantity, until_s: u32) -> Outcome {
        if !self.has_line(line) {
            return Outcome::No(Refusal::NoSuchLine);
        }
        if self.life(self.now_ms) == Life::Over {
            return Outcome::No(Refusal::Closed);
        }
        let possible = self.lines[usize::from(line.0)].free;
        if possible < u32::from(quantity.get()) {
            return Outcome::No(Refusal::TooMany { possible });
        }
        let right = RightId::new(self.next_right()).unwrap_or(RightId::MAX);
        Outcome::Fact(Fact::Granted { right, fan, line, quantity, until_s })
    }

    fn host(&self, command: &Command) -> Outcome {
        if let Some(outcome) = self.did(command) {
            return outcome;
        }
        let over = self.life(self.now_ms) == Life::Over;
        match *command {
            Command::Restock { line, .. } | Command::Withdraw { line, .. }
                if !self.has_line(line) =>
            {
                Outcome::No(Refusal::NoSuchLine)
            }
            Command::Pause(_) | Command::Restock { .. } | Command::Amend { .. } if over => {
                Outcome::No(Refusal::Closed)
            }
            Command::Pause(_) if self.paused => Outcome::Idle,
            Command::Pause(act) => Outcome::Fact(Fact::Paused(act)),
            Command::Resume(act) if self.paused || self.doubtful => {
                Outcome::Fact(Fact::Resumed(act))
            }
            Command::Close(act) if !self.closed() => Outcome::Fact(Fact::Closed(Some(act))),
            Command::Restock { line, units, act } => {
                let possible = 1_000_000_000 - self.lines[usize::from(line.0)].issued;
                if units > possible {
                    return Outcome::No(Refusal::TooMany { possible });
                }
                Outcome::Fact(Fact::Restocked { line, units, act })
            }
            Command::Withdraw { line, units, act } => {
                let possible = self.lines[usize::from(line.0)].free;
                if units > possible {
                    return Outcome::No(Refusal::TooMany { possible });
                }
                Outcome::Fact(Fact::Withdrawn { line, units, act })
            }
            Command::Amend { amendment: Amendment::Price(line, _), .. } if !self.has_line(line) => {
                Outcome::No(Refusal::NoSuchLine)
            }
            Command::Amend { amendment, act } => {
                if self.breaks(amendment) {
                    return Outcome::No(Refusal::BreaksPromise(Promise::Bounds));
                }
                Outcome::Fact(Fact::Amended { amendment, act })
            }
            _ => Outcome::Idle,
        }
    }

    /// Whether an amendment takes back what fans were told, or makes no sense.
    fn breaks(&self, amendment: Amendment) -> bool {
        let begun = self.life(self.now_ms) != Life::Before;
        match amendment {
            Amendment::OpensAt(ms) => begun || ms < self.now_ms || ms >= self.closes_at_ms,
            Amendment::ClosesAt(ms) => ms <= self.now_ms || ms <= self.opens_at_ms,
            Amendment::Hold(s) => s == 0 || (begun && s < self.hold_s),
            Amendment::Limit(limit) => begun && u32::from(limit.get()) < self.limit,
            Amendment::Price(_, minor) => begun || minor < 0,
            Amendment::NewLine(line) => {
                line.reserve > line.stock
                    || line.stock > 1_000_000_000
                    || self.lines.len() >= 256
                    || self.lines.iter().any(|own| own.id == line.id)
            }
        }
    }
}
