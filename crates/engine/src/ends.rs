//! When holds run out: which claims may still be held, the latest end given, and what was added.

use crate::extensions::Extensions;

/// The ends of a drop's holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    /// All claims below this number are no longer held.
    pub(crate) oldest_held: u32,
    /// The latest hold end ever given. Not the newest claim's: an extension may have passed over
    /// that one and given an older claim more.
    pub(crate) latest_until_s: u32,
    /// What was added to the hold ends of claims that are held.
    pub(crate) extensions: Extensions,
    /// Claims of which only the number is left. They end nothing any more.
    pub(crate) lost: u32,
}
