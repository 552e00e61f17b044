//! What is to be written of a lane: claims in parts, everything rare one by one.

use super::rows::{Made, Moved};
use fanfare_engine::{Act, Amendment, LineTerms, Terms};
use std::collections::BTreeMap;

/// Holds that were extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    /// Seconds each hold's end moved.
    pub gap_s: u32,
    /// The hold's end at the least, seconds since 1970.
    pub least_until_s: u32,
}

/// A change of the drop itself, or of one line, or of a right. They are rare and go one by one.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The lane's first fact.
    Terms(Box<Terms>),
    /// Paused or not.
    Paused(bool),
    /// Closed at this moment, ms since 1970.
    Closed(i64),
    /// Its terms changed.
    Amended(Amendment),
    /// A further line.
    Line(u16, LineTerms),
    /// Went to rest; when it sold out, ms since 1970.
    Rested(Option<i64>),
    /// Units set aside for a fan: right, fan, line, quantity, until when.
    Granted(u32, u64, u16, u16, u32),
    /// A right was used up (true) or ran out.
    RightOver(u32, bool),
    /// Somebody did something: at which place, when, what, who and why, if it was not Fanfare by
    /// itself; with how many units of which line.
    Did(u32, u16, i64, &'static str, Option<Act>, Option<(u16, u32)>),
}

/// Changes that may be written in any order among themselves: claims made, older ones moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Claims made, by number, without gaps.
    pub made: Vec<Made>,
    /// What happened to older claims.
    pub moved: BTreeMap<u32, Moved>,
    /// The extension that comes behind them.
    pub extended: Option<Extended>,
}
