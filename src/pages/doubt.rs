//! Why a drop's time stands still, and what fans are told of it.

use crate::kit::words::Key;
use fanfare_lane::Face;

/// What is said of a claim that is held while time stands still: its state, and more.
pub const STILL: (Key, Key) = (Key("claim-held"), Key("claim-held-still"));

/// Why a drop's time stands still until a host resumes it: nobody can claim, nothing opens or
/// closes, no hold runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The machine's clock was nowhere near the newest row when the lane opened.
    Clock,
    /// Rows were lost.
    Loss,
}

impl Doubt {
    /// The doubt a face tells of.
    pub const fn of(face: &Face) -> Option<Self> {
        match (face.doubtful_time, face.lost) {
            (_, true) => Some(Self::Loss),
            (true, false) => Some(Self::Clock),
            (false, false) => None,
        }
    }
}

/// Who or what paused a drop.
pub const fn paused(doubt: Option<Doubt>) -> Key {
    match doubt {
        None => Key("when-paused"),
        Some(Doubt::Clock) => Key("when-doubt"),
        Some(Doubt::Loss) => Key("when-lost"),
    }
}
