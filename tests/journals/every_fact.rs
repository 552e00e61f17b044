//! A day in which everything happens that a fact can say.

use fanfare_engine::{
    Act, Amendment, CODES, Fact, Fan, Key, Line, LineTerms, Loss, Number, Quantity, RightId, Terms,
    Totals,
};
use fanfare_lane::LaneId;

/// The festival the journal is of.
pub const FESTIVAL: &str = "every-fact";

/// The opening: 2026-04-08 12:00 in Shanghai, ms since 1970.
const OPENS_MS: i64 = 1_775_620_800_000;
const OPENS_S: u32 = 1_775_620_800;

/// A row to be written: its lane, its time, its facts.
pub type Written = (LaneId, i64, Vec<Fact>);

fn number(n: u32) -> Number {
    Number::new(n).unwrap()
}

fn act(why: u64) -> Act {
    Act { by: Fan::new(70_000).unwrap(), why }
}

fn line(id: u64, stock: u32, reserve: u32) -> LineTerms {
    LineTerms { id, price_minor: 79_900, stock, reserve }
}

fn terms(rules: u8, lines: Vec<LineTerms>) -> Fact {
    Fact::Terms(Box::new(Terms {
        rules: [rules; 32],
        opens_at_ms: OPENS_MS,
        closes_at_ms: OPENS_MS + 600_000,
        hold_s: 60,
        limit: Quantity::new(3).unwrap(),
        lines,
    }))
}

fn amended(amendment: Amendment) -> Fact {
    Fact::Amended { amendment, act: act(u64::MAX) }
}

/// A claim: number, fan, line, units, seconds after the opening until which it is held.
fn claim(n: u32, fan: u64, line: u16, units: u16, held_s: u32) -> Fact {
    Fact::Claimed {
        number: number(n),
        fan: Fan::new(fan).unwrap(),
        line: Line(line),
        quantity: Quantity::new(units).unwrap(),
        until_s: OPENS_S + held_s,
        key: None,
        right: None,
    }
}

fn with(mut claim: Fact, hash: Option<u64>, by: Option<u32>) -> Fact {
    if let Fact::Claimed { key, right, .. } = &mut claim {
        (*key, *right) = (hash.map(Key::new), by.and_then(RightId::new));
    }
    claim
}

fn grant(n: u32, fan: u64, line: u16, until_s: u32) -> Fact {
    let (right, fan, line) = (number(n), Fan::new(fan).unwrap(), Line(line));
    Fact::Granted { right, fan, line, quantity: Quantity::MIN, until_s: OPENS_S + until_s }
}

fn tallied() -> Fact {
    let mut tally = Box::new([0; CODES.len()]);
    for (at, count) in tally.iter_mut().enumerate() {
        *count = 1 << (at * 5);
    }
    Fact::Tallied(tally)
}

fn rested(claims: u32, closes_ms: i64, sold_out_ms: Option<i64>, lines: Vec<[u32; 4]>) -> Fact {
    Fact::Rested(Box::new(Totals {
        claims,
        opens_at_ms: if claims == 3 { OPENS_MS } else { OPENS_MS - 1_000 },
        closes_at_ms: OPENS_MS + closes_ms,
        sold_out_at_ms: sold_out_ms.map(|ms| OPENS_MS + ms),
        lines,
    }))
}

/// Before the opening: terms, and every way to change them.
fn founded() -> Vec<Fact> {
    vec![
        amended(Amendment::OpensAt(OPENS_MS - 1_000)),
        amended(Amendment::ClosesAt(OPENS_MS + 700_000)),
        amended(Amendment::Hold(90)),
        amended(Amendment::Limit(Quantity::new(4).unwrap())),
        amended(Amendment::Price(Line(0), 12_345)),
        amended(Amendment::NewLine(line(u64::MAX, 4, 1))),
    ]
}

/// What the lane of the first drop writes, row after row, times after the opening.
fn everything() -> Vec<(i64, Vec<Fact>)> {
    let n = number;
    vec![
        (-9_000, founded()),
        (
            0,
            vec![
                claim(1, 1, 0, 1, 90),
                with(claim(2, 2, 1, 2, 90), Some(u64::MAX), None),
                grant(1, 3, 2, 300),
                grant(2, Fan::MAX, 0, 300),
                grant(3, 5, 0, 100),
            ],
        ),
        (
            500,
            vec![
                with(claim(3, 3, 2, 1, 91), None, Some(1)),
                with(claim(4, Fan::MAX, 0, 1, 91), Some(1), Some(2)),
            ],
        ),
        (
            1_000,
            vec![
                Fact::Settled(n(1)),
                Fact::Released(n(2)),
                Fact::Paused(act(1)),
                Fact::Restocked { line: Line(1), units: 5, act: act(2) },
                Fact::Withdrawn { line: Line(1), units: 3, act: act(3) },
                Fact::Resumed(act(4)),
                tallied(),
            ],
        ),
        (100_000, vec![Fact::Expired(n(3)), Fact::Expired(n(4)), Fact::Lapsed(n(3))]),
        (
            101_000,
            vec![
                Fact::SettledLate(n(3)),
                Fact::RefundDue(n(4)),
                Fact::Returned(n(1)),
                claim(5, 6, 1, 1, 191),
            ],
        ),
        (102_000, vec![Fact::Opened { owner: 1 << 63 | 9, doubtful_time: true }]),
        (102_000, vec![Fact::Resumed(act(5))]),
        // Back after 48 s: the hold to second 191 had 89 s left and now ends at 239.
        (
            150_000,
            vec![
                Fact::Extended { since_ms: OPENS_MS + 102_000 },
                claim(6, 7, 0, 4, 240),
                claim(7, 8, 0, 4, 240),
                claim(8, 9, 1, 4, 240),
                claim(9, 10, 2, 3, 240),
            ],
        ),
        (160_000, (5..=9).map(|of| Fact::Settled(n(of))).collect()),
    ]
}

/// The commits, each with the rows it holds: the first and the last hold both lanes'.
pub fn commits() -> Vec<Vec<Written>> {
    let opened = Fact::Opened { owner: 7, doubtful_time: false };
    let all = terms(1, vec![line(1, 10, 2), line(2, 3, 0)]);
    let none = terms(2, vec![line(3, 5, 0)]);
    let founded_ms = OPENS_MS - 10_000;
    let mut commits =
        vec![vec![(1, founded_ms, vec![all, opened.clone()]), (2, founded_ms, vec![none, opened])]];
    let alone = |(after_ms, facts)| vec![(1, OPENS_MS + after_ms, facts)];
    commits.extend(everything().into_iter().map(alone));
    // Rows with three claims were lost, of which no more than two units were out.
    let loss = Loss { seq: 9, claims: 3, set_aside: vec![2], act: act(7) };
    let restored =
        vec![Fact::Opened { owner: 8, doubtful_time: false }, Fact::Restored(Box::new(loss))];
    commits.push(vec![(2, OPENS_MS + 170_000, restored)]);
    let sold = vec![[10, 0, 2, 8], [5, 0, 0, 5], [4, 0, 0, 4]];
    let closed_ms = OPENS_MS + 600_000;
    commits.push(vec![
        (1, closed_ms, vec![Fact::Closed(Some(act(6))), rested(9, 700_000, Some(150_000), sold)]),
        (2, closed_ms, vec![Fact::Closed(None), rested(3, 600_000, None, vec![[3, 3, 0, 0]])]),
    ]);
    commits.push(vec![(2, closed_ms, vec![Fact::Moved(act(8))])]);
    commits
}
