//! Rows that became durable: what they say is published first, answered next.

use super::Lanes;
use crate::drops::found::warn_if_doubtful;
use crate::drops::ticket::{Answered, Ticket};
use crate::drops::trail;
use crate::kit::clock::boot_ms;
use crate::kit::heads::Head;
use fanfare_engine::{Fact, Stock, WitnessedLine};
use fanfare_lane::{Durable, Face, LaneId, Reply};

impl Lanes {
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
        self.heads.insert(id, head_of(&hosted.drop.spec.id, &front.face));
        self.heads_changed = true;
        self.told.rows.ring();
        hosted.drop.note_facts(&durable.facts);
        let waited = hosted.timing.published(front.face.seq);
        let counts = (durable.answers.len(), durable.facts.len());
        let claims = durable.facts.iter().filter(|fact| matches!(fact, Fact::Claimed { .. }));
        self.told.work.claims.inc_by(claims.count() as u64);
        let mut crowd = Vec::new();
        for (ticket, reply) in durable.answers {
            if let Ticket::Many(id) = ticket {
                crowd.push((id, reply));
                continue;
            }
            let proof = proof_of(&reply, &durable.facts, front.face.seq)
                .map(|fact| (front.head.clone(), fact));
            self.tell(ticket, Answered { reply, proof, row: Some(front.face.seq) });
        }
        self.sink.push(&mut crowd);
        self.desks.hand_out();
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
    let line = |stock: &Stock| WitnessedLine { out: stock.issued - stock.free, free: stock.free };
    Head {
        drop: drop.to_owned(),
        seq: face.seq,
        hash: face.hash,
        time_ms: face.time_ms,
        next_number: face.claims.saturating_add(1),
        lines: face.lines.iter().map(line).collect(),
    }
}
