//! One claim: what becomes of it, and how it is kept.

use crate::ends::Ends;
use crate::ids::{Fan, Key, Line, Number, Place, Quantity};

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
    /// Every state at its number.
    pub const ALL: [Self; 6] =
        [Self::Held, Self::Settled, Self::Expired, Self::Released, Self::Returned, Self::RefundDue];

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
pub(crate) struct Kept {
    fan_and_line: u64,
    key: Option<Key>,
    pub(crate) until_s: u32,
    seq: u32,
    /// The fan's claim before this one; 0 if it is the first.
    pub(crate) before: u32,
    index_and_state: u16,
    quantity: Quantity,
}

impl Kept {
    pub(crate) fn new(claim: &NewClaim) -> Self {
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

    /// A claim of which nothing is left but its number; the row at this place says so.
    pub(crate) fn lost(place: Place) -> Self {
        Self {
            fan_and_line: 0,
            key: None,
            until_s: 0,
            seq: place.seq,
            before: 0,
            index_and_state: place.index << 3 | ClaimState::Expired as u16,
            quantity: Quantity::MIN,
        }
    }

    /// Whether nothing is left but the number. No fan is number 0.
    pub(crate) fn is_lost(&self) -> bool {
        self.fan_and_line == 0
    }

    pub(crate) fn fan(&self) -> Fan {
        Fan::new(self.fan_and_line >> 8).unwrap_or(Fan::FIRST)
    }

    pub(crate) fn state(&self) -> ClaimState {
        // The two numbers behind the last state's are never written.
        let at = usize::from(self.index_and_state & 7);
        ClaimState::ALL.get(at).copied().unwrap_or(ClaimState::RefundDue)
    }

    pub(crate) fn set_state(&mut self, state: ClaimState) {
        self.index_and_state = self.index_and_state & !7 | state as u16;
    }

    pub(crate) fn place(&self) -> Place {
        Place { seq: self.seq, index: self.index_and_state >> 3 }
    }

    /// Whether the same fact made both.
    pub(crate) fn made_as(&self, other: &Self) -> bool {
        (self.fan_and_line, self.key, self.quantity, self.place())
            == (other.fan_and_line, other.key, other.quantity, other.place())
    }

    /// The claim as it is read, with what was added to its hold; none if it is lost.
    pub(crate) fn read(&self, number: Number, ends: &Ends) -> Option<Claim> {
        let state = self.state();
        let claim = Claim {
            number,
            fan: self.fan(),
            line: Line((self.fan_and_line & 0xFF) as u16),
            quantity: self.quantity,
            state,
            until_s: match state {
                ClaimState::Held => ends.extensions.end_of(number.get(), self.until_s),
                _ => self.until_s,
            },
            key: self.key,
            place: self.place(),
            before: self.before,
        };
        (!self.is_lost()).then_some(claim)
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

/// Units of the claims that count towards a limit.
pub(crate) fn units(claims: impl Iterator<Item = Claim>) -> u32 {
    let counted = claims.filter(|claim| claim.state.counts());
    counted.map(|claim| u32::from(claim.quantity.get())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_kept_in_32_bytes() {
        assert_eq!(size_of::<Kept>(), 32);
    }
}
