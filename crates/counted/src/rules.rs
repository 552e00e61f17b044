//! The engine's and the lane's part of a claim: pure, one thread, the same at every run.

use crate::Times;
use fanfare_engine::{
    Command, Fact, Facts, Fan, Key, Line, LineTerms, Number, Place, Quantity, Served, State, Terms,
};
use fanfare_lane::{
    Draft, FestivalId, FestivalKey, Lane, LaneConfig, LaneId, Reading, Reply, Written, seal_commit,
};
use std::hint::black_box;
use std::sync::Arc;

/// Lane time, ms since 1970.
const NOW_MS: i64 = 1_775_620_800_000;

/// Claims in a row, as in `bench engine`.
const BATCH: usize = 1_024;

/// Claims a drop has before what is counted begins, so that its index is no empty one.
const BEFORE: usize = 16_384;

const FESTIVAL: FestivalId = [7; 16];
const LANE: LaneId = 1;

/// A drop that does not sell out.
fn terms() -> Terms {
    let line = LineTerms { id: 1, price_minor: 0, stock: 10_000_000, reserve: 0 };
    Terms {
        rules: [0; 32],
        opens_at_ms: NOW_MS - 1_000,
        closes_at_ms: NOW_MS + 86_400_000,
        hold_s: 7_200,
        limit: Quantity::MIN,
        lines: vec![line],
    }
}

fn fan(nth: usize) -> Fan {
    Fan::new(nth as u64 + 1).expect("a fan's number")
}

/// Every other request has a key.
fn key(nth: usize) -> Option<Key> {
    nth.is_multiple_of(2).then(|| Key::new((nth as u64).wrapping_mul(0x9E37_79B9)))
}

fn ask(nth: usize) -> Command {
    Command::Claim { fan: fan(nth), line: Line(0), quantity: Quantity::MIN, key: key(nth) }
}

/// The fact of the claim that comes after `nth` others.
fn claimed(nth: usize) -> Fact {
    Fact::Claimed {
        number: Number::new(nth as u32 + 1).expect("a running number"),
        fan: fan(nth),
        line: Line(0),
        quantity: Quantity::MIN,
        until_s: (NOW_MS / 1_000) as u32 + 7_200,
        key: key(nth),
        right: None,
    }
}

/// The place of that fact in full rows.
fn place(nth: usize) -> Place {
    Place { seq: (nth / BATCH) as u32 + 2, index: (nth % BATCH) as u16 }
}

fn served() -> Served {
    let mut served = Served::new(State::new(&terms(), NOW_MS).expect("terms that hold"));
    served.begin(NOW_MS).expect("time that goes on");
    for nth in 0..BEFORE {
        served.apply(place(nth), &claimed(nth)).expect("a claim");
    }
    served
}

/// Decides claims of fans who have none.
pub fn decide(times: Times) {
    let served = served();
    let commands: Vec<Command> = (0..times.made).map(|nth| ask(BEFORE + nth)).collect();
    let mut facts = Facts::with_capacity(4);
    for command in &commands[..times.done] {
        let answer = served.decided().decide(black_box(command), &mut facts);
        assert!(answer.is_ok() && facts.len() == 1, "{answer:?}");
        facts.clear();
    }
}

/// Applies claims' facts to the decided state.
pub fn apply(times: Times) {
    let mut served = served();
    let facts: Vec<Fact> = (0..times.made).map(|nth| claimed(BEFORE + nth)).collect();
    for (nth, fact) in facts[..times.done].iter().enumerate() {
        served.apply(place(BEFORE + nth), black_box(fact)).expect("a claim");
    }
}

/// Writes claims' facts as full rows and finishes them.
pub fn encode(times: Times) {
    let facts: Vec<Fact> = (0..times.made).map(claimed).collect();
    for (row, facts) in facts[..times.done].chunks(BATCH).enumerate() {
        let written = Arc::new(Written::of(black_box(facts)));
        let (seq, prev, time_ms) = (row as u32 + 2, [0; 32], NOW_MS);
        let draft = Draft { festival: FESTIVAL, lane: LANE, seq, prev, time_ms, written };
        black_box(draft.finish());
    }
}

/// Takes claims through a lane in full batches: asked, decided, written, signed, published and
/// answered. The journal is left out.
pub fn lane(times: Times) {
    let clock = Reading { now_ms: NOW_MS, mono_ms: 0, stepped: false };
    let config = LaneConfig { batch_max: BATCH, ..LaneConfig::default() };
    let created = Lane::create((FESTIVAL, LANE), &terms(), 1, config, &clock);
    let (mut lane, mut served) = created.expect("a lane");
    let key = FestivalKey::from_secret(&[9; 32]);
    stored(&mut lane, &mut served, &key);
    let commands: Vec<Command> = (0..times.made).map(ask).collect();
    let mut answered = 0;
    for commands in commands[..times.done].chunks(BATCH) {
        for command in commands {
            assert!(lane.ask((), command.clone(), 0).is_ok(), "the queue has room");
        }
        assert!(lane.turn(&clock, &mut served), "a batch is decided");
        answered += stored(&mut lane, &mut served, &key);
    }
    assert_eq!(answered, times.done);
}

/// The row under way is durable; gives how many claims it made.
fn stored(lane: &mut Lane<()>, served: &mut Served, key: &FestivalKey) -> usize {
    let row = Arc::new(lane.to_append().expect("a row").finish());
    let mut fresh = 0;
    for sealed in seal_commit(&[row], key) {
        for durable in lane.durable(sealed) {
            durable.publish(served).expect("what was decided");
            let made = |reply: &Reply| matches!(reply, Reply::Claim { fresh: true, .. });
            fresh += durable.answers.iter().filter(|((), reply)| made(reply)).count();
        }
    }
    fresh
}
