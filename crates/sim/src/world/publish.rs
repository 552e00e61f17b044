//! A durable row is published in two steps, state before face, and then its answers go.

use super::{Arc, Breach, Check, Face, Out, Reply, Served, Step, World, caught, id};
use crate::control::Control;
use crate::fault::Met;
use fanfare_lane::Durable;

impl World {
    /// The next step of publishing a lane's oldest durable row.
    pub(super) fn publish(&mut self, lane: usize) -> Check {
        let slot = &mut self.slots[lane];
        let Some(durable) = slot.publishing.front() else { return Ok(()) };
        if slot.stage == 0 {
            let row = &durable.sealed.row;
            self.audit.published((lane, id(lane)), row, &self.store)?;
        }
        let face_first = self.options.control == Some(Control::FaceFirst);
        match (slot.stage, face_first) {
            (0, false) | (1, true) => {
                slot.stage += 1;
                let served = slot.opening.take().or(slot.published.take());
                slot.published = Some(follow(served, durable)?);
                let lines = slot.seen().map_or(0, |s| s.terms().lines.len());
                self.crowd.lines(lane, lines);
                self.after(Step::PublishState)
            }
            (0 | 1, _) => {
                slot.stage += 1;
                let row = &durable.sealed.row;
                let face = match slot.seen() {
                    Some(seen) if !face_first => Face::of(seen, row.header.seq, row.hash),
                    _ => {
                        let served = slot.opening.clone().or(slot.published.clone());
                        Face::of(follow(served, durable)?.seen(), row.header.seq, row.hash)
                    }
                };
                let face = Arc::new(face);
                slot.face = Some(face.clone());
                let now_ms = self.clock().now_ms;
                self.audit.faced(lane, &face, now_ms)?;
                self.after(Step::PublishFace)
            }
            _ => {
                slot.stage = 0;
                if let Some(durable) = slot.publishing.pop_front() {
                    let out = |(ticket, reply)| Out { lane, ticket, reply };
                    self.outbox.extend(durable.answers.into_iter().map(out));
                }
                self.after(Step::Answers)
            }
        }
    }

    /// A few fans hear answers.
    pub(super) fn deliver_some(&mut self) -> Check {
        for _ in 0..self.rng.range(1, 6) {
            self.deliver()?;
        }
        Ok(())
    }

    /// A fan hears an answer, or it is lost on the way and the fan asks again.
    pub(super) fn deliver(&mut self) -> Check {
        // Answers overtake each other.
        let near = self.outbox.len().min(3);
        if near == 0 {
            return Ok(());
        }
        let Some(out) = self.outbox.remove(self.rng.index(near)) else { return Ok(()) };
        self.audit.heard((out.lane, id(out.lane)), out.ticket, &out.reply, &self.store)?;
        let (request, answered) = &mut self.tickets[out.ticket as usize];
        if *answered {
            return caught(Breach::OtherAnswer, format!("ticket {} heard twice", out.ticket));
        }
        *answered = true;
        match &out.reply {
            Reply::Busy => self.report.put_off[0] += 1,
            Reply::Unsure => self.report.put_off[1] += 1,
            _ => {}
        }
        if self.rng.one_in(25) {
            self.report.met(Met::LostAnswer);
            self.net.push(request.clone());
            return self.after(Step::Deliver);
        }
        match &out.reply {
            Reply::Claim { claim, fresh } => self.crowd.heard(out.lane, claim, *fresh),
            Reply::Busy | Reply::Unsure if !self.rng.one_in(3) => self.net.push(request.clone()),
            _ => {}
        }
        self.after(Step::Deliver)
    }
}

/// The state with one more row published.
fn follow(served: Option<Served>, durable: &Durable<u32>) -> Result<Served, super::Violation> {
    let Some(mut served) = served else {
        return caught(Breach::OtherFacts, "a row of a lane without a state");
    };
    match durable.publish(&mut served) {
        Ok(()) => Ok(served),
        Err(broken) => {
            let seq = durable.sealed.row.header.seq;
            caught(Breach::OtherDigest, format!("publishing row {seq}: {broken}"))
        }
    }
}
