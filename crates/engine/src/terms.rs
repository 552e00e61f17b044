//! A drop's terms: what it promises, and its lane's first fact.

use crate::ids::Quantity;
use alloc::vec::Vec;

/// What a drop promises. Changed only by facts ([`crate::Amendment`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Hash of the festival file's rules for this drop, so that a changed file is noticed.
    pub rules: [u8; 32],
    /// First moment a claim is taken, ms since 1970.
    pub opens_at_ms: i64,
    /// First moment no claim is taken any more, ms since 1970.
    pub closes_at_ms: i64,
    /// How long a claim is held for its money, whole seconds.
    pub hold_s: u32,
    /// Most units a fan may hold or have settled, over all lines.
    pub limit: Quantity,
    /// The lines, in the order [`crate::Line`] counts them. At most 256.
    pub lines: Vec<LineTerms>,
}

/// One line's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTerms {
    /// First eight bytes of SHA-256 over `item/variant`: ties the line to the file's names.
    pub id: u64,
    /// Price of a unit, in the currency's minor unit.
    pub price_minor: i64,
    /// Units issued at the start, those of the reserve among them.
    pub stock: u32,
    /// Units of the stock kept aside for money that comes late.
    pub reserve: u32,
}
