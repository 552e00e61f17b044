//! Writing facts.

use super::kind;
use crate::command::Act;
use crate::fact::{Amendment, Fact, Totals};
use crate::terms::{LineTerms, Terms};
use alloc::vec::Vec;

/// Appends a whole number, seven bits a byte, lowest first.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn put_all<const N: usize>(out: &mut Vec<u8>, values: [u64; N]) {
    for value in values {
        put_varint(out, value);
    }
}

fn put_act(out: &mut Vec<u8>, act: &Act) {
    put_all(out, [act.by.get(), act.why]);
}

fn put_line(out: &mut Vec<u8>, line: &LineTerms) {
    out.extend(line.id.to_be_bytes());
    put_signed(out, line.price_minor);
    put_all(out, [line.stock.into(), line.reserve.into()]);
}

/// Appends a drop's terms.
pub fn put_terms(out: &mut Vec<u8>, terms: &Terms) {
    out.extend(terms.rules);
    put_signed(out, terms.opens_at_ms);
    put_signed(out, terms.closes_at_ms);
    put_all(out, [terms.hold_s.into(), terms.limit.get().into(), terms.lines.len() as u64]);
    for line in &terms.lines {
        put_line(out, line);
    }
}

fn put_optional(out: &mut Vec<u8>, value: Option<i64>) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put_signed(out, value);
    }
}

fn put_totals(out: &mut Vec<u8>, totals: &Totals) {
    put_varint(out, totals.claims.into());
    put_signed(out, totals.opens_at_ms);
    put_signed(out, totals.closes_at_ms);
    put_optional(out, totals.sold_out_at_ms);
    put_varint(out, totals.lines.len() as u64);
    for line in &totals.lines {
        put_all(out, line.map(u64::from));
    }
}

fn put_amendment(out: &mut Vec<u8>, amendment: &Amendment) {
    match amendment {
        Amendment::OpensAt(ms) => {
            out.push(1);
            put_signed(out, *ms);
        }
        Amendment::ClosesAt(ms) => {
            out.push(2);
            put_signed(out, *ms);
        }
        Amendment::Hold(s) => put_all(out, [3, (*s).into()]),
        Amendment::Limit(limit) => put_all(out, [4, limit.get().into()]),
        Amendment::Price(line, minor) => {
            put_all(out, [5, line.0.into()]);
            put_signed(out, *minor);
        }
        Amendment::NewLine(line) => {
            out.push(6);
            put_line(out, line);
        }
    }
}

/// Appends one fact.
pub fn put_fact(out: &mut Vec<u8>, fact: &Fact) {
    let one = |out: &mut Vec<u8>, kind: u8, number: u32| put_all(out, [kind.into(), number.into()]);
    match fact {
        Fact::Terms(terms) => {
            out.push(kind::TERMS);
            put_terms(out, terms);
        }
        Fact::Opened { owner, doubtful_time } => {
            out.push(kind::OPENED);
            out.extend(owner.to_be_bytes());
            out.push(u8::from(*doubtful_time));
        }
        Fact::Claimed { number, fan, line, quantity, until_s, key, right } => {
            out.push(kind::CLAIMED);
            out.push(u8::from(key.is_some()) | u8::from(right.is_some()) << 1);
            put_all(out, [number.get().into(), fan.get(), line.0.into(), quantity.get().into()]);
            put_varint(out, (*until_s).into());
            if let Some(key) = key {
                out.extend(key.get().to_be_bytes());
            }
            if let Some(right) = right {
                put_varint(out, right.get().into());
            }
        }
        Fact::Settled(n) => one(out, kind::SETTLED, n.get()),
        Fact::Expired(n) => one(out, kind::EXPIRED, n.get()),
        Fact::Released(n) => one(out, kind::RELEASED, n.get()),
        Fact::Returned(n) => one(out, kind::RETURNED, n.get()),
        Fact::SettledLate(n) => one(out, kind::SETTLED_LATE, n.get()),
        Fact::RefundDue(n) => one(out, kind::REFUND_DUE, n.get()),
        Fact::Lapsed(right) => one(out, kind::LAPSED, right.get()),
        rest => put_rare_fact(out, rest),
    }
}

/// The facts that are not written a thousand at a time.
fn put_rare_fact(out: &mut Vec<u8>, fact: &Fact) {
    match fact {
        Fact::Granted { right, fan, line, quantity, until_s } => {
            out.push(kind::GRANTED);
            put_all(out, [right.get().into(), fan.get(), line.0.into(), quantity.get().into()]);
            put_varint(out, (*until_s).into());
        }
        Fact::Paused(act) => {
            out.push(kind::PAUSED);
            put_act(out, act);
        }
        Fact::Resumed(act) => {
            out.push(kind::RESUMED);
            put_act(out, act);
        }
        Fact::Restocked { line, units, act } => {
            put_all(out, [kind::RESTOCKED.into(), line.0.into(), (*units).into()]);
            put_act(out, act);
        }
        Fact::Withdrawn { line, units, act } => {
            put_all(out, [kind::WITHDRAWN.into(), line.0.into(), (*units).into()]);
            put_act(out, act);
        }
        Fact::Closed(act) => {
            out.push(kind::CLOSED);
            out.push(u8::from(act.is_some()));
            if let Some(act) = act {
                put_act(out, act);
            }
        }
        Fact::Amended { amendment, act } => {
            out.push(kind::AMENDED);
            put_amendment(out, amendment);
            put_act(out, act);
        }
        Fact::Extended { since_ms } => {
            out.push(kind::EXTENDED);
            put_signed(out, *since_ms);
        }
        Fact::Tallied(tally) => {
            put_all(out, [kind::TALLIED.into(), tally.len() as u64]);
            put_all(out, **tally);
        }
        Fact::Rested(totals) => {
            out.push(kind::RESTED);
            put_totals(out, totals);
        }
        Fact::Restored(loss) => {
            let (seq, claims) = (loss.seq.into(), loss.claims.into());
            put_all(out, [kind::RESTORED.into(), seq, claims, loss.set_aside.len() as u64]);
            for units in &loss.set_aside {
                put_varint(out, u64::from(*units));
            }
            put_act(out, &loss.act);
        }
        Fact::Moved(act) => {
            out.push(kind::MOVED);
            put_act(out, act);
        }
        common => unreachable!("written by put_fact: {common:?}"),
    }
}
