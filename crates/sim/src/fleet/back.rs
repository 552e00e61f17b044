//! A database goes back in time, its leases perhaps with it; and the operator, who puts back what
//! is lost, or accepts the loss.
//!
//! It goes back so far that every node knows of a row that is gone: what no file knows, no node
//! can miss. For longer than a proof of a lease lasts it answers nobody meanwhile, and whatever
//! was sent to it before is lost.

use super::events::Event;
use super::follower::Item;
use super::process::Role;
use super::witness::{newer, seq_of};
use super::{Fleet, Met, id, wall_ms};
use crate::audit::{Check, GoneOn, short};
use crate::hosts;
use crate::restore::{Restoring, go_on, witnessed};
use crate::world::replay;
use fanfare_engine::Served;
use fanfare_lane::{Face, Reading};

impl Fleet {
    /// A lane is closed, and the lease kept: an operator has to look.
    pub(super) fn shut(&mut self, pid: usize, lane: usize, term: u64) -> Check {
        self.tell(|| format!("process {pid} keeps lane {} shut", id(lane)));
        self.note_head(pid, lane);
        self.stream(pid, lane, &Item::Left);
        let role = core::mem::replace(&mut self.procs[pid].lanes[lane], Role::Shut(term));
        if let Role::Own(own) = role { self.abandon(pid, lane, *own) } else { Ok(()) }
    }

    fn lanes_of(&self, db: usize) -> Vec<usize> {
        (0..self.plan.lanes.len()).filter(|lane| self.plan.db_of[*lane] == db).collect()
    }

    /// A database is put back to an older state.
    pub(super) fn go_back(&mut self, db: usize) -> Check {
        let mut struck = false;
        for lane in self.lanes_of(db) {
            let files = self.files.iter().map(|heads| seq_of(heads[lane].as_ref()));
            let known = files.chain([seq_of(self.tables[lane].as_ref())]).min().unwrap_or(0);
            let left = known.saturating_sub(self.rng.range(1, 4) as u32);
            let acked = self.history[lane].acked;
            if left == 0 || left >= acked || !self.dbs[db].attic[lane].is_empty() {
                continue;
            }
            // What no append was told of is gone for good.
            self.history[lane].cut(acked)?;
            let rows = &mut self.dbs[db].rows[lane];
            rows.truncate(acked as usize);
            self.dbs[db].attic[lane] = rows.split_off(left as usize);
            self.history[lane].went_back(left);
            self.met(Met::WentBackNodes);
            self.tell(|| format!("lane {}: {left} of {acked} rows stand", id(lane)));
            self.leases_back(db, lane);
            struck = true;
        }
        if struck {
            self.nodes_back(db);
            self.dbs[db].epoch += 1;
            let until_ms = self.now_ms + self.rng.range(1_200, 4_000) as i64;
            self.dbs[db].silent.push((None, until_ms));
            let ms = self.rng.range(2_500, 9_000) as i64;
            self.after(ms, Event::Operator(db));
        }
        Ok(())
    }

    /// A lease is as it was once.
    fn leases_back(&mut self, db: usize, lane: usize) {
        let past = self.dbs[db].past[lane].len();
        if past > 0 && self.rng.one_in(2) {
            let at = past - 1 - self.rng.index(past.min(3));
            let at_db = &mut self.dbs[db];
            at_db.leases[lane] = at_db.past[lane][at];
            at_db.past[lane].truncate(at);
            self.met(Met::LeasesBack);
        }
    }

    /// Nodes' rows are as they were once: of an earlier process, or of none.
    fn nodes_back(&mut self, db: usize) {
        for node in 0..self.nodes.len() {
            if self.rng.one_in(3) {
                match self.dbs[db].row_back(node) {
                    Some(true) => self.met(Met::NodesBack),
                    Some(false) => self.met(Met::NodesGone),
                    None => {}
                }
            }
        }
    }

    /// An operator looks after what a database lost. A running owner may append it again itself.
    pub(super) fn operate(&mut self, db: usize) -> Check {
        if self.now_ms >= self.plan.lasts_ms {
            return Ok(());
        }
        let mut waits = false;
        for lane in self.lanes_of(db) {
            let gone = !self.dbs[db].attic[lane].is_empty();
            let shut = self.procs.iter().any(|p| p.alive && matches!(p.lanes[lane], Role::Shut(_)));
            match (shut, gone) {
                (true, true) if self.rng.one_in(2) => self.accept_loss(db, lane)?,
                (true, _) => self.put_back(lane),
                (false, true) if self.rng.one_in(6) => self.put_back(lane),
                (false, gone) => waits |= gone,
            }
        }
        if waits {
            let ms = self.rng.range(800, 3_000) as i64;
            self.after(ms, Event::Operator(db));
        }
        Ok(())
    }

    /// The newest backup has what is gone. Nodes that keep the lane shut are started anew.
    pub(super) fn put_back(&mut self, lane: usize) {
        let at = &mut self.dbs[self.plan.db_of[lane]];
        let gone = core::mem::take(&mut at.attic[lane]);
        if !gone.is_empty() {
            at.rows[lane].extend(gone);
            self.history[lane].stands = self.history[lane].len();
            self.met(Met::NodePutBack);
            self.tell(|| format!("lane {}: what is lost is put back", id(lane)));
        }
        for pid in 0..self.procs.len() {
            if self.procs[pid].alive && matches!(self.procs[pid].lanes[lane], Role::Shut(_)) {
                self.start_anew(pid);
            }
        }
    }

    /// A process is stopped, in order if it hears it, and its node started again.
    fn start_anew(&mut self, pid: usize) {
        let node = self.procs[pid].node;
        if self.procs[pid].paused_until_ms <= self.now_ms {
            self.files[node].clone_from(&self.procs[pid].heads);
        }
        self.end(pid);
        let ms = self.rng.range(50, 1_500) as i64;
        self.after(ms, Event::Start(node));
    }

    /// All nodes are stopped, and one goes on by what any of them has seen.
    fn accept_loss(&mut self, db: usize, lane: usize) -> Check {
        for pid in 0..self.procs.len() {
            if self.procs[pid].alive {
                self.start_anew(pid);
            }
        }
        let mut head = self.tables[lane].clone();
        self.files.iter().for_each(|heads| newer(&mut head, heads[lane].as_ref()));
        let Some(head) = head else { return Ok(()) };
        self.dbs[db].epoch += 1;
        let (act, owner) = (hosts::act(&mut self.rng), self.rng.next());
        let now_ms = wall_ms(self.now_ms);
        let clock = Reading { now_ms, mono_ms: self.now_ms, stepped: false };
        let restoring = Restoring {
            act,
            owner,
            config: self.plan.config,
            clock: &clock,
            signer: &self.signer,
            control: self.options.control,
        };
        let left = self.dbs[db].rows[lane].clone();
        let witnessed = witnessed(&head);
        let rows = go_on(&restoring, lane, &left, &witnessed)?;
        let gone = core::mem::take(&mut self.dbs[db].attic[lane]);
        let truth = left.iter().chain(&gone).take(head.seq as usize);
        let truth: Vec<u64> = truth.map(|sealed| short(&sealed.row.hash)).collect();
        let (witnessed, left, truth) = (&witnessed, &left[..], &truth[..]);
        let gone_on = GoneOn { witnessed, owner, act, left, truth, rows: &rows };
        self.history[lane].gone_on(&gone_on)?;
        self.met(Met::NodeLossAccepted);
        self.tell(|| format!("lane {} goes on behind row {}", id(lane), head.seq));
        self.dbs[db].rows[lane].extend(rows);
        let replayed = replay(lane, &self.dbs[db].rows[lane])?;
        let (seq, hash) = (replayed.seq(), replayed.hash());
        let state = replayed.into_state().map(Served::new);
        let face = state.map(|served| Face::of(served.seen(), seq, hash));
        // Each node's own file is told, by the same command at each.
        self.files.iter_mut().for_each(|heads| heads[lane].clone_from(&face));
        self.tables[lane] = face;
        Ok(())
    }
}
