//! Every claim of a drop, by running number and by fan.
//!
//! Claims are never removed: numbers are never reused and repeats find their claim as long as the
//! drop exists. So the number is the index, and a claim takes 32 bytes and its share of the index.
//!
//! Whoever decides and whoever only sees what is published read the same claims in different ways
//! (`served`). What they have in common stands in the two traits.

use crate::claim::{Claim, ClaimState, Kept, NewClaim, ceil_s, units};
use crate::ends::Ends;
use crate::holders::Holders;
use crate::ids::{Fan, Number, Place};
use crate::ledger::Broken;
use crate::loss::LOST_MAX;
use alloc::vec::Vec;

/// Claims a chunk holds. Growing adds a chunk; nothing larger is ever copied.
const CHUNK: usize = 8_192;

/// Claims as they are read.
pub(crate) trait ReadClaims {
    /// How many claims were ever made; the newest claim's number.
    fn count(&self) -> u32;

    /// The claim of this number, as it is kept.
    fn kept(&self, number: u32) -> Option<Kept>;

    /// The number of the fan's newest claim.
    fn newest_of(&self, fan: Fan) -> Option<u32>;

    /// The ends of all holds.
    fn ends(&self) -> &Ends;

    /// The claim of this number.
    fn get(&self, number: Number) -> Option<Claim> {
        self.kept(number.get())?.read(number, self.ends())
    }

    /// The fan's claims, newest first.
    fn of(&self, fan: Fan) -> impl Iterator<Item = Claim> + '_ {
        self.back_from(self.newest_of(fan).unwrap_or_default())
    }

    /// This claim and its fan's earlier ones, newest first.
    fn back_from(&self, number: u32) -> impl Iterator<Item = Claim> + '_ {
        let get = |number: u32| self.get(Number::new(number)?);
        core::iter::successors(get(number), move |claim| get(claim.before))
    }

    /// Units the fan holds or has settled, over all lines.
    fn units_of(&self, fan: Fan) -> u32 {
        units(self.of(fan))
    }

    /// The claim whose fact stands at this place. Places rise with numbers, so it is a search
    /// by halves and needs no index.
    fn at(&self, place: Place) -> Option<Claim> {
        let (mut low, mut high) = (1, self.count() + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.kept(middle)?.place() < place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.get(Number::new(low)?).filter(|claim| claim.place == place)
    }

    /// All claims, oldest first.
    fn all(&self) -> impl Iterator<Item = Claim> + '_ {
        (1..=self.count()).filter_map(|number| self.get(Number::new(number)?))
    }

    /// Held claims, oldest first. Hold ends rise with numbers (see `sale`), so this is also the
    /// order in which they run out.
    fn held(&self) -> impl Iterator<Item = Claim> + '_ {
        (self.ends().oldest_held.max(1)..=self.count())
            .filter_map(|number| self.get(Number::new(number)?))
            .filter(|claim| claim.state == ClaimState::Held)
    }
}

/// Claims as facts change them.
pub(crate) trait KeepClaims: ReadClaims {
    /// Adds the next claim, linked to its fan's one before, whose number it gives.
    ///
    /// # Errors
    /// If it is not the claim that comes next.
    fn push(&mut self, claim: Kept) -> Result<Option<u32>, Broken>;

    /// Changes a claim that is there by the row of this number.
    fn change(&mut self, number: u32, claim: Kept, seq: u32);

    /// The ends of all holds.
    fn ends_mut(&mut self) -> &mut Ends;

    /// Keeps a new claim and gives the units its fan already had held or settled.
    fn keep(&mut self, claim: &NewClaim) -> Result<u32, Broken> {
        if claim.number.get() != self.count() + 1 {
            return Err(Broken("a running number skipped or given twice"));
        }
        if claim.line.0 > 0xFF {
            return Err(Broken("a line beyond those a drop can have"));
        }
        let ends = self.ends_mut();
        ends.latest_until_s = ends.latest_until_s.max(claim.until_s);
        let before = self.push(Kept::new(claim))?;
        Ok(before.map_or(0, |before| units(self.back_from(before))))
    }

    /// Moves a claim into another state by the row of this number.
    fn set_state(&mut self, number: Number, to: ClaimState, seq: u32) -> Result<(), Broken> {
        let kept = self.kept(number.get()).ok_or(Broken("a claim that was never made"))?;
        let mut claim = kept;
        if kept.state() == ClaimState::Held {
            // From here on it is the end the hold had.
            claim.until_s = self.ends().extensions.end_of(number.get(), kept.until_s);
        }
        claim.set_state(to);
        self.change(number.get(), claim, seq);
        self.pass_over();
        Ok(())
    }

    /// Moves the oldest claim that may be held past those that are not.
    fn pass_over(&mut self) {
        let over = |kept: Option<Kept>| kept.is_none_or(|claim| claim.state() != ClaimState::Held);
        while self.ends().oldest_held <= self.count() && over(self.kept(self.ends().oldest_held)) {
            self.ends_mut().oldest_held += 1;
        }
    }

    /// Gives the numbers up to this one to claims that are lost, so that none is given again.
    fn lose(&mut self, count: u32, place: Place) -> Result<(), Broken> {
        let lost = count.checked_sub(self.count());
        let lost = lost.ok_or(Broken("fewer claims than were made"))?;
        if lost > LOST_MAX - self.ends().lost {
            return Err(Broken("more claims lost than a journal can lose"));
        }
        self.ends_mut().lost += lost;
        for _ in 0..lost {
            self.push(Kept::lost(place))?;
        }
        self.pass_over();
        Ok(())
    }

    /// Gives every held claim at least what it had left at `since_ms`, and at least `least_ms`.
    /// Hold ends are whole seconds, and whole seconds pass through the rounding up.
    fn extend(&mut self, since_ms: i64, now_ms: i64, least_ms: i64) {
        let gap_s = ceil_s(now_ms.saturating_sub(since_ms));
        let least_until_s = ceil_s(now_ms.saturating_add(least_ms));
        let (count, oldest) = (self.count(), self.ends().oldest_held.max(1));
        self.ends_mut().extensions.add(count, oldest, gap_s, least_until_s);
        // Hold ends rise with numbers, so the newest hold ends last.
        let held = |number: u32| self.get(Number::new(number)?);
        let mut newest_first = (oldest..=count).rev().filter_map(held);
        let newest = newest_first.find(|claim| claim.state == ClaimState::Held);
        if let Some(until_s) = newest.map(|claim| claim.until_s) {
            let ends = self.ends_mut();
            ends.latest_until_s = ends.latest_until_s.max(until_s);
        }
    }
}

/// The claims of a drop.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    chunks: Vec<Vec<Kept>>,
    count: u32,
    holders: Holders,
    ends: Ends,
}

/// Where the claim of this number is kept.
fn at(number: u32) -> (usize, usize) {
    let at = number as usize - 1;
    (at / CHUNK, at % CHUNK)
}

fn fan_of(chunks: &[Vec<Kept>]) -> impl Fn(u32) -> Fan + '_ {
    |number| {
        let (chunk, at) = at(number);
        chunks[chunk][at].fan()
    }
}

impl Claims {
    /// None yet, and room for so many fans.
    pub(crate) fn with_room(fans: u32) -> Self {
        let mut claims = Self::default();
        claims.holders.make_room(fans as usize);
        claims
    }

    /// How many claims were ever made; the newest claim's number.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many fans have ever claimed.
    pub fn fans(&self) -> usize {
        self.holders.len()
    }

    /// The claim of this number.
    pub fn get(&self, number: Number) -> Option<Claim> {
        ReadClaims::get(self, number)
    }

    /// The fan's claims, newest first.
    pub fn of(&self, fan: Fan) -> impl Iterator<Item = Claim> + '_ {
        ReadClaims::of(self, fan)
    }

    /// Whether the fan ever claimed in this drop.
    pub fn has(&self, fan: Fan) -> bool {
        self.newest_of(fan).is_some()
    }

    /// Looks where these fans would stand and forgets it. A crowd's fans lie far apart in memory;
    /// asked one after the other with nothing in between, their reads overlap, and the decisions
    /// that follow find everything near.
    pub fn warm(&self, fans: impl Iterator<Item = Fan>) {
        self.holders.touch(fans);
    }

    /// All claims, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Claim> + '_ {
        self.all()
    }

    /// Held claims, oldest first, which is the order in which they run out.
    pub fn held(&self) -> impl Iterator<Item = Claim> + '_ {
        ReadClaims::held(self)
    }
}

impl ReadClaims for Claims {
    fn count(&self) -> u32 {
        self.count
    }

    fn kept(&self, number: u32) -> Option<Kept> {
        if number == 0 {
            return None;
        }
        let (chunk, at) = at(number);
        self.chunks.get(chunk)?.get(at).copied()
    }

    fn newest_of(&self, fan: Fan) -> Option<u32> {
        self.holders.get(fan, fan_of(&self.chunks))
    }

    fn ends(&self) -> &Ends {
        &self.ends
    }
}

impl KeepClaims for Claims {
    fn push(&mut self, mut claim: Kept) -> Result<Option<u32>, Broken> {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            // The first chunk starts small: most drops of a quiet shop are.
            let room = if self.chunks.is_empty() { 16 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        self.count += 1;
        let before = if claim.is_lost() {
            None
        } else {
            self.holders.put(claim.fan(), self.count, fan_of(&self.chunks))
        };
        claim.before = before.unwrap_or_default();
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(claim);
        }
        Ok(before)
    }

    fn change(&mut self, number: u32, claim: Kept, _seq: u32) {
        let (chunk, at) = at(number);
        if let Some(kept) = self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(at)) {
            *kept = claim;
        }
    }

    fn ends_mut(&mut self) -> &mut Ends {
        &mut self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Line, Quantity};

    fn claim(number: u32, fan: u64) -> NewClaim {
        NewClaim {
            number: Number::new(number).unwrap(),
            fan: Fan::new(fan).unwrap(),
            line: Line(0),
            quantity: Quantity::MIN,
            until_s: 100,
            key: None,
            place: Place { seq: number / 3 + 1, index: (number % 3) as u16 },
        }
    }

    #[test]
    fn claims_are_found_by_fan_and_by_place() {
        let mut claims = Claims::default();
        for number in 1..=5_000 {
            claims.keep(&claim(number, u64::from(number % 100 + 1))).unwrap();
        }
        let fan = Fan::new(8).unwrap();
        let numbers: Vec<u32> = claims.of(fan).map(|c| c.number.get()).collect();
        assert_eq!(numbers.len(), 50);
        assert_eq!(numbers[0], 4_907);
        assert!(numbers.is_sorted_by(|a, b| a > b));
        for number in 1..=5_000 {
            let found = claims.at(claim(number, 1).place).unwrap();
            assert_eq!(found.number.get(), number);
        }
        assert!(claims.at(Place { seq: 9, index: 7 }).is_none());
        assert!(claims.keep(&claim(5_000, 1)).is_err(), "a number twice");
    }

    #[test]
    fn an_extension_in_whole_seconds_is_the_one_in_ms() {
        for until_s in [0, 1, 100, 5_000] {
            for (since_ms, now_ms) in [(0, 0), (1, 999), (90_001, 90_001), (99_999, 4_000_500)] {
                for least_ms in [1, 1_000, 60_000] {
                    let mut claims = Claims::default();
                    claims.keep(&NewClaim { until_s, ..claim(1, 1) }).unwrap();
                    claims.extend(since_ms, now_ms, least_ms);
                    let left_ms = (i64::from(until_s) * 1_000 - since_ms).max(least_ms);
                    let least_s = until_s.max(ceil_s(now_ms + left_ms));
                    assert_eq!(claims.get(Number::MIN).unwrap().until_s, least_s);
                    assert_eq!(claims.ends().latest_until_s, least_s);
                }
            }
        }
    }

    #[test]
    fn an_extension_keeps_what_was_left_and_a_minute_at_least() {
        let mut claims = Claims::default();
        claims.keep(&claim(1, 1)).unwrap();
        claims.extend(90_000, 500_500, 60_000);
        assert_eq!(claims.get(Number::MIN).unwrap().until_s, 561);
        claims.extend(500_000, 600_000, 1_000);
        assert_eq!(claims.get(Number::MIN).unwrap().until_s, 661);
    }
}
