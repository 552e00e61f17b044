//! The other driver: several nodes over several journals. Everything that happens is an event at a
//! moment; what a process is told waits while the process is paused, and messages are as old then
//! as they are.
//!
//! | file | holds |
//! | --- | --- |
//! | `events` | what can happen, and when |
//! | `db` | journal databases: rows, beats, leases; slow, silent, full, cut off |
//! | `process` | a process: its lanes, connections and clocks; leases renewed and taken |
//! | `owner`, `settle` | a lane at its owner: turns, appends, what is owed before it is told |
//! | `follower` | a lane everywhere else: rows followed, the owner's word |
//! | `links` | connections between processes, requests passed on |
//! | `fans` | who asks which node, and what they hear |
//! | `clocks` | wrong clocks, what a new owner knows of the last one's, and the true time |
//! | `back`, `witness` | databases that go back in time, who knows of it, the operator |
//! | `trouble` | the plan's faults |
//! | `finish` | calm at the end |

mod back;
mod clocks;
mod db;
mod events;
mod fans;
mod finish;
mod follower;
mod links;
mod owner;
mod process;
mod settle;
mod trouble;
mod witness;

use crate::audit::{Breach, Check, History, Log, Violation, caught};
use crate::control::Control;
use crate::crowd::Crowd;
use crate::fault::Met;
use crate::plan::{self, START_MS};
use crate::report::Report;
use crate::rng::Rng;
use crate::sign::MarkSigner;
use crate::world::{FESTIVAL, Options};
use clocks::Ahead;
use db::Db;
use events::{Due, Event, What};
use fanfare_engine::Terms;
use fanfare_lane::{LaneConfig, LaneId};
use fans::Ask;
use links::Conn;
use process::Proc;
use std::collections::BinaryHeap;
use trouble::Trouble;
use witness::Heads;

/// A run that takes more events than this does not end.
const EVENTS_MAX: u64 = 600_000;

/// What a seed decides before anything happens.
struct Plan {
    lanes: Vec<Terms>,
    /// Which database each lane lives on.
    db_of: Vec<usize>,
    config: LaneConfig,
    /// How long the crowd asks.
    lasts_ms: i64,
    /// How many ms lie between two requests, on average.
    every_ms: u64,
}

/// One run.
pub(crate) struct Fleet {
    options: Options,
    rng: Rng,
    plan: Plan,
    now_ms: i64,
    queue: BinaryHeap<Due>,
    events: u64,
    dbs: Vec<Db>,
    procs: Vec<Proc>,
    /// Which process runs as which node.
    nodes: Vec<Option<usize>>,
    /// Each node's witness, by lane.
    files: Vec<Heads>,
    /// How far the tables have come, by lane.
    tables: Heads,
    conns: Vec<Conn>,
    /// Pairs of nodes that cannot reach each other, and until when.
    cuts: Vec<(usize, usize, i64)>,
    asks: Vec<Ask>,
    crowd: Crowd,
    history: Vec<History>,
    logs: Vec<Log>,
    /// By lane.
    lanes_ahead: Vec<Ahead>,
    trouble: Trouble,
    report: Report,
    signer: MarkSigner,
}

/// Runs one seed.
///
/// # Errors
/// What the auditor caught.
pub(crate) fn run(options: Options) -> Result<Report, Violation> {
    let mut fleet = Fleet::new(options);
    fleet.begin();
    let end_ms = fleet.plan.lasts_ms;
    fleet.play(|fleet| fleet.now_ms >= end_ms)?;
    fleet.finish()?;
    for proc in &fleet.procs {
        proc.audit.count_into(&mut fleet.report);
    }
    let report = &mut fleet.report;
    (report.seeds, report.fleets) = (1, 1);
    Ok(fleet.report)
}

impl Fleet {
    fn new(options: Options) -> Self {
        let mut rng = Rng::new(options.seed);
        let dbs = rng.range(1, 2) as usize;
        let count = rng.pick(&[1, 1, 2, 3]);
        let size = rng.pick(&[4, 12, 60]);
        let lanes: Vec<Terms> = (0..count).map(|lane| plan::terms(&mut rng, lane, size)).collect();
        let plan = Plan {
            db_of: (0..lanes.len()).map(|_| rng.index(dbs)).collect(),
            config: LaneConfig {
                batch_max: rng.pick(&[1, 8, 32]),
                queue_max: rng.pick(&[8, 4_096, 4_096]),
                keep_rows: true,
            },
            lasts_ms: rng.range(6_000, 14_000) as i64,
            every_ms: rng.pick(&[15, 30, 60, 120]),
            lanes,
        };
        let logs: Vec<Log> = plan.lanes.iter().map(|_| Log::default()).collect();
        let nodes = rng.range(2, 3) as usize;
        Self {
            options,
            dbs: (0..dbs).map(|_| Db::new(plan.lanes.len())).collect(),
            procs: Vec::new(),
            nodes: vec![None; nodes],
            files: vec![vec![None; plan.lanes.len()]; nodes],
            tables: vec![None; plan.lanes.len()],
            conns: Vec::new(),
            cuts: Vec::new(),
            asks: Vec::new(),
            crowd: Crowd::new(rng.range(20, 120), &plan.lanes),
            history: plan
                .lanes
                .iter()
                .zip(&logs)
                .map(|(t, log)| History::new(t, log.clone()))
                .collect(),
            lanes_ahead: logs.iter().map(|_| Ahead::default()).collect(),
            logs,
            trouble: Trouble::new(&mut rng, plan.lasts_ms),
            report: Report::default(),
            signer: MarkSigner,
            now_ms: 0,
            queue: BinaryHeap::new(),
            events: 0,
            rng,
            plan,
        }
    }

    fn begin(&mut self) {
        for node in 0..self.nodes.len() {
            let after_ms = self.rng.range(0, 300) as i64;
            self.after(after_ms, Event::Start(node));
        }
        self.after(500, Event::Crowd);
        self.after(1_500, Event::Trouble);
    }

    /// Event after event, until this is so.
    fn play(&mut self, enough: impl Fn(&Self) -> bool) -> Check {
        while !enough(self) {
            let Some(due) = self.queue.pop() else { return Ok(()) };
            self.now_ms = due.at_ms;
            self.happen(due)?;
        }
        Ok(())
    }

    fn happen(&mut self, due: Due) -> Check {
        self.events += 1;
        if self.events > EVENTS_MAX {
            return caught(Breach::Unanswered, "the run does not end");
        }
        match due.event {
            Event::At(pid, what) => self.at(pid, what, due.nr),
            Event::Db { db, epoch, .. } if epoch != self.dbs[db].epoch => Ok(()),
            Event::Db { db, from, op, request, .. } => self.execute(db, from, op, request),
            Event::Operator(db) => self.operate(db),
            Event::Start(node) => {
                self.start(node);
                Ok(())
            }
            Event::Crowd => {
                self.crowd_asks();
                Ok(())
            }
            Event::Again(ask) => {
                self.ask_again(ask);
                Ok(())
            }
            Event::Trouble => self.make_trouble(),
        }
    }

    /// Something reaches a process, or waits until it is awake.
    fn at(&mut self, pid: usize, what: What, nr: u64) -> Check {
        if !self.procs[pid].alive {
            return Ok(());
        }
        if let What::Ask { ask } = &what {
            self.arrives(*ask);
        }
        let until_ms = self.procs[pid].paused_until_ms;
        if until_ms > self.now_ms {
            self.queue.push(Due { at_ms: until_ms, nr, event: Event::At(pid, what) });
            return Ok(());
        }
        match what {
            What::Tick => self.tick(pid),
            What::Ping => self.ping(pid),
            What::Turn { lane } => self.turn(pid, lane),
            What::Db { op, reply } => self.db_reply(pid, op, reply),
            What::Net { conn, arrived_ms, note } => self.receive(pid, conn, arrived_ms, note),
            What::Closed { conn } => {
                self.closed(pid, conn);
                Ok(())
            }
            What::Ask { ask } => self.asked(pid, ask),
            What::Holders { ask, gate } => self.gate_holders(pid, ask, &gate),
            What::Leave { lane, answers, rests } => self.leave(pid, lane, answers, rests),
            What::Move { lane, request } => {
                self.send_move(pid, lane, request);
                Ok(())
            }
            What::Lost { owner, ids } => self.lost_owner(pid, owner, ids),
        }
    }

    fn after(&mut self, ms: i64, event: Event) {
        self.events += 1;
        let (at_ms, nr) = (self.now_ms + ms, self.events);
        self.queue.push(Due { at_ms, nr, event });
    }

    /// Something happens to a process a little later.
    fn soon(&mut self, pid: usize, most_ms: u64, what: What) {
        let ms = self.rng.below(most_ms + 1) as i64;
        self.after(ms, Event::At(pid, what));
    }

    fn off(&self, control: Control) -> bool {
        self.options.control == Some(control)
    }

    fn met(&mut self, met: Met) {
        self.report.met(met);
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        if self.options.trace {
            eprintln!("{:>9} ms  {}", self.now_ms, what());
        }
    }
}

/// The lane's number, from 1.
fn id(lane: usize) -> LaneId {
    lane as LaneId + 1
}

/// The machine's clock when a run starts.
const fn wall_ms(true_ms: i64) -> i64 {
    START_MS + true_ms
}
