//! Calm at the end: everything is well again, everybody hears the truth, what is free goes to who
//! asks, and every node has the one history.

use super::fans::Wants;
use super::process::Role;
use super::{Event, Fleet, id};
use crate::audit::{Breach, Check, caught};
use crate::hosts;
use fanfare_engine::{Command, Fan, Line, Phase, Quantity};

/// Longest the calm may take.
const CALM_MS: i64 = 120_000;

impl Fleet {
    pub(super) fn finish(&mut self) -> Check {
        self.tell(|| "== calm".to_string());
        self.cuts.clear();
        for db in &mut self.dbs {
            (db.full_until_ms, db.spoil) = (0, None);
            db.silent.clear();
        }
        for pid in 0..self.procs.len() {
            self.procs[pid].unrenewed_until_ms = 0;
        }
        for node in 0..self.nodes.len() {
            self.after(10, Event::Start(node));
        }
        self.calm()?;
        for lane in 0..self.plan.lanes.len() {
            let command = Command::Resume(hosts::act(&mut self.rng));
            self.new_ask(lane, Wants::Command(command), None, 0);
        }
        self.calm()?;
        for lane in 0..self.plan.lanes.len() {
            self.nothing_left_over(lane)?;
        }
        self.same_everywhere()?;
        self.retold()
    }

    /// Until nobody waits and every lane is served and followed.
    fn calm(&mut self) -> Check {
        let until_ms = self.now_ms + CALM_MS;
        loop {
            // A lane may be shut by what was read a moment ago.
            for lane in 0..self.plan.lanes.len() {
                self.put_back(lane);
            }
            let next_ms = self.now_ms + 200;
            self.play(|fleet| fleet.now_ms >= next_ms)?;
            if self.is_calm() {
                return Ok(());
            }
            if self.now_ms > until_ms {
                self.tell(|| self.unsettled());
                let open = self.asks.iter().filter(|ask| !ask.heard).count();
                return caught(Breach::Unanswered, format!("no calm at the end, {open} wait"));
            }
        }
    }

    /// Who has not come to rest, in words.
    fn unsettled(&self) -> String {
        use core::fmt::Write as _;
        let mut words = String::new();
        for (pid, proc) in self.procs.iter().enumerate().filter(|(_, proc)| proc.alive) {
            let _ = write!(words, "process {pid} (node {}): draining {}", proc.node, proc.draining);
            for (lane, role) in proc.lanes.iter().enumerate() {
                let len = self.history[lane].len();
                let _ = match role {
                    Role::Own(own) => write!(
                        words,
                        "; lane {} own {} of {len}, idle {}, leaving {}, handing {:?}",
                        id(lane),
                        own.newest.0,
                        own.machine.idle(),
                        own.leaving.len(),
                        own.handing
                    ),
                    Role::Open(_) => write!(words, "; lane {} opens", id(lane)),
                    Role::Shut(_) => write!(words, "; lane {} is shut", id(lane)),
                    Role::Follow(follow) => {
                        let (seq, how) = (follow.replay.seq(), follow.how());
                        write!(words, "; lane {} {seq} of {len} {how}", id(lane))
                    }
                };
            }
            words.push('\n');
        }
        for db in &self.dbs {
            let _ = write!(words, "{:?} ", db.leases);
        }
        words
    }

    fn is_calm(&self) -> bool {
        let heard = self.asks.iter().all(|ask| ask.heard);
        let retries = self.queue.iter().any(|due| matches!(due.event, Event::Again(_)));
        let lanes = 0..self.plan.lanes.len();
        heard && !retries && lanes.into_iter().all(|lane| self.settled_everywhere(lane))
    }

    fn settled_everywhere(&self, lane: usize) -> bool {
        let len = self.history[lane].len();
        let alive =
            || self.procs.iter().filter(|proc| proc.alive && proc.paused_until_ms <= self.now_ms);
        let owners = alive().filter(|proc| match &proc.lanes[lane] {
            Role::Own(own) => own.newest.0 == len && own.machine.idle(),
            _ => false,
        });
        let followers = alive().filter(|proc| match &proc.lanes[lane] {
            Role::Follow(follow) => follow.replay.seq() == len,
            _ => false,
        });
        let all = self.procs.iter().filter(|proc| proc.alive).count();
        owners.count() == 1 && followers.count() == all - 1
    }

    /// While the drop is open, fans who have nothing get what is free, one unit of each line.
    fn nothing_left_over(&mut self, lane: usize) -> Check {
        let lines = self.history[lane].model.lines.len();
        for at in 0..lines {
            let model = &self.history[lane].model;
            let (open, free) = (model.is_open(super::wall_ms(self.now_ms)), model.lines[at].free);
            let Some(fan) = Fan::new(500 + at as u64).filter(|_| open && free > 0) else {
                continue;
            };
            let line = Line(at as u16);
            let command = Command::Claim { fan, line, quantity: Quantity::MIN, key: None };
            let before = self.open_everywhere(lane);
            self.new_ask(lane, Wants::Command(command), None, 0);
            self.calm()?;
            let still = before && self.open_everywhere(lane);
            if still && self.history[lane].model.claims_of(fan).next().is_none() {
                let what = format!("lane {}: {free} free of {line:?}, asked in vain", id(lane));
                return caught(Breach::LeftOver, what);
            }
        }
        Ok(())
    }

    /// Whether the drop is open by every node's clock. One whose clock is wrong may say that it is
    /// too early, or over.
    fn open_everywhere(&mut self, lane: usize) -> bool {
        let alive = (0..self.procs.len()).filter(|pid| self.procs[*pid].alive);
        alive.collect::<Vec<_>>().into_iter().all(|pid| {
            let clock_ms = self.procs[pid].clock(self.now_ms).now_ms;
            let near_ms = [self.shows_ms(pid) - 1_000, clock_ms];
            self.seen(pid, lane)
                .is_some_and(|seen| near_ms.iter().all(|at_ms| seen.phase(*at_ms) == Phase::Open))
        })
    }

    /// Every node has published the whole history, and it adds up to one state.
    fn same_everywhere(&self) -> Check {
        for lane in 0..self.plan.lanes.len() {
            let rows = &self.dbs[self.plan.db_of[lane]].rows[lane];
            let replayed = crate::world::replay(lane, rows)?;
            let digest = replayed.state().map(fanfare_engine::State::digest);
            for pid in (0..self.procs.len()).filter(|pid| self.procs[*pid].alive) {
                let own = self.seen(pid, lane).map(fanfare_engine::Seen::digest);
                if own != digest {
                    let what = format!("process {pid}, lane {}", id(lane));
                    return caught(Breach::OtherDigest, what);
                }
            }
        }
        Ok(())
    }
}
