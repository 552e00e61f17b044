//! Rows that became durable: what they say is published first, answered next.

use super::Lanes;
use crate::drops::ticket::{Answered, Ticket};
use crate::kit::heads::Head;
use fanfare_engine::{Fact, Stock, WitnessedLine};
use fanfare_lane::{Durable, Face, LaneId, Reply};

impl Lanes {
    pub(super) fn publish(&mut self, id: LaneId, durable: Vec<Durable<Ticket>>) {
        for durable in durable {
            let Some(hosted) = self.hosted.get_mut(&id) else { return };
            if let Err(broken) = hosted.drop.published.publish(&durable) {
                hosted.drop.stop(&format!("published and decided state differ: {broken}"));
                continue;
            }
            let front = hosted.drop.published.front();
            self.heads.insert(id, head_of(&hosted.drop.spec.id, &front.face));
            self.heads_changed = true;
            self.told.rows.ring();
            hosted.drop.note_facts(&durable.facts);
            // Others that may speak of the lane have the row before anybody is told of it.
            let owed = self.send_row(id, &durable.sealed);
            let (mut crowd, mut held) = (Vec::new(), Vec::new());
            for (ticket, reply) in durable.answers {
                if let Ticket::Many(id) = ticket {
                    crowd.push((id, reply));
                    continue;
                }
                let proof = proof_of(&reply, &durable.facts, front.face.seq)
                    .map(|fact| (front.head.clone(), fact));
                let answered = Answered { reply, proof };
                match owed {
                    Some(_) => held.push((ticket, answered)),
                    None => self.tell(ticket, answered),
                }
            }
            self.sink.push(&mut crowd);
            if let Some(owed) = owed {
                self.hold(id, owed, held);
            }
        }
        if self.hosted.get(&id).is_some_and(super::Hosted::rested) {
            self.let_rest(id);
        }
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
