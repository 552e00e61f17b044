//! A lane at its owner: opened under a lease, its turns, its appends, and what became of them.

use super::db::Request;
use super::events::What;
use super::process::{Origin, Role};
use super::settle::{Doubts, Leaving};
use super::{FESTIVAL, Fleet, Met, id, wall_ms};
use crate::audit::{Before, Breach, Check, caught};
use crate::control::Control;
use crate::world::{replay, take_over};
use fanfare_engine::{Command, Served};
use fanfare_lane::{Face, Grants, Hash, Lane, Placed, Reply, Resolution, Sealed, seal_commit};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// After so long an append's outcome is taken for unknown, and a reading is asked for again.
const DB_PATIENCE_MS: i64 = 900;

/// A process reads a lane's rows to open it.
pub(super) struct Opening {
    pub(super) term: u64,
    reading: (u32, i64),
}

/// How far a hand-over has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handing {
    /// Rows under way become durable.
    Quiet(Option<usize>),
    /// Followers' words end.
    Words(Option<usize>),
}

/// A lane at its owner.
pub(super) struct Own {
    pub(super) term: u64,
    pub(super) machine: Lane<u32>,
    pub(super) served: Served,
    pub(super) face: Option<Face>,
    /// The newest row that is published, and told of.
    pub(super) newest: (u32, Hash, i64),
    /// Whether a row of this opening is durable.
    pub(super) opened: bool,
    pub(super) grants: Grants<usize>,
    pub(super) followers: BTreeMap<usize, u64>,
    pub(super) leaving: VecDeque<Leaving>,
    pub(super) unsure: Vec<Doubts>,
    /// The newest row somebody is told `unsure` about.
    pub(super) doubted: u32,
    pub(super) handing: Option<Handing>,
    /// Tickets not answered yet.
    pub(super) open: BTreeSet<u32>,
    append: Option<(u32, Sealed, i64)>,
    /// The row given to the database last.
    sent: Option<Sealed>,
    /// Whether an append's outcome is not known, and the reading that will tell.
    resolving: bool,
    reading: Option<(u32, i64)>,
    /// Forgotten rows are being appended again.
    again: Option<(u32, i64)>,
    pub(super) turn_due: bool,
}

impl Fleet {
    pub(super) fn begin_opening(&mut self, pid: usize, lane: usize, term: u64) {
        let db = self.plan.db_of[lane];
        self.note_head(pid, lane);
        let op = self.ask_db(pid, db, Request::Read { lane, from: 1 });
        let now_ms = self.procs[pid].mono(self.now_ms);
        self.procs[pid].lanes[lane] = Role::Open(Opening { term, reading: (op, now_ms) });
    }

    /// Rows that were asked for: by a follower, to open, or to learn what stands.
    pub(super) fn rows_came(&mut self, pid: usize, op: u32, rows: &[Sealed]) -> Check {
        if self.fetched(pid, op, rows)? {
            return Ok(());
        }
        for lane in 0..self.plan.lanes.len() {
            match &self.procs[pid].lanes[lane] {
                Role::Open(opening) if opening.reading.0 == op => {
                    let term = opening.term;
                    return self.open(pid, (lane, term), rows);
                }
                Role::Own(own) if own.reading.is_some_and(|(own, _)| own == op) => {
                    return self.resolve(pid, lane, rows);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, pid: usize, (lane, term): (usize, u64), rows: &[Sealed]) -> Check {
        if self.went_back(pid, lane, rows) && !self.off(Control::WitnessIgnored) {
            let proc = &self.procs[pid];
            let new = proc.heads[lane].as_ref().is_some_and(|head| head.seq == proc.found[lane]);
            self.met(if new { Met::NodeShutNew } else { Met::NodeShut });
            return self.shut(pid, lane, term);
        }
        let owner = self.rng.next();
        let config = self.plan.config;
        let clock = self.procs[pid].clock(self.now_ms);
        let theirs = self.theirs(pid, lane, term);
        let opened = if rows.is_empty() {
            Lane::create((FESTIVAL, id(lane)), &self.plan.lanes[lane], owner, config, &clock)
        } else {
            take_over(replay(lane, rows)?, owner, config, &clock, theirs.shows_ms)
        };
        let (machine, served) = match opened {
            Ok(opened) => opened,
            Err(broken) => return caught(Breach::Stopped, format!("opening: {broken}")),
        };
        self.tell(|| format!("process {pid} opens lane {} after {} rows", id(lane), rows.len()));
        self.procs[pid].audit.opened(
            lane,
            owner,
            (&clock, Before::Other(theirs.shows_ms)),
            rows,
        )?;
        self.opened_by(pid, lane, &theirs, (clock.now_ms, rows), served.decided())?;
        self.procs[pid].lanes[lane] = Role::Own(Box::new(Own {
            term,
            machine,
            served,
            face: None,
            newest: (0, Hash::default(), 0),
            opened: false,
            grants: Grants::default(),
            followers: BTreeMap::new(),
            leaving: VecDeque::new(),
            unsure: Vec::new(),
            doubted: 0,
            handing: None,
            open: BTreeSet::new(),
            append: None,
            sent: None,
            resolving: false,
            reading: None,
            again: None,
            turn_due: false,
        }));
        self.append(pid, lane)
    }

    /// Into the lane's queue.
    pub(super) fn ask_lane(
        &mut self,
        pid: usize,
        lane: usize,
        (ask, origin, command): (u32, Origin, Command),
        age_ms: i64,
    ) -> Check {
        let proc = &mut self.procs[pid];
        let mono_ms = proc.mono(self.now_ms) - age_ms;
        let ticket = proc.audit.asked(lane, command.clone(), mono_ms);
        proc.origins.push(origin);
        self.asks[ask as usize].tickets.push((pid, ticket));
        let Role::Own(own) = &mut self.procs[pid].lanes[lane] else { return Ok(()) };
        own.open.insert(ticket);
        let asked = own.machine.ask(ticket, command, mono_ms);
        let due = core::mem::replace(&mut own.turn_due, true);
        if asked.is_err() {
            self.procs[pid].audit.turned_away(lane);
            return self.leave(pid, lane, vec![(ticket, Reply::Busy)], (0, Hash::default()));
        }
        if !due {
            self.soon(pid, 20, What::Turn { lane });
        }
        Ok(())
    }

    /// The lane decides what has arrived.
    pub(super) fn turn(&mut self, pid: usize, lane: usize) -> Check {
        let clock = self.procs[pid].clock(self.now_ms);
        let batch_max = self.plan.config.batch_max;
        let proc = &mut self.procs[pid];
        let Role::Own(own) = &mut proc.lanes[lane] else { return Ok(()) };
        own.turn_due = false;
        let doubtful = own.served.decided().doubtful_time();
        let decided = if own.handing.is_some() {
            own.machine.lose_patience(clock.mono_ms);
            false
        } else {
            own.machine.turn(&clock, &mut own.served)
        };
        let answers = own.machine.answers();
        if let Some(stopped) = own.machine.stopped() {
            return caught(Breach::Stopped, stopped.0.clone());
        }
        let head = own.machine.durable_head();
        if doubtful && !own.served.decided().doubtful_time() {
            // A host says that this clock is right.
            self.lanes_ahead[lane].believe(clock.now_ms - wall_ms(self.now_ms));
        }
        proc.audit.turned(lane, &clock, decided, batch_max)?;
        proc.audit.ready(lane, &answers, clock.mono_ms)?;
        self.without_row(pid, lane, answers, head)?;
        self.append(pid, lane)?;
        self.hand_on(pid, lane);
        Ok(())
    }

    /// Gives the database the row it should take next.
    fn append(&mut self, pid: usize, lane: usize) -> Check {
        let db = self.plan.db_of[lane];
        let now_ms = self.procs[pid].mono(self.now_ms);
        let proc = &mut self.procs[pid];
        let Role::Own(own) = &mut proc.lanes[lane] else { return Ok(()) };
        if own.append.is_some() || own.resolving || own.again.is_some() {
            return Ok(());
        }
        let Some(draft) = own.machine.to_append() else { return Ok(()) };
        let row = Arc::new(draft.finish());
        proc.audit.row(lane, &row)?;
        self.lanes_ahead[lane].row(wall_ms(self.now_ms), &row)?;
        let sealed = seal_commit(&[row], &self.signer).remove(0);
        let opens = (!own.opened).then_some(own.term);
        let request = Request::Append { lane, rows: vec![sealed.clone()], opens };
        let op = self.ask_db(pid, db, request);
        if let Some(own) = self.procs[pid].own(lane) {
            own.sent = Some(sealed.clone());
            own.append = Some((op, sealed, now_ms));
        }
        Ok(())
    }

    /// A database said what became of an append.
    pub(super) fn append_ended(&mut self, pid: usize, op: u32, placed: Option<Placed>) -> Check {
        let again = |own: &Own| own.again.is_some_and(|(own, _)| own == op);
        for role in &mut self.procs[pid].lanes {
            // Whatever came of it: the lane looks again.
            if let Role::Own(own) = role
                && again(own)
            {
                (own.again, own.resolving) = (None, true);
                return Ok(());
            }
        }
        let ours = |role: &Role| match role {
            Role::Own(own) => own.append.as_ref().is_some_and(|(own, _, _)| *own == op),
            _ => false,
        };
        let Some(lane) = self.procs[pid].lanes.iter().position(ours) else { return Ok(()) };
        let clock = self.procs[pid].clock(self.now_ms);
        let Some(own) = self.procs[pid].own(lane) else { return Ok(()) };
        let Some((_, sealed, sent_ms)) = own.append.take() else { return Ok(()) };
        if placed != Some(Placed::Durable) {
            own.resolving = true;
            // Else it is looked after at the next tick.
            return if self.rng.one_in(3) { self.look_after(pid, lane) } else { Ok(()) };
        }
        own.opened = true;
        let seq = sealed.row.header.seq;
        let durable = own.machine.durable(sealed);
        self.history[lane].learnt = self.history[lane].learnt.max(seq);
        self.report.rows += durable.len() as u64;
        self.procs[pid].audit.durable(lane, &durable, &clock)?;
        if self.off(Control::AppendProves) {
            let db = self.plan.db_of[lane];
            let tenure = &mut self.procs[pid].dbs[db].tenure;
            tenure.get_or_insert(fanfare_lane::Tenure::NONE).proven(sent_ms);
        }
        for durable in durable {
            self.stream_row(pid, lane, durable);
        }
        self.try_settle(pid, lane)?;
        self.append(pid, lane)?;
        self.turn(pid, lane)
    }

    /// Appends and readings that take too long.
    pub(super) fn look_after(&mut self, pid: usize, lane: usize) -> Check {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let db = self.plan.db_of[lane];
        let late = |sent_ms: i64| now_ms - sent_ms > DB_PATIENCE_MS;
        let read = match &mut self.procs[pid].lanes[lane] {
            Role::Follow(_) => return self.look_after_follow(pid, lane),
            Role::Open(opening) if late(opening.reading.1) => Some(1),
            Role::Open(_) | Role::Shut(_) => None,
            Role::Own(own) => {
                if own.again.is_some_and(|(_, sent_ms)| late(sent_ms)) {
                    (own.again, own.resolving) = (None, true);
                }
                if own.append.as_ref().is_some_and(|(_, _, sent_ms)| late(*sent_ms)) {
                    (own.append, own.resolving) = (None, true);
                }
                let due = own.resolving && own.reading.is_none_or(|(_, sent_ms)| late(sent_ms));
                due.then(|| own.machine.resolve_from())
            }
        };
        let Some(from) = read else { return Ok(()) };
        let op = self.ask_db(pid, db, Request::Read { lane, from });
        match &mut self.procs[pid].lanes[lane] {
            Role::Open(opening) => opening.reading = (op, now_ms),
            Role::Own(own) => own.reading = Some((op, now_ms)),
            Role::Follow(_) | Role::Shut(_) => {}
        }
        Ok(())
    }

    /// The control: a row that was read back counts as durable. Gives whether there was one.
    fn believe(
        &mut self,
        pid: usize,
        lane: usize,
        read: &[Sealed],
    ) -> Result<bool, crate::audit::Violation> {
        let clock = self.procs[pid].clock(self.now_ms);
        let Some(own) = self.procs[pid].own(lane) else { return Ok(false) };
        let (seq, hash) = own.machine.durable_head();
        let follows = |sealed: &&Sealed| {
            (sealed.row.header.seq, sealed.row.header.prev) == (seq + 1, hash)
                && own.sent.as_ref().is_some_and(|sent| sent.row.hash == sealed.row.hash)
        };
        let Some(sealed) = read.iter().find(follows).cloned() else { return Ok(false) };
        (own.resolving, own.reading, own.opened) = (false, None, true);
        let durable = own.machine.durable(sealed);
        self.procs[pid].audit.durable(lane, &durable, &clock)?;
        for durable in durable {
            self.stream_row(pid, lane, durable);
        }
        self.try_settle(pid, lane)?;
        Ok(true)
    }

    /// Shows a lane what stands.
    fn resolve(&mut self, pid: usize, lane: usize, read: &[Sealed]) -> Check {
        let mono_ms = self.procs[pid].mono(self.now_ms);
        let db = self.plan.db_of[lane];
        if self.off(Control::ReadBackBelieved) && self.believe(pid, lane, read)? {
            return Ok(());
        }
        let keeps = self.off(Control::ReplaceableKept);
        let proc = &mut self.procs[pid];
        let Role::Own(own) = &mut proc.lanes[lane] else { return Ok(()) };
        (own.resolving, own.reading) = (false, None);
        let resolution = own.machine.resolve(read, mono_ms, &mut own.served);
        let answers = own.machine.answers();
        let missing = !own.opened || self.history[lane].went_back;
        let term = own.term;
        let proof = proc.audit.resolved(lane, read, &resolution, mono_ms, missing)?;
        for (ticket, reply) in &answers {
            proc.audit.replied(*ticket, reply)?;
        }
        if proof {
            self.met(Met::Proof);
        }
        self.tell(|| format!("process {pid}, lane {}: {resolution:?}", id(lane)));
        match resolution {
            Resolution::Append => self.append(pid, lane),
            Resolution::Lost => {
                self.met(Met::Lost);
                self.leave(pid, lane, answers, (0, Hash::default()))?;
                self.drop_lane(pid, lane)?;
                let proc = &self.procs[pid];
                let lease = proc.dbs[db].leases.get(lane);
                let mine = lease.is_some_and(|l| (l.node, l.term) == (Some(proc.node), term));
                if mine {
                    self.begin_opening(pid, lane, term);
                }
                Ok(())
            }
            // Another may have gone on behind them, and be forgotten too.
            Resolution::Again(_) if !keeps && self.procs[pid].tenure(db).replaceable(mono_ms) => {
                self.leave(pid, lane, answers, (0, Hash::default()))?;
                self.procs[pid].gave[lane] = Some(term);
                self.drop_lane(pid, lane)
            }
            Resolution::Again(rows) => {
                self.met(Met::NodeAgain);
                let op = self.ask_db(pid, db, Request::Append { lane, rows, opens: None });
                if let Some(own) = self.procs[pid].own(lane) {
                    own.again = Some((op, mono_ms));
                }
                Ok(())
            }
            Resolution::Stopped => {
                self.met(Met::NodeStopped);
                self.leave(pid, lane, answers, (0, Hash::default()))?;
                self.shut(pid, lane, term)
            }
        }
    }
}
