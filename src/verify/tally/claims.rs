//! Claims by number, each going from state to state as it may.

use crate::verify::report::{Fault, Promise, fault};
use fanfare_engine::Number;

/// Most claims a journal can lose and go on, all losses together: a forged one must not take all
/// memory. The engine's bound, kept apart.
const LOST_MAX: u32 = 1 << 24;

/// What became of a claim, as the facts say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Held,
    Settled,
    Expired,
    Released,
    Returned,
    RefundDue,
    /// Nothing is left but the number.
    Lost,
}

/// A claim as it is counted: 20 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The fan's place in the table of fans.
    pub(super) fan: u32,
    pub(super) until_s: u32,
    pub(super) line: u16,
    pub(super) quantity: u16,
    pub(super) life: Life,
}

/// All claims of a lane.
#[derive(Default)]
pub(super) struct Claims {
    entries: Vec<Entry>,
    lost: u32,
    /// Claims below this index are held no more.
    first_held: usize,
    /// Keys used: key, fan's place, number.
    keys: Vec<(u64, u32, u32)>,
}

impl Claims {
    pub(super) fn count(&self) -> u32 {
        self.entries.len() as u32
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Takes a new claim, whose number must be the next.
    pub(super) fn add(&mut self, n: Number, key: Option<u64>, entry: Entry) -> Result<(), Fault> {
        let next = self.entries.len() as u64 + 1;
        if u64::from(n.get()) != next {
            let word = if u64::from(n.get()) < next { "given twice" } else { "skipped to" };
            let what = format!("the running number {n} was {word}; the next is {next}");
            return Err(fault(Promise::Numbers, what));
        }
        if let Some(key) = key {
            self.keys.push((key, entry.fan, n.get()));
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Gives the numbers up to this one to claims that are lost.
    pub(super) fn lose(&mut self, claims: u32) -> Result<(), Fault> {
        let made = self.count();
        let lost = claims.checked_sub(made).filter(|&lost| lost <= LOST_MAX - self.lost);
        let Some(lost) = lost else {
            let what = format!("{claims} claims are said to have been made, where {made} are left");
            return Err(fault(Promise::Numbers, what));
        };
        let nothing = Entry { fan: 0, until_s: 0, line: 0, quantity: 0, life: Life::Lost };
        self.entries.resize(self.entries.len() + lost as usize, nothing);
        self.lost += lost;
        Ok(())
    }

    /// How many are lost.
    pub(super) fn lost(&self) -> u32 {
        self.lost
    }

    /// Moves a claim on and gives what it is for.
    pub(super) fn go(&mut self, n: Number, from: Life, to: Life) -> Result<Entry, Fault> {
        let entry = self.entries.get_mut(n.get() as usize - 1);
        let entry =
            entry.ok_or_else(|| fault(Promise::Life, format!("claim {n} was never made")))?;
        if entry.life != from {
            let what = format!("claim {n} is {:?} and cannot become {to:?}", entry.life);
            return Err(fault(Promise::Life, what));
        }
        entry.life = to;
        let moved = *entry;
        while self.entries.get(self.first_held).is_some_and(|entry| entry.life != Life::Held) {
            self.first_held += 1;
        }
        Ok(moved)
    }

    /// The lane had not served since then: each hold gets what it had left, a minute at least.
    pub(super) fn extend(&mut self, since_ms: i64, now_ms: i64) {
        let held = self.entries[self.first_held..].iter_mut().filter(|e| e.life == Life::Held);
        for entry in held {
            let left_ms = (i64::from(entry.until_s) * 1_000 - since_ms).max(60_000);
            let until_s = (now_ms + left_ms).max(0).unsigned_abs().div_ceil(1_000);
            entry.until_s = entry.until_s.max(u32::try_from(until_s).unwrap_or(u32::MAX));
        }
    }

    /// A key of one fan that made two claims: the fan's place and both numbers.
    pub(super) fn key_used_twice(&mut self) -> Option<(u32, u32, u32)> {
        self.keys.sort_unstable();
        let same = |two: &&[(u64, u32, u32)]| (two[0].0, two[0].1) == (two[1].0, two[1].1);
        let found = self.keys.windows(2).find(same);
        found.map(|two| (two[0].1, two[0].2, two[1].2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_losses_together_are_bounded() {
        let mut claims = Claims::default();
        claims.lose(1).unwrap();
        claims.lose(3).unwrap();
        assert!(claims.lose(LOST_MAX + 1).is_err());
        assert_eq!((claims.count(), claims.lost()), (3, 3));
    }
}
