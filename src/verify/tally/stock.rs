//! Units by line, counted on their own.

use crate::verify::report::{Fault, Promise, fault};

/// Where a line's units are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::verify) struct Units {
    pub(in crate::verify) issued: u64,
    pub(in crate::verify) free: u64,
    pub(in crate::verify) set_aside: u64,
    /// Of those set aside, the ones kept for late money.
    pub(in crate::verify) reserve: u64,
    pub(in crate::verify) held: u64,
    pub(in crate::verify) settled: u64,
}

/// A pile of a line's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pile {
    Free,
    Reserve,
    Rights,
    Held,
    Settled,
}

impl Units {
    pub(super) fn new(stock: u32, reserve: u32) -> Result<Self, Fault> {
        let (issued, reserve) = (u64::from(stock), u64::from(reserve));
        let free = issued.checked_sub(reserve);
        let free = free.ok_or_else(|| broken("a reserve above the stock"))?;
        Ok(Self { issued, free, set_aside: reserve, reserve, ..Self::default() })
    }

    /// Moves units from one pile to another; never more than lie there.
    pub(super) fn carry(&mut self, units: u64, from: Pile, to: Pile) -> Result<(), Fault> {
        let there = match from {
            Pile::Free => self.free,
            Pile::Reserve => self.reserve,
            Pile::Rights => self.set_aside - self.reserve,
            Pile::Held => self.held,
            Pile::Settled => self.settled,
        };
        if units > there {
            return Err(broken(format!("{units} units of {from:?}, where {there} are")));
        }
        match from {
            Pile::Free => self.free -= units,
            Pile::Reserve => {
                (self.reserve, self.set_aside) = (self.reserve - units, self.set_aside - units);
            }
            Pile::Rights => self.set_aside -= units,
            Pile::Held => self.held -= units,
            Pile::Settled => self.settled -= units,
        }
        match to {
            Pile::Free => self.free += units,
            Pile::Reserve => {
                (self.reserve, self.set_aside) = (self.reserve + units, self.set_aside + units);
            }
            Pile::Rights => self.set_aside += units,
            Pile::Held => self.held += units,
            Pile::Settled => self.settled += units,
        }
        Ok(())
    }

    pub(super) fn restock(&mut self, units: u32) {
        self.issued += u64::from(units);
        self.free += u64::from(units);
    }

    pub(super) fn withdraw(&mut self, units: u32) -> Result<(), Fault> {
        let units = u64::from(units);
        if units > self.free {
            return Err(broken(format!("{units} units withdrawn, where {} are free", self.free)));
        }
        (self.issued, self.free) = (self.issued - units, self.free - units);
        Ok(())
    }
}

fn broken(what: impl Into<String>) -> Fault {
    fault(Promise::Conservation, what)
}
