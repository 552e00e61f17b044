//! Why not: each refusal has a code a program understands.

use crate::{claim::ClaimState, ids::Number, promise::Promise};

/// Why a command was not carried out. A refusal changes nothing and is not journalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The drop opens later.
    NotOpen {
        /// When, ms since 1970.
        opens_at_ms: i64,
    },
    /// The host paused the drop.
    Paused,
    /// The drop is over.
    Closed,
    /// No free units of that line, or fewer than asked for.
    SoldOut {
        /// Whether units are held by others and may come back.
        may_return: bool,
    },
    /// The fan would have more units than the drop's limit.
    LimitReached,
    /// The key made another claim, with other fields.
    KeyReused {
        /// The claim the key made.
        number: Number,
    },
    /// The number of a host's act is another act's.
    ActReused,
    /// The drop has no such line.
    NoSuchLine,
    /// The drop has no such claim.
    NoSuchClaim,
    /// The claim is in a state that does not allow this.
    NotHeld {
        /// The state it is in.
        state: ClaimState,
    },
    /// More units than there are to move, or more than the ledger can count.
    TooMany {
        /// The number possible.
        possible: u32,
    },
    /// The change would break a promise the drop has made.
    BreaksPromise(Promise),
}

/// The codes a tally counts, in the order it counts them: refusals of the lane first, then those
/// only the gate gives. The order is part of the written form; add at the end.
pub const CODES: [&str; 12] = [
    "not_open",
    "paused",
    "closed",
    "sold_out",
    "limit_reached",
    "key_reused",
    "no_such_item",
    "no_such_claim",
    "not_held",
    "invalid",
    "too_fast",
    "busy",
];

impl Refusal {
    /// The index of this refusal's code in [`CODES`].
    pub const fn code_index(&self) -> usize {
        match self {
            Self::NotOpen { .. } => 0,
            Self::Paused => 1,
            Self::Closed => 2,
            Self::SoldOut { .. } => 3,
            Self::LimitReached => 4,
            Self::KeyReused { .. } | Self::ActReused => 5,
            Self::NoSuchLine => 6,
            Self::NoSuchClaim => 7,
            Self::NotHeld { .. } => 8,
            Self::TooMany { .. } | Self::BreaksPromise(_) => 9,
        }
    }

    /// The code, as the contract names it.
    pub const fn code(&self) -> &'static str {
        CODES[self.code_index()]
    }
}

/// How many refusals of each code, in the order of [`CODES`].
pub type Tally = [u64; CODES.len()];
