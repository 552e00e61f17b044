//! Facts of hostile rows, replayed: they are refused by name, or leave a state in which every
//! unit is somewhere.
//!
//! The bytes are rows one after the other: time since the row before in ms (4), length of the
//! facts (2), facts as written. Numbers, hashes and roots are made to fit, so that what the facts
//! say is reached.

use crate::journal::spelled;
use fanfare_engine::{ClaimState, Fact, Facts, Fan, Line, State};
use fanfare_lane::{Header, Replay, Row, leaf_hash, root};
use std::collections::BTreeMap;

/// Words of the form.
pub(crate) const WORDS: &[&str] = &["\u{1}", "\u{3}", "\u{4}", "\u{12}", "\u{15}", "\u{7f}"];

/// The first row's time, ms since 1970.
const BEGINS_MS: i64 = 1_775_620_800_000;

/// Claims a loss may give up here. A journal may give up 2^24, which take 512 MB: each keeps its
/// number, whatever the bytes that say so.
const LOST_MAX: u32 = 10_000;

/// Rows that are looked at.
const ROWS_MAX: usize = 64;

const FESTIVAL: [u8; 16] = [7; 16];

/// The rows in these bytes: time since the row before, and the facts' bytes.
fn parts(mut bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let mut rows = Vec::new();
    while let Some((since, rest)) = bytes.split_first_chunk::<4>()
        && let Some((length, rest)) = rest.split_first_chunk::<2>()
        && rows.len() < ROWS_MAX
    {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (facts, rest) = rest.split_at(length);
        rows.push((u32::from_be_bytes(*since), facts));
        bytes = rest;
    }
    rows
}

/// Facts that read are written back to the same bytes; those that are believed keep every unit.
///
/// # Panics
/// If a fact has two spellings, or a believed history has a unit in no place or in two.
pub fn fuzz_replay(bytes: &[u8]) {
    believed(bytes);
}

/// The same; how many rows were believed.
pub fn believed(bytes: &[u8]) -> usize {
    let mut rows = 0;
    let (mut replay, mut again) = (Replay::new(FESTIVAL, 1), Replay::new(FESTIVAL, 1));
    let mut issued = Issued::default();
    let mut time_ms = BEGINS_MS;
    for (since_ms, facts) in parts(bytes) {
        time_ms += i64::from(since_ms);
        let Some(row) = fitting(&replay, time_ms, facts) else { return rows };
        let Ok(facts) = row.read_facts() else { return rows };
        assert_eq!(spelled(&facts), row.facts, "two spellings of the same facts");
        let known = replay.state().map_or(0, |state| state.claims().count());
        if facts.iter().any(|fact| gives_up_many(fact, known)) {
            return rows;
        }
        let believed = replay.row(&row, &facts);
        assert_eq!(
            believed,
            again.row(&row, &facts),
            "the same row is believed once and not twice"
        );
        let Ok(()) = believed else { return rows };
        facts.iter().for_each(|fact| issued.count(fact));
        let (Some(state), Some(twin)) = (replay.state(), again.state()) else { return rows };
        assert_eq!(state.digest(), twin.digest(), "the same facts, another state");
        assert_eq!(state.acts(), twin.acts(), "the same facts, other acts");
        issued.hold(state);
        goes_on(state, time_ms);
        rows += 1;
    }
    rows
}

fn gives_up_many(fact: &Fact, known: u32) -> bool {
    matches!(fact, Fact::Restored(loss) if loss.claims.saturating_sub(known) > LOST_MAX)
}

/// The row of these facts that comes next.
fn fitting(replay: &Replay, time_ms: i64, facts: &[u8]) -> Option<Row> {
    let (festival, lane, prev) = (replay.festival(), replay.lane(), replay.hash());
    let header = Header { festival, lane, seq: replay.seq() + 1, prev, root: [0; 32], time_ms };
    let unread = Row { header, hash: [0; 32], facts: facts.to_vec() };
    let leaves = unread.spans().map(|span| span.map(leaf_hash)).collect::<Result<_, _>>().ok()?;
    let header = Header { root: root(leaves), ..header };
    Row::read(&header.to_bytes(), unread.facts).ok()
}

/// Units by line as the facts issued them, counted here.
#[derive(Default)]
struct Issued {
    units: Vec<i64>,
    /// Whether rows were lost: their claims' numbers are given and stand for nothing.
    lost: bool,
}

impl Issued {
    fn count(&mut self, fact: &Fact) {
        let units = match fact {
            Fact::Terms(terms) => {
                self.units = terms.lines.iter().map(|line| i64::from(line.stock)).collect();
                return;
            }
            Fact::Amended { amendment: fanfare_engine::Amendment::NewLine(line), .. } => {
                self.units.push(line.stock.into());
                return;
            }
            Fact::Restored(loss) => {
                self.lost = true;
                let lost = self.units.iter_mut().zip(&loss.set_aside);
                lost.for_each(|(issued, lost)| *issued -= i64::from(*lost));
                return;
            }
            Fact::Restocked { line, units, .. } => (*line, i64::from(*units)),
            Fact::Withdrawn { line, units, .. } => (*line, -i64::from(*units)),
            _ => return,
        };
        let (Line(at), units) = units;
        self.units[usize::from(at)] += units;
    }

    /// Every unit is free, set aside, held or settled, by the claims themselves.
    fn hold(&self, state: &State) {
        let lines = state.ledger().lines();
        assert_eq!(lines.len(), self.units.len(), "a line appeared or vanished");
        let mut out: BTreeMap<(u16, bool), i64> = BTreeMap::new();
        let mut of_fan: BTreeMap<Fan, u32> = BTreeMap::new();
        let mut newest = 0;
        for claim in state.claims().iter() {
            let number = claim.number.get();
            let next = number == newest + 1 || self.lost && number > newest;
            assert!(next, "number {number} behind {newest}: one skipped or given twice");
            newest = number;
            let units = i64::from(claim.quantity.get());
            if claim.state.counts() {
                let held = claim.state == ClaimState::Held;
                *out.entry((claim.line.0, held)).or_default() += units;
                *of_fan.entry(claim.fan).or_default() += u32::from(claim.quantity.get());
            }
        }
        for (at, (stock, issued)) in lines.iter().zip(&self.units).enumerate() {
            let of = |held| out.get(&(at as u16, held)).copied().unwrap_or_default();
            assert_eq!(i64::from(stock.issued), *issued, "units out of nothing");
            assert_eq!(i64::from(stock.held), of(true), "held by nobody, or twice");
            assert_eq!(i64::from(stock.settled), of(false), "settled by nobody, or twice");
            let free = i64::from(stock.free) + i64::from(stock.set_aside);
            assert_eq!(issued - of(true) - of(false), free, "a unit in no place");
        }
        for (fan, units) in of_fan {
            assert_eq!(state.units_of(fan), units, "the fan's own claims say otherwise");
        }
    }
}

/// A believed state is served: what time brings about is decided and never panics.
fn goes_on(state: &State, time_ms: i64) {
    let mut state = state.clone();
    if state.begin(time_ms.saturating_add(3_600_000)).is_ok() {
        let mut facts = Facts::new();
        state.due(fanfare_engine::FACTS_PER_BATCH_MAX, &mut facts);
        let _ = (state.next_due_ms(), state.totals(), facts.len());
    }
}
