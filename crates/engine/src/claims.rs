//! Every claim of a drop, by running number and by fan.
//!
//! Claims are never removed: numbers are never reused and repeats find their claim as long as the
//! drop exists. So the number is the index, and a claim takes 36 bytes and its share of the index.

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

/// A claim as it is kept: no padding beyond 4-byte alignment.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Kept {
    fan: Fan,
    key: Option<Key>,
    until_s: u32,
    seq: u32,
    before: u32,
    index: u16,
    line: u16,
    quantity: Quantity,
    state: ClaimState,
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
    before: u32,
}

/// The claims of a drop.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    chunks: Vec<Vec<Kept>>,
    count: u32,
    holders: Holders,
    /// All claims below this number are no longer held.
    oldest_held: u32,
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
            chunks[at / CHUNK][at % CHUNK].fan
        }
    }

    /// The claim of this number.
    pub fn get(&self, number: Number) -> Option<Claim> {
        self.kept(number.get()).map(|kept| Claim {
            number,
            fan: kept.fan,
            line: Line(kept.line),
            quantity: kept.quantity,
            state: kept.state,
            until_s: kept.until_s,
            key: kept.key,
            place: Place { seq: kept.seq, index: kept.index },
            before: kept.before,
        })
    }

    /// The fan's claims, newest first.
    pub fn of(&self, fan: Fan) -> impl Iterator<Item = Claim> + '_ {
        let newest = self.holders.get(fan, Self::fan_of(&self.chunks));
        let get = |number: u32| self.get(Number::new(number)?);
        core::iter::successors(newest.and_then(get), move |claim| get(claim.before))
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
            if (Place { seq: kept.seq, index: kept.index }) < place {
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

    /// The hold end of the newest claim; no later claim's hold may end before it.
    pub(crate) fn newest_until_s(&self) -> u32 {
        self.kept(self.count).map_or(0, |kept| kept.until_s)
    }

    pub(crate) fn push(&mut self, claim: &NewClaim) -> Result<(), Broken> {
        if claim.number.get() != self.count + 1 {
            return Err(Broken("a running number skipped or given twice"));
        }
        let number = claim.number.get();
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            // The first chunk starts small: most drops of a quiet shop are.
            let room = if self.chunks.is_empty() { 16 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        let before =
            self.holders.get(claim.fan, Self::fan_of(&self.chunks)).unwrap_or_default();
        let kept = Kept {
            fan: claim.fan,
            key: claim.key,
            until_s: claim.until_s,
            seq: claim.place.seq,
            before,
            index: claim.place.index,
            line: claim.line.0,
            quantity: claim.quantity,
            state: ClaimState::Held,
        };
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(kept);
        }
        self.count = number;
        self.holders.put(claim.fan, number, Self::fan_of(&self.chunks));
        Ok(())
    }

    pub(crate) fn set_state(&mut self, number: Number, state: ClaimState) -> Result<(), Broken> {
        let at = number.get() as usize - 1;
        let kept = self
            .chunks
            .get_mut(at / CHUNK)
            .and_then(|chunk| chunk.get_mut(at % CHUNK))
            .ok_or(Broken("a claim that was never made"))?;
        kept.state = state;
        while self.oldest_held <= self.count
            && self.kept(self.oldest_held).is_none_or(|kept| kept.state != ClaimState::Held)
        {
            self.oldest_held += 1;
        }
        Ok(())
    }

    /// Gives every held claim at least what it had left at `since_ms`, and at least `least_ms`.
    pub(crate) fn extend(&mut self, since_ms: i64, now_ms: i64, least_ms: i64) {
        for number in self.oldest_held.max(1)..=self.count {
            let at = number as usize - 1;
            let kept = &mut self.chunks[at / CHUNK][at % CHUNK];
            if kept.state == ClaimState::Held {
                let left = (i64::from(kept.until_s) * 1000 - since_ms).max(least_ms);
                kept.until_s = kept.until_s.max(ceil_s(now_ms + left));
            }
        }
    }
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
    fn a_claim_is_kept_in_36_bytes() {
        assert_eq!(size_of::<Kept>(), 36);
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
    fn an_extension_keeps_what_was_left_and_a_minute_at_least() {
        let mut claims = Claims::default();
        claims.push(&claim(1, 1)).unwrap();
        claims.extend(90_000, 500_500, 60_000);
        assert_eq!(claims.get(Number::MIN).unwrap().until_s, 561);
        claims.extend(500_000, 600_000, 1_000);
        assert_eq!(claims.get(Number::MIN).unwrap().until_s, 661);
    }
}
