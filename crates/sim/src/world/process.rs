//! The process dies, reads the journal and opens its lanes; and another process does the same
//! behind its back.

use super::{
    Arc, Auditor, Breach, Check, FESTIVAL, Guard, Lane, Reading, Sealed, Slot, World, caught, id,
};
use crate::audit::{Before, Violation};
use crate::control::Control;
use crate::fault::Met;
use crate::fault::Step;
use crate::store::ReadFault;
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
        self.shut.fill(false);
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
        self.go_dark();
    }

    /// Reads a lane's rows and decides its `opened` row, if they can be believed.
    pub(super) fn open(&mut self, lane: usize) -> Check {
        if self.shut[lane] {
            return self.operate(lane);
        }
        let cut = self.off(Control::DamageCut) && !self.store.debris(id(lane)).is_empty();
        if cut {
            self.store.cut_off(id(lane));
        }
        let (whole, older) = (self.store.debris(id(lane)).is_empty(), self.testimony(lane));
        if older.is_some() && !self.off(Control::WitnessIgnored) {
            return self.keep_shut(lane, "the journal went back in time");
        }
        if whole && older.is_none() && !cut {
            // What was lost in the last second no witness has seen, but fans have receipts: an
            // operator puts it back.
            self.store.mend(id(lane));
        }
        let fails = self.store.next_read == Some(ReadFault::Fails);
        let read = match self.store.read(id(lane), 1, usize::MAX) {
            Ok(read) => read,
            Err(_) if fails => {
                self.report.met(Met::ReadFailed);
                return self.after(Step::Open);
            }
            Err(why) => return self.keep_shut(lane, &why.0),
        };
        if self.store.missed {
            self.report.met(Met::ReadMissed);
        }
        let replayed = match self.believe(lane, &read) {
            Err(damage) if !self.store.debris(id(lane)).is_empty() => {
                return self.keep_shut(lane, &damage.what);
            }
            believed => believed?,
        };
        let debris = self.store.debris(id(lane)).iter();
        Auditor::whole(debris.filter(|sealed| read.contains(sealed)))?;
        self.audit.reads_on((lane, id(lane)), &self.store)?;
        self.decide_opening(lane, &read, replayed)
    }

    fn decide_opening(
        &mut self,
        lane: usize,
        read: &[Sealed],
        replayed: (Replay, Option<Served>),
    ) -> Check {
        let (clock, owner) = (self.clock(), self.rng.next());
        let terms = self.given_terms(lane);
        let config = self.plan.config;
        let opened = match replayed {
            _ if read.is_empty() => {
                Lane::create((FESTIVAL, id(lane)), &terms, owner, config, &clock)
            }
            (replay, Some(served)) => open_with(&replay, served, owner, config, &clock),
            (replay, None) => open(replay, owner, config, &clock),
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
        self.audit.opened(lane, owner, (&clock, Before::Nobody), read)?;
        self.after(Step::Open)
    }

    /// Replays rows, each held against the one before it. In control experiments not so: then
    /// there is a state apart from it.
    fn believe(&self, lane: usize, read: &[Sealed]) -> Result<(Replay, Option<Served>), Violation> {
        let hole = read.iter().zip(1_u32..).position(|(one, seq)| one.row.header.seq != seq);
        if let (Some(hole), true) = (hole, self.off(Control::HoleSkipped)) {
            let mut sound = replay(lane, &read[..hole])?;
            let newest = &read[read.len() - 1].row;
            let tip = (newest.header.seq, newest.hash, newest.header.time_ms);
            let served = sound.take_state().map(Served::new);
            return Ok((Replay::behind(FESTIVAL, id(lane), tip), served));
        }
        replay(lane, read).map(|replay| (replay, None))
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
        let opened = open(replay(lane, &read)?, owner, self.plan.config, &clock);
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

/// A lane over its replayed state, where nobody served.
fn open(
    mut replay: Replay,
    owner: u64,
    config: LaneConfig,
    clock: &Reading,
) -> Result<(Lane<u32>, Served), Broken> {
    let state = replay.take_state().ok_or(Broken("a lane without rows"))?;
    open_with(&replay, Served::new(state), owner, config, clock)
}

/// A lane over its replayed state, where another node served by a clock that shows this.
pub(crate) fn take_over(
    mut replay: Replay,
    owner: u64,
    config: LaneConfig,
    clock: &Reading,
    theirs_ms: Option<i64>,
) -> Result<(Lane<u32>, Served), Broken> {
    let state = replay.take_state().ok_or(Broken("a lane without rows"))?;
    let mut served = Served::new(state);
    let lane = Lane::take_over(&replay, &mut served, owner, config, clock, theirs_ms)?;
    Ok((lane, served))
}

/// A lane over a state that was replayed.
fn open_with(
    replay: &Replay,
    mut served: Served,
    owner: u64,
    config: LaneConfig,
    clock: &Reading,
) -> Result<(Lane<u32>, Served), Broken> {
    let lane = Lane::open(replay, &mut served, owner, config, clock, None)?;
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
