//! Every claim of a drop, by running number and by fan.
//!
//! Claims are never removed: numbers are never reused and repeats find their claim as long as the
//! drop exists. So the number is the index, and a claim takes 32 bytes and its share of the index.

use crate::extensions::Extensions;
use crate::holders::Holders;
use crate::ids::{Fan, Key, Line, Number, Place, Quantity};
use crate::ledger::Broken;
use alloc::vec::Vec;

/// Claims a chunk holds. Growing adds a chunk; nothing is ever copied.
const CHUNK: usize = 1024;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ClaimState {
    /// The fan has the units and time to pay.
    Held,
    /// Paid.
    Settled,
    /// Not paid in time.
    Expired,
    /// Given back before paying.
    Released,
    /// Given back after paying.
    Returned,
    /// Paid too late and no reserve: the money goes back.
    RefundDue,
}

impl ClaimState {
    /// Every state at its number; the last two numbers are never written.
    const ALL: [Self; 8] = [
        Self::Held,
        Self::Settled,
        Self::Expired,
        Self::Released,
        Self::Returned,
        Self::RefundDue,
        Self::RefundDue,
        Self::RefundDue,
    ];

    /// The word the contract uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Settled => "settled",
            Self::Expired => "expired",
            Self::Released => "released",
            Self::Returned => "returned",
            Self::RefundDue => "refund_due",
        }
    }

    /// Whether units in this state count towards a fan's limit.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Held | Self::Settled)
    }
}

/// A claim as it is kept, in 32 bytes. A fan's number takes 53 bits and a line's 8, so they share
/// a word; an index takes 12 bits and a state 3, so do they.
#[derive(Clone, Copy, Debug)]
struct Kept {
    fan_and_line: u64,
    key: Option<Key>,
    until_s: u32,
    seq: u32,
    before: u32,
    index_and_state: u16,
    quantity: Quantity,
}

impl Kept {
    fn new(claim: &NewClaim) -> Self {
        Self {
            fan_and_line: claim.fan.get() << 8 | u64::from(claim.line.0 & 0xFF),
            key: claim.key,
            until_s: claim.until_s,
            seq: claim.place.seq,
            before: 0,
            index_and_state: claim.place.index << 3,
            quantity: claim.quantity,
        }
    }

    fn fan(&self) -> Fan {
        Fan::new(self.fan_and_line >> 8).unwrap_or(Fan::FIRST)
    }

    fn state(&self) -> ClaimState {
        ClaimState::ALL[usize::from(self.index_and_state & 7)]
    }

    fn set_state(&mut self, state: ClaimState) {
        self.index_and_state = self.index_and_state & !7 | state as u16;
    }

    fn place(&self) -> Place {
        Place { seq: self.seq, index: self.index_and_state >> 3 }
    }
}

/// A claim as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its running number.
    pub number: Number,
    /// Whose it is.
    pub fan: Fan,
    /// Of which line.
    pub line: Line,
    /// How many units.
    pub quantity: Quantity,
    /// What became of it.
    pub state: ClaimState,
    /// Until when it is or was held, seconds since 1970.
    pub until_s: u32,
    /// The key it was made with.
    pub key: Option<Key>,
    /// Where the fact that made it stands.
    pub place: Place,
    /// The fan's claim before this one, by number; 0 for none, or where it was read elsewhere.
    pub before: u32,
}

/// The claims of a drop.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    chunks: Vec<Vec<Kept>>,
    count: u32,
    holders: Holders,
    /// All claims below this number are no longer held.
    oldest_held: u32,
    /// The latest hold end ever given. Not the newest claim's: an extension may have passed over
    /// that one and given an older claim more.
    latest_until_s: u32,
    /// What was added to the hold ends of claims that are held.
    extensions: Extensions,
}

impl Claims {
    /// How many claims were ever made; the newest claim's number.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many fans have ever claimed.
    pub fn fans(&self) -> usize {
        self.holders.len()
    }

    fn kept(&self, number: u32) -> Option<&Kept> {
        let at = number.checked_sub(1)? as usize;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    fn fan_of(chunks: &[Vec<Kept>]) -> impl Fn(u32) -> Fan + '_ {
        |number| {
            let at = number as usize - 1;
            chunks[at / CHUNK][at % CHUNK].fan()
        }
    }

    /// The claim of this number.
    pub fn get(&self, number: Number) -> Option<Claim> {
        let kept = self.kept(number.get())?;
        let state = kept.state();
        Some(Claim {
            number,
            fan: kept.fan(),
            line: Line((kept.fan_and_line & 0xFF) as u16),
            quantity: kept.quantity,
            state,
            until_s: match state {
                ClaimState::Held => self.extensions.end_of(number.get(), kept.until_s),
                _ => kept.until_s,
            },
            key: kept.key,
            place: kept.place(),
            before: kept.before,
        })
    }

    /// The fan's claims, newest first.
    pub fn of(&self, fan: Fan) -> impl Iterator<Item = Claim> + '_ {
        let newest = self.holders.get(fan, Self::fan_of(&self.chunks));
        self.before(newest.unwrap_or_default())
    }

    /// Looks these fans up and forgets the answers. A crowd's fans lie far apart in memory; asked
    /// one after the other with nothing in between, their reads overlap, and the decisions that
    /// follow find everything near.
    pub fn warm(&self, fans: impl Iterator<Item = Fan>) {
        core::hint::black_box(fans.filter(|&fan| self.has(fan)).count());
    }

    /// Whether the fan ever claimed in this drop.
    pub fn has(&self, fan: Fan) -> bool {
        self.holders.get(fan, Self::fan_of(&self.chunks)).is_some()
    }

    /// The claim whose fact stands at this place. Places rise with numbers, so it is a search
    /// by halves and needs no index.
    pub fn at(&self, place: Place) -> Option<Claim> {
        let (mut low, mut high) = (1, self.count + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let kept = self.kept(middle)?;
            if kept.place() < place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.get(Number::new(low)?).filter(|claim| claim.place == place)
    }

    /// All claims, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Claim> + '_ {
        (1..=self.count).filter_map(|number| self.get(Number::new(number)?))
    }

    /// Held claims, oldest first. Hold ends rise with numbers (see `sale`), so this is also the
    /// order in which they run out.
    pub fn held(&self) -> impl Iterator<Item = Claim> + '_ {
        (self.oldest_held.max(1)..=self.count)
            .filter_map(|number| self.get(Number::new(number)?))
            .filter(|claim| claim.state == ClaimState::Held)
    }

    /// The latest hold end ever given; no later claim's hold may end before it.
    pub(crate) fn latest_until_s(&self) -> u32 {
        self.latest_until_s
    }

    /// Keeps a new claim and gives the units its fan already had held or settled.
    pub(crate) fn push(&mut self, claim: &NewClaim) -> Result<u32, Broken> {
        if claim.number.get() != self.count + 1 {
            return Err(Broken("a running number skipped or given twice"));
        }
        if claim.line.0 > 0xFF {
            return Err(Broken("a line beyond those a drop can have"));
        }
        let number = claim.number.get();
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            // The first chunk starts small: most drops of a quiet shop are.
            let room = if self.chunks.is_empty() { 16 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(Kept::new(claim));
        }
        self.count = number;
        self.latest_until_s = self.latest_until_s.max(claim.until_s);
        let before = self.holders.put(claim.fan, number, Self::fan_of(&self.chunks));
        let Some(before) = before else { return Ok(0) };
        if let Some(kept) = self.chunks.last_mut().and_then(|chunk| chunk.last_mut()) {
            kept.before = before;
        }
        Ok(units(self.before(before)))
    }

    /// This claim and its fan's earlier ones, newest first.
    fn before(&self, number: u32) -> impl Iterator<Item = Claim> + '_ {
        let get = |number: u32| self.get(Number::new(number)?);
        core::iter::successors(get(number), move |claim| get(claim.before))
    }

    pub(crate) fn set_state(&mut self, number: Number, state: ClaimState) -> Result<(), Broken> {
        let at = number.get() as usize - 1;
        let kept = self
            .chunks
            .get_mut(at / CHUNK)
            .and_then(|chunk| chunk.get_mut(at % CHUNK))
            .ok_or(Broken("a claim that was never made"))?;
        if kept.state() == ClaimState::Held {
            // From here on it is the end the hold had.
            kept.until_s = self.extensions.end_of(number.get(), kept.until_s);
        }
        kept.set_state(state);
        while self.oldest_held <= self.count
            && self.kept(self.oldest_held).is_none_or(|kept| kept.state() != ClaimState::Held)
        {
            self.oldest_held += 1;
        }
        Ok(())
    }

    /// Gives every held claim at least what it had left at `since_ms`, and at least `least_ms`.
    /// Hold ends are whole seconds, and whole seconds pass through the rounding up.
    pub(crate) fn extend(&mut self, since_ms: i64, now_ms: i64, least_ms: i64) {
        let gap_s = ceil_s(now_ms.saturating_sub(since_ms));
        let least_until_s = ceil_s(now_ms.saturating_add(least_ms));
        let oldest = self.oldest_held.max(1);
        self.extensions.add(self.count, oldest, gap_s, least_until_s);
        // Hold ends rise with numbers, so the newest hold ends last.
        let held =
            |number: &u32| self.kept(*number).is_some_and(|kept| kept.state() == ClaimState::Held);
        if let Some(newest) = (oldest..=self.count).rev().find(held)
            && let Some(kept) = self.kept(newest)
        {
            let until_s = self.extensions.end_of(newest, kept.until_s);
            self.latest_until_s = self.latest_until_s.max(until_s);
        }
    }
}

/// Units of the claims that count towards a limit.
pub(crate) fn units(claims: impl Iterator<Item = Claim>) -> u32 {
    let counted = claims.filter(|claim| claim.state.counts());
    counted.map(|claim| u32::from(claim.quantity.get())).sum()
}

/// A claim about to be kept.
pub(crate) struct NewClaim {
    pub(crate) number: Number,
    pub(crate) fan: Fan,
    pub(crate) line: Line,
    pub(crate) quantity: Quantity,
    pub(crate) until_s: u32,
    pub(crate) key: Option<Key>,
    pub(crate) place: Place,
}

/// The first whole second at or after a moment: holds end on whole seconds, in the fan's favour.
pub(crate) fn ceil_s(ms: i64) -> u32 {
    u32::try_from(ms.max(0).div_euclid(1000) + i64::from(ms.max(0).rem_euclid(1000) > 0))
        .unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_claim_is_kept_in_32_bytes() {
        assert_eq!(size_of::<Kept>(), 32);
    }

    #[test]
    fn claims_are_found_by_fan_and_by_place() {
        let mut claims = Claims::default();
        for number in 1..=5_000 {
            claims.push(&claim(number, u64::from(number % 100 + 1))).unwrap();
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
        assert!(claims.push(&claim(5_000, 1)).is_err(), "a number twice");
    }

    #[test]
    fn an_extension_in_whole_seconds_is_the_one_in_ms() {
        for until_s in [0, 1, 100, 5_000] {
            for (since_ms, now_ms) in [(0, 0), (1, 999), (90_001, 90_001), (99_999, 4_000_500)] {
                for least_ms in [1, 1_000, 60_000] {
                    let mut claims = Claims::default();
                    claims.push(&NewClaim { until_s, ..claim(1, 1) }).unwrap();
                    claims.extend(since_ms, now_ms, least_ms);
                    let left_ms = (i64::from(until_s) * 1_000 - since_ms).max(least_ms);
                    let least_s = until_s.max(ceil_s(now_ms + left_ms));
                    assert_eq!(claims.get(Number::MIN).unwrap().until_s, least_s);
                    assert_eq!(claims.latest_until_s(), least_s);
                }
            }
        }
    }

    #[test]
    fn an_extension_keeps_what_was_left_and_a_minute_at_least() {
        let mut claims = Claims::default();
        claims.push(&claim(1, 1)).unwrap();
        claims.extend(90_000, 500_500, 60_000);
        assert_eq!(claims.get(Number::MIN).unwrap().until_s, 561);
        claims.extend(500_000, 600_000, 1_000);
        assert_eq!(claims.get(Number::MIN).unwrap().until_s, 661);
    }
}
