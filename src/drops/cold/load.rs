//! Rows of the journal to changes of tables. Nothing is decided here and nothing is known but the
//! facts; what a fact leaves open (an older claim's line and quantity) the tables fill in.

use super::change::{Change, Extended, Part};
use super::rows::{Cursor, Made, Moved, Stock, short};
use super::steps::{ceil_s, step_of, stock_of};
use fanfare_engine::{Act, Amendment, ClaimState, Fact, Key, Loss, Number};
use fanfare_lane::{LaneId, Row};
use std::collections::BTreeMap;

/// A hold that was extended has at least this much left, ms. The engine's promise, kept apart: who
/// compares tables with facts must not share the rule with who made the facts.
const HOLD_LEFT_MIN_MS: i64 = 60_000;

/// Rows of a lane, read and ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// The lane.
    pub lane: LaneId,
    /// Its drop.
    pub drop: String,
    /// The cursor these rows follow.
    pub from: Cursor,
    /// The newest of them.
    pub to: Cursor,
    /// The newest claim's number, if these rows say.
    pub claims: Option<u32>,
    /// Claims, in order.
    pub parts: Vec<Part>,
    /// Everything else, in order.
    pub changes: Vec<Change>,
    /// What is known of the stock already.
    pub stock: BTreeMap<u16, Stock>,
    /// Refusals tallied.
    pub refused: i64,
    /// Whether the newest fact sent the lane to rest.
    pub resting: bool,
    /// Facts read.
    pub facts: usize,
    lines: u16,
}

impl Load {
    /// Nothing yet, behind this cursor. `lines` is how many lines the drop has by then.
    pub fn new(lane: LaneId, drop: &str, from: Cursor, lines: u16) -> Self {
        Self {
            lane,
            drop: drop.to_owned(),
            from,
            to: from,
            claims: None,
            parts: vec![Part::default()],
            changes: Vec::new(),
            stock: BTreeMap::new(),
            refused: 0,
            resting: false,
            facts: 0,
            lines,
        }
    }

    /// How many lines the drop has after these rows.
    pub fn lines(&self) -> u16 {
        self.lines
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// If it does not follow the one before, or does not read; both are named.
    pub fn row(&mut self, row: &Row) -> Result<(), String> {
        let (seq, before) = (row.header.seq, self.to.seq);
        if seq != before + 1 || row.header.prev != self.to.hash {
            return Err(format!(
                "row {seq} of the journal does not follow row {before} as the tables know it: \
                 it carries the hash {} of the row before, the tables have {}",
                short(&row.header.prev),
                short(&self.to.hash)
            ));
        }
        let facts = row.read_facts().map_err(|why| format!("row {seq}: {why}"))?;
        for (place, fact) in facts.iter().enumerate() {
            self.fact(fact, (seq, place as u16), row.header.time_ms);
        }
        self.resting = matches!(facts.last(), Some(Fact::Rested(_)));
        self.facts += facts.len();
        self.to = Cursor { seq, hash: row.hash, at_ms: row.header.time_ms };
        Ok(())
    }

    fn fact(&mut self, fact: &Fact, at: (u32, u16), now_ms: i64) {
        if let Some((number, from, to)) = step_of(fact) {
            return self.moved(number, from, to, now_ms);
        }
        match fact {
            Fact::Claimed { .. } => self.claimed(fact, at, now_ms),
            Fact::Extended { since_ms } => self.extended(*since_ms, now_ms),
            Fact::Tallied(tally) => {
                let refused: u64 = tally.iter().sum();
                self.refused += i64::try_from(refused).unwrap_or(i64::MAX);
            }
            other => self.rare(other, at, now_ms),
        }
    }

    fn claimed(&mut self, fact: &Fact, (seq, place): (u32, u16), now_ms: i64) {
        let Fact::Claimed { number, fan, line, quantity, until_s, key, right } = fact else {
            return;
        };
        let made = Made {
            number: number.get(),
            fan: fan.get(),
            line: line.0,
            quantity: quantity.get(),
            state: ClaimState::Held,
            until_s: *until_s,
            key: key.map(Key::get),
            seq,
            place,
            made_at_ms: now_ms,
            changed_at_ms: now_ms,
            facts: 1,
        };
        let set_aside = -i64::from(right.is_some());
        let stock = Stock { held: 1, set_aside, ..Stock::default() };
        self.stock.entry(line.0).or_default().add(stock, quantity.get().into());
        if let Some(right) = right {
            self.changes.push(Change::RightOver(right.get(), true));
        }
        self.claims = Some(made.number);
        self.part().made.push(made);
    }

    fn part(&mut self) -> &mut Part {
        if self.parts.last().is_none_or(|part| part.extended.is_some()) {
            self.parts.push(Part::default());
        }
        let newest = self.parts.len() - 1;
        &mut self.parts[newest]
    }

    fn moved(&mut self, number: Number, from: ClaimState, to: ClaimState, at_ms: i64) {
        let (number, per_unit) = (number.get(), stock_of(from, to));
        let part = self.part();
        let first = part.made.first().map_or(u32::MAX, |made| made.number);
        if let Some(made) = number.checked_sub(first).and_then(|at| part.made.get_mut(at as usize))
        {
            (made.state, made.changed_at_ms) = (to, at_ms);
            made.facts += 1;
            let (line, units) = (made.line, i64::from(made.quantity));
            self.stock.entry(line).or_default().add(per_unit, units);
            return;
        }
        let stock = Stock::default();
        let moved = part.moved.entry(number);
        let moved = moved.or_insert(Moved { from, to, at_ms, facts: 0, per_unit: stock });
        (moved.to, moved.at_ms) = (to, at_ms);
        moved.facts += 1;
        moved.per_unit.add(per_unit, 1);
    }

    fn extended(&mut self, since_ms: i64, now_ms: i64) {
        let gap_s = ceil_s(now_ms.saturating_sub(since_ms));
        let least_until_s = ceil_s(now_ms.saturating_add(HOLD_LEFT_MIN_MS));
        self.part().extended = Some(Extended { gap_s, least_until_s });
    }

    fn rare(&mut self, fact: &Fact, (seq, place): (u32, u16), now_ms: i64) {
        let done =
            |what, act: &Act, units| Change::Did(seq, place, now_ms, what, Some(*act), units);
        let did = |what, act: &Act| done(what, act, None);
        let changes = match fact {
            Fact::Terms(terms) => {
                self.lines = terms.lines.len() as u16;
                vec![Change::Terms(terms.clone())]
            }
            Fact::Opened { doubtful_time: true, .. } => {
                vec![Change::Did(seq, place, now_ms, "drop.halted", None, None)]
            }
            Fact::Paused(act) => vec![Change::Paused(true), did("drop.paused", act)],
            Fact::Resumed(act) => vec![Change::Paused(false), did("drop.resumed", act)],
            Fact::Restocked { line, units, act } => {
                self.issue(line.0, i64::from(*units));
                vec![done("drop.restocked", act, Some((line.0, *units)))]
            }
            Fact::Withdrawn { line, units, act } => {
                self.issue(line.0, -i64::from(*units));
                vec![done("drop.withdrawn", act, Some((line.0, *units)))]
            }
            Fact::Closed(act) => {
                let said = act.as_ref().map(|act| did("drop.closed", act));
                std::iter::once(Change::Closed(now_ms)).chain(said).collect()
            }
            Fact::Amended { amendment, act } => {
                vec![self.amended(amendment), did("drop.amended", act)]
            }
            Fact::Granted { right, fan, line, quantity, until_s } => {
                let units = Stock { set_aside: 1, ..Stock::default() };
                self.stock.entry(line.0).or_default().add(units, quantity.get().into());
                let (right, fan) = (right.get(), fan.get());
                vec![Change::Granted(right, fan, line.0, quantity.get(), *until_s)]
            }
            Fact::Lapsed(right) => vec![Change::RightOver(right.get(), false)],
            Fact::Restored(loss) => {
                self.lost(loss);
                vec![Change::Paused(true), did("drop.restored", &loss.act)]
            }
            Fact::Rested(totals) => vec![Change::Rested(totals.sold_out_at_ms)],
            _ => Vec::new(),
        };
        self.changes.extend(changes);
    }

    /// Numbers go on behind claims that are lost, and within a part they have no gaps.
    fn lost(&mut self, loss: &Loss) {
        for (line, units) in loss.set_aside.iter().enumerate() {
            self.issue(line as u16, -i64::from(*units));
        }
        self.claims = Some(loss.claims);
        self.parts.push(Part::default());
    }

    fn issue(&mut self, line: u16, units: i64) {
        self.stock.entry(line).or_default().issued += units;
    }

    fn amended(&mut self, amendment: &Amendment) -> Change {
        let Amendment::NewLine(terms) = amendment else { return Change::Amended(*amendment) };
        let line = self.lines;
        self.lines += 1;
        Change::Line(line, *terms)
    }
}

#[cfg(test)]
mod tests;
