//! Every kind of fact is written and read back; every damaged form is refused or differs.

use super::*;
use crate::*;
use alloc::{boxed::Box, vec, vec::Vec};

fn every_fact() -> Vec<Fact> {
    let number = Number::new(70_000).unwrap();
    let fan = Fan::new(Fan::MAX).unwrap();
    let (line, quantity) = (Line(3), Quantity::new(2).unwrap());
    let act = Act { by: fan, why: u64::MAX };
    let terms_line = LineTerms { id: 9, price_minor: 79_900, stock: 5, reserve: 1 };
    let terms = Terms {
        rules: [7; 32],
        opens_at_ms: -1,
        closes_at_ms: i64::MAX,
        hold_s: 900,
        limit: quantity,
        lines: vec![terms_line; 2],
    };
    let totals = Totals {
        claims: 4,
        opens_at_ms: 1,
        closes_at_ms: 2,
        sold_out_at_ms: Some(-5),
        lines: vec![[4, 3, 2, 1]],
    };
    let claimed =
        |key, right| Fact::Claimed { number, fan, line, quantity, until_s: u32::MAX, key, right };
    let key = Some(Key::new(12));
    let mut facts = vec![
        Fact::Terms(Box::new(terms)),
        Fact::Opened { owner: 1 << 63, doubtful_time: true },
        claimed(None, None),
        claimed(key, None),
        claimed(None, Some(number)),
        claimed(key, Some(number)),
        Fact::Settled(number),
        Fact::Expired(number),
        Fact::Released(number),
        Fact::Returned(number),
        Fact::SettledLate(number),
        Fact::RefundDue(number),
        Fact::Granted { right: number, fan, line, quantity, until_s: 1 },
        Fact::Lapsed(number),
        Fact::Paused(act),
        Fact::Resumed(act),
        Fact::Restocked { line, units: 10, act },
        Fact::Withdrawn { line, units: u32::MAX, act },
        Fact::Closed(None),
        Fact::Closed(Some(act)),
        Fact::Extended { since_ms: i64::MIN },
        Fact::Tallied(Box::new([u64::MAX; CODES.len()])),
        Fact::Rested(Box::new(totals)),
        Fact::Restored(Box::new(Loss { seq: 7, claims: 300, set_aside: vec![0, 200], act })),
        Fact::Moved(act),
    ];
    let amendments = [
        Amendment::OpensAt(1),
        Amendment::ClosesAt(2),
        Amendment::Hold(3),
        Amendment::Limit(quantity),
        Amendment::Price(line, -4),
        Amendment::NewLine(terms_line),
    ];
    facts.extend(amendments.map(|amendment| Fact::Amended { amendment, act }));
    facts
}

#[test]
fn every_fact_reads_back_and_no_prefix_or_longer_form_does() {
    for fact in every_fact() {
        let mut bytes = Vec::new();
        put_fact(&mut bytes, &fact);
        assert_eq!(read_fact(&bytes).as_ref(), Ok(&fact));
        for end in 0..bytes.len() {
            assert!(read_fact(&bytes[..end]).is_err(), "{fact:?} cut at {end}");
        }
        bytes.push(0);
        assert!(read_fact(&bytes).is_err(), "{fact:?} with a byte more");
    }
}

#[test]
fn what_reads_is_written_back_to_the_same_bytes() {
    for fact in every_fact() {
        let mut bytes = Vec::new();
        put_fact(&mut bytes, &fact);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(other) = read_fact(&flipped) {
                    let mut again = Vec::new();
                    put_fact(&mut again, &other);
                    assert_eq!(again, flipped, "two spellings of {other:?}");
                    assert_ne!(other, fact);
                }
            }
        }
    }
}
