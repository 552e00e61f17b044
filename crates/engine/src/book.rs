//! What a lane's state holds besides its claims, and how facts change all of it. Replaying facts
//! needs no rule: `apply` moves what the fact says and asserts that no promise breaks.

use crate::acts::Acts;
use crate::claim::{ClaimState, NewClaim};
use crate::claims::KeepClaims;
use crate::fact::{Amendment, Fact, Facts, Totals};
use crate::ids::{Line, Number, Place};
use crate::ledger::{Broken, Ledger, Pot, Stock};
use crate::refusal::{Refusal, Tally};
use crate::rights::{Right, Rights};
use crate::terms::{LineTerms, Terms};
use crate::{Command, FACTS_PER_BATCH_MAX, HOLD_LEFT_MIN_MS, host};
use alloc::vec::Vec;

/// Where a drop is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It opens later.
    Before,
    /// Claims are taken.
    Open,
    /// The host, or a doubtful clock, stopped new claims.
    Paused,
    /// Over.
    Closed,
}

/// Terms, stock, rights and time of one lane. It is small, so the decided and the published state
/// each have their own.
#[derive(Clone, Debug)]
pub struct Book {
    pub(crate) terms: Terms,
    pub(crate) ledger: Ledger,
    pub(crate) rights: Rights,
    pub(crate) acts: Acts,
    pub(crate) tally: Tally,
    pub(crate) now_ms: i64,
    pub(crate) paused: bool,
    pub(crate) doubtful_time: bool,
    pub(crate) lost: bool,
    pub(crate) closed: bool,
    pub(crate) resting: bool,
    pub(crate) moved: bool,
    pub(crate) sold_out_at_ms: Option<i64>,
}

impl Book {
    pub(crate) fn new(terms: &Terms, now_ms: i64) -> Result<Self, Broken> {
        let mut book = Self {
            terms: Terms { lines: Vec::new(), ..terms.clone() },
            ledger: Ledger::default(),
            rights: Rights::default(),
            acts: Acts::default(),
            tally: Tally::default(),
            now_ms,
            paused: false,
            doubtful_time: false,
            lost: false,
            closed: false,
            resting: false,
            moved: false,
            sold_out_at_ms: None,
        };
        for line in &terms.lines {
            book.add_line(*line)?;
        }
        Ok(book)
    }

    /// What the drop promises now.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The stock.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The open rights.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// What hosts did, by number.
    pub fn acts(&self) -> &Acts {
        &self.acts
    }

    /// Refusals counted so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Lane time: that of the newest row, ms since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Whether lane time waits for the host's word.
    pub fn doubtful_time(&self) -> bool {
        self.doubtful_time
    }

    /// Whether rows were lost and no host has resumed the drop since.
    pub fn lost(&self) -> bool {
        self.lost
    }

    /// Whether the host stopped new claims.
    pub fn paused(&self) -> bool {
        self.paused
    }

    /// Whether the lane has gone to rest.
    pub fn resting(&self) -> bool {
        self.resting
    }

    /// Whether the lane goes on in another journal, so that nothing happens here any more.
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// The first moment nothing was free, ms since 1970.
    pub fn sold_out_at_ms(&self) -> Option<i64> {
        self.sold_out_at_ms
    }

    /// The moment the lane goes by: the clock's, but never before its newest row, and standing
    /// still while the clock is in doubt.
    pub fn lane_time(&self, clock_ms: i64) -> i64 {
        if self.doubtful_time { self.now_ms } else { clock_ms.max(self.now_ms) }
    }

    /// Where the drop is in its life when the clock shows this moment.
    pub fn phase(&self, clock_ms: i64) -> Phase {
        let now_ms = self.lane_time(clock_ms);
        if self.closed || now_ms >= self.terms.closes_at_ms {
            Phase::Closed
        } else if now_ms < self.terms.opens_at_ms {
            Phase::Before
        } else if self.paused || self.doubtful_time {
            Phase::Paused
        } else {
            Phase::Open
        }
    }

    /// Whether the drop is closed by a fact, not only by the clock.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Whether nothing can change any more without somebody asking for it.
    pub fn may_rest(&self) -> bool {
        self.closed && !self.resting && self.ledger.held() == 0 && self.rights.is_empty()
    }

    /// The totals a resting lane with this many claims leaves behind.
    pub(crate) fn totals(&self, claims: u32) -> Totals {
        let line = |s: &Stock| [s.issued, s.free, s.set_aside, s.settled];
        Totals {
            claims,
            opens_at_ms: self.terms.opens_at_ms,
            closes_at_ms: self.terms.closes_at_ms,
            sold_out_at_ms: self.sold_out_at_ms,
            lines: self.ledger.lines().iter().map(line).collect(),
        }
    }

    /// Begins a row: lane time becomes the row's.
    pub(crate) fn begin(&mut self, now_ms: i64) -> Result<(), Broken> {
        if now_ms < self.now_ms {
            return Err(Broken("lane time went back"));
        }
        self.now_ms = now_ms;
        Ok(())
    }

    /// Decides a host's act now and applies what it makes, to see what would become of it. Gives
    /// what it would break, if anything.
    ///
    /// # Errors
    /// The reason it would be refused; acts that are about claims are never refused here.
    pub fn act(&mut self, act: &Command, now_ms: i64) -> Result<Result<(), Broken>, Refusal> {
        let mut facts = Facts::new();
        self.now_ms = self.lane_time(now_ms);
        host::decide(self, act, &mut facts)?;
        Ok(facts.iter().try_for_each(|fact| self.apply_alone(fact)))
    }

    /// Applies one fact that stands at `place` to the book and these claims.
    pub(crate) fn apply(
        &mut self,
        claims: &mut impl KeepClaims,
        place: Place,
        fact: &Fact,
    ) -> Result<(), Broken> {
        use ClaimState::{Expired, Held, RefundDue, Released, Returned, Settled};
        if usize::from(place.index) >= FACTS_PER_BATCH_MAX {
            return Err(Broken("more facts than a row may hold"));
        }
        if self.moved {
            return Err(Broken("the lane moved to another place: nothing follows here"));
        }
        let seq = place.seq;
        match fact {
            Fact::Claimed { .. } => self.claimed(claims, place, fact)?,
            Fact::Settled(n) => self.move_claim(claims, (*n, seq), Held, Settled)?,
            Fact::Expired(n) => self.move_claim(claims, (*n, seq), Held, Expired)?,
            Fact::Released(n) => self.move_claim(claims, (*n, seq), Held, Released)?,
            Fact::Returned(n) => self.move_claim(claims, (*n, seq), Settled, Returned)?,
            Fact::SettledLate(n) => self.move_claim(claims, (*n, seq), Expired, Settled)?,
            Fact::RefundDue(n) => self.move_claim(claims, (*n, seq), Expired, RefundDue)?,
            Fact::Extended { since_ms } => claims.extend(*since_ms, self.now_ms, HOLD_LEFT_MIN_MS),
            Fact::Rested(totals) => {
                if !self.may_rest() || **totals != self.totals(claims.count()) {
                    return Err(Broken("rest with other totals, or too early"));
                }
            }
            Fact::Restored(loss) => {
                self.lose(loss)?;
                claims.lose(loss.claims, place)?;
            }
            _ => self.apply_alone(fact)?,
        }
        self.settle_flags(fact);
        Ok(())
    }

    /// Applies a fact that touches no claim.
    fn apply_alone(&mut self, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Opened { doubtful_time, .. } => self.doubtful_time = *doubtful_time,
            Fact::Granted { right, fan, line, quantity, until_s } => {
                let units = u32::from(quantity.get());
                self.ledger.shift(*line, units, Pot::Free, Pot::SetAside)?;
                let (fan, line, quantity, until_s) = (*fan, *line, *quantity, *until_s);
                self.rights.grant(*right, Right { fan, line, quantity, until_s })?;
            }
            Fact::Lapsed(right) => {
                let right = self.rights.take(*right)?;
                let units = u32::from(right.quantity.get());
                self.ledger.shift(right.line, units, Pot::SetAside, Pot::Free)?;
            }
            Fact::Paused(_) => self.paused = true,
            Fact::Resumed(_) => {
                (self.paused, self.doubtful_time, self.lost) = (false, false, false);
            }
            Fact::Restocked { line, units, .. } => self.ledger.issue(*line, *units)?,
            Fact::Withdrawn { line, units, .. } => self.ledger.withdraw(*line, *units)?,
            Fact::Closed(_) => self.closed = true,
            Fact::Moved(_) => self.moved = true,
            Fact::Amended { amendment, .. } => self.amend(*amendment)?,
            Fact::Tallied(tally) => {
                for (sum, more) in self.tally.iter_mut().zip(tally.iter()) {
                    *sum = sum.saturating_add(*more);
                }
            }
            Fact::Terms(_) => return Err(Broken("terms a second time")),
            _ => return Err(Broken("a fact that is about claims")),
        }
        self.acts.keep(fact);
        Ok(())
    }

    fn settle_flags(&mut self, fact: &Fact) {
        // Whatever happens after going to rest is what woke the lane.
        self.resting = matches!(fact, Fact::Rested(_));
        if self.sold_out_at_ms.is_none() && self.ledger.free() == 0 {
            self.sold_out_at_ms = Some(self.now_ms);
        }
    }

    fn claimed(
        &mut self,
        claims: &mut impl KeepClaims,
        place: Place,
        fact: &Fact,
    ) -> Result<(), Broken> {
        let &Fact::Claimed { number, fan, line, quantity, until_s, key, right } = fact else {
            return Err(Broken("not a claim"));
        };
        let units = u32::from(quantity.get());
        if let Some(right) = right {
            let right = self.rights.take(right)?;
            if (right.fan, right.line, right.quantity) != (fan, line, quantity) {
                return Err(Broken("another's right"));
            }
            self.ledger.shift(line, units, Pot::SetAside, Pot::Held)?;
        } else {
            self.ledger.shift(line, units, Pot::Free, Pot::Held)?;
        }
        let claim = NewClaim { number, fan, line, quantity, until_s, key, place };
        if claims.keep(&claim)? + units > u32::from(self.terms.limit.get()) {
            return Err(Broken("a fan above the limit"));
        }
        Ok(())
    }

    fn move_claim(
        &mut self,
        claims: &mut impl KeepClaims,
        (number, seq): (Number, u32),
        from: ClaimState,
        to: ClaimState,
    ) -> Result<(), Broken> {
        let claim = claims.get(number).ok_or(Broken("a claim that was never made"))?;
        if claim.state != from {
            return Err(Broken("a claim in another state"));
        }
        let units = u32::from(claim.quantity.get());
        match (from, to) {
            (ClaimState::Held, ClaimState::Settled) => {
                self.ledger.shift(claim.line, units, Pot::Held, Pot::Settled)?;
            }
            (ClaimState::Held, _) => self.ledger.shift(claim.line, units, Pot::Held, Pot::Free)?,
            (ClaimState::Settled, _) => {
                self.ledger.shift(claim.line, units, Pot::Settled, Pot::Free)?;
            }
            (_, ClaimState::Settled) => {
                if claims.units_of(claim.fan) + units > u32::from(self.terms.limit.get()) {
                    return Err(Broken("a fan above the limit"));
                }
                self.ledger.spend_reserve(claim.line, units)?;
            }
            _ => {}
        }
        claims.set_state(number, to, seq)
    }

    fn amend(&mut self, amendment: Amendment) -> Result<(), Broken> {
        match amendment {
            Amendment::OpensAt(ms) => self.terms.opens_at_ms = ms,
            Amendment::ClosesAt(ms) => self.terms.closes_at_ms = ms,
            Amendment::Hold(s) => self.terms.hold_s = s,
            Amendment::Limit(limit) => self.terms.limit = limit,
            Amendment::Price(line, minor) => {
                let line = self.terms.lines.get_mut(usize::from(line.0));
                line.ok_or(Broken("a line the drop does not have"))?.price_minor = minor;
            }
            Amendment::NewLine(line) => self.add_line(line)?,
        }
        Ok(())
    }

    fn add_line(&mut self, line: LineTerms) -> Result<(), Broken> {
        self.ledger.add_line(Stock::new(line.stock, line.reserve)?);
        self.terms.lines.push(line);
        Ok(())
    }

    /// Asserts every promise that can be asserted from the state alone. Lanes call it before each
    /// append.
    ///
    /// # Errors
    /// What broke, in words.
    pub fn check(&self) -> Result<(), Broken> {
        self.ledger.check()
    }

    /// The line with this id of the terms.
    pub fn line_with_id(&self, id: u64) -> Option<Line> {
        let at = self.terms.lines.iter().position(|line| line.id == id)?;
        Some(Line(at as u16))
    }
}
