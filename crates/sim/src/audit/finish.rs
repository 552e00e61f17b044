//! At the end: the whole history once more, from its bytes, against all that was said.

use super::lane::short;
use super::model::{Known, Model};
use super::{Auditor, Breach, Check, caught};
use crate::store::SimStore;
use fanfare_engine::{ClaimState, Number, Seen, State};
use fanfare_lane::{FestivalId, LaneId, Receipt, Replay, Row, Sealed, leaf_hash, path};
use std::collections::BTreeSet;

impl Auditor {
    /// Checks a lane that has come to rest against its journal.
    pub(crate) fn finish(
        &self,
        (lane, id): (usize, LaneId),
        festival: FestivalId,
        store: &SimStore,
        published: Seen<'_>,
    ) -> Check {
        let audit = &self.lanes[lane];
        if !audit.queue.is_empty() || !audit.pending.is_empty() {
            return caught(Breach::Unanswered, "commands wait, or rows are under way, at the end");
        }
        let mut replay = Replay::new(festival, id);
        let mut model = Model::new(&audit.terms, 0);
        for sealed in store.rows(id) {
            Self::read_again(&sealed.row, &mut replay, &mut model)?;
            self.receipt(sealed)?;
        }
        let replayed = replay.state().map(State::digest);
        if replayed != Some(published.digest()) {
            return caught(Breach::OtherDigest, format!("lane {id}"));
        }
        Self::same_units(&model, published)?;
        for (number, heard) in &audit.heard {
            let stands = model.claims.get(*number as usize - 1);
            if !stands.is_some_and(|known| follows(heard, known)) {
                return caught(Breach::Lost, format!("claim {number}: {heard:?}, now {stands:?}"));
            }
        }
        audit.none_given_again(&model)?;
        for ticket in &self.busy {
            let asked = &self.asked[*ticket as usize];
            let row = asked.decided.map_or(0, |decided| decided.row);
            let stands = || store.rows(id).iter().any(|sealed| short(&sealed.row.hash) == row);
            if asked.lane == lane && row != 0 && stands() {
                return caught(Breach::BusyButDone, format!("ticket {ticket}"));
            }
        }
        Ok(())
    }

    /// While rows are under way nothing of them is seen: no claim, no end of a hold, no unit.
    /// Looked at when the lane has just decided and everything durable is published.
    pub(crate) fn seen(&self, lane: usize, seen: Seen<'_>) -> Check {
        let audit = &self.lanes[lane];
        Self::same_units(&audit.published, seen)?;
        let next = Number::new(seen.count() + 1);
        if let Some(claim) = next.and_then(|number| seen.claim(number)) {
            return caught(Breach::PublishedNotDurable, format!("{claim:?} is seen"));
        }
        // Whoever claimed last is the likeliest to have a claim under way.
        let Some(fan) = audit.model.claims.last().map(|newest| newest.fan) else { return Ok(()) };
        let own = audit.published.claims_of(fan).map(|(number, _)| number);
        let said = seen.claims_of(fan).map(|claim| claim.number.get());
        if own.collect::<BTreeSet<_>>() == said.collect::<BTreeSet<_>>() {
            return Ok(());
        }
        caught(Breach::OtherDigest, format!("other claims of fan {} are seen", fan.get()))
    }

    /// With a real key, the receipt of a row's last fact proves that fact.
    fn receipt(&self, sealed: &Sealed) -> Check {
        let Some(key) = &self.key else { return Ok(()) };
        let row = &sealed.row;
        let spans: Vec<&[u8]> = row.spans().filter_map(Result::ok).collect();
        let Some((last, before)) = spans.split_last() else { return Ok(()) };
        let leaves = spans.iter().map(|span| leaf_hash(span)).collect();
        let receipt = Receipt {
            fact: last.to_vec(),
            index: before.len() as u16,
            count: spans.len() as u16,
            path: path(leaves, before.len()),
            header: row.header,
            seal: (*sealed.seal).clone(),
        };
        let proven = receipt.check(key);
        if proven.is_ok() && proven.ok() == row.read_facts().ok().and_then(|mut f| f.pop()) {
            return Ok(());
        }
        caught(Breach::Seal, format!("the receipt of row {}'s last fact", row.header.seq))
    }

    /// Takes one row from its bytes into replay and model.
    fn read_again(row: &Row, replay: &mut Replay, model: &mut Model) -> Check {
        let seq = row.header.seq;
        let read = Row::read(&row.header.to_bytes(), row.facts.clone());
        let Ok((read, facts)) = read.and_then(|row| row.read_facts().map(|facts| (row, facts)))
        else {
            return caught(Breach::Lost, format!("row {seq} does not read"));
        };
        if let Err(damage) = replay.row(&read, &facts) {
            return caught(Breach::TwoHistories, damage.to_string());
        }
        let row = super::lane::Row { time_ms: read.header.time_ms, facts };
        if let Err(wrong) = model.follow(&row) {
            let breach =
                if wrong == "above the limit" { Breach::AboveLimit } else { Breach::OtherFacts };
            return caught(breach, format!("row {seq}: {wrong}"));
        }
        Ok(())
    }

    /// The served state has the units the journal's facts lead to, and each is in one place.
    fn same_units(model: &Model, published: Seen<'_>) -> Check {
        let served = published.ledger().lines();
        let same = model.lines.iter().zip(served).all(|(own, said)| {
            let own_is = [own.issued, own.free, own.rights + own.reserve, own.held, own.settled];
            let sum: u32 = own_is[1..].iter().sum();
            own_is == [said.issued, said.free, said.set_aside, said.held, said.settled]
                && sum == own.issued
        });
        let own = model.claims.iter().filter(|claim| !claim.is_lost());
        let mut claims = published.claims().zip(own);
        let claims_same = claims.all(|(said, own)| {
            (said.fan, said.state, said.until_s, said.place)
                == (own.fan, own.state, own.until_s, own.place)
        });
        let counts = (model.lines.len(), model.claims.len());
        if same && claims_same && counts == (served.len(), published.count() as usize) {
            Ok(())
        } else {
            caught(Breach::OtherDigest, "the served state has other units or claims")
        }
    }
}

/// Whether a claim that once was as `heard` may be as `now`.
fn follows(heard: &Known, now: &Known) -> bool {
    let same = (heard.fan, heard.line, heard.quantity, heard.key, heard.place)
        == (now.fan, now.line, now.quantity, now.key, now.place);
    let later = match heard.state {
        ClaimState::Held => true,
        ClaimState::Settled => matches!(now.state, ClaimState::Settled | ClaimState::Returned),
        ClaimState::Expired => matches!(
            now.state,
            ClaimState::Expired
                | ClaimState::Settled
                | ClaimState::RefundDue
                | ClaimState::Returned
        ),
        last => now.state == last,
    };
    same && later && now.until_s >= heard.until_s
}
