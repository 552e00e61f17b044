//! Journals whose owner cheats: every row follows and is signed with the festival's own key, but
//! the facts break a promise. The own tally must name it, whatever the engine says.

use super::{names, report};
use crate::common::world::{LAMPS, OPENS_MS, Temp, act};
use fanfare::drops::wake::festival_number;
use fanfare::kit::data::DataFolder;
use fanfare::kit::journal::JournalWriter;
use fanfare::kit::keys::Keys;
use fanfare::verify::Report;
use fanfare_engine::{
    Amendment, Fact, Fan, Key, Line, LineTerms, Number, Quantity, RightId, Terms, Totals,
};
use fanfare_lane::{Draft, Hash, Written, seal_commit};
use std::sync::Arc;

const OPENS_S: u32 = (OPENS_MS / 1_000) as u32;

fn terms() -> Fact {
    let line = |id, stock, reserve| LineTerms { id, price_minor: 100, stock, reserve };
    Fact::Terms(Box::new(Terms {
        rules: [1; 32],
        opens_at_ms: OPENS_MS,
        closes_at_ms: OPENS_MS + 600_000,
        hold_s: 60,
        limit: Quantity::new(2).unwrap(),
        lines: vec![line(1, 5, 1), line(2, 2, 0)],
    }))
}

fn number(n: u32) -> Number {
    Number::new(n).unwrap()
}

/// A claim on line 0, made at the opening.
fn claim(n: u32, fan: u64, units: u16) -> Fact {
    Fact::Claimed {
        number: number(n),
        fan: Fan::new(fan).unwrap(),
        line: Line(0),
        quantity: Quantity::new(units).unwrap(),
        until_s: OPENS_S + 60,
        key: None,
        right: None,
    }
}

/// The same claim with something else about it.
fn but(
    mut fact: Fact,
    change: impl FnOnce(&mut u32, &mut Option<Key>, &mut Option<RightId>),
) -> Fact {
    if let Fact::Claimed { until_s, key, right, .. } = &mut fact {
        change(until_s, key, right);
    }
    fact
}

fn keyed(fact: Fact, hash: u64) -> Fact {
    but(fact, |_, key, _| *key = Some(Key::new(hash)))
}

fn by_right(fact: Fact, n: u32) -> Fact {
    but(fact, |_, _, right| *right = Some(number(n)))
}

fn until(fact: Fact, s: u32) -> Fact {
    but(fact, |until_s, _, _| *until_s = s)
}

fn grant(n: u32, fan: u64) -> Fact {
    let (right, fan, line) = (number(n), Fan::new(fan).unwrap(), Line(0));
    Fact::Granted { right, fan, line, quantity: Quantity::MIN, until_s: OPENS_S + 90 }
}

fn rested(claims: u32, first: [u32; 4], sold_out_at_ms: Option<i64>) -> Fact {
    Fact::Rested(Box::new(Totals {
        claims,
        opens_at_ms: OPENS_MS,
        closes_at_ms: OPENS_MS + 600_000,
        sold_out_at_ms,
        lines: vec![first, [2, 2, 0, 0]],
    }))
}

/// Rows of facts with their times after the opening, written as an owner writes them.
fn written(rows: &[(i64, Vec<Fact>)]) -> (Temp, Report) {
    let temp = Temp::new("forged");
    let folder = DataFolder::serve(&temp.data(), "small-day", false).unwrap();
    let keys = Keys::open_or_make(folder.path()).unwrap();
    let mut writer = JournalWriter::open(&folder.journals()).unwrap();
    writer.list_key(&keys.public()).unwrap();
    assert_eq!(writer.lane_of("lamps").unwrap(), (LAMPS, 0));
    let (festival, mut prev) = (festival_number("small-day"), Hash::default());
    let opened = vec![terms(), Fact::Opened { owner: 1, doubtful_time: false }];
    let first = (-1_000, opened);
    for (at, (after_ms, facts)) in [&first].into_iter().chain(rows).enumerate() {
        let time_ms = OPENS_MS + after_ms;
        let (seq, written) = (at as u32 + 1, Arc::new(Written::of(facts)));
        let row = Draft { festival, lane: LAMPS, seq, prev, time_ms, written }.finish();
        prev = row.hash;
        writer.append(&seal_commit(&[Arc::new(row)], &keys.signing)).unwrap();
    }
    drop(writer);
    let report = report(folder.path());
    (temp, report)
}

/// The last row breaks this promise, and no row before it breaks any.
fn breaks(promise: &str, rows: &[(i64, Vec<Fact>)]) {
    let (honest, last) = rows.split_at(rows.len() - 1);
    let (_temp, before) = written(honest);
    assert!(before.holds(), "{promise}: before {:?}: {:#?}", last, before.broken);
    let (_temp, report) = written(rows);
    let row = rows.len() as u32 + 1;
    assert!(names(&report, promise, LAMPS, row), "{promise} {last:?}: {:#?}", report.broken);
}

#[test]
fn units_given_twice_are_found() {
    let taken = vec![claim(1, 1, 2), claim(2, 2, 2)];
    breaks("conservation", &[(0, taken.clone()), (0, vec![claim(3, 3, 1)])]);
    let withdrawn = Fact::Withdrawn { line: Line(0), units: 1, act: act() };
    breaks("conservation", &[(0, taken.clone()), (0, vec![withdrawn])]);
    let restocked = Fact::Restocked { line: Line(9), units: 1, act: act() };
    breaks("conservation", &[(0, vec![restocked])]);
    let late = vec![Fact::Expired(number(1)), Fact::Expired(number(2))];
    let spent = Fact::SettledLate(number(1));
    breaks("conservation", &[(0, taken.clone()), (60_000, late), (61_000, vec![spent])]);
    breaks("conservation", &[(0, taken), (0, vec![grant(1, 9)])]);
    let bad = LineTerms { id: 3, price_minor: 1, stock: 1, reserve: 2 };
    let line = Fact::Amended { amendment: Amendment::NewLine(bad), act: act() };
    breaks("conservation", &[(0, vec![line])]);
}

#[test]
fn more_than_the_limit_is_found() {
    breaks("limit", &[(0, vec![claim(1, 1, 2)]), (0, vec![claim(2, 1, 1)])]);
    breaks("limit", &[(0, vec![claim(1, 1, 3)])]);
    // Expired units do not count; late money counts again.
    let facts = |n| vec![Fact::Expired(number(n))];
    let again = until(claim(2, 1, 2), OPENS_S + 121);
    let late = vec![Fact::SettledLate(number(1))];
    let (first, bought) = ((0, vec![claim(1, 1, 1)]), (61_000, vec![again]));
    breaks("limit", &[first, (60_000, facts(1)), bought, (61_500, late)]);
    let lower = Fact::Amended { amendment: Amendment::Limit(Quantity::MIN), act: act() };
    breaks("limit", &[(0, vec![lower]), (0, vec![claim(1, 1, 2)])]);
}

#[test]
fn numbers_given_twice_or_skipped_are_found() {
    breaks("numbers", &[(0, vec![claim(1, 1, 1)]), (0, vec![claim(1, 2, 1)])]);
    breaks("numbers", &[(0, vec![claim(1, 1, 1)]), (0, vec![claim(3, 2, 1)])]);
    breaks("numbers", &[(0, vec![grant(2, 1)])]);
}

#[test]
fn a_claim_in_a_state_it_cannot_reach_is_found() {
    let n = number(1);
    let made = (0, vec![claim(1, 1, 1)]);
    for (first, then) in [
        (Fact::Settled(n), Fact::Settled(n)),
        (Fact::Settled(n), Fact::Released(n)),
        (Fact::Released(n), Fact::Settled(n)),
        (Fact::Released(n), Fact::Returned(n)),
        (Fact::Released(n), Fact::SettledLate(n)),
        (Fact::Settled(n), Fact::RefundDue(n)),
    ] {
        breaks("life", &[made.clone(), (1_000, vec![first]), (2_000, vec![then])]);
    }
    breaks("life", &[(0, vec![Fact::Settled(n)])]);
    let over = (60_000, vec![Fact::Expired(n), Fact::RefundDue(n)]);
    breaks("life", &[made, over, (61_000, vec![Fact::SettledLate(n)])]);
}

#[test]
fn a_right_used_twice_or_by_another_is_found() {
    let granted = (0, vec![grant(1, 7)]);
    breaks("rights", &[granted.clone(), (0, vec![by_right(claim(1, 8, 1), 1)])]);
    breaks("rights", &[granted.clone(), (0, vec![by_right(claim(1, 7, 2), 1)])]);
    let used = (0, vec![by_right(claim(1, 7, 1), 1)]);
    breaks("rights", &[granted.clone(), used, (0, vec![by_right(claim(2, 7, 1), 1)])]);
    breaks("rights", &[granted, (89_000, vec![Fact::Lapsed(number(1))])]);
    breaks("rights", &[(0, vec![Fact::Lapsed(number(1))])]);
}

#[test]
fn claims_outside_the_opening_are_found() {
    breaks("opening", &[(-1, vec![claim(1, 1, 1)])]);
    breaks("opening", &[(600_000, vec![claim(1, 1, 1)])]);
    breaks("opening", &[(0, vec![Fact::Paused(act())]), (1, vec![claim(1, 1, 1)])]);
    breaks("opening", &[(0, vec![Fact::Closed(Some(act()))]), (1, vec![claim(1, 1, 1)])]);
    let doubtful = Fact::Opened { owner: 2, doubtful_time: true };
    breaks("opening", &[(0, vec![doubtful]), (1, vec![claim(1, 1, 1)])]);
    let later = Fact::Amended { amendment: Amendment::OpensAt(OPENS_MS + 5_000), act: act() };
    breaks("opening", &[(-500, vec![later]), (1, vec![claim(1, 1, 1)])]);
}

#[test]
fn a_hold_cut_short_is_found() {
    breaks("hold", &[(0, vec![until(claim(1, 1, 1), OPENS_S + 59)])]);
    breaks("hold", &[(0, vec![claim(1, 1, 1)]), (59_999, vec![Fact::Expired(number(1))])]);
    // After a time the lane did not serve, holds have a minute at least.
    let extended = vec![Fact::Extended { since_ms: OPENS_MS + 50_000 }];
    let over = vec![Fact::Expired(number(1))];
    breaks("hold", &[(0, vec![claim(1, 1, 1)]), (70_000, extended), (129_999, over)]);
}

#[test]
fn a_hold_that_ran_while_nobody_served_is_found() {
    let made = (0, vec![claim(1, 1, 1)]);
    let opened = |owner, doubtful_time| Fact::Opened { owner, doubtful_time };
    let extended = |after_ms| Fact::Extended { since_ms: OPENS_MS + after_ms };
    let over = vec![Fact::Expired(number(1))];
    // Another owner, at once or only in the next row; and one who gives back less than was lost.
    breaks("hold", &[made.clone(), (59_000, vec![opened(2, false)]), (60_000, over.clone())]);
    breaks("hold", &[made.clone(), (59_000, vec![opened(2, false), extended(30_000)])]);
    breaks("hold", &[made.clone(), (59_000, vec![opened(2, false), Fact::Settled(number(1))])]);
    // The clock is believed again.
    let (doubtful, believed) = ((0, vec![opened(2, true)]), (0, vec![Fact::Resumed(act())]));
    breaks("hold", &[made.clone(), doubtful.clone(), believed.clone(), (60_000, over.clone())]);
    for honest in [
        vec![made.clone(), (59_000, vec![opened(2, false), extended(0)])],
        vec![made.clone(), doubtful, believed, (90_000, vec![extended(0)])],
        // The same owner proves that it still is; a new one finds nothing held.
        vec![made.clone(), (59_000, vec![opened(1, false)]), (60_000, over)],
        vec![made, (1_000, vec![Fact::Settled(number(1))]), (59_000, vec![opened(2, false)])],
    ] {
        let (_temp, report) = written(&honest);
        assert!(report.holds(), "{honest:?}: {:#?}", report.broken);
    }
}

#[test]
fn a_repeat_that_made_a_second_claim_is_found() {
    let two = [(0, vec![keyed(claim(1, 1, 1), 5)]), (0, vec![keyed(claim(2, 1, 1), 5)])];
    breaks("repeats", &two);
    let (_temp, others) = written(&[(0, vec![keyed(claim(1, 1, 1), 5), keyed(claim(2, 2, 1), 5)])]);
    assert!(others.holds(), "keys are each fan's own: {:#?}", others.broken);
}

#[test]
fn totals_that_are_not_the_facts_are_found() {
    let day =
        [(0, vec![claim(1, 1, 2), Fact::Settled(number(1))]), (600_000, vec![Fact::Closed(None)])];
    let with = |fact: Fact| {
        let mut rows = day.to_vec();
        rows.push((600_001, vec![fact]));
        rows
    };
    let (_temp, right) = written(&with(rested(1, [5, 2, 1, 2], None)));
    assert!(right.holds(), "{:#?}", right.broken);
    assert_eq!(right.lanes[0].units_out, 2);
    for wrong in [
        rested(2, [5, 2, 1, 2], None),
        rested(1, [5, 3, 1, 1], None),
        rested(1, [5, 2, 1, 2], Some(OPENS_MS)),
    ] {
        breaks("totals", &with(wrong));
    }
    let held = (0, vec![claim(1, 1, 2), Fact::Closed(None)]);
    breaks("totals", &[held, (1, vec![rested(1, [5, 2, 1, 0], None)])]);
    breaks("totals", &[(1, vec![rested(0, [5, 4, 1, 0], None)])]);
}

#[test]
fn a_lane_that_does_not_begin_with_terms_or_runs_backwards_is_found() {
    breaks("chain", &[(0, vec![terms()])]);
    breaks("chain", &[(0, vec![claim(1, 1, 1)]), (-1, vec![Fact::Settled(number(1))])]);
    // Times no clock shows would overflow whoever adds to them.
    let never = Fact::Extended { since_ms: i64::MIN };
    breaks("row", &[(0, vec![claim(1, 1, 1)]), (1, vec![never])]);
}

#[test]
fn nothing_comes_behind_the_row_that_moved_a_lane_away() {
    breaks(
        "chain",
        &[
            (0, vec![claim(1, 9, 1)]),
            (1_000, vec![Fact::Moved(act())]),
            (2_000, vec![Fact::Opened { owner: 2, doubtful_time: false }]),
        ],
    );
}
