//! Calm at the end. What is free goes to whoever is entitled and asks; the journal agrees with
//! all that was said.

use super::{Breach, Check, FESTIVAL, Request, World, caught, id};
use crate::hosts;
use fanfare_engine::{Command, Fan, Line, Phase, Quantity};

/// More rounds than any calm takes.
const ROUNDS_MAX: u32 = 2_000;

impl World {
    pub(super) fn finish(&mut self) -> Check {
        self.plan.faults.clear();
        self.armed.clear();
        self.net.clear();
        (self.store.next_append, self.store.next_read) = (None, None);
        while self.store.has_late() {
            self.land();
        }
        self.calm()?;
        // A lane that has nothing to append does not notice what the store forgot or took.
        if (0..self.slots.len()).any(|lane| !self.knows_all(lane)) {
            self.crash();
            self.calm()?;
        }
        for lane in 0..self.slots.len() {
            self.nothing_left_over(lane)?;
        }
        for lane in 0..self.slots.len() {
            let slot = &self.slots[lane];
            let (Some(machine), Some(published)) = (&slot.lane, &slot.published) else {
                return caught(Breach::Stopped, format!("lane {} is not there", id(lane)));
            };
            if !machine.idle() || !published.agrees() {
                return caught(
                    Breach::OtherDigest,
                    format!("lane {}: decided is not published", id(lane)),
                );
            }
            self.audit.finish((lane, id(lane)), FESTIVAL, &self.store, published.seen())?;
        }
        Ok(())
    }

    /// Goes on until nothing is under way and nobody waits.
    fn calm(&mut self) -> Check {
        for _ in 0..ROUNDS_MAX {
            for lane in 0..self.slots.len() {
                self.turn(lane)?;
                while !self.slots[lane].publishing.is_empty() {
                    self.publish(lane)?;
                }
            }
            self.commit_step()?;
            self.gate_later()?;
            while !self.outbox.is_empty() {
                self.deliver()?;
            }
            self.net.clear();
            if self.idle() && !self.slots.iter().any(|slot| slot.resolving) {
                return Ok(());
            }
        }
        caught(Breach::Unanswered, "no calm at the end")
    }

    /// While the drop is open, fans who have nothing get what is free, one unit of each line.
    fn nothing_left_over(&mut self, lane: usize) -> Check {
        let command = Command::Resume(hosts::act(&mut self.rng));
        self.arrive(Request { lane, command })?;
        self.calm()?;
        let now_ms = self.clock().now_ms;
        let Some(published) = self.slots[lane].seen() else { return Ok(()) };
        if published.phase(now_ms) != Phase::Open {
            return Ok(());
        }
        let lines: Vec<u32> = published.ledger().lines().iter().map(|line| line.free).collect();
        for (at, free) in lines.into_iter().enumerate() {
            let nobody = self.plan.fans + 1 + at as u64;
            let Some(fan) = Fan::new(nobody).filter(|_| free > 0) else { continue };
            let before = self.units(lane, fan);
            let wanted = Line(at as u16);
            let command = Command::Claim { fan, line: wanted, quantity: Quantity::MIN, key: None };
            self.arrive(Request { lane, command })?;
            self.calm()?;
            let now_ms = self.clock().now_ms;
            let open = self.slots[lane].face.as_ref().map(|face| face.phase(now_ms));
            if open == Some(Phase::Open) && self.units(lane, fan) != before + 1 {
                let what = format!("lane {}: {free} free of {wanted:?}, asked in vain", id(lane));
                return caught(Breach::LeftOver, what);
            }
        }
        Ok(())
    }

    fn units(&self, lane: usize, fan: Fan) -> u32 {
        self.slots[lane].seen().map_or(0, |seen| seen.units_of(fan))
    }
}
