//! The journal held against what the crowd remembers, by own simple sums: no rule and no type of
//! the engine's state is used, only its facts.
//!
//! Feed it every fact of the drop's lane in order, then [`Audit::finish`].

mod claims;
mod stock;

use std::collections::HashMap;

use fanfare_engine::{Amendment, Fact, Place};

use super::memory::Memory;
use claims::{Entry, Journalled};
use stock::Stock;

/// The audit of one drop.
#[derive(Debug)]
pub struct Audit {
    lines: Vec<Stock>,
    claims: Journalled,
    /// Open rights by number: line and units.
    rights: HashMap<u32, (u16, u32)>,
    quantity: u32,
    opens_at_ms: i64,
    sold_out_at_ms: Option<i64>,
    rows: u64,
}

/// What the audit found. All but the last four are zero where every promise was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Units given out above the stock, the most there were at one time.
    pub oversold: u64,
    /// Units free at the end while a refused fan was still asking.
    pub left_over: u64,
    /// Units fans had beyond the limit, and numbers given twice.
    pub double: u64,
    /// Acknowledged claims that are missing in the journal or stand there otherwise.
    pub lost: u64,
    /// Times somebody was refused though units had been free for two seconds.
    pub refused_while_free: u64,
    /// The longest time units had been free when somebody asked and was refused even so.
    pub free_unseen_ms: i64,
    /// Claims in the journal of which no fan was told.
    pub untold: u64,
    /// Lost answers whose repeat did not say what the journal says.
    pub lost_answers_other: u64,
    /// Facts about claims that do not exist or are in another state.
    pub senseless: u64,
    /// Units given again after coming back.
    pub resold: u64,
    /// Units given, each counted once.
    pub units: u64,
    /// Claims ever made.
    pub claims: u64,
    /// From the opening to the first moment nothing was free.
    pub sold_out_after_ms: Option<i64>,
}

impl Audit {
    /// An audit of the drop whose crowd has this memory.
    pub fn new(memory: &Memory) -> Self {
        Self {
            lines: Vec::new(),
            claims: Journalled::new(memory.first_fan, memory.heads),
            rights: HashMap::new(),
            quantity: u32::from(memory.quantity),
            opens_at_ms: memory.opens_at_ms,
            sold_out_at_ms: None,
            rows: 0,
        }
    }

    /// Takes the next fact. `time_ms` is the lane time of its row, ms since 1970.
    pub fn fact(&mut self, place: Place, time_ms: i64, fact: &Fact) {
        self.rows = self.rows.max(u64::from(place.seq));
        match fact {
            Fact::Claimed { number, fan, line, quantity, right, .. } => {
                let units = u32::from(quantity.get());
                let entry = Entry::new(place, fan.get(), line.0, quantity.get(), time_ms);
                self.claims.add(number.get(), entry);
                let right = right.and_then(|right| self.rights.remove(&right.get()));
                self.with_line(line.0, time_ms, |stock| stock.give(units, right.is_some()));
            }
            Fact::Settled(n)
            | Fact::Expired(n)
            | Fact::Released(n)
            | Fact::Returned(n)
            | Fact::SettledLate(n)
            | Fact::RefundDue(n) => self.move_claim(n.get(), time_ms, fact),
            _ => self.other(time_ms, fact),
        }
        if self.sold_out_at_ms.is_none()
            && !self.lines.is_empty()
            && self.lines.iter().all(|stock| stock.free() <= 0)
        {
            self.sold_out_at_ms = Some(time_ms);
        }
    }

    /// What happens to stock and terms rather than to claims.
    fn other(&mut self, time_ms: i64, fact: &Fact) {
        match fact {
            Fact::Terms(terms) => {
                self.claims.limit = u32::from(terms.limit.get());
                self.opens_at_ms = terms.opens_at_ms;
                for line in &terms.lines {
                    self.add_line(line.stock, line.reserve, time_ms);
                }
            }
            Fact::Granted { right, line, quantity, .. } => {
                let units = u32::from(quantity.get());
                self.rights.insert(right.get(), (line.0, units));
                self.with_line(line.0, time_ms, |stock| stock.aside += i64::from(units));
            }
            Fact::Lapsed(right) => {
                if let Some((line, units)) = self.rights.remove(&right.get()) {
                    self.with_line(line, time_ms, |stock| stock.aside -= i64::from(units));
                }
            }
            Fact::Restocked { line, units, .. } => {
                self.with_line(line.0, time_ms, |stock| stock.issue(i64::from(*units)));
            }
            Fact::Withdrawn { line, units, .. } => {
                self.with_line(line.0, time_ms, |stock| stock.issue(-i64::from(*units)));
            }
            Fact::Extended { since_ms } => {
                for stock in &mut self.lines {
                    stock.stalled(*since_ms, time_ms);
                }
            }
            Fact::Amended { amendment, .. } => match amendment {
                Amendment::OpensAt(ms) => self.opens_at_ms = *ms,
                Amendment::Limit(limit) => self.claims.limit = u32::from(limit.get()),
                Amendment::NewLine(line) => self.add_line(line.stock, line.reserve, time_ms),
                Amendment::ClosesAt(_) | Amendment::Hold(_) | Amendment::Price(..) => {}
            },
            _ => {}
        }
    }

    fn add_line(&mut self, stock: u32, reserve: u32, time_ms: i64) {
        let free_from_ms = time_ms.max(self.opens_at_ms);
        self.lines.push(Stock::new(stock, reserve, self.quantity, free_from_ms));
    }

    fn move_claim(&mut self, number: u32, time_ms: i64, fact: &Fact) {
        let Some((line, units)) = self.claims.change(number, time_ms, fact) else {
            return;
        };
        let units = i64::from(units);
        self.with_line(line, time_ms, |stock| match fact {
            Fact::Expired(_) | Fact::Released(_) | Fact::Returned(_) => stock.out -= units,
            Fact::SettledLate(_) => {
                stock.out += units;
                stock.aside -= units;
            }
            _ => {}
        });
    }

    fn with_line(&mut self, line: u16, time_ms: i64, change: impl FnOnce(&mut Stock)) {
        match self.lines.get_mut(usize::from(line)) {
            Some(stock) => {
                change(stock);
                stock.note(time_ms);
            }
            None => self.claims.senseless += 1,
        }
    }

    /// Units each line still has, for the report.
    pub fn free(&self) -> impl Iterator<Item = i64> + '_ {
        self.lines.iter().map(Stock::free)
    }

    /// Holds the journal against the memory.
    pub fn finish(self, memory: &Memory) -> Findings {
        let mut found = Findings {
            senseless: self.claims.senseless,
            claims: self.claims.count(),
            sold_out_after_ms: self.sold_out_at_ms.map(|at| at - self.opens_at_ms),
            ..Findings::default()
        };
        for (at, stock) in self.lines.iter().enumerate() {
            found.oversold += stock.oversold();
            found.resold += stock.resold();
            found.units += stock.given_once();
            let free = stock.free().max(0) as u64;
            if let Some(answers) = memory.sold_out.get(at) {
                let (spans, unseen_ms) = stock.refused_while_free(answers, memory.began_ms);
                found.refused_while_free += spans;
                found.free_unseen_ms = found.free_unseen_ms.max(unseen_ms);
                if stock.refused_at_the_end(answers, memory.began_ms) {
                    found.left_over += free;
                }
            }
        }
        if found.left_over == 0 && memory.counts.still_asking > 0 {
            found.left_over = self.free().map(|free| free.max(0) as u64).sum();
        }
        self.claims.hold_against(memory, &mut found);
        found
    }
}
