//! A process: its clocks, what it knows of each database, and the part it has in each lane.

use super::db::{Beat, DbReply, Lease, Request};
use super::events::{Event, What};
use super::follower::{Follow, Item};
use super::links::{Answered, Link};
use super::owner::{Opening, Own};
use super::trouble::Move;
use super::witness::Heads;
use super::{Fleet, Met, id, wall_ms};
use crate::audit::{Auditor, Breach, Check, caught};
use crate::control::Control;
use fanfare_lane::{Forwards, Guard, Heard, Reading, Rival, SUCCESSOR_WAITS_MS, Tenure, Watch};
use std::collections::BTreeMap;

/// How often a process renews, and looks after the rest.
const TICK_MS: i64 = 300;

/// A renewal that takes longer is given up, and its answer with it.
const RENEW_PATIENCE_MS: i64 = 700;

/// The part a process has in a lane.
pub(super) enum Role {
    Follow(Box<Follow>),
    Open(Opening),
    Own(Box<Own>),
    /// The lease is held, of this number, and the lane is not to be opened as its journal is.
    Shut(u64),
}

/// What a process knows of one database.
#[derive(Default)]
pub(super) struct Known {
    /// Since when it is registered there, by its own clock.
    pub(super) registered_ms: Option<i64>,
    pub(super) op: Option<(u32, i64)>,
    pub(super) tenure: Option<Tenure>,
    pub(super) leases: Vec<Lease>,
    pub(super) beats: Vec<Beat>,
    watches: BTreeMap<(usize, usize), Watch>,
    /// Another process that has its node's row there.
    rival: Option<Rival>,
}

pub(super) struct Proc {
    pub(super) node: usize,
    pub(super) alive: bool,
    pub(super) paused_until_ms: i64,
    /// Until when its renewals, and only those, do not arrive.
    pub(super) unrenewed_until_ms: i64,
    /// How fast its own clock runs, in ten thousandths above or below.
    pace: i64,
    base_ms: i64,
    pub(super) wall_off_ms: i64,
    /// What other nodes' clocks showed.
    pub(super) heard: BTreeMap<usize, Heard>,
    /// What the clock of the process showed by whose stream it followed each lane last.
    pub(super) theirs: Vec<Option<Heard>>,
    /// What its own showed when it served each last, and the number of the lease.
    pub(super) went_by: Vec<Option<(u64, Heard)>>,
    guard: Guard,
    pub(super) audit: Auditor,
    pub(super) lanes: Vec<Role>,
    /// The newest durable row it knows of each lane.
    pub(super) heads: Heads,
    /// The numbers of those its node's file and the tables knew when it started.
    pub(super) found: Vec<u32>,
    pub(super) heads_kept_ms: i64,
    pub(super) dbs: Vec<Known>,
    pub(super) next_op: u32,
    /// How often it asked an owner for what comes of a lane.
    turns: u64,
    /// The lease of each lane it gave away last.
    pub(super) gave: Vec<Option<u64>>,
    /// Whether it leaves.
    pub(super) draining: bool,
    /// To owners, by their process.
    pub(super) links: BTreeMap<usize, Link>,
    /// Requests other processes passed on, and what became of them.
    pub(super) forwards: BTreeMap<usize, Forwards<Answered>>,
    /// Who asked, by the auditor's ticket.
    pub(super) origins: Vec<Origin>,
    /// Asks that no owner could be given yet, and since when they are here.
    pub(super) waiting: Vec<(u32, i64)>,
}

/// Where a ticket's answer goes.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    Here(u32),
    Passed { from: usize, id: u64 },
    Done,
}

impl Proc {
    /// Its own clock, which also runs while it is paused.
    pub(super) fn mono(&self, now_ms: i64) -> i64 {
        self.base_ms + now_ms + now_ms * self.pace / 10_000
    }

    /// The guarded clock.
    pub(super) fn clock(&mut self, now_ms: i64) -> Reading {
        let mono_ms = self.mono(now_ms);
        let wall = wall_ms(now_ms) + now_ms * self.pace / 10_000 + self.wall_off_ms;
        self.guard.read(wall, mono_ms)
    }

    /// Under which number a lane is asked for.
    pub(super) fn turn(&mut self, lane: usize) -> u64 {
        let next = self.turns + 1;
        let turn = self.follow(lane).map_or(next, |follow| *follow.turn.get_or_insert(next));
        self.turns = self.turns.max(turn);
        turn
    }

    pub(super) fn tenure(&self, db: usize) -> Tenure {
        self.dbs[db].tenure.unwrap_or(Tenure::NONE)
    }

    pub(super) fn own(&mut self, lane: usize) -> Option<&mut Own> {
        match &mut self.lanes[lane] {
            Role::Own(own) => Some(own),
            _ => None,
        }
    }

    pub(super) fn follow(&mut self, lane: usize) -> Option<&mut Follow> {
        match &mut self.lanes[lane] {
            Role::Follow(follow) => Some(follow),
            _ => None,
        }
    }
}

impl Fleet {
    /// A node starts a process.
    pub(super) fn start(&mut self, node: usize) {
        if self.nodes[node].is_some_and(|pid| self.procs[pid].alive) {
            return;
        }
        let pid = self.procs.len();
        let pace = self.rng.range(0, 200) as i64 - 100;
        if pace != 0 {
            self.met(Met::ClockDrifts);
        }
        let wall_off_ms = self.clock_at_start();
        let base_ms = self.rng.below(1_000_000) as i64;
        let wall = wall_ms(self.now_ms) + self.now_ms * pace / 10_000 + wall_off_ms;
        let mono = base_ms + self.now_ms + self.now_ms * pace / 10_000;
        let lanes = self.plan.lanes.len();
        let heads = self.testimony(node);
        self.procs.push(Proc {
            node,
            alive: true,
            paused_until_ms: 0,
            unrenewed_until_ms: 0,
            pace,
            base_ms,
            wall_off_ms,
            heard: BTreeMap::new(),
            theirs: vec![None; lanes],
            went_by: vec![None; lanes],
            guard: Guard::new(wall, mono),
            audit: Auditor::among(&self.plan.lanes, &self.logs),
            lanes: (0..lanes).map(|_| Role::Follow(Box::default())).collect(),
            found: heads.iter().map(|head| head.as_ref().map_or(0, |head| head.seq)).collect(),
            heads,
            heads_kept_ms: mono,
            dbs: self.dbs.iter().map(|_| Known::default()).collect(),
            next_op: 0,
            turns: 0,
            gave: vec![None; lanes],
            draining: false,
            links: BTreeMap::new(),
            forwards: BTreeMap::new(),
            origins: Vec::new(),
            waiting: Vec::new(),
        });
        self.nodes[node] = Some(pid);
        self.tell(|| format!("node {node} starts process {pid}"));
        self.soon(pid, 20, What::Tick);
        self.soon(pid, 200, What::Ping);
    }

    /// A process ends here and now.
    pub(super) fn end(&mut self, pid: usize) {
        self.tell(|| format!("process {pid} ends"));
        self.procs[pid].alive = false;
        for conn in 0..self.conns.len() {
            if self.conns[conn].from == pid || self.conns[conn].to == pid {
                self.break_conn(conn);
            }
        }
        for ask in 0..self.asks.len() as u32 {
            if self.asks[ask as usize].at == Some(pid) {
                self.unheard(ask);
            }
        }
    }

    /// A few times a second.
    pub(super) fn tick(&mut self, pid: usize) -> Check {
        self.after(TICK_MS, Event::At(pid, What::Tick));
        for db in 0..self.dbs.len() {
            self.renew(pid, db);
        }
        self.keep_heads(pid);
        for lane in 0..self.plan.lanes.len() {
            self.look_after(pid, lane)?;
            if self.procs[pid].own(lane).is_some() {
                self.turn(pid, lane)?;
            }
            if self.procs[pid].draining && self.procs[pid].own(lane).is_some() {
                let to = self.other_node(pid);
                self.hand_over(pid, lane, to)?;
            }
        }
        self.impatient(pid)?;
        let proc = &self.procs[pid];
        let done = proc.draining
            && proc.waiting.is_empty()
            && proc.lanes.iter().all(|role| matches!(role, Role::Follow(_) | Role::Shut(_)))
            && proc.dbs.iter().all(|db| db.leases.iter().all(|l| l.node != Some(proc.node)));
        if done && !self.asks.iter().any(|ask| ask.at == Some(pid)) {
            self.met(Met::Drained);
            self.end(pid);
        }
        Ok(())
    }

    fn renew(&mut self, pid: usize, db: usize) {
        let proc = &self.procs[pid];
        let now_ms = proc.mono(self.now_ms);
        if proc.dbs[db].op.is_some_and(|(_, sent_ms)| now_ms - sent_ms < RENEW_PATIENCE_MS) {
            return;
        }
        let registered = proc.dbs[db].registered_ms.is_some();
        let request = if registered { Request::Renew } else { Request::Register };
        let op = self.ask_db(pid, db, request);
        self.procs[pid].dbs[db].op = Some((op, now_ms));
    }

    /// A database answered.
    pub(super) fn db_reply(&mut self, pid: usize, op: u32, reply: DbReply) -> Check {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let of = |known: &Known| known.op.is_some_and(|(own, _)| own == op);
        let db = self.procs[pid].dbs.iter().position(of);
        match (reply, db) {
            (DbReply::Registered, Some(db)) => {
                let node = self.procs[pid].node;
                let mut others = self.procs[pid].dbs.iter().map(|known| known.registered_ms);
                let late = others.any(|at| at.is_some_and(|at_ms| now_ms - at_ms > 1_000));
                let known = &mut self.procs[pid].dbs[db];
                let first = known.registered_ms.is_none();
                (known.registered_ms, known.op, known.rival) = (Some(now_ms), None, None);
                if first && late && self.procs[..pid].iter().any(|before| before.node == node) {
                    self.met(Met::LateJoined);
                }
                Ok(())
            }
            (DbReply::Renewed { beats, leases }, Some(db)) => {
                let sent_ms = self.procs[pid].dbs[db].op.take().map_or(now_ms, |(_, sent)| sent);
                self.renewed(pid, (db, sent_ms), beats, leases)
            }
            (DbReply::Out(beat), Some(db)) => self.out(pid, (db, now_ms), beat),
            (DbReply::Placed(placed), _) => self.append_ended(pid, op, Some(placed)),
            (DbReply::Failed, _) => self.append_ended(pid, op, None),
            (DbReply::Rows(rows), _) => self.rows_came(pid, op, &rows),
            _ => Ok(()),
        }
    }

    /// This process has not its node's row at a database: it takes the row where that is nobody's,
    /// or a dead process's. There are no copies of data folders here, so it never ends for one.
    fn out(&mut self, pid: usize, (db, now_ms): (usize, i64), beat: Option<Beat>) -> Check {
        let known = &mut self.procs[pid].dbs[db];
        known.op = None;
        if let Some(tenure) = &mut known.tenure {
            tenure.out(now_ms);
        }
        let Some(beat) = beat else {
            known.rival = None;
            let op = self.ask_db(pid, db, Request::ComeBack);
            self.procs[pid].dbs[db].op = Some((op, now_ms));
            return Ok(());
        };
        let (process, count) = (beat.pid as u64, beat.count);
        let rival = known.rival.get_or_insert_with(|| Rival::new(process, count, now_ms));
        rival.look(process, count, now_ms);
        let (lives, gone) = (rival.lives(db, now_ms), rival.gone(now_ms));
        if lives || self.off(Control::RivalBelieved) {
            return caught(Breach::Stopped, format!("process {pid} ends beside process {process}"));
        }
        if gone {
            let op = self.ask_db(pid, db, Request::TakeBack(beat));
            self.procs[pid].dbs[db].op = Some((op, now_ms));
        }
        Ok(())
    }

    /// A renewal went well: lanes that are not ours are dropped first, then it counts.
    fn renewed(
        &mut self,
        pid: usize,
        (db, sent_ms): (usize, i64),
        beats: Vec<Beat>,
        leases: Vec<Lease>,
    ) -> Check {
        let node = self.procs[pid].node;
        self.procs[pid].dbs[db].leases.clone_from(&leases);
        self.procs[pid].dbs[db].beats.clone_from(&beats);
        let by_term = !self.off(Control::LeasesUncounted);
        let now_ms = self.procs[pid].mono(self.now_ms);
        // What another may have served meanwhile is opened anew: leases can go back in time with
        // their journal. Where none does, the numbers of leases alone would do.
        let replaceable = self.procs[pid].tenure(db).replaceable(now_ms)
            && by_term
            && !self.off(Control::ReplaceableKept);
        for (lane, lease) in leases.iter().enumerate() {
            if self.plan.db_of[lane] != db {
                continue;
            }
            let mine = lease.node == Some(node);
            let keeps = |term: u64| mine && (term == lease.term || !by_term);
            if let Some(own) = self.procs[pid].own(lane).filter(|_| mine && !by_term) {
                own.term = lease.term;
            }
            let drops = match &self.procs[pid].lanes[lane] {
                Role::Own(own) => replaceable || !keeps(own.term),
                Role::Open(opening) => replaceable || !keeps(opening.term),
                Role::Shut(term) => !keeps(*term),
                Role::Follow(_) => false,
            };
            if drops {
                if replaceable && mine {
                    self.met(Met::Replaceable);
                    // What followers still say to who it was is not said to who it will be.
                    self.procs[pid].gave[lane] = Some(lease.term);
                }
                self.drop_lane(pid, lane)?;
            }
        }
        let known = &mut self.procs[pid].dbs[db];
        known.tenure.get_or_insert(Tenure::NONE).proven(sent_ms);
        let now_ms = self.procs[pid].mono(self.now_ms);
        self.look(pid, db, &beats, now_ms);
        for (lane, lease) in leases.into_iter().enumerate() {
            if self.plan.db_of[lane] == db {
                self.by_lease(pid, (db, lane), lease);
            }
        }
        self.route_waiting(pid)?;
        for lane in 0..self.plan.lanes.len() {
            if self.plan.db_of[lane] == db {
                self.try_settle(pid, lane)?;
            }
        }
        Ok(())
    }

    fn look(&mut self, pid: usize, db: usize, beats: &[Beat], now_ms: i64) {
        let known = &mut self.procs[pid].dbs[db];
        known
            .watches
            .retain(|(node, pid), _| beats.iter().any(|b| (b.node, b.pid) == (*node, *pid)));
        for beat in beats {
            let watch = known.watches.entry((beat.node, beat.pid));
            watch.or_insert_with(|| Watch::new(beat.count, now_ms)).look(beat.count, now_ms);
        }
    }

    /// What a lease asks for: to open, to take over, to take what is nobody's.
    fn by_lease(&mut self, pid: usize, (db, lane): (usize, usize), lease: Lease) {
        let proc = &self.procs[pid];
        let now_ms = proc.mono(self.now_ms);
        let shut = matches!(proc.lanes[lane], Role::Shut(_));
        let follows = matches!(proc.lanes[lane], Role::Follow(_)) || (shut && proc.draining);
        // A lease can go back in time to a node that has left since.
        let known = &proc.dbs[db];
        let there = |node: &usize| known.beats.iter().any(|beat| beat.node == *node);
        let Some(holder) = lease.node.filter(|node| *node == proc.node || there(node)) else {
            if !proc.draining && self.rng.one_in(2) {
                self.soon(
                    pid,
                    2,
                    What::Move { lane, request: Move::TakeFree { term: lease.term } },
                );
            }
            return;
        };
        if holder == proc.node {
            let since_ms = proc.dbs[db].registered_ms.unwrap_or(now_ms);
            let waits = now_ms - since_ms < SUCCESSOR_WAITS_MS;
            if follows && (!waits || self.off(Control::SuccessorAtOnce)) {
                self.use_lease(pid, (db, lane), lease.term);
            }
            return;
        }
        let Some(beat) = known.beats.iter().find(|beat| beat.node == holder).copied() else {
            return;
        };
        let watch = known.watches.get(&(beat.node, beat.pid));
        let gone = watch.is_some_and(|watch| watch.gone(now_ms));
        if gone && !proc.draining {
            let request = Move::TakeOver { term: lease.term, gone: beat };
            self.soon(pid, 3, What::Move { lane, request });
            if core::mem::take(&mut self.trouble.pauses_mover) {
                self.pause(pid, 500, 6_000, Met::MoverPaused);
            }
        }
    }

    /// A lease is held, and the lane is not: it is opened, or given away.
    fn use_lease(&mut self, pid: usize, (db, lane): (usize, usize), term: u64) {
        if self.procs[pid].draining {
            let to = self.other_node(pid);
            self.ask_db(pid, db, Request::Give { lane, term, to });
            return;
        }
        // It was given away, and that may still arrive.
        let counts = !self.off(Control::GivenReopened);
        if counts && self.procs[pid].gave[lane] == Some(term) {
            self.ask_db(pid, db, Request::Recount { lane, term });
            return;
        }
        self.begin_opening(pid, lane, term);
    }

    /// A decision about a lease is sent: the process may have been paused since it was made.
    pub(super) fn send_move(&mut self, pid: usize, lane: usize, request: Move) {
        let db = self.plan.db_of[lane];
        let request = match request {
            Move::TakeFree { term } => Request::TakeFree { lane, term },
            Move::TakeOver { term, gone } => Request::TakeOver { lane, term, gone },
        };
        self.ask_db(pid, db, request);
    }

    /// A process that has lost a lane follows it like everybody else.
    pub(super) fn drop_lane(&mut self, pid: usize, lane: usize) -> Check {
        self.tell(|| format!("process {pid} drops lane {}", id(lane)));
        self.note_head(pid, lane);
        self.stream(pid, lane, &Item::Left);
        let follow = Role::Follow(Box::default());
        let role = core::mem::replace(&mut self.procs[pid].lanes[lane], follow);
        if let Role::Own(own) = role {
            self.met(Met::Dropped);
            self.abandon(pid, lane, *own)?;
        }
        Ok(())
    }
}
