//! The own count of a lane: what its facts say, added up without the engine's rules or state.
//!
//! Numbers index a vector, fans have a place in a table, stock is a handful of sums a line: a
//! fact costs one or two memory accesses and allocates nothing.

mod claims;
mod facts;
mod fans;
mod gap;
mod stock;

use super::report::{Fault, Promise, fault};
use claims::{Claims, Life};
use fanfare_engine::WitnessedLine;
use fans::Fans;
use gap::Gap;
use std::collections::BTreeMap;
pub(super) use stock::Units;

/// A right that was granted and not used yet.
#[derive(Clone, Copy)]
struct Right {
    fan: u64,
    line: u16,
    quantity: u16,
    until_s: u32,
}

/// The count so far.
#[derive(Default)]
pub(super) struct Tally {
    begun: bool,
    before_ms: i64,
    now_ms: i64,
    gap: Gap,
    lines: Vec<Units>,
    claims: Claims,
    fans: Fans,
    rights: BTreeMap<u32, Right>,
    rights_made: u32,
    limit: u32,
    hold_s: u32,
    opens_at_ms: i64,
    closes_at_ms: i64,
    paused: bool,
    closed: bool,
    moved: bool,
    sold_out_at_ms: Option<i64>,
}

impl Tally {
    /// Claims ever made.
    pub(super) fn claims(&self) -> u32 {
        self.claims.count()
    }

    /// Units held or settled.
    pub(super) fn units_out(&self) -> u64 {
        self.lines.iter().map(|units| units.held + units.settled).sum()
    }

    /// Where units are, by line, as a witness tells it.
    pub(super) fn witnessed(&self) -> Vec<WitnessedLine> {
        let line = |units: &Units| WitnessedLine {
            out: (units.issued - units.free) as u32,
            free: units.free as u32,
        };
        self.lines.iter().map(line).collect()
    }

    /// Claims that are lost: nothing is known of them but their numbers.
    pub(super) fn lost(&self) -> u32 {
        self.claims.lost()
    }

    /// The lines.
    pub(super) fn lines(&self) -> &[Units] {
        &self.lines
    }

    /// Begins a row.
    pub(super) fn begin(&mut self, time_ms: i64) -> Result<(), Fault> {
        if self.begun && time_ms < self.now_ms {
            return Err(fault(Promise::Chain, "lane time went back"));
        }
        (self.before_ms, self.now_ms) = (self.now_ms, time_ms);
        self.gap.begin(held(&self.lines));
        Ok(())
    }

    /// At the end: every line counted again from its claims and rights, and no key used twice.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        let mut again: Vec<Units> = self.lines.iter().map(|&units| emptied(units)).collect();
        for entry in self.claims.iter() {
            let units = &mut again[usize::from(entry.line)];
            match entry.life {
                Life::Held => units.held += u64::from(entry.quantity),
                Life::Settled => units.settled += u64::from(entry.quantity),
                Life::Expired | Life::Released | Life::Returned | Life::RefundDue | Life::Lost => {}
            }
        }
        for right in self.rights.values() {
            again[usize::from(right.line)].set_aside += u64::from(right.quantity);
        }
        for (at, (first, second)) in self.lines.iter().zip(&again).enumerate() {
            let places = second.free + second.set_aside + second.held + second.settled;
            if first != second || places != second.issued {
                let what =
                    format!("line {at}: {first:?}, but its claims and rights say {second:?}");
                return Err(fault(Promise::Conservation, what));
            }
        }
        if let Some((fan, first, second)) = self.claims.key_used_twice() {
            let fan = self.fans.number(fan);
            let what = format!("a key of fan {fan} made two claims: {first} and {second}");
            return Err(fault(Promise::Repeats, what));
        }
        Ok(())
    }
}

/// Units held, of all lines.
fn held(lines: &[Units]) -> u64 {
    lines.iter().map(|units| units.held).sum()
}

/// A line without what its claims and rights account for.
fn emptied(units: Units) -> Units {
    Units { set_aside: units.reserve, held: 0, settled: 0, ..units }
}
