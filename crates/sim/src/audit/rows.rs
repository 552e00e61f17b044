//! Rows against predictions: when the store is to take one, when it stands, when it is read back.

use super::lane::{LaneAudit, Pending, kind, short};
use super::{Auditor, Breach, Check, Violation, caught};
use crate::store::SimStore;
use fanfare_engine::{Fact, Place};
use fanfare_lane::{Durable, LaneId, Reading, Resolution, Row, Sealed};

impl Auditor {
    /// The lane gave this row to be appended.
    pub(crate) fn row(&mut self, lane: usize, row: &Row) -> Check {
        let lenient = self.other_terms;
        let audit = &mut self.lanes[lane];
        let hash = short(&row.hash);
        if audit.pending.iter().any(|pending| pending.hash == Some(hash)) {
            return Ok(());
        }
        let Ok(facts) = row.read_facts() else {
            return caught(Breach::OtherFacts, "a row that does not read");
        };
        let Some(at) = audit.pending.iter().position(|pending| pending.hash.is_none()) else {
            audit.above_limit(row.header.seq, &facts)?;
            return caught(Breach::OtherFacts, format!("a row too many: {facts:?}"));
        };
        let same = |(own, said): (&Fact, &Fact)| {
            own == said || (lenient && matches!((own, said), (Fact::Terms(_), Fact::Terms(_))))
        };
        let expected = audit.pending[at].row.clone();
        if expected.facts.len() != facts.len() || !expected.facts.iter().zip(&facts).all(same) {
            audit.above_limit(row.header.seq, &facts)?;
            let what = format!("row {}: {facts:?}\nnot {:?}", row.header.seq, expected.facts);
            return caught(Breach::OtherFacts, what);
        }
        if expected.time_ms != row.header.time_ms {
            let what = format!("lane time {} not {}", row.header.time_ms, expected.time_ms);
            return caught(Breach::OtherFacts, what);
        }
        let pending = &mut audit.pending[at];
        pending.hash = Some(hash);
        audit.log.borrow_mut().insert(hash, pending.row.clone());
        for ticket in &pending.tickets {
            if let Some(decided) = &mut self.asked[*ticket as usize].decided
                && decided.made
            {
                decided.row = hash;
            }
        }
        Ok(())
    }

    /// A row and perhaps others before it stand durably, the lane was told so.
    pub(crate) fn durable(
        &mut self,
        lane: usize,
        published: &[Durable<u32>],
        clock: &Reading,
    ) -> Check {
        for durable in published {
            let row = &durable.sealed.row;
            self.seal(&durable.sealed)?;
            let audit = &mut self.lanes[lane];
            let Some(pending) = audit.pending.pop_front() else {
                return caught(Breach::OtherFacts, "a durable row nobody decided");
            };
            if pending.hash != Some(short(&row.hash)) || pending.row.facts != durable.facts {
                let same_but_terms = self.other_terms && row.header.seq == 1;
                if !same_but_terms {
                    return caught(Breach::OtherFacts, "a durable row that was not predicted");
                }
            }
            for fact in &pending.row.facts {
                audit.facts[kind(fact)] += 1;
            }
            let since = audit.waited.unwrap_or(pending.decided_mono_ms);
            audit.waited = Some(since.min(pending.decided_mono_ms));
            audit.stalling = false;
            audit.unopened = false;
            let waiting = pending
                .tickets
                .iter()
                .filter(|ticket| durable.answers.iter().all(|(answered, _)| answered != *ticket));
            Self::impatient(lane, waiting.copied(), pending.decided_mono_ms, clock.mono_ms)?;
            for (ticket, reply) in &durable.answers {
                self.replied(*ticket, reply)?;
            }
        }
        Ok(())
    }

    /// Callers of a durable row who hear nothing from it must have heard `unsure` before.
    fn impatient(
        lane: usize,
        mut tickets: impl Iterator<Item = u32>,
        decided_mono_ms: i64,
        mono_ms: i64,
    ) -> Check {
        match tickets.next() {
            Some(ticket) if mono_ms - decided_mono_ms < 5_000 => {
                let what = format!("lane {lane}: ticket {ticket} fell out of its row");
                caught(Breach::Unanswered, what)
            }
            _ => Ok(()),
        }
    }

    /// The seal fits its row, and with a real key is its signature.
    fn seal(&self, sealed: &Sealed) -> Check {
        let hash = &sealed.row.hash;
        let holds = match &self.key {
            Some(key) => sealed.seal.holds(hash, key),
            None => sealed.seal.message(hash).is_some_and(|m| sealed.seal.signature[..32] == m),
        };
        if holds { Ok(()) } else { caught(Breach::Seal, format!("row {}", sealed.row.header.seq)) }
    }

    /// The lane was shown what stands and drew this conclusion; `missing` tells whether rows that
    /// stood were not shown.
    pub(crate) fn resolved(
        &mut self,
        lane: usize,
        read: &[Sealed],
        resolution: &Resolution,
        mono_ms: i64,
        missing: bool,
    ) -> Result<bool, Violation> {
        let audit = &mut self.lanes[lane];
        let stands = |pending: &Pending| {
            read.iter().any(|sealed| Some(short(&sealed.row.hash)) == pending.hash)
        };
        match resolution {
            Resolution::Append => {
                let proof = !audit.pending.is_empty() && audit.pending.iter().all(stands);
                if proof {
                    let (owner, doubtful_time) = (audit.owner, audit.model.doubtful);
                    audit.model.wake();
                    let opened = vec![Fact::Opened { owner, doubtful_time }];
                    audit.push(opened, Vec::new(), mono_ms);
                }
                Ok(proof)
            }
            Resolution::Again(rows) => {
                let log = audit.log.borrow();
                let known = |sealed: &Sealed| log.contains_key(&short(&sealed.row.hash));
                let ours = rows.iter().all(known);
                if ours && missing {
                    Ok(false)
                } else {
                    caught(Breach::Stopped, "rows to append again, but none were gone")
                }
            }
            Resolution::Lost => {
                let ours = |sealed: &Sealed| {
                    let hash = short(&sealed.row.hash);
                    let known = audit.base.as_ref().map_or(&audit.hashes, |(_, hashes)| hashes);
                    known.contains(&hash)
                        || audit.pending.iter().any(|pending| pending.hash == Some(hash))
                };
                let lost = read.iter().any(|sealed| !ours(sealed));
                audit.forget();
                if lost || missing { Ok(false) } else { caught(Breach::Stopped, "lost to nobody") }
            }
            Resolution::Stopped => {
                audit.forget();
                if missing {
                    Ok(false)
                } else {
                    caught(Breach::Stopped, "stopped without a reason")
                }
            }
        }
    }

    /// A row enters the published state.
    pub(crate) fn published(
        &mut self,
        (lane, id): (usize, LaneId),
        row: &Row,
        store: &SimStore,
    ) -> Check {
        let audit = &mut self.lanes[lane];
        if !store.stands(id, row.header.seq, &row.hash) {
            return caught(Breach::PublishedNotDurable, format!("row {}", row.header.seq));
        }
        if let Some((model, hashes)) = audit.base.take() {
            (audit.published, audit.hashes) = (model, hashes);
        }
        let hash = short(&row.hash);
        let Some(own) = audit.log.borrow().get(&hash).cloned() else {
            return caught(Breach::OtherFacts, "a published row nobody predicted");
        };
        if row.header.seq != audit.published.seq + 1 {
            return caught(Breach::TwoHistories, format!("row {} published", row.header.seq));
        }
        if let Err(wrong) = audit.published.follow(&own) {
            return caught(Breach::OtherFacts, format!("row {}: {wrong}", row.header.seq));
        }
        audit.hashes.push(hash);
        Ok(())
    }

    /// Looks at the newest rows of a lane for two that claim one place.
    pub(crate) fn one_history(store: &SimStore, lanes: &[LaneId]) -> Check {
        for id in lanes {
            let rows = store.rows(*id);
            for (at, pair) in rows.windows(2).enumerate().rev().take(2) {
                let (before, row) = (&pair[0].row, &pair[1].row);
                if row.header.prev != before.hash || row.header.seq as usize != at + 2 {
                    let what = format!("lane {id}: row {} follows none", row.header.seq);
                    return caught(Breach::TwoHistories, what);
                }
            }
        }
        Ok(())
    }

    /// What was published stands when a process reads the journal anew, and nothing that was
    /// durable is forgotten by the store.
    pub(crate) fn reads_on(&self, (lane, id): (usize, LaneId), store: &SimStore) -> Check {
        let published = self.lanes[lane].hashes.len();
        let stand = store.rows(id).len();
        if stand < published || store.forgotten(id) {
            return caught(Breach::Lost, format!("{published} rows were published, {stand} stand"));
        }
        Ok(())
    }
}

impl LaneAudit {
    /// Names the breach where decided facts give a fan more than the declared limit: follows what
    /// was published and what is under way, then these facts.
    fn above_limit(&self, seq: u32, facts: &[Fact]) -> Check {
        let mut model = self.published.clone();
        for pending in self.pending.iter().take_while(|pending| pending.hash.is_some()) {
            // Rows that do not follow cannot be named any better.
            let _ = model.follow(&pending.row);
        }
        for (index, fact) in facts.iter().enumerate() {
            if let Fact::Claimed { number, fan, quantity, .. } = fact {
                let units = model.units_of(*fan) + u32::from(quantity.get());
                if units > model.limit {
                    let (limit, number) = (model.limit, number.get());
                    let what = format!("row {seq}, claim {number}: {units} units, limit {limit}");
                    return caught(Breach::AboveLimit, what);
                }
            }
            let _ = model.take(Place { seq, index: index as u16 }, fact);
        }
        Ok(())
    }
}
