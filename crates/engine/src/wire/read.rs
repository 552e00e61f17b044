//! Reading facts. Every byte may be hostile: lengths are bounded before anything is allocated.

use super::kind;
use crate::command::Act;
use crate::fact::{Amendment, Fact, Loss, Totals};
use crate::ids::{Fan, Key, Line, Number, Quantity};
use crate::refusal::Tally;
use crate::terms::{LineTerms, Terms};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

/// Most lines terms may list.
const LINES_MAX: usize = 256;

/// Why bytes are not a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// They end too early.
    Short,
    /// A number is not in its shortest form, or too large for its field.
    Number,
    /// A kind or flag nobody knows: damaged, or written by a newer version.
    Unknown,
    /// Bytes are left over.
    Long,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "bytes end too early",
            Self::Number => "a number is not in its one written form or too large",
            Self::Unknown => "a kind of fact this version does not know",
            Self::Long => "bytes are left over",
        })
    }
}

impl core::error::Error for WireError {}

type Read<T> = Result<T, WireError>;

/// Takes fields off the front of bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader at the start of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(WireError::Short)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| WireError::Short)
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Unknown),
        }
    }

    /// The next whole number.
    pub fn varint(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                return Err(WireError::Number);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return if shortest { Ok(value) } else { Err(WireError::Number) };
            }
        }
        Err(WireError::Number)
    }

    fn signed(&mut self) -> Read<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn number<T: TryFrom<u64>>(&mut self) -> Read<T> {
        T::try_from(self.varint()?).map_err(|_| WireError::Number)
    }

    fn count(&mut self, most: usize) -> Read<usize> {
        let count = self.number::<usize>()?;
        if count <= most { Ok(count) } else { Err(WireError::Number) }
    }

    fn claim_number(&mut self) -> Read<Number> {
        Number::new(self.number()?).ok_or(WireError::Number)
    }

    fn fan(&mut self) -> Read<Fan> {
        Fan::new(self.varint()?).ok_or(WireError::Number)
    }

    fn line(&mut self) -> Read<Line> {
        self.number().map(Line)
    }

    fn quantity(&mut self) -> Read<Quantity> {
        Quantity::new(self.number()?).ok_or(WireError::Number)
    }

    fn act(&mut self) -> Read<Act> {
        Ok(Act { by: self.fan()?, why: self.varint()? })
    }

    fn line_terms(&mut self) -> Read<LineTerms> {
        Ok(LineTerms {
            id: u64::from_be_bytes(self.array()?),
            price_minor: self.signed()?,
            stock: self.number()?,
            reserve: self.number()?,
        })
    }

    fn terms(&mut self) -> Read<Terms> {
        let rules = self.array()?;
        let (opens_at_ms, closes_at_ms) = (self.signed()?, self.signed()?);
        let (hold_s, limit) = (self.number()?, self.quantity()?);
        let count = self.count(LINES_MAX)?;
        let lines = (0..count).map(|_| self.line_terms()).collect::<Read<Vec<_>>>()?;
        Ok(Terms { rules, opens_at_ms, closes_at_ms, hold_s, limit, lines })
    }

    fn claimed(&mut self) -> Read<Fact> {
        let flags = self.byte()?;
        if flags > 3 {
            return Err(WireError::Unknown);
        }
        let (number, fan) = (self.claim_number()?, self.fan()?);
        let (line, quantity, until_s) = (self.line()?, self.quantity()?, self.number()?);
        let key = if flags & 1 == 0 {
            None
        } else {
            match u64::from_be_bytes(self.array()?) {
                0 => return Err(WireError::Number),
                hash => Some(Key::new(hash)),
            }
        };
        let right = if flags & 2 == 0 { None } else { Some(self.claim_number()?) };
        Ok(Fact::Claimed { number, fan, line, quantity, until_s, key, right })
    }

    fn granted(&mut self) -> Read<Fact> {
        let (right, fan) = (self.claim_number()?, self.fan()?);
        let (line, quantity, until_s) = (self.line()?, self.quantity()?, self.number()?);
        Ok(Fact::Granted { right, fan, line, quantity, until_s })
    }

    fn amendment(&mut self) -> Read<Amendment> {
        Ok(match self.byte()? {
            1 => Amendment::OpensAt(self.signed()?),
            2 => Amendment::ClosesAt(self.signed()?),
            3 => Amendment::Hold(self.number()?),
            4 => Amendment::Limit(self.quantity()?),
            5 => Amendment::Price(self.line()?, self.signed()?),
            6 => Amendment::NewLine(self.line_terms()?),
            _ => return Err(WireError::Unknown),
        })
    }

    fn tally(&mut self) -> Read<Box<Tally>> {
        let mut tally = Box::new(Tally::default());
        if self.count(tally.len())? != tally.len() {
            return Err(WireError::Number);
        }
        for count in tally.iter_mut() {
            *count = self.varint()?;
        }
        Ok(tally)
    }

    fn totals(&mut self) -> Read<Box<Totals>> {
        let claims = self.number()?;
        let (opens_at_ms, closes_at_ms) = (self.signed()?, self.signed()?);
        let sold_out_at_ms = if self.flag()? { Some(self.signed()?) } else { None };
        let count = self.count(LINES_MAX)?;
        let mut line = || Ok([self.number()?, self.number()?, self.number()?, self.number()?]);
        let lines = (0..count).map(|_| line()).collect::<Read<Vec<_>>>()?;
        Ok(Box::new(Totals { claims, opens_at_ms, closes_at_ms, sold_out_at_ms, lines }))
    }

    fn loss(&mut self) -> Read<Box<Loss>> {
        let (seq, claims) = (self.number()?, self.number()?);
        let count = self.count(LINES_MAX)?;
        let set_aside = (0..count).map(|_| self.number()).collect::<Read<Vec<_>>>()?;
        Ok(Box::new(Loss { seq, claims, set_aside, act: self.act()? }))
    }

    fn fact(&mut self) -> Read<Fact> {
        Ok(match self.byte()? {
            kind::TERMS => Fact::Terms(Box::new(self.terms()?)),
            kind::OPENED => {
                let owner = u64::from_be_bytes(self.array()?);
                Fact::Opened { owner, doubtful_time: self.flag()? }
            }
            kind::CLAIMED => self.claimed()?,
            kind::SETTLED => Fact::Settled(self.claim_number()?),
            kind::EXPIRED => Fact::Expired(self.claim_number()?),
            kind::RELEASED => Fact::Released(self.claim_number()?),
            kind::RETURNED => Fact::Returned(self.claim_number()?),
            kind::SETTLED_LATE => Fact::SettledLate(self.claim_number()?),
            kind::REFUND_DUE => Fact::RefundDue(self.claim_number()?),
            kind::GRANTED => self.granted()?,
            kind::LAPSED => Fact::Lapsed(self.claim_number()?),
            kind::PAUSED => Fact::Paused(self.act()?),
            kind::RESUMED => Fact::Resumed(self.act()?),
            kind::RESTOCKED => {
                Fact::Restocked { line: self.line()?, units: self.number()?, act: self.act()? }
            }
            kind::WITHDRAWN => {
                Fact::Withdrawn { line: self.line()?, units: self.number()?, act: self.act()? }
            }
            kind::CLOSED => Fact::Closed(if self.flag()? { Some(self.act()?) } else { None }),
            kind::AMENDED => Fact::Amended { amendment: self.amendment()?, act: self.act()? },
            kind::EXTENDED => Fact::Extended { since_ms: self.signed()? },
            kind::TALLIED => Fact::Tallied(self.tally()?),
            kind::RESTED => Fact::Rested(self.totals()?),
            kind::RESTORED => Fact::Restored(self.loss()?),
            kind::MOVED => Fact::Moved(self.act()?),
            _ => return Err(WireError::Unknown),
        })
    }
}

/// Reads one fact that fills these bytes exactly.
///
/// # Errors
/// What is wrong with the bytes.
pub fn read_fact(bytes: &[u8]) -> Result<Fact, WireError> {
    let mut reader = Reader::new(bytes);
    let fact = reader.fact()?;
    if reader.is_empty() { Ok(fact) } else { Err(WireError::Long) }
}
