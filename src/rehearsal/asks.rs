//! What a crowd asks and what it hears, whatever carries it.

/// A claim as fans know it: where its fact stands in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimPlace {
    /// The row.
    pub seq: u32,
    /// The fact's index in it.
    pub index: u16,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Names it when the answer comes; rises by one from ask to ask of a crowd.
    pub id: u64,
    /// The fan's number.
    pub fan: u64,
    /// What for.
    pub kind: Kind,
    /// The answer is to be thrown away: the connection is cut once the request is written.
    pub cut: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A look at the drop.
    Look,
    /// Units.
    Claim {
        /// The line, counted in the order of the plan.
        line: u16,
        /// How many.
        quantity: u16,
        /// The key, if the fan sends one.
        key: Option<u64>,
    },
    /// Money for a claim.
    Settle {
        /// Where it stands.
        claim: ClaimPlace,
        /// Its running number.
        number: u32,
    },
    /// A claim given back.
    Release {
        /// Where it stands.
        claim: ClaimPlace,
        /// Its running number.
        number: u32,
    },
}

/// What a fan is told of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where it stands.
    pub place: ClaimPlace,
    /// Its running number.
    pub number: u32,
    /// How many units.
    pub units: u16,
    /// What became of it.
    pub state: State,
    /// Until when it is or was held, ms since 1970.
    pub held_until_ms: i64,
}

/// What became of a claim, in the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// To be paid.
    Held,
    /// Paid.
    Settled,
    /// Not paid in time.
    Expired,
    /// Given back before paying.
    Released,
    /// Given back after paying.
    Returned,
    /// Paid too late.
    RefundDue,
}

impl State {
    /// The state of this word.
    pub fn read(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"held" => Self::Held,
            b"settled" => Self::Settled,
            b"expired" => Self::Expired,
            b"released" => Self::Released,
            b"returned" => Self::Returned,
            b"refund_due" => Self::RefundDue,
            _ => return None,
        })
    }
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A claim: 201, or 200 when repeated, settled or given back.
    Claim(Told),
    /// The drop was shown.
    Looked,
    /// No, and why.
    Refused(Code),
    /// Nothing came: the connection was cut or broke, or time ran out.
    Lost,
    /// Something came that is no answer.
    Nonsense,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// It opens later.
    NotOpen,
    /// The host paused it.
    Paused,
    /// Over.
    Closed,
    /// Nothing free.
    SoldOut,
    /// The fan has all a fan may have.
    LimitReached,
    /// The key was used before, with other fields.
    KeyReused,
    /// No session.
    NoSession,
    /// Not for this fan.
    NotEntitled,
    /// Another role's business.
    NotAllowed,
    /// Unknown drop.
    NoSuchDrop,
    /// Unknown item.
    NoSuchItem,
    /// Unknown claim.
    NoSuchClaim,
    /// The claim's state forbids it.
    NotHeld,
    /// Understood, but wrong.
    Invalid,
    /// Too many requests.
    TooFast,
    /// Nothing was done.
    Busy,
    /// It may have been done.
    Unsure,
    /// Any other.
    Other,
}

impl Code {
    /// All codes with the contract's words, in the order of their numbers.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::NotOpen, "not_open"),
        (Self::Paused, "paused"),
        (Self::Closed, "closed"),
        (Self::SoldOut, "sold_out"),
        (Self::LimitReached, "limit_reached"),
        (Self::KeyReused, "key_reused"),
        (Self::NoSession, "no_session"),
        (Self::NotEntitled, "not_entitled"),
        (Self::NotAllowed, "not_allowed"),
        (Self::NoSuchDrop, "no_such_drop"),
        (Self::NoSuchItem, "no_such_item"),
        (Self::NoSuchClaim, "no_such_claim"),
        (Self::NotHeld, "not_held"),
        (Self::Invalid, "invalid"),
        (Self::TooFast, "too_fast"),
        (Self::Busy, "busy"),
        (Self::Unsure, "unsure"),
        (Self::Other, "other"),
    ];

    /// The code of this word.
    pub fn read(word: &[u8]) -> Self {
        // Nine of ten answers of a rehearsal are this one.
        if word == b"sold_out" {
            return Self::SoldOut;
        }
        let found = Self::ALL.iter().find(|(_, name)| name.as_bytes() == word);
        found.map_or(Self::Other, |(code, _)| *code)
    }

    /// Whether the same has to be asked again: it is not yet a yes or a no.
    pub fn is_later(self) -> bool {
        matches!(self, Self::NotOpen | Self::Paused | Self::TooFast | Self::Busy | Self::Unsure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_at_their_numbers() {
        for (at, (code, word)) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, at);
            assert_eq!(Code::read(word.as_bytes()), code);
        }
        assert_eq!(Code::read(b"teapot"), Code::Other);
    }
}
