//! The process dies, reads the journal and opens its lanes; and another process does the same
//! behind its back.

use super::{Arc, Breach, Check, FESTIVAL, Guard, Lane, Reading, Sealed, Slot, World, caught, id};
use crate::audit::Violation;
use crate::control::Control;
use crate::fault::Met;
use crate::fault::Step;
use fanfare_engine::{Broken, Quantity, Served, Terms};
use fanfare_lane::{LaneConfig, Placed, Replay, Store as _, seal_commit};

impl World {
    /// Everything in memory goes. Callers hear nothing; half of them ask again.
    pub(super) fn crash(&mut self) {
        self.tell(|| "the process dies".to_string());
        self.slots = self.slots.iter().map(|_| Slot::default()).collect();
        self.commit = None;
        self.outbox.clear();
        self.at_gate.clear();
        for (request, answered) in &mut self.tickets {
            if !*answered {
                *answered = true;
                if self.rng.one_in(2) && self.net.len() < 100 {
                    self.net.push(request.clone());
                }
            }
        }
        self.audit.crashed();
        if self.store.unproven() && self.rng.one_in(2) {
            self.cut_power();
        }
        let ms = self.rng.range(20, 3_000);
        self.pass(ms as i64);
        self.guard = Guard::new(self.wall_ms + self.offset_ms, self.mono_ms);
    }

    pub(super) fn cut_power(&mut self) {
        if self.store.power_cut(&mut self.rng) > 0 {
            self.report.met(Met::PowerCut);
        }
    }

    /// Reads a lane's rows and decides its `opened` row.
    pub(super) fn open(&mut self, lane: usize) -> Check {
        let owner = self.rng.next();
        // A witness beside the journal knows of rows that are gone; an operator puts them back.
        self.store.mend(id(lane));
        let Ok(read) = self.store.read(id(lane), 1, usize::MAX) else {
            self.report.met(Met::ReadFailed);
            return self.after(Step::Open);
        };
        if self.store.missed {
            self.report.met(Met::ReadMissed);
        }
        self.audit.reads_on((lane, id(lane)), &self.store)?;
        let clock = self.clock();
        let terms = self.given_terms(lane);
        let config = self.plan.config;
        let opened = if read.is_empty() {
            Lane::create((FESTIVAL, id(lane)), &terms, owner, config, &clock)
        } else {
            take_over(replay(lane, &read)?, owner, config, &clock)
        };
        let slot = &mut self.slots[lane];
        match opened {
            Ok((machine, served)) => {
                (slot.lane, slot.opening) = (Some(machine), Some(served));
            }
            Err(broken) => return caught(Breach::Stopped, format!("opening: {broken}")),
        }
        (slot.resolving, slot.stage) = (false, 0);
        slot.again.clear();
        slot.publishing.clear();
        self.tell(|| format!("lane {} opens after {} rows, {clock:?}", id(lane), read.len()));
        self.audit.opened(lane, owner, &clock, &read)?;
        self.after(Step::Open)
    }

    /// The terms a lane is created with: other ones only in a control experiment.
    fn given_terms(&self, lane: usize) -> Terms {
        let terms = self.plan.lanes[lane].clone();
        if self.options.control == Some(Control::LimitOff) {
            return Terms { limit: Quantity::MAX, ..terms };
        }
        terms
    }

    /// Another process takes the lane over from what stands, and says no more.
    pub(super) fn foreign(&mut self, lane: usize) -> Check {
        let read = self.store.rows(id(lane)).to_vec();
        let owner = self.rng.next();
        let now_ms = self.wall_ms + self.offset_ms;
        let clock = Reading { now_ms, mono_ms: self.mono_ms, stepped: false };
        let opened = take_over(replay(lane, &read)?, owner, self.plan.config, &clock);
        let row = opened.ok().and_then(|(mut other, _)| other.to_append());
        let Some(row) = row.map(|draft| Arc::new(draft.finish())) else {
            return caught(Breach::Stopped, "another owner cannot open");
        };
        self.audit.foreign(lane, owner, &clock, &read, &row)?;
        let sealed = seal_commit(&[row], self.signer.as_ref());
        let fault = self.store.next_append.take();
        let placed = self.store.append(&sealed);
        self.store.next_append = fault;
        if placed != Ok(vec![Placed::Durable]) {
            return caught(Breach::TwoHistories, "another owner's row was kept out");
        }
        self.report.met(Met::Foreign);
        self.tell(|| format!("lane {}: another owner opens", id(lane)));
        Ok(())
    }
}

/// A lane over its replayed state.
pub(crate) fn take_over(
    mut replay: Replay,
    owner: u64,
    config: LaneConfig,
    clock: &Reading,
) -> Result<(Lane<u32>, Served), Broken> {
    let state = replay.take_state().ok_or(Broken("a lane without rows"))?;
    let mut served = Served::new(state);
    let lane = Lane::open(&replay, &mut served, owner, config, clock, None)?;
    Ok((lane, served))
}

/// A lane's rows replayed.
pub(crate) fn replay(lane: usize, rows: &[Sealed]) -> Result<Replay, Violation> {
    let mut replay = Replay::new(FESTIVAL, id(lane));
    for sealed in rows {
        let Ok(facts) = sealed.row.read_facts() else {
            return caught(Breach::Lost, format!("lane {}: a row does not read", id(lane)));
        };
        if let Err(damage) = replay.row(&sealed.row, &facts) {
            return caught(Breach::TwoHistories, damage.to_string());
        }
    }
    Ok(replay)
}
