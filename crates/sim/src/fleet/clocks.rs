//! Clocks that are wrong from a process's start on. What a lane's new owner knows of the clock of
//! the one before; and the true time, which no process knows and lane time is held against.

use super::{Fleet, Met, wall_ms};
use crate::audit::{Breach, Check, caught};
use crate::control::Control;
use fanfare_engine::{Book, Fact};
use fanfare_lane::{Heard, Row, Sealed, far_off};
use std::collections::BTreeMap;

/// How far lane time may go ahead of what was believed with reason: a second a take-over, a second
/// that a clock jumped, what clocks that are kept differ by, and their pace.
const EARLY_MS: i64 = 3_000;

/// A clock that is right within this stops no sale.
const RIGHT_MS: i64 = 6_500;

/// How far a lane may go ahead of the true time, because whoever said so could not know better: a
/// host, or a node that could ask nobody.
#[derive(Default)]
pub(super) struct Ahead {
    believed_ms: i64,
}

impl Ahead {
    /// This is believed from here on, whatever is true.
    pub(super) fn believe(&mut self, ahead_ms: i64) {
        self.believed_ms = self.believed_ms.max(ahead_ms);
    }

    /// A row is decided.
    pub(super) fn row(&self, true_ms: i64, row: &Row) -> Check {
        let ahead_ms = row.header.time_ms - true_ms;
        if ahead_ms <= self.believed_ms + EARLY_MS {
            return Ok(());
        }
        let sold = row
            .read_facts()
            .is_ok_and(|facts| facts.iter().any(|fact| matches!(fact, Fact::Claimed { .. })));
        let what = format!("row {} is {ahead_ms} ms ahead, sold {sold}", row.header.seq);
        caught(Breach::Early, what)
    }
}

/// What a process knows of the clock a lane went by until it opens it.
pub(super) struct Theirs {
    pub(super) shows_ms: Option<i64>,
    /// Whether it is the clock of the owner itself.
    owners: bool,
    /// Whether that was this process.
    again: bool,
}

/// Whether the owner before opened the lane in doubt.
fn left_in_doubt(rows: &[Sealed]) -> bool {
    let opened = |sealed: &Sealed| {
        let facts = sealed.row.read_facts().ok()?;
        facts.iter().rev().find_map(|fact| match fact {
            Fact::Opened { doubtful_time, .. } => Some(*doubtful_time),
            _ => None,
        })
    };
    rows.iter().rev().find_map(opened).unwrap_or(false)
}

impl Fleet {
    /// How far off a process's clock is when it starts.
    pub(super) fn clock_at_start(&mut self) -> i64 {
        let (least_ms, most_ms) = match self.rng.below(12) {
            0 => (60_000, 3_600_000),
            1 => (10_000, 60_000),
            2 | 3 => (1_500, 9_000),
            _ => return self.rng.range(0, 300) as i64 - 150,
        };
        self.met(if least_ms < 10_000 { Met::ClockAwry } else { Met::ClockWrong });
        let off_ms = self.rng.range(least_ms, most_ms) as i64;
        if self.rng.one_in(2) { off_ms } else { -off_ms }
    }

    /// The time a process's lanes go by: of those that differ, the earliest.
    pub(super) fn shows_ms(&mut self, pid: usize) -> i64 {
        let clock = self.procs[pid].clock(self.now_ms);
        let lanes = 0..self.plan.lanes.len();
        let leads = lanes.filter_map(|lane| {
            let own = self.procs[pid].own(lane)?;
            Some(own.machine.lead_ms(clock.mono_ms))
        });
        clock.now_ms - leads.max().unwrap_or(0)
    }

    /// What the clock of the process at the other end of a connection shows.
    pub(super) fn heard_clock(&mut self, pid: usize, conn: usize, heard: Option<Heard>) {
        let Some(heard) = heard else { return };
        let node = self.procs[self.conns[conn].to].node;
        let proc = &mut self.procs[pid];
        proc.heard.insert(node, heard);
        for lane in 0..proc.lanes.len() {
            if proc.follow(lane).is_some_and(|follow| follow.on == Some(conn)) {
                proc.theirs[lane] = Some(heard);
            }
        }
    }

    /// What the last owner's clock would show now; the hindmost of others that are believed where
    /// that was never heard.
    pub(super) fn theirs(&mut self, pid: usize, lane: usize, term: u64) -> Theirs {
        let forgets = self.off(Control::OwnClockForgotten);
        let proc = &mut self.procs[pid];
        let now_ms = proc.mono(self.now_ms);
        // It was this process itself if nobody had the lease between.
        let own = proc.went_by[lane].take().filter(|(had, _)| term <= had + 1);
        let again = own.is_some();
        let own = own.map(|(_, heard)| heard).filter(|_| !forgets);
        let owner = own.or(proc.theirs[lane].take());
        let owners = owner.is_some();
        let shows_ms = owner.map(|heard| heard.shows_ms(now_ms)).or_else(|| self.hindmost(pid));
        let shows_ms = shows_ms.filter(|_| !self.off(Control::AnyClockBelieved));
        Theirs { shows_ms, owners, again }
    }

    fn hindmost(&mut self, pid: usize) -> Option<i64> {
        let proc = &mut self.procs[pid];
        let (now_ms, clock_ms) = (proc.mono(self.now_ms), proc.clock(self.now_ms).now_ms);
        let heard = proc.heard.iter().map(|(node, heard)| (*node as u64, heard.shows_ms(now_ms)));
        let heard: BTreeMap<u64, i64> = heard.collect();
        let mut all = heard.clone();
        all.insert(proc.node as u64, clock_ms);
        let far = far_off(&all);
        let believed = heard.iter().filter(|(node, _)| !far.contains(node)).map(|(_, ms)| *ms);
        believed.min().or_else(|| heard.values().copied().min())
    }

    /// A process opened a lane by its clock: what may be believed with reason, and whether a sale
    /// was stopped without.
    pub(super) fn opened_by(
        &mut self,
        pid: usize,
        lane: usize,
        theirs: &Theirs,
        (clock_ms, rows): (i64, &[Sealed]),
        opened: &Book,
    ) -> Check {
        let true_ms = wall_ms(self.now_ms);
        let off_ms = clock_ms - true_ms;
        if rows.is_empty() || !theirs.owners {
            self.lanes_ahead[lane].believe(off_ms);
        }
        let tip_ms = rows.last().map_or(clock_ms, |sealed| sealed.row.header.time_ms);
        // Somebody between may have left it in doubt, in rows that nobody was told of yet.
        let doubted = self.history[lane].model.doubtful || opened.lost() || left_in_doubt(rows);
        let near = |other_ms: i64| (other_ms - true_ms).abs() <= EARLY_MS;
        match (tip_ms - clock_ms, opened.doubtful_time()) {
            (_, true) => self.met(Met::TakenDoubted),
            (1_001.., _) => self.met(Met::TakenBehind),
            _ if theirs.shows_ms.is_some_and(|shows_ms| clock_ms - shows_ms > 1_000) => {
                self.met(Met::TakenAhead);
            }
            _ => {}
        }
        let reason = doubted || off_ms.abs() > RIGHT_MS || tip_ms > true_ms + EARLY_MS;
        if opened.doubtful_time() && !reason && (theirs.again || theirs.shows_ms.is_none_or(near)) {
            let what = format!("process {pid}: {off_ms} ms off, the newest row {tip_ms}");
            return caught(Breach::SaleStopped, what);
        }
        Ok(())
    }
}
