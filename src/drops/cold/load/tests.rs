//! Facts to changes of tables.

use super::*;
use fanfare_engine::{Fan, Line, Loss, Quantity};
use fanfare_lane::{Draft, Hash, Written};
use std::sync::Arc;

fn claimed(number: u32) -> Fact {
    Fact::Claimed {
        number: Number::new(number).unwrap(),
        fan: Fan::new(7).unwrap(),
        line: Line(1),
        quantity: Quantity::new(2).unwrap(),
        until_s: 100,
        key: None,
        right: None,
    }
}

fn row(seq: u32, prev: Hash, time_ms: i64, facts: &[Fact]) -> Row {
    let written = Arc::new(Written::of(facts));
    Draft { festival: [1; 16], lane: 3, seq, prev, time_ms, written }.finish()
}

fn load(rows: &[&[Fact]]) -> Load {
    let mut load = Load::new(3, "lamps", Cursor::default(), 2);
    for (at, facts) in rows.iter().enumerate() {
        let seq = at as u32 + 1;
        let row = row(seq, load.to.hash, 1_000 * i64::from(seq), facts);
        load.row(&row).unwrap();
    }
    load
}

#[test]
fn a_claim_made_and_paid_in_one_reading_is_one_row() {
    let settled = Fact::Settled(Number::MIN);
    let load = load(&[&[claimed(1), claimed(2)], &[settled]]);
    let part = &load.parts[0];
    assert_eq!((part.made.len(), part.moved.len()), (2, 0));
    assert_eq!((part.made[0].state, part.made[0].facts), (ClaimState::Settled, 2));
    assert_eq!((part.made[0].made_at_ms, part.made[0].changed_at_ms), (1_000, 2_000));
    let stock = load.stock[&1];
    assert_eq!((stock.held, stock.settled), (2, 2));
}

#[test]
fn an_older_claims_changes_are_put_together_with_what_it_was_before() {
    let one = Number::new(9).unwrap();
    let load = load(&[&[Fact::Expired(one)], &[Fact::SettledLate(one)]]);
    let moved = load.parts[0].moved[&9];
    assert_eq!((moved.from, moved.to), (ClaimState::Held, ClaimState::Settled));
    assert_eq!((moved.at_ms, moved.facts), (2_000, 2));
    let all = Stock { set_aside: -1, reserve: -1, held: -1, settled: 1, issued: 0 };
    assert_eq!(moved.per_unit, all);
}

#[test]
fn an_extension_stands_between_what_was_before_and_after_it() {
    let extended = Fact::Extended { since_ms: 500 };
    let settled = Fact::Settled(Number::MIN);
    let load = load(&[&[claimed(1)], &[extended], &[claimed(2), settled]]);
    assert_eq!(load.parts.len(), 2);
    assert_eq!(load.parts[0].extended, Some(Extended { gap_s: 2, least_until_s: 62 }));
    assert_eq!(load.parts[1].moved.len(), 1, "the first claim is the table's by then");
}

#[test]
fn behind_lost_claims_numbers_go_on_and_their_units_are_not_for_sale() {
    let act = Act { by: Fan::FIRST, why: 1 };
    let loss = Loss { seq: 9, claims: 5, set_aside: vec![0, 3], act };
    let restored = Fact::Restored(Box::new(loss));
    let settled = Fact::Settled(Number::new(6).unwrap());
    let load = load(&[&[claimed(1), restored, claimed(6)], &[settled]]);
    assert_eq!(load.claims, Some(6));
    assert_eq!(load.stock[&1].issued, -3);
    assert_eq!(load.changes[0], Change::Paused(true));
    let behind = &load.parts[1];
    assert_eq!((behind.made.len(), behind.made[0].state), (1, ClaimState::Settled));
}

#[test]
fn a_row_that_does_not_follow_names_both() {
    let mut load = load(&[&[claimed(1)]]);
    let other = row(2, [9; 32], 2_000, &[claimed(2)]);
    let why = load.row(&other).unwrap_err();
    assert!(why.contains("0909090909090909") && why.contains(&short(&load.to.hash)), "{why}");
    let later = row(4, load.to.hash, 2_000, &[claimed(2)]);
    assert!(load.row(&later).is_err());
}
