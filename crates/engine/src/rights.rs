//! The book of rights: who may still take which units, until when. Draws, bookings, codes and
//! passes write here; a claim uses a right up in the same fact that takes the units.

use crate::ids::{Fan, Line, Quantity, RightId};
use crate::ledger::Broken;
use alloc::collections::{BTreeMap, BTreeSet};

/// A fan's right to units that are set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// Whose it is.
    pub fan: Fan,
    /// To which line.
    pub line: Line,
    /// To how many units.
    pub quantity: Quantity,
    /// Until when, seconds since 1970.
    pub until_s: u32,
}

/// All rights not used up yet.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    open: BTreeMap<RightId, Right>,
    by_fan: BTreeSet<(Fan, RightId)>,
    by_end: BTreeSet<(u32, RightId)>,
    made: u32,
}

impl Rights {
    /// The number the next right gets.
    pub fn next_id(&self) -> Option<RightId> {
        self.made.checked_add(1).and_then(RightId::new)
    }

    /// The fan's open right to exactly these units, the oldest first.
    pub fn of(&self, fan: Fan, line: Line, quantity: Quantity) -> Option<RightId> {
        let own = (fan, RightId::MIN)..=(fan, RightId::MAX);
        self.by_fan
            .range(own)
            .map(|(_, id)| *id)
            .find(|id| self.open.get(id).is_some_and(|r| r.line == line && r.quantity == quantity))
    }

    /// Rights in the order in which they run out, with their ends.
    pub fn by_end(&self) -> impl Iterator<Item = (u32, RightId)> + '_ {
        self.by_end.iter().copied()
    }

    /// All open rights by id.
    pub fn iter(&self) -> impl Iterator<Item = (RightId, &Right)> + '_ {
        self.open.iter().map(|(id, right)| (*id, right))
    }

    /// Whether no right is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn grant(&mut self, id: RightId, right: Right) -> Result<(), Broken> {
        if Some(id) != self.next_id() {
            return Err(Broken("a right's number skipped or given twice"));
        }
        self.made = id.get();
        self.by_fan.insert((right.fan, id));
        self.by_end.insert((right.until_s, id));
        self.open.insert(id, right);
        Ok(())
    }

    pub(crate) fn take(&mut self, id: RightId) -> Result<Right, Broken> {
        let right = self.open.remove(&id).ok_or(Broken("a right that is not open"))?;
        self.by_fan.remove(&(right.fan, id));
        self.by_end.remove(&(right.until_s, id));
        Ok(right)
    }
}
