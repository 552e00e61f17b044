//! The mechanism `sale`: first come, first served, up to a limit a fan.
//!
//! Hold ends never fall as numbers rise, so holds run out in the order they were given: where the
//! terms' hold is shorter than what an earlier claim still has, a new hold lasts as long.

use crate::book::{Book, Phase};
use crate::claim::{Claim, ClaimState, ceil_s};
use crate::claims::ReadClaims;
use crate::decide::{Answer, View};
use crate::fact::{Fact, Facts};
use crate::ids::{Fan, Key, Line, Number, Quantity};
use crate::refusal::Refusal;

/// Most claims a fan can make in one drop, given-back ones too: it bounds what one fan's repeats
/// cost. Above every limit the festival file allows.
const CLAIMS_PER_FAN_MAX: usize = 256;

pub(crate) fn claim<C: ReadClaims>(
    view: View<'_, C>,
    fan: Fan,
    line: Line,
    quantity: Quantity,
    key: Option<Key>,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let View { book, claims } = view;
    let stock = *book.ledger.line(line).ok_or(Refusal::NoSuchLine)?;
    let own = Own::of(claims, fan, line, quantity, key);
    if let Some(answer) = own.repeated(line, quantity)? {
        return Ok(answer);
    }
    match book.phase(book.now_ms) {
        Phase::Before => {
            return Err(Refusal::NotOpen { opens_at_ms: book.terms.opens_at_ms });
        }
        Phase::Paused => return Err(Refusal::Paused),
        Phase::Closed => return Err(Refusal::Closed),
        Phase::Open => {}
    }
    let units = u32::from(quantity.get());
    if own.units + units > u32::from(book.terms.limit.get()) || own.made >= CLAIMS_PER_FAN_MAX {
        return Err(Refusal::LimitReached);
    }
    let right = book.rights.of(fan, line, quantity);
    if right.is_none() && stock.free < units {
        return Err(Refusal::SoldOut { may_return: stock.held > 0 });
    }
    let number = claims.count().checked_add(1).and_then(Number::new);
    let number = number.ok_or(Refusal::SoldOut { may_return: false })?;
    let hold_ms = i64::from(book.terms.hold_s) * 1000;
    let until_s = ceil_s(book.now_ms + hold_ms).max(claims.ends().latest_until_s);
    facts.push(Fact::Claimed { number, fan, line, quantity, until_s, key, right });
    Ok(Answer::Done(number))
}

/// What a fan already has in the drop, seen in one pass over their claims.
struct Own {
    /// How many claims they ever made.
    made: usize,
    /// Units held or settled.
    units: u32,
    /// The claim this request made before: by its key whatever became of it, without a key only
    /// while it is held and the same.
    before: Option<Claim>,
}

impl Own {
    fn of<C: ReadClaims>(
        claims: &C,
        fan: Fan,
        line: Line,
        quantity: Quantity,
        key: Option<Key>,
    ) -> Self {
        let mut own = Self { made: 0, units: 0, before: None };
        for claim in claims.of(fan) {
            own.made += 1;
            if claim.state.counts() {
                own.units += u32::from(claim.quantity.get());
            }
            let same = match key {
                Some(_) => claim.key == key,
                None => {
                    claim.state == ClaimState::Held
                        && (claim.line, claim.quantity) == (line, quantity)
                }
            };
            if same && own.before.is_none() {
                own.before = Some(claim);
            }
        }
        own
    }

    fn repeated(&self, line: Line, quantity: Quantity) -> Result<Option<Answer>, Refusal> {
        match self.before {
            None => Ok(None),
            Some(claim) if (claim.line, claim.quantity) == (line, quantity) => {
                Ok(Some(Answer::Already(claim.number)))
            }
            Some(claim) => Err(Refusal::KeyReused { number: claim.number }),
        }
    }
}

pub(crate) fn settle<C: ReadClaims>(
    View { book, claims }: View<'_, C>,
    number: Number,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let claim = claims.get(number).ok_or(Refusal::NoSuchClaim)?;
    match claim.state {
        ClaimState::Settled | ClaimState::RefundDue => return Ok(Answer::Already(number)),
        ClaimState::Held => facts.push(Fact::Settled(number)),
        ClaimState::Expired => {
            let units = u32::from(claim.quantity.get());
            let reserve = book.ledger.line(claim.line).map_or(0, |stock| stock.reserve);
            let within = claims.units_of(claim.fan) + units <= u32::from(book.terms.limit.get());
            let honoured = reserve >= units && within;
            facts.push(if honoured { Fact::SettledLate(number) } else { Fact::RefundDue(number) });
        }
        state => return Err(Refusal::NotHeld { state }),
    }
    Ok(Answer::Done(number))
}

pub(crate) fn release<C: ReadClaims>(
    view: View<'_, C>,
    number: Number,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let claim = view.claims.get(number).ok_or(Refusal::NoSuchClaim)?;
    match claim.state {
        ClaimState::Released => return Ok(Answer::Already(number)),
        ClaimState::Held => facts.push(Fact::Released(number)),
        state => return Err(Refusal::NotHeld { state }),
    }
    Ok(Answer::Done(number))
}

pub(crate) fn take_back<C: ReadClaims>(
    view: View<'_, C>,
    number: Number,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let claim = view.claims.get(number).ok_or(Refusal::NoSuchClaim)?;
    match claim.state {
        ClaimState::Returned => return Ok(Answer::Already(number)),
        ClaimState::Settled => facts.push(Fact::Returned(number)),
        state => return Err(Refusal::NotHeld { state }),
    }
    Ok(Answer::Done(number))
}

pub(crate) fn grant(
    book: &Book,
    fan: Fan,
    line: Line,
    quantity: Quantity,
    until_s: u32,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let stock = book.ledger.line(line).ok_or(Refusal::NoSuchLine)?;
    if book.phase(book.now_ms) == Phase::Closed {
        return Err(Refusal::Closed);
    }
    if stock.free < u32::from(quantity.get()) {
        return Err(Refusal::TooMany { possible: stock.free });
    }
    let right = book.rights.next_id().ok_or(Refusal::TooMany { possible: 0 })?;
    facts.push(Fact::Granted { right, fan, line, quantity, until_s });
    Ok(Answer::Acted)
}
