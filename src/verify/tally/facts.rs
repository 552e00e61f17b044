//! What each fact adds to the count.

use super::claims::{Entry, Life};
use super::stock::{Pile, Units};
use super::{Right, Tally, held};
use crate::verify::report::{Fault, Promise, fault};
use fanfare_engine::{Amendment, Fact, LineTerms, Loss, Number, Quantity, RightId, Terms, Totals};

type Done = Result<(), Fault>;

impl Tally {
    /// Takes the next fact.
    pub(in crate::verify) fn fact(&mut self, fact: &Fact) -> Done {
        let (times, lines) = ((self.before_ms, self.now_ms), &self.lines);
        self.gap.fact(fact, times, || held(lines))?;
        match fact {
            Fact::Terms(terms) => return self.terms(terms),
            _ if self.moved => {
                return Err(fault(
                    Promise::Chain,
                    "a fact behind the one that moved the lane away",
                ));
            }
            _ if !self.begun => {
                return Err(fault(Promise::Chain, "the first fact is not the drop's terms"));
            }
            Fact::Claimed { .. } => self.claimed(fact)?,
            Fact::Settled(n) => self.change(*n, Life::Held, Life::Settled)?,
            Fact::Expired(n) => self.change(*n, Life::Held, Life::Expired)?,
            Fact::Released(n) => self.change(*n, Life::Held, Life::Released)?,
            Fact::Returned(n) => self.change(*n, Life::Settled, Life::Returned)?,
            Fact::SettledLate(n) => self.change(*n, Life::Expired, Life::Settled)?,
            Fact::RefundDue(n) => self.change(*n, Life::Expired, Life::RefundDue)?,
            Fact::Granted { .. } => self.granted(fact)?,
            Fact::Lapsed(right) => self.lapsed(*right)?,
            Fact::Restocked { line, units, .. } => self.line(line.0)?.restock(*units),
            Fact::Withdrawn { line, units, .. } => self.line(line.0)?.withdraw(*units)?,
            Fact::Amended { amendment, .. } => self.amended(*amendment)?,
            Fact::Extended { since_ms } => self.claims.extend(*since_ms, self.now_ms),
            Fact::Paused(_) => self.paused = true,
            Fact::Resumed(_) => self.paused = false,
            Fact::Closed(_) => self.closed = true,
            Fact::Opened { .. } | Fact::Tallied(_) => {}
            Fact::Rested(totals) => self.rested(totals)?,
            Fact::Restored(loss) => self.restored(loss)?,
            Fact::Moved(_) => self.moved = true,
        }
        if self.sold_out_at_ms.is_none() && self.lines.iter().all(|units| units.free == 0) {
            self.sold_out_at_ms = Some(self.now_ms);
        }
        Ok(())
    }

    /// Rows were gone: numbers go on behind their claims, and what these may have is not for sale.
    fn restored(&mut self, loss: &Loss) -> Done {
        for (line, units) in loss.set_aside.iter().enumerate() {
            self.line(line as u16)?.withdraw(*units)?;
        }
        self.paused = true;
        self.claims.lose(loss.claims)
    }

    fn line(&mut self, line: u16) -> Result<&mut Units, Fault> {
        let units = self.lines.get_mut(usize::from(line));
        units.ok_or_else(|| fault(Promise::Conservation, format!("the drop has no line {line}")))
    }

    fn terms(&mut self, terms: &Terms) -> Done {
        if self.begun {
            return Err(fault(Promise::Chain, "the drop's terms stand there a second time"));
        }
        self.begun = true;
        (self.limit, self.hold_s) = (u32::from(terms.limit.get()), terms.hold_s);
        (self.opens_at_ms, self.closes_at_ms) = (terms.opens_at_ms, terms.closes_at_ms);
        terms.lines.iter().try_for_each(|line| self.new_line(line))
    }

    fn new_line(&mut self, line: &LineTerms) -> Done {
        self.lines.push(Units::new(line.stock, line.reserve)?);
        Ok(())
    }

    fn claimed(&mut self, claimed: &Fact) -> Done {
        let &Fact::Claimed { number, fan, line, quantity, until_s, key, right } = claimed else {
            return Ok(());
        };
        self.may_claim(number)?;
        let fan = fan.get();
        let pile = match right {
            Some(right) => {
                self.use_right(right, fan, line.0, quantity)?;
                Pile::Rights
            }
            None => Pile::Free,
        };
        self.line(line.0)?.carry(quantity.get().into(), pile, Pile::Held)?;
        if i64::from(until_s) * 1_000 < self.now_ms + i64::from(self.hold_s) * 1_000
            && until_s != u32::MAX
        {
            return Err(fault(Promise::Hold, format!("claim {number} is held too short")));
        }
        let fan = self.fans.place(fan);
        self.give(number, fan, quantity.get().into())?;
        let key = key.map(fanfare_engine::Key::get);
        let (line, quantity) = (line.0, quantity.get());
        self.claims.add(number, key, Entry { fan, until_s, line, quantity, life: Life::Held })
    }

    /// Whether the drop is open at this moment.
    fn may_claim(&self, number: Number) -> Done {
        let when = if self.now_ms < self.opens_at_ms {
            "before the opening"
        } else if self.closed || self.now_ms >= self.closes_at_ms {
            "after the closing"
        } else if self.paused || self.gap.doubtful_time() {
            "while the drop was paused"
        } else {
            return Ok(());
        };
        Err(fault(Promise::Opening, format!("claim {number} was made {when}")))
    }

    /// Counts units a fan gets, never above the limit.
    fn give(&mut self, number: Number, fan: u32, units: u32) -> Done {
        let has = self.fans.units(fan);
        *has += units;
        if *has <= self.limit {
            return Ok(());
        }
        let (has, limit, fan) = (*has, self.limit, self.fans.number(fan));
        let what = format!("with claim {number} fan {fan} has {has} units; the limit is {limit}");
        Err(fault(Promise::Limit, what))
    }

    fn change(&mut self, number: Number, from: Life, to: Life) -> Done {
        let entry = self.claims.go(number, from, to)?;
        let units = u64::from(entry.quantity);
        if to == Life::Expired && i64::from(entry.until_s) > self.now_ms.div_euclid(1_000) {
            return Err(fault(Promise::Hold, format!("claim {number} expired before its time")));
        }
        let pile = |life: Life, free: Pile| match life {
            Life::Held => Pile::Held,
            Life::Settled => Pile::Settled,
            _ => free,
        };
        match (from, to) {
            (Life::Expired, Life::Settled) => {
                self.line(entry.line)?.carry(units, Pile::Reserve, Pile::Settled)?;
                self.give(number, entry.fan, entry.quantity.into())?;
            }
            (Life::Expired, _) => {}
            _ => {
                let (from, to) = (pile(from, Pile::Free), pile(to, Pile::Free));
                self.line(entry.line)?.carry(units, from, to)?;
                if to == Pile::Free {
                    *self.fans.units(entry.fan) -= u32::from(entry.quantity);
                }
            }
        }
        Ok(())
    }

    fn granted(&mut self, granted: &Fact) -> Done {
        let &Fact::Granted { right, fan, line, quantity, until_s } = granted else {
            return Ok(());
        };
        if u64::from(right.get()) != u64::from(self.rights_made) + 1 {
            let what = format!("right {right} where {} were granted", self.rights_made);
            return Err(fault(Promise::Numbers, what));
        }
        self.rights_made = right.get();
        self.line(line.0)?.carry(quantity.get().into(), Pile::Free, Pile::Rights)?;
        let (fan, line, quantity) = (fan.get(), line.0, quantity.get());
        self.rights.insert(right.get(), Right { fan, line, quantity, until_s });
        Ok(())
    }

    fn take_right(&mut self, right: RightId) -> Result<Right, Fault> {
        let taken = self.rights.remove(&right.get());
        taken.ok_or_else(|| fault(Promise::Rights, format!("right {right} is not open")))
    }

    fn use_right(&mut self, right: RightId, fan: u64, line: u16, quantity: Quantity) -> Done {
        let taken = self.take_right(right)?;
        if (taken.fan, taken.line, taken.quantity) == (fan, line, quantity.get()) {
            return Ok(());
        }
        let what = format!("fan {fan} used right {right}, which fan {} has", taken.fan);
        Err(fault(Promise::Rights, what))
    }

    fn lapsed(&mut self, right: RightId) -> Done {
        let taken = self.take_right(right)?;
        if i64::from(taken.until_s) > self.now_ms.div_euclid(1_000) {
            return Err(fault(Promise::Rights, format!("right {right} lapsed before its time")));
        }
        self.line(taken.line)?.carry(taken.quantity.into(), Pile::Rights, Pile::Free)
    }

    fn amended(&mut self, amendment: Amendment) -> Done {
        match amendment {
            Amendment::OpensAt(ms) => self.opens_at_ms = ms,
            Amendment::ClosesAt(ms) => self.closes_at_ms = ms,
            Amendment::Hold(s) => self.hold_s = s,
            Amendment::Limit(limit) => self.limit = u32::from(limit.get()),
            Amendment::Price(line, _) => drop(self.line(line.0)?),
            Amendment::NewLine(line) => self.new_line(&line)?,
        }
        Ok(())
    }

    /// The totals a lane leaves when it goes to rest.
    fn rested(&self, totals: &Totals) -> Done {
        let line = |units: &Units| [units.issued, units.free, units.set_aside, units.settled];
        let own: Vec<[u64; 4]> = self.lines.iter().map(line).collect();
        let said: Vec<[u64; 4]> = totals.lines.iter().map(|line| line.map(u64::from)).collect();
        let what = if !self.closed || self.lines.iter().any(|units| units.held > 0) {
            "the lane rests before it closed or while units are held"
        } else if !self.rights.is_empty() {
            "the lane rests while rights are open"
        } else if own != said || totals.claims != self.claims.count() {
            "the totals are not those of the facts"
        } else if totals.sold_out_at_ms != self.sold_out_at_ms {
            "the moment of selling out is not that of the facts"
        } else if (totals.opens_at_ms, totals.closes_at_ms) != (self.opens_at_ms, self.closes_at_ms)
        {
            "opening and closing are not those of the facts"
        } else {
            return Ok(());
        };
        Err(fault(Promise::Totals, what))
    }
}
