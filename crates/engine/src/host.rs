//! What hosts do to a drop, and which changes would break a promise it has made.

use crate::book::{Book, Phase};
use crate::command::{Act, Command};
use crate::decide::Answer;
use crate::fact::{Amendment, Fact, Facts};
use crate::ids::Line;
use crate::promise::Promise;
use crate::refusal::Refusal;

/// Most units a line can ever have, so that sums stay far from the edge of their types.
const UNITS_PER_LINE_MAX: u32 = 1_000_000_000;

/// Most lines a drop can have.
const LINES_MAX: usize = 256;

/// Decides a host's act; what is none is nothing to do, and what was done is not done again.
pub(crate) fn decide(book: &Book, act: &Command, facts: &mut Facts) -> Result<Answer, Refusal> {
    if book.acts.has(act)? {
        return Ok(Answer::Idle);
    }
    match *act {
        Command::Pause(act) => pause(book, act, facts),
        Command::Resume(act) => Ok(resume(book, act, facts)),
        Command::Restock { line, units, act } => restock(book, line, units, act, facts),
        Command::Withdraw { line, units, act } => withdraw(book, line, units, act, facts),
        Command::Close(act) => Ok(close(book, act, facts)),
        Command::Amend { amendment, act } => amend(book, amendment, act, facts),
        _ => Ok(Answer::Idle),
    }
}

fn pause(book: &Book, act: Act, facts: &mut Facts) -> Result<Answer, Refusal> {
    if book.phase(book.now_ms) == Phase::Closed {
        return Err(Refusal::Closed);
    }
    if book.paused {
        return Ok(Answer::Idle);
    }
    facts.push(Fact::Paused(act));
    Ok(Answer::Acted)
}

fn resume(book: &Book, act: Act, facts: &mut Facts) -> Answer {
    if !book.paused && !book.doubtful_time {
        return Answer::Idle;
    }
    facts.push(Fact::Resumed(act));
    Answer::Acted
}

fn restock(
    book: &Book,
    line: Line,
    units: u32,
    act: Act,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let stock = book.ledger.line(line).ok_or(Refusal::NoSuchLine)?;
    if book.phase(book.now_ms) == Phase::Closed {
        return Err(Refusal::Closed);
    }
    let possible = UNITS_PER_LINE_MAX.saturating_sub(stock.issued);
    if units > possible {
        return Err(Refusal::TooMany { possible });
    }
    facts.push(Fact::Restocked { line, units, act });
    Ok(Answer::Acted)
}

fn withdraw(
    book: &Book,
    line: Line,
    units: u32,
    act: Act,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    let stock = book.ledger.line(line).ok_or(Refusal::NoSuchLine)?;
    if units > stock.free {
        return Err(Refusal::TooMany { possible: stock.free });
    }
    facts.push(Fact::Withdrawn { line, units, act });
    Ok(Answer::Acted)
}

fn close(book: &Book, act: Act, facts: &mut Facts) -> Answer {
    if book.closed {
        return Answer::Idle;
    }
    facts.push(Fact::Closed(Some(act)));
    Answer::Acted
}

fn amend(
    book: &Book,
    amendment: Amendment,
    act: Act,
    facts: &mut Facts,
) -> Result<Answer, Refusal> {
    if let Some(promise) = broken_by(book, amendment)? {
        return Err(Refusal::BreaksPromise(promise));
    }
    facts.push(Fact::Amended { amendment, act });
    Ok(Answer::Acted)
}

/// The promise an amendment would break, if any.
fn broken_by(book: &Book, amendment: Amendment) -> Result<Option<Promise>, Refusal> {
    let phase = book.phase(book.now_ms);
    if phase == Phase::Closed {
        return Err(Refusal::Closed);
    }
    let begun = phase != Phase::Before;
    let terms = &book.terms;
    let broken = match amendment {
        Amendment::OpensAt(ms) => {
            if begun {
                Some(Promise::OpeningKept)
            } else if ms < book.now_ms {
                Some(Promise::OpeningAhead)
            } else if ms >= terms.closes_at_ms {
                Some(Promise::OpensFirst)
            } else {
                None
            }
        }
        Amendment::ClosesAt(ms) if ms <= book.now_ms => Some(Promise::ClosingAhead),
        Amendment::ClosesAt(ms) if ms <= terms.opens_at_ms => Some(Promise::ClosesLast),
        Amendment::Hold(s) if begun && s < terms.hold_s => Some(Promise::HoldKept),
        Amendment::Hold(0) => Some(Promise::HoldLasts),
        Amendment::Limit(limit) if begun && limit < terms.limit => Some(Promise::LimitKept),
        Amendment::Price(line, _) if book.ledger.line(line).is_none() => {
            return Err(Refusal::NoSuchLine);
        }
        Amendment::Price(_, minor) if minor < 0 => Some(Promise::PriceNotNegative),
        Amendment::Price(..) if begun => Some(Promise::PriceKept),
        Amendment::NewLine(line) if line.reserve > line.stock => Some(Promise::ReserveWithin),
        Amendment::NewLine(line) if book.line_with_id(line.id).is_some() => Some(Promise::LineOnce),
        Amendment::NewLine(line)
            if terms.lines.len() >= LINES_MAX || line.stock > UNITS_PER_LINE_MAX =>
        {
            Some(Promise::Bounds)
        }
        _ => None,
    };
    Ok(broken)
}
