//! The numbers things are called by. Facts hold numbers only: names stand in files and rows.

use core::num::{NonZeroU16, NonZeroU32, NonZeroU64};

/// A fan, by number. 1 to 2^53 - 1, so that every JSON reader keeps it whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fan(NonZeroU64);

impl Fan {
    /// The fan with the smallest number.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The largest number a fan can have.
    pub const MAX: u64 = (1 << 53) - 1;

    /// The fan of this number; none for 0 and for numbers above [`Fan::MAX`].
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(n) if number <= Self::MAX => Some(Self(n)),
            _ => None,
        }
    }

    /// The fan's number.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// One line of a drop's stock: an item, or one variant of it. Counted from 0 in the terms' order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(pub u16);

/// A claim's running number in its drop, from 1, given at the claim and never reused.
pub type Number = NonZeroU32;

/// How many units a claim is for.
pub type Quantity = NonZeroU16;

/// A right's running number in its drop, from 1.
pub type RightId = NonZeroU32;

/// An idempotency key as the lane knows it: a keyed hash, never the text that was sent. Two keys
/// of one fan that collide (1 in 2^64) would count as the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(NonZeroU64);

impl Key {
    /// The key with this hash; 0 stands for "no key", so it is moved to 1.
    pub fn new(hash: u64) -> Self {
        Self(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }

    /// The hash.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// Where a fact stands: the row of its lane and its index in that row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The row, from 1.
    pub seq: u32,
    /// The fact's index in the row, from 0.
    pub index: u16,
}
