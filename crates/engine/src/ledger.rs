//! The ledger of stock. Units move between four places of a line and never appear or vanish:
//! issued = free + set aside + held + settled.

use crate::ids::Line;
use alloc::vec::Vec;
use core::fmt;

/// One line's units by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// All there are.
    pub issued: u32,
    /// Nobody's yet.
    pub free: u32,
    /// Kept for those who have a right to them.
    pub set_aside: u32,
    /// Kept for money that comes late; counted within `set_aside`.
    pub reserve: u32,
    /// Claimed, not paid.
    pub held: u32,
    /// Claimed and paid.
    pub settled: u32,
}

/// A place in a line where units can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pot {
    Free,
    SetAside,
    Held,
    Settled,
}

/// A promise that a fact would break, in words for the operator. The fact is never journalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Broken {}

impl Stock {
    pub(crate) fn new(stock: u32, reserve: u32) -> Result<Self, Broken> {
        let free = stock.checked_sub(reserve).ok_or(Broken("reserve above stock"))?;
        Ok(Self { issued: stock, free, set_aside: reserve, reserve, held: 0, settled: 0 })
    }

    fn pot(&mut self, pot: Pot) -> &mut u32 {
        match pot {
            Pot::Free => &mut self.free,
            Pot::SetAside => &mut self.set_aside,
            Pot::Held => &mut self.held,
            Pot::Settled => &mut self.settled,
        }
    }

    /// Whether every issued unit is in exactly one place.
    pub fn conserved(&self) -> bool {
        let places = [self.free, self.set_aside, self.held, self.settled];
        places.iter().map(|&units| u64::from(units)).sum::<u64>() == u64::from(self.issued)
            && self.reserve <= self.set_aside
    }
}

/// All lines' stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    lines: Vec<Stock>,
    free: u64,
    held: u64,
}

impl Ledger {
    /// The lines, in [`Line`] order.
    pub fn lines(&self) -> &[Stock] {
        &self.lines
    }

    /// One line's stock.
    pub fn line(&self, line: Line) -> Option<&Stock> {
        self.lines.get(usize::from(line.0))
    }

    /// Free units over all lines.
    pub fn free(&self) -> u64 {
        self.free
    }

    /// Held units over all lines.
    pub fn held(&self) -> u64 {
        self.held
    }

    pub(crate) fn add_line(&mut self, stock: Stock) {
        self.free += u64::from(stock.free);
        self.lines.push(stock);
    }

    fn line_mut(&mut self, line: Line) -> Result<&mut Stock, Broken> {
        self.lines.get_mut(usize::from(line.0)).ok_or(Broken("a line the drop does not have"))
    }

    /// Moves units of a line from one pot to another.
    pub(crate) fn shift(
        &mut self,
        line: Line,
        units: u32,
        from: Pot,
        to: Pot,
    ) -> Result<(), Broken> {
        let stock = self.line_mut(line)?;
        let left = stock.pot(from).checked_sub(units).ok_or(Broken("more units than there are"))?;
        *stock.pot(from) = left;
        *stock.pot(to) += units;
        let units = u64::from(units);
        match from {
            Pot::Free => self.free -= units,
            Pot::Held => self.held -= units,
            _ => {}
        }
        match to {
            Pot::Free => self.free += units,
            Pot::Held => self.held += units,
            _ => {}
        }
        Ok(())
    }

    /// Pays late money's units out of the reserve.
    pub(crate) fn spend_reserve(&mut self, line: Line, units: u32) -> Result<(), Broken> {
        let stock = self.line_mut(line)?;
        stock.reserve = stock.reserve.checked_sub(units).ok_or(Broken("reserve overdrawn"))?;
        self.shift(line, units, Pot::SetAside, Pot::Settled)
    }

    pub(crate) fn issue(&mut self, line: Line, units: u32) -> Result<(), Broken> {
        let stock = self.line_mut(line)?;
        stock.issued = stock.issued.checked_add(units).ok_or(Broken("too many units to count"))?;
        stock.free += units;
        self.free += u64::from(units);
        Ok(())
    }

    pub(crate) fn withdraw(&mut self, line: Line, units: u32) -> Result<(), Broken> {
        let stock = self.line_mut(line)?;
        stock.free = stock.free.checked_sub(units).ok_or(Broken("withdrawn units not free"))?;
        stock.issued -= units;
        self.free -= u64::from(units);
        Ok(())
    }

    /// Asserts conservation over every line and both sums.
    pub fn check(&self) -> Result<(), Broken> {
        if !self.lines.iter().all(Stock::conserved) {
            return Err(Broken("issued is not free + set aside + held + settled"));
        }
        let sum = |pick: fn(&Stock) -> u32| self.lines.iter().map(|s| u64::from(pick(s))).sum();
        let (free, held): (u64, u64) = (sum(|s| s.free), sum(|s| s.held));
        if (free, held) == (self.free, self.held) {
            Ok(())
        } else {
            Err(Broken("the sums over the lines do not agree"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_move_and_are_never_made() {
        let mut ledger = Ledger::default();
        ledger.add_line(Stock::new(10, 2).unwrap());
        ledger.shift(Line(0), 8, Pot::Free, Pot::Held).unwrap();
        assert!(ledger.shift(Line(0), 1, Pot::Free, Pot::Held).is_err());
        ledger.spend_reserve(Line(0), 2).unwrap();
        assert!(ledger.spend_reserve(Line(0), 1).is_err());
        assert_eq!(ledger.line(Line(0)).unwrap().settled, 2);
        ledger.check().unwrap();
    }

    #[test]
    fn a_lost_unit_is_noticed() {
        let mut ledger = Ledger::default();
        ledger.add_line(Stock::new(10, 0).unwrap());
        ledger.lines[0].free -= 1;
        assert!(ledger.check().is_err());
    }
}
