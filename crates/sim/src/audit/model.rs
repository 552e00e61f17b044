//! The auditor's own picture of a drop: plain vectors, moved by facts. It shares no rule with the
//! engine, only the words (commands, facts, refusals) in which both speak.

use super::acts::number_of;
use crate::hosts::HOST;
use fanfare_engine::{
    Amendment, Claim, ClaimState, Fact, Fan, Key, Line, LineTerms, Loss, Number, Place, Quantity,
    Terms,
};

/// A line's units by where they are. `rights` and `reserve` are set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units {
    pub(crate) id: u64,
    pub(crate) issued: u32,
    pub(crate) free: u32,
    pub(crate) rights: u32,
    pub(crate) reserve: u32,
    pub(crate) held: u32,
    pub(crate) settled: u32,
}

/// A claim as the auditor knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) fan: Fan,
    pub(crate) line: Line,
    pub(crate) quantity: Quantity,
    pub(crate) state: ClaimState,
    pub(crate) until_s: u32,
    pub(crate) key: Option<Key>,
    pub(crate) place: Place,
}

impl Known {
    /// A claim of which nothing is left but its number.
    const LOST: Self = Self {
        fan: HOST,
        line: Line(0),
        quantity: Quantity::MIN,
        state: ClaimState::Released,
        until_s: 0,
        key: None,
        place: Place { seq: 0, index: 0 },
    };

    /// Whether only its number is left.
    pub(crate) fn is_lost(&self) -> bool {
        self.place.seq == 0
    }
}

impl From<&Claim> for Known {
    fn from(claim: &Claim) -> Self {
        Self {
            fan: claim.fan,
            line: claim.line,
            quantity: claim.quantity,
            state: claim.state,
            until_s: claim.until_s,
            key: claim.key,
            place: claim.place,
        }
    }
}

/// A right not used up yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) id: u32,
    pub(crate) fan: Fan,
    pub(crate) line: Line,
    pub(crate) quantity: Quantity,
    pub(crate) until_s: u32,
}

/// Where a drop is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Before,
    Open,
    Paused,
    Over,
}

/// How far a drop's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Serving,
    Closed,
    /// Closed, and the lane has gone to rest.
    Resting,
}

/// A drop.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) opens_at_ms: i64,
    pub(crate) closes_at_ms: i64,
    pub(crate) hold_s: u32,
    pub(crate) limit: u32,
    pub(crate) lines: Vec<Units>,
    pub(crate) claims: Vec<Known>,
    /// Claim numbers by fan number, oldest first.
    pub(crate) of_fan: Vec<Vec<u32>>,
    pub(crate) rights: Vec<Open>,
    rights_made: u32,
    /// What hosts did, oldest first.
    pub(super) acts: Vec<Fact>,
    pub(crate) seq: u32,
    pub(crate) now_ms: i64,
    pub(crate) paused: bool,
    pub(crate) doubtful: bool,
    /// Rows were lost, and no host has resumed since.
    pub(crate) lost: bool,
    pub(crate) end: End,
    pub(crate) sold_out_at_ms: Option<i64>,
    /// No hold ends before this second.
    soonest_s: u32,
    /// The latest second a hold was ever given to.
    pub(crate) latest_s: u32,
}

/// What a fact did that no fact may do.
pub(crate) type Wrong = &'static str;

impl Model {
    pub(crate) fn new(terms: &Terms, now_ms: i64) -> Self {
        Self {
            opens_at_ms: terms.opens_at_ms,
            closes_at_ms: terms.closes_at_ms,
            hold_s: terms.hold_s,
            limit: u32::from(terms.limit.get()),
            lines: terms.lines.iter().map(units).collect(),
            claims: Vec::new(),
            of_fan: Vec::new(),
            rights: Vec::new(),
            rights_made: 0,
            acts: Vec::new(),
            seq: 0,
            now_ms,
            paused: false,
            doubtful: false,
            lost: false,
            end: End::Serving,
            sold_out_at_ms: None,
            soonest_s: u32::MAX,
            latest_s: 0,
        }
    }

    /// Where the drop is in its life at this moment of the clock.
    pub(crate) fn life(&self, clock_ms: i64) -> Life {
        let now_ms = if self.doubtful { self.now_ms } else { clock_ms.max(self.now_ms) };
        match () {
            () if self.closed() || now_ms >= self.closes_at_ms => Life::Over,
            () if now_ms < self.opens_at_ms => Life::Before,
            () if self.paused || self.doubtful => Life::Paused,
            () => Life::Open,
        }
    }

    /// Whether claims are taken at this moment of the clock.
    pub(crate) fn is_open(&self, clock_ms: i64) -> bool {
        self.life(clock_ms) == Life::Open
    }

    /// Whether a fact closed it.
    pub(crate) fn closed(&self) -> bool {
        self.end != End::Serving
    }

    /// Whatever happens after going to rest is what woke the lane.
    pub(crate) fn wake(&mut self) {
        if self.end == End::Resting {
            self.end = End::Closed;
        }
    }

    /// What the gate needs of it: no claims, no rights.
    pub(crate) fn front(&self) -> Self {
        let (claims, of_fan, rights) = (Vec::new(), Vec::new(), Vec::new());
        Self { lines: self.lines.clone(), claims, of_fan, rights, acts: Vec::new(), ..*self }
    }

    /// When time alone next brings something about, ms since 1970.
    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        if self.doubtful || self.end == End::Resting {
            return None;
        }
        let held = self.claims.iter().filter(|claim| claim.state == ClaimState::Held);
        let ends = held.map(|claim| claim.until_s);
        let ends = ends.chain(self.rights.iter().map(|right| right.until_s));
        let ends = ends.map(|until_s| i64::from(until_s) * 1_000);
        ends.chain((!self.closed()).then_some(self.closes_at_ms)).min()
    }

    /// A fan's claims, newest first, with their numbers.
    pub(crate) fn claims_of(&self, fan: Fan) -> impl Iterator<Item = (u32, &Known)> {
        let own = self.of_fan.get(fan.get() as usize).map_or(&[][..], Vec::as_slice);
        own.iter().rev().map(|number| (*number, &self.claims[*number as usize - 1]))
    }

    /// Units a fan holds or has paid.
    pub(crate) fn units_of(&self, fan: Fan) -> u32 {
        let counts = |c: &Known| matches!(c.state, ClaimState::Held | ClaimState::Settled);
        let counted = self.claims_of(fan).filter(|(_, claim)| counts(claim));
        counted.map(|(_, claim)| u32::from(claim.quantity.get())).sum()
    }

    /// Whether the fan has a claim or an open right here.
    pub(crate) fn knows(&self, fan: Fan) -> bool {
        self.claims_of(fan).next().is_some() || self.rights.iter().any(|right| right.fan == fan)
    }

    /// Units held over all lines.
    pub(crate) fn held(&self) -> u32 {
        self.lines.iter().map(|line| line.held).sum()
    }

    /// The right's number after the newest.
    pub(crate) fn next_right(&self) -> u32 {
        self.rights_made + 1
    }

    /// Claims whose hold is over by this second, oldest first.
    pub(crate) fn over(&mut self, now_s: u32) -> Vec<Number> {
        if self.soonest_s > now_s {
            return Vec::new();
        }
        let mut over = Vec::new();
        self.soonest_s = u32::MAX;
        for (claim, number) in self.claims.iter().zip(1..) {
            if claim.state != ClaimState::Held {
                continue;
            }
            self.soonest_s = self.soonest_s.min(claim.until_s);
            if claim.until_s <= now_s {
                over.extend(Number::new(number));
            }
        }
        over
    }

    fn line(&mut self, line: Line) -> Result<&mut Units, Wrong> {
        self.lines.get_mut(usize::from(line.0)).ok_or("a line the drop does not have")
    }

    /// Takes one fact that stands at this place.
    pub(crate) fn take(&mut self, place: Place, fact: &Fact) -> Result<(), Wrong> {
        self.wake();
        self.acts.extend(number_of(fact).map(|_| fact.clone()));
        match fact {
            Fact::Terms(_) | Fact::Tallied(_) => {}
            Fact::Rested(_) => self.end = End::Resting,
            Fact::Restored(loss) => self.lose(loss)?,
            Fact::Moved(_) => return Err("a lane moved away where nobody moves any"),
            Fact::Opened { doubtful_time, .. } => self.doubtful = *doubtful_time,
            Fact::Claimed { .. } => self.take_claim(place, fact)?,
            Fact::Settled(n) => self.turn(*n, ClaimState::Held, ClaimState::Settled)?,
            Fact::Expired(n) => self.turn(*n, ClaimState::Held, ClaimState::Expired)?,
            Fact::Released(n) => self.turn(*n, ClaimState::Held, ClaimState::Released)?,
            Fact::Returned(n) => self.turn(*n, ClaimState::Settled, ClaimState::Returned)?,
            Fact::SettledLate(n) => self.turn(*n, ClaimState::Expired, ClaimState::Settled)?,
            Fact::RefundDue(n) => self.turn(*n, ClaimState::Expired, ClaimState::RefundDue)?,
            Fact::Granted { right, fan, line, quantity, until_s } => {
                let units = u32::from(quantity.get());
                let at = self.line(*line)?;
                at.free = at.free.checked_sub(units).ok_or("a right to more than is free")?;
                at.rights += units;
                self.rights_made += 1;
                let (id, fan, line) = (right.get(), *fan, *line);
                let (quantity, until_s) = (*quantity, *until_s);
                self.rights.push(Open { id, fan, line, quantity, until_s });
            }
            Fact::Lapsed(right) => {
                let right = self.use_right(right.get())?;
                let at = self.line(right.line)?;
                let units = u32::from(right.quantity.get());
                at.rights -= units;
                at.free += units;
            }
            Fact::Paused(_) => self.paused = true,
            Fact::Resumed(_) => (self.paused, self.doubtful, self.lost) = (false, false, false),
            Fact::Restocked { line, units, .. } => {
                let at = self.line(*line)?;
                (at.issued, at.free) = (at.issued + units, at.free + units);
            }
            Fact::Withdrawn { line, units, .. } => {
                let at = self.line(*line)?;
                at.free = at.free.checked_sub(*units).ok_or("withdrawn what is not free")?;
                at.issued -= units;
            }
            Fact::Closed(_) => self.end = End::Closed,
            Fact::Amended { amendment, .. } => self.amend(*amendment),
            Fact::Extended { since_ms } => self.extend(*since_ms),
        }
        if self.sold_out_at_ms.is_none() && self.lines.iter().all(|line| line.free == 0) {
            self.sold_out_at_ms = Some(self.now_ms);
        }
        Ok(())
    }

    /// Units leave the stock, numbers are left out, and everything waits for a host.
    fn lose(&mut self, loss: &Loss) -> Result<(), Wrong> {
        for (at, units) in self.lines.iter_mut().zip(&loss.set_aside) {
            at.free = at.free.checked_sub(*units).ok_or("set aside what is not free")?;
            at.issued -= units;
        }
        let claims = loss.claims as usize;
        if claims < self.claims.len() {
            return Err("fewer claims than were made");
        }
        self.claims.resize(claims, Known::LOST);
        (self.paused, self.lost) = (true, true);
        Ok(())
    }

    fn use_right(&mut self, id: u32) -> Result<Open, Wrong> {
        let at = self.rights.iter().position(|right| right.id == id);
        at.map(|at| self.rights.remove(at)).ok_or("a right that is not open")
    }

    fn take_claim(&mut self, place: Place, fact: &Fact) -> Result<(), Wrong> {
        let &Fact::Claimed { number, fan, line, quantity, until_s, key, right } = fact else {
            return Err("not a claim");
        };
        if number.get() as usize != self.claims.len() + 1 {
            return Err("a number twice, or one left out");
        }
        let units = u32::from(quantity.get());
        if self.units_of(fan) + units > self.limit {
            return Err("above the limit");
        }
        if let Some(right) = right {
            self.use_right(right.get())?;
            self.line(line)?.rights -= units;
        } else {
            let at = self.line(line)?;
            at.free = at.free.checked_sub(units).ok_or("a unit above stock")?;
        }
        self.line(line)?.held += units;
        let state = ClaimState::Held;
        self.claims.push(Known { fan, line, quantity, state, until_s, key, place });
        self.soonest_s = self.soonest_s.min(until_s);
        self.latest_s = self.latest_s.max(until_s);
        let at = fan.get() as usize;
        if self.of_fan.len() <= at {
            self.of_fan.resize(at + 1, Vec::new());
        }
        self.of_fan[at].push(number.get());
        Ok(())
    }

    fn turn(&mut self, number: Number, from: ClaimState, to: ClaimState) -> Result<(), Wrong> {
        let claim = self.claims.get_mut(number.get() as usize - 1).ok_or("no such claim")?;
        if claim.state != from {
            return Err("a claim in another state");
        }
        claim.state = to;
        let (line, units, fan) = (claim.line, u32::from(claim.quantity.get()), claim.fan);
        let at = self.line(line)?;
        match from {
            ClaimState::Held => at.held -= units,
            ClaimState::Settled => at.settled -= units,
            _ if to == ClaimState::Settled => {
                at.reserve = at.reserve.checked_sub(units).ok_or("the reserve is used up")?;
            }
            _ => return Ok(()),
        }
        if to == ClaimState::Settled {
            at.settled += units;
        } else {
            at.free += units;
        }
        if self.units_of(fan) > self.limit { Err("above the limit") } else { Ok(()) }
    }

    fn amend(&mut self, amendment: Amendment) {
        match amendment {
            Amendment::OpensAt(ms) => self.opens_at_ms = ms,
            Amendment::ClosesAt(ms) => self.closes_at_ms = ms,
            Amendment::Hold(s) => self.hold_s = s,
            Amendment::Limit(limit) => self.limit = u32::from(limit.get()),
            Amendment::Price(..) => {}
            Amendment::NewLine(line) => self.lines.push(units(&line)),
        }
    }

    /// Holds get what they had left, and a minute at the least.
    fn extend(&mut self, since_ms: i64) {
        for claim in self.claims.iter_mut().filter(|claim| claim.state == ClaimState::Held) {
            let left_ms = (i64::from(claim.until_s) * 1_000 - since_ms).max(60_000);
            claim.until_s = claim.until_s.max(whole_s(self.now_ms + left_ms));
            self.latest_s = self.latest_s.max(claim.until_s);
        }
    }
}

fn units(line: &LineTerms) -> Units {
    let free = line.stock - line.reserve;
    let (issued, reserve) = (line.stock, line.reserve);
    Units { id: line.id, issued, free, rights: 0, reserve, held: 0, settled: 0 }
}

/// The first whole second at or after a moment: holds end in the fan's favour.
pub(crate) fn whole_s(ms: i64) -> u32 {
    ((ms + 999) / 1_000) as u32
}
