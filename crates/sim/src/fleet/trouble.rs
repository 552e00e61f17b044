//! What goes wrong, and what operators do: processes die, are paused, join and leave; databases are
//! silent, full, lose power; connections break; clocks jump.

use super::db::{Beat, Spoil};
use super::events::Event;
use super::{Fleet, Met};
use crate::audit::Check;
use crate::rng::Rng;

/// A lease is to move.
#[derive(Clone, Copy)]
pub(super) enum Move {
    TakeFree { term: u64 },
    TakeOver { term: u64, gone: Beat },
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Kill,
    Pause,
    PauseLong,
    PowerCut,
    GoBack,
    SilentToOne,
    SilentToAll,
    Full,
    Break,
    Apart,
    Spoil(Spoil),
    Clock,
    Join,
    Drain,
    HandOver,
    HandOverCut,
    Unrenewed,
    PauseMover,
}

const KINDS: [Kind; 24] = [
    Kind::Kill,
    Kind::Kill,
    Kind::Pause,
    Kind::Pause,
    Kind::PauseLong,
    Kind::PowerCut,
    Kind::GoBack,
    Kind::GoBack,
    Kind::SilentToOne,
    Kind::SilentToAll,
    Kind::Full,
    Kind::Full,
    Kind::Break,
    Kind::Break,
    Kind::Apart,
    Kind::Spoil(Spoil::NotDone),
    Kind::Clock,
    Kind::Join,
    Kind::Drain,
    Kind::HandOver,
    Kind::HandOver,
    Kind::HandOverCut,
    Kind::Unrenewed,
    Kind::PauseMover,
];

pub(super) struct Trouble {
    /// When each is due, latest first.
    due: Vec<(i64, Kind)>,
    /// Whoever decides next to take a lease over is paused before it does.
    pub(super) pauses_mover: bool,
}

impl Trouble {
    pub(super) fn new(rng: &mut Rng, lasts_ms: i64) -> Self {
        let count = rng.range(5, 11);
        let spoils = [Spoil::NotDone, Spoil::Done, Spoil::Late, Spoil::Never];
        let mut due: Vec<(i64, Kind)> = (0..count)
            .map(|_| {
                let at_ms = rng.range(1_500, lasts_ms as u64 - 2_000) as i64;
                let kind = match rng.pick(&KINDS) {
                    Kind::Spoil(_) => Kind::Spoil(rng.pick(&spoils)),
                    kind => kind,
                };
                (at_ms, kind)
            })
            .collect();
        due.sort_by_key(|(at_ms, _)| core::cmp::Reverse(*at_ms));
        Self { due, pauses_mover: false }
    }
}

impl Fleet {
    pub(super) fn make_trouble(&mut self) -> Check {
        if self.now_ms >= self.plan.lasts_ms {
            return Ok(());
        }
        while let Some((at_ms, kind)) = self.trouble.due.last().copied()
            && at_ms <= self.now_ms
        {
            self.trouble.due.pop();
            self.tell(|| format!("== {kind:?}"));
            self.strike(kind)?;
        }
        self.after(37, Event::Trouble);
        Ok(())
    }

    /// Some live process; owners are likelier.
    fn someone(&mut self) -> Option<usize> {
        let lane = self.rng.index(self.plan.lanes.len());
        let alive: Vec<usize> =
            self.nodes.iter().flatten().copied().filter(|pid| self.procs[*pid].alive).collect();
        let owner = self.dbs[self.plan.db_of[lane]].leases[lane].node;
        let owner = owner.and_then(|node| self.nodes[node]).filter(|pid| self.procs[*pid].alive);
        if self.rng.one_in(2) && owner.is_some() {
            return owner;
        }
        (!alive.is_empty()).then(|| alive[self.rng.index(alive.len())])
    }

    fn strike(&mut self, kind: Kind) -> Check {
        let Some(pid) = self.someone() else { return Ok(()) };
        let db = self.rng.index(self.dbs.len());
        match kind {
            Kind::Kill => {
                self.met(Met::Killed);
                self.kill(pid);
            }
            Kind::Pause => self.pause(pid, 200, 3_000, Met::Paused),
            Kind::PauseLong => {
                let most_ms = if self.rng.one_in(4) { 40_000 } else { 9_000 };
                self.pause(pid, 3_000, most_ms, Met::PausedLong);
            }
            Kind::PowerCut => {
                self.cut_db(db)?;
            }
            Kind::GoBack => self.go_back(db)?,
            Kind::SilentToOne => self.silence(db, Some(pid), Met::SilentToOne),
            Kind::SilentToAll => self.silence(db, None, Met::SilentToAll),
            Kind::Full => {
                let ms = self.rng.range(300, 10_000) as i64;
                self.dbs[db].full_until_ms = self.now_ms + ms;
            }
            Kind::Break => self.break_some(),
            Kind::Apart => self.part(pid),
            Kind::Spoil(spoil) => {
                if spoil == Spoil::Late {
                    self.met(Met::LateSent);
                }
                self.dbs[db].spoil = Some(spoil);
            }
            Kind::Clock => {
                self.met(Met::ClockJumped);
                let off_ms = self.rng.range(2_000, 200_000) as i64;
                let off_ms = if self.rng.one_in(2) { off_ms } else { -off_ms };
                self.procs[pid].wall_off_ms += off_ms;
            }
            Kind::Join => {
                if self.nodes.len() < 5 {
                    self.met(Met::Joined);
                    self.nodes.push(None);
                    self.files.push(vec![None; self.plan.lanes.len()]);
                    self.start(self.nodes.len() - 1);
                }
            }
            Kind::Drain => self.drain(pid)?,
            Kind::Unrenewed => {
                self.met(Met::Unrenewed);
                let until_ms = self.now_ms + self.rng.range(1_000, 9_000) as i64;
                self.procs[pid].unrenewed_until_ms = until_ms;
            }
            Kind::PauseMover => {
                self.trouble.pauses_mover = true;
                self.pause(pid, 3_000, 9_000, Met::PausedLong);
            }
            Kind::HandOver | Kind::HandOverCut => {
                self.give_some_lane(pid, matches!(kind, Kind::HandOverCut))?;
            }
        }
        Ok(())
    }

    /// A lane is handed over, where this process owns it; perhaps while nodes are apart.
    fn give_some_lane(&mut self, pid: usize, cut: bool) -> Check {
        let lane = self.rng.index(self.plan.lanes.len());
        // Rather to one that sleeps: it may wake as the owner it was before.
        let paused = (0..self.procs.len()).rfind(|at| {
            let proc = &self.procs[*at];
            proc.alive && proc.paused_until_ms > self.now_ms && !proc.draining
        });
        let paused = paused.map(|at| self.procs[at].node).filter(|_| self.rng.one_in(2));
        let to = paused.or_else(|| self.other_node(pid));
        if to.is_some() && self.procs[pid].paused_until_ms <= self.now_ms {
            if cut {
                self.part(pid);
            }
            self.hand_over(pid, lane, to)?;
        }
        Ok(())
    }

    pub(super) fn other_node(&mut self, pid: usize) -> Option<usize> {
        let own = self.procs[pid].node;
        let live = |node: &usize| {
            *node != own
                && self.nodes[*node].is_some_and(|p| self.procs[p].alive && !self.procs[p].draining)
        };
        let others: Vec<usize> = (0..self.nodes.len()).filter(live).collect();
        (!others.is_empty()).then(|| others[self.rng.index(others.len())])
    }

    fn kill(&mut self, pid: usize) {
        let node = self.procs[pid].node;
        self.end(pid);
        let ms = self.rng.pick(&[50, 300, 1_000, 4_000, 8_000]);
        self.after(ms, Event::Start(node));
    }

    pub(super) fn pause(&mut self, pid: usize, least_ms: u64, most_ms: u64, met: Met) {
        if self.procs[pid].paused_until_ms > self.now_ms {
            return;
        }
        self.met(met);
        let until_ms = self.now_ms + self.rng.range(least_ms, most_ms) as i64;
        self.procs[pid].paused_until_ms = until_ms;
        self.tell(|| format!("process {pid} is paused until {until_ms}"));
    }

    fn silence(&mut self, db: usize, who: Option<usize>, met: Met) {
        self.met(met);
        let until_ms = self.now_ms + self.rng.range(300, 8_000) as i64;
        self.dbs[db].silent.push((who, until_ms));
    }

    fn break_some(&mut self) {
        let open: Vec<usize> = (0..self.conns.len())
            .filter(|conn| self.procs[self.conns[*conn].from].alive)
            .rev()
            .take(8)
            .collect();
        if !open.is_empty() {
            self.met(Met::Broken);
            let conn = open[self.rng.index(open.len())];
            self.break_conn(conn);
        }
    }

    fn part(&mut self, pid: usize) {
        let Some(other) = self.other_node(pid) else { return };
        self.met(Met::Apart);
        let (node, ms) = (self.procs[pid].node, self.rng.range(300, 9_000) as i64);
        self.cuts.push((node, other, self.now_ms + ms));
        for conn in 0..self.conns.len() {
            let ends =
                (self.procs[self.conns[conn].from].node, self.procs[self.conns[conn].to].node);
            if ends == (node, other) || ends == (other, node) {
                self.break_conn(conn);
            }
        }
    }

    fn drain(&mut self, pid: usize) -> Check {
        if self.other_node(pid).is_none() || self.procs[pid].paused_until_ms > self.now_ms {
            return Ok(());
        }
        self.procs[pid].draining = true;
        for lane in 0..self.plan.lanes.len() {
            let to = self.other_node(pid);
            self.hand_over(pid, lane, to)?;
        }
        Ok(())
    }
}
