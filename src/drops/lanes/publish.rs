//! Rows that became durable: what they say is published first, answered next.

use super::{Lanes, RESOLVE_AFTER_MS, ROWS_AT_ONCE};
use crate::drops::found::warn_if_doubtful;
use crate::drops::ticket::{Answered, Ticket};
use crate::drops::trail;
use crate::kit::clock::boot_ms;
use crate::kit::heads::Head;
use fanfare_engine::{Fact, Stock, WitnessedLine};
use fanfare_lane::{Durable, Face, LaneId, Placed, Reading, Reply, Sealed, StoreError};

impl Lanes {
    /// What became of a commit's rows.
    pub(super) fn appended(
        &mut self,
        home: usize,
        rows: Vec<Sealed>,
        placed: Result<Vec<Placed>, StoreError>,
        clock: &Reading,
    ) {
        if let Err(why) = &placed {
            tracing::error!(%why, "append failed; its outcome is not known yet");
        }
        for (at, sealed) in rows.into_iter().enumerate() {
            if placed.as_ref().is_ok_and(|placed| placed[at] == Placed::Durable) {
                self.durable.push_back((home, sealed));
                continue;
            }
            let id = sealed.row.header.lane;
            self.touched.insert(id);
            // The lane may have been lost meanwhile, and opened anew.
            let hosted = self.hosted.get(&id);
            if hosted.is_some_and(|hosted| hosted.lane.awaits(&sealed.row)) {
                let after_ms = if placed.is_ok() { 0 } else { RESOLVE_AFTER_MS };
                self.resolves.insert(id, clock.mono_ms + after_ms);
            }
        }
        self.publish_durable();
    }

    /// Forgets rows of a lane that is somebody else's from here on: what was not sent never goes,
    /// and what stands is for whoever opens it next to read.
    pub(super) fn forget_rows(&mut self, lane: LaneId) {
        self.commits.iter_mut().for_each(|commits| commits.forget(lane));
        self.durable.retain(|(_, sealed)| sealed.row.header.lane != lane);
    }

    /// Publishes the next rows that are durable. Until then they are with the store for their
    /// lanes, who decide nothing that would have to rest on them.
    pub(super) fn publish_durable(&mut self) {
        let next = self.durable.len().min(ROWS_AT_ONCE);
        let mut durable = Vec::with_capacity(next);
        for (home, sealed) in self.durable.drain(..next) {
            let id = sealed.row.header.lane;
            self.touched.insert(id);
            let Some(hosted) = self.hosted.get_mut(&id) else { continue };
            // The lane may have been lost meanwhile, and opened anew.
            if !hosted.lane.awaits(&sealed.row) {
                continue;
            }
            durable.push((id, hosted.lane.durable(sealed)));
            if let Some(row) = hosted.lane.to_append() {
                self.commits[home].gather(row, true);
            }
        }
        // Batches that were decided ahead go to the disk before the durable ones are published:
        // neither has to wait for the other.
        for home in 0..self.commits.len() {
            self.commit(home);
        }
        for (id, durable) in durable {
            self.publish(id, durable);
        }
        self.hand_out();
    }

    /// Hands over the answers that have gathered, and says so if there are new rows.
    pub(super) fn hand_out(&mut self) {
        if std::mem::take(&mut self.new_rows) {
            self.told.rows.ring();
        }
        self.sink.push(&mut self.many);
        self.desks.hand_out();
    }

    pub(super) fn publish(&mut self, id: LaneId, durable: Vec<Durable<Ticket>>) {
        let shared = self.hosted.get(&id).is_some_and(|hosted| hosted.shared.is_some());
        for durable in durable {
            if shared {
                self.stream_row(id, durable);
            } else {
                self.publish_row(id, durable);
            }
        }
        if shared {
            self.settle(id, boot_ms());
        } else if self.hosted.get(&id).is_some_and(super::Hosted::rested) {
            self.let_rest(id);
        }
    }

    /// State, then front, then answers.
    pub(super) fn publish_row(&mut self, id: LaneId, durable: Durable<Ticket>) {
        let Some(hosted) = self.hosted.get_mut(&id) else { return };
        if let Err(broken) = hosted.drop.published.publish(&durable) {
            hosted.drop.stop(&format!("published and decided state differ: {broken}"));
            return;
        }
        let front = hosted.drop.published.front();
        if !std::mem::replace(&mut hosted.told_open, true) {
            let state = hosted.drop.published.read(self.clock.now_ms(), |state| {
                (state.lost(), state.doubtful_time(), state.now_ms())
            });
            let (lost, doubtful, newest_ms) = state.unwrap_or_default();
            warn_if_doubtful(
                &hosted.drop.spec.id,
                (lost, doubtful),
                newest_ms,
                self.clock.now_ms(),
            );
        }
        match self.heads.get_mut(&id) {
            Some(head) => note(head, &front.face),
            None => drop(self.heads.insert(id, head_of(&hosted.drop.spec.id, &front.face))),
        }
        (self.heads_changed, self.new_rows) = (true, true);
        hosted.drop.note_facts(&durable.facts);
        let waited = hosted.timing.published(front.face.seq);
        let counts = (durable.answers.len(), durable.facts.len());
        let claims = durable.facts.iter().filter(|fact| matches!(fact, Fact::Claimed { .. }));
        self.told.work.claims.inc_by(claims.count() as u64);
        for (ticket, reply) in durable.answers {
            if let Ticket::Many(id) = ticket {
                self.many.push((id, reply));
                continue;
            }
            let proof = proof_of(&reply, &durable.facts, front.face.seq)
                .map(|fact| (front.head.clone(), fact));
            self.tell(ticket, Answered { reply, proof, row: Some(front.face.seq) });
        }
        let waited_us = waited.map(|since| since.passed_us());
        waited_us.into_iter().for_each(|us| self.told.work.to_answer.add(us));
        trail::answered(id, front.face.seq, counts, waited_us);
    }

    pub(super) fn let_rest(&mut self, id: LaneId) {
        if let Some(hosted) = self.hosted.remove(&id) {
            self.resting.insert(id, hosted.drop);
        }
    }
}

/// The fact behind a fresh claim, for its receipt.
fn proof_of(reply: &Reply, facts: &[Fact], seq: u32) -> Option<Fact> {
    let Reply::Claim { claim, fresh: true } = reply else { return None };
    let fact = facts.get(usize::from(claim.place.index)).filter(|_| claim.place.seq == seq)?;
    matches!(fact, Fact::Claimed { number, .. } if *number == claim.number).then(|| fact.clone())
}

/// What the witness notes of a lane.
pub(in crate::drops) fn head_of(drop: &str, face: &Face) -> Head {
    let mut head = Head {
        drop: drop.to_owned(),
        seq: 0,
        hash: face.hash,
        time_ms: 0,
        next_number: 0,
        lines: Vec::new(),
    };
    note(&mut head, face);
    head
}

/// Notes how far a lane has come.
fn note(head: &mut Head, face: &Face) {
    let line = |stock: &Stock| WitnessedLine { out: stock.issued - stock.free, free: stock.free };
    (head.seq, head.hash, head.time_ms) = (face.seq, face.hash, face.time_ms);
    head.next_number = face.claims.saturating_add(1);
    head.lines.clear();
    head.lines.extend(face.lines.iter().map(line));
}
