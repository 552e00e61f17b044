//! The driver: one process with its lanes, its gate and its store, moved one step at a time by
//! the seed. Whatever step is possible may be next, so crashes and requests fall between any two.
//!
//! | file | holds |
//! | --- | --- |
//! | `gate` | requests arrive: face first, holders after it, then the lane's queue |
//! | `commit` | turns, one commit of several lanes, its outcome, resolving |
//! | `publish` | state, then face, then answers; fans hear |
//! | `process` | crash, replay, opening, another owner |
//! | `shut`, `witness` | a lane that is not opened, and why; the operator |
//! | `trouble` | the plan's faults, when they fit; clocks |
//! | `finish` | calm at the end: is anything left over, does history agree |

mod commit;
mod finish;
mod gate;
mod process;
mod publish;
mod shut;
mod trouble;
mod witness;

use crate::audit::{Auditor, Breach, Check, View, Violation, caught};
use crate::control::Control;
use crate::crowd::{Crowd, Request};
use crate::fault::{Fault, Step};
use crate::plan::{Plan, START_MS};
use crate::report::Report;
use crate::rng::Rng;
use crate::sign::{self, MarkSigner};
use crate::store::{Fence, SimStore};
use commit::Commit;
use fanfare_engine::{Seen, Served, Tally};
use fanfare_lane::{
    Durable, Face, FestivalId, Guard, Lane, LaneId, Placed, Reading, Reply, Sealed, Signer,
};
use gate::AtGate;
pub(crate) use process::{replay, take_over};
use std::collections::VecDeque;
use std::sync::Arc;
use witness::Witness;

/// Fewest faults of a seed, the network's not counted.
pub(crate) const FAULTS_MIN: u64 = 5;

/// A run that takes more steps than this does not end.
const STEPS_MAX: u32 = 300_000;

pub(crate) const FESTIVAL: FestivalId = *b"simulated fans!!";

/// What a run is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// Which safeguard is off.
    pub control: Option<Control>,
    /// Whether each step is told on standard error.
    pub trace: bool,
}

/// A lane's place in the process.
#[derive(Default)]
struct Slot {
    lane: Option<Lane<u32>>,
    /// What gate and reads see.
    published: Option<Served>,
    face: Option<Arc<Face>>,
    /// An opening lane's state, seen by others once its `opened` row is published.
    opening: Option<Served>,
    publishing: VecDeque<Durable<u32>>,
    /// Steps of publishing the first row that are done.
    stage: u8,
    /// Rows to append again.
    again: VecDeque<Sealed>,
    /// The outcome of the row with the store is not known.
    resolving: bool,
    /// The gate's refusals, not yet told to the lane.
    tally: Tally,
    /// A row became durable and the lane has not had its turn since.
    turn_due: bool,
}

/// An answer on its way to a fan.
struct Out {
    lane: usize,
    ticket: u32,
    reply: Reply,
}

/// One run.
pub(crate) struct World {
    options: Options,
    rng: Rng,
    plan: Plan,
    store: SimStore,
    signer: Box<dyn Signer>,
    audit: Auditor,
    crowd: Crowd,
    report: Report,
    slots: Vec<Slot>,
    witness: Vec<Witness>,
    /// Lanes whose journal cannot be gone on from as it is.
    shut: Vec<bool>,
    commit: Option<Commit>,
    outbox: VecDeque<Out>,
    at_gate: Vec<AtGate>,
    net: Vec<Request>,
    /// What each ticket asked, and whether it was answered.
    tickets: Vec<(Request, bool)>,
    armed: Vec<Fault>,
    guard: Guard,
    wall_ms: i64,
    mono_ms: i64,
    /// How far the machine's clock is off, and from which command on it is right again.
    offset_ms: i64,
    right_at: u64,
    steps: u32,
    /// The crowd waits for a quiet moment.
    lull: bool,
}

/// The lane's number, from 1.
fn id(lane: usize) -> LaneId {
    lane as LaneId + 1
}

/// Runs one seed.
///
/// # Errors
/// What the auditor caught.
pub fn run(options: Options) -> Result<Report, Violation> {
    let mut world = World::new(options);
    world.play()?;
    world.finish()?;
    world.audit.count_into(&mut world.report);
    let report = &mut world.report;
    report.seeds = 1;
    (report.commands_min, report.faults_min) = (report.commands, report.faults());
    Ok(world.report)
}

impl Slot {
    /// The lane and the state it decides on.
    fn served(&mut self) -> (Option<&mut Lane<u32>>, Option<&mut Served>) {
        (self.lane.as_mut(), self.opening.as_mut().or(self.published.as_mut()))
    }

    /// What gate and reads see.
    fn seen(&self) -> Option<Seen<'_>> {
        self.published.as_ref().map(Served::seen)
    }
}

impl World {
    fn new(options: Options) -> Self {
        let mut rng = Rng::new(options.seed);
        let plan = Plan::new(&mut rng);
        let key = sign::key_of(options.seed);
        let public = key.as_ref().map(fanfare_lane::FestivalKey::public);
        let report = Report { signed: u64::from(key.is_some()), ..Report::default() };
        let lanes = plan.lanes.len();
        let fence = match options.control {
            Some(Control::FenceOff) => Fence::Off,
            Some(Control::FenceByNumber) => Fence::Number,
            _ => Fence::Whole,
        };
        let mut store = SimStore::new(lanes, fence);
        store.trusts = options.control == Some(Control::TornBelieved);
        Self {
            options,
            store,
            signer: key.map_or(Box::new(MarkSigner), |key| Box::new(key)),
            audit: Auditor::new(&plan.lanes, public, options.control),
            crowd: Crowd::new(plan.fans, &plan.lanes),
            report,
            slots: (0..lanes).map(|_| Slot::default()).collect(),
            witness: (0..lanes).map(|_| Witness::default()).collect(),
            shut: vec![false; lanes],
            commit: None,
            outbox: VecDeque::new(),
            at_gate: Vec::new(),
            net: Vec::new(),
            tickets: Vec::new(),
            armed: Vec::new(),
            guard: Guard::new(START_MS, 0),
            wall_ms: START_MS,
            mono_ms: 0,
            offset_ms: 0,
            right_at: u64::MAX,
            steps: 0,
            lull: false,
            rng,
            plan,
        }
    }

    /// Steps until there were enough commands and faults.
    fn play(&mut self) -> Check {
        loop {
            let enough = self.report.commands >= u64::from(self.plan.commands);
            if enough && self.report.faults() >= FAULTS_MIN {
                return Ok(());
            }
            let crash = Fault::Crash(Step::Turn);
            if enough && !self.armed.contains(&crash) {
                self.armed.push(crash);
            }
            self.step()?;
        }
    }

    fn step(&mut self) -> Check {
        if self.store.has_late() && self.rng.one_in(40) {
            self.land();
        }
        self.trouble()?;
        let last = self.plan.pace[self.plan.pace.len() - 1];
        let at = self.rng.below(last);
        match self.plan.pace.iter().position(|sum| at < *sum) {
            Some(0) if self.lull => self.quiet(),
            Some(0) => self.ask(),
            Some(1) => self.gate_later(),
            Some(2) => {
                let slot = self.rng.index(self.slots.len());
                self.turn(slot)
            }
            Some(3) => self.commit_step(),
            Some(4) => {
                let slot = self.rng.index(self.slots.len());
                self.publish(slot)
            }
            Some(5) => self.deliver_some(),
            _ => self.quiet(),
        }
    }

    /// A step is done: time passes, and the process may die here.
    fn after(&mut self, step: Step) -> Check {
        if self.options.trace {
            let (commands, mono_ms) = (self.report.commands, self.mono_ms);
            eprintln!("{commands:>6} {mono_ms:>10} ms  {step:?}");
        }
        let passes = if self.rng.one_in(8) { self.rng.below(12) } else { self.rng.below(2) };
        self.pass(passes as i64);
        if let Some(at) = self.armed.iter().position(|fault| *fault == Fault::Crash(step)) {
            self.armed.swap_remove(at);
            self.report.crashed(step);
            self.crash();
        }
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return caught(Breach::Unanswered, "the run does not end");
        }
        Ok(())
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.options.trace {
            eprintln!("                       {}", what());
        }
    }

    /// Time passes.
    fn pass(&mut self, ms: i64) {
        self.wall_ms += ms;
        self.mono_ms += ms;
    }

    /// What the process's guarded clock shows.
    fn clock(&mut self) -> Reading {
        self.guard.read(self.wall_ms + self.offset_ms, self.mono_ms)
    }

    /// Whether nothing at all is under way.
    fn idle(&self) -> bool {
        let idle = |slot: &Slot| {
            slot.lane.as_ref().is_some_and(|lane| lane.idle() && lane.stopped().is_none())
                && slot.publishing.is_empty()
                && !slot.turn_due
        };
        self.commit.is_none()
            && self.outbox.is_empty()
            && self.at_gate.is_empty()
            && self.slots.iter().all(idle)
    }

    /// A lull: the crowd holds its breath until nothing is under way, then time moves on in one
    /// large step, so that holds run out.
    fn quiet(&mut self) -> Check {
        self.lull |= self.rng.one_in(4);
        if !self.lull || !self.idle() {
            return Ok(());
        }
        self.lull = false;
        let slot = self.rng.index(self.slots.len());
        if let (Some(machine), Some(served)) = self.slots[slot].served() {
            let due_ms = machine.next_due_ms(served);
            self.audit.sleeps_until(slot, due_ms)?;
        }
        let hold_s = self.slots[slot].seen().map_or(1, |s| s.terms().hold_s);
        let most_ms = if self.rng.one_in(2) { 2_000 } else { u64::from(hold_s.min(400)) * 600 };
        let ms = self.rng.range(200, most_ms.max(2_000));
        self.tell(|| format!("{ms} ms pass"));
        self.pass(ms as i64);
        Ok(())
    }
}
