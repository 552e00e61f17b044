//! The plan's faults, each when it fits.

use super::{Check, Fault, World, id};
use crate::fault::Met;
use crate::store::{AppendFault, ReadFault};
use fanfare_lane::Placed;

impl World {
    /// Arms what is due and lets one armed fault strike, if it can now.
    pub(super) fn trouble(&mut self) -> Check {
        while let Some((at, fault)) = self.plan.faults.last().copied()
            && u64::from(at) <= self.report.commands
        {
            self.plan.faults.pop();
            self.armed.push(fault);
        }
        if self.report.commands >= self.right_at {
            self.tell(|| "the clock is put right".to_string());
            (self.offset_ms, self.right_at) = (0, u64::MAX);
        }
        if self.armed.is_empty() {
            return Ok(());
        }
        let at = self.rng.index(self.armed.len());
        let fault = self.armed[at];
        if self.strike(fault)? {
            self.tell(|| format!("{fault:?}"));
            self.armed.swap_remove(at);
        }
        Ok(())
    }

    /// Whether the fault has struck, or is now the store's to carry out.
    fn strike(&mut self, fault: Fault) -> Result<bool, super::Violation> {
        let lane = self.rng.index(self.slots.len());
        match fault {
            Fault::Crash(_) => Ok(false),
            Fault::NotDone => Ok(self.spoil(AppendFault::NotDone)),
            Fault::Done => Ok(self.spoil(AppendFault::Done)),
            Fault::Late => Ok(self.spoil(AppendFault::Late)),
            Fault::Never => Ok(self.spoil(AppendFault::Never)),
            Fault::PowerCut => {
                if !self.store.unproven() {
                    self.spoil(AppendFault::Done);
                    return Ok(false);
                }
                self.cut_power();
                self.crash();
                Ok(true)
            }
            Fault::Scattered => Ok(self.scatter(false)),
            Fault::Torn => Ok(self.scatter(true)),
            Fault::TornDurable => Ok(self.tear_durable(lane)),
            Fault::WentBack => Ok(self.go_back(lane)),
            Fault::Foreign => {
                let damaged = !self.store.debris(id(lane)).is_empty();
                if self.store.rows(id(lane)).is_empty() || self.store.forgotten(id(lane)) || damaged
                {
                    return Ok(false);
                }
                self.foreign(lane)?;
                Ok(true)
            }
            Fault::Forget => {
                let count = self.rng.range(1, 4) as usize;
                Ok(self.knows_all(lane) && self.store.forget(id(lane), count))
            }
            Fault::TwoHistories => {
                let count = self.rng.range(1, 3) as usize;
                if !self.knows_all(lane) || !self.store.forget(id(lane), count) {
                    return Ok(false);
                }
                self.foreign(lane)?;
                Ok(true)
            }
            // A read comes only where an outcome is not known.
            Fault::ReadMissed => Ok(self.spoil_read(ReadFault::Misses)),
            Fault::ReadFailed => Ok(self.spoil_read(ReadFault::Fails)),
            Fault::StallShort => Ok(self.stall(2_000, 4_000, Met::StallShort)),
            Fault::StallLong => Ok(self.stall(5_000, 12_000, Met::StallLong)),
            Fault::ClockAhead | Fault::ClockBack | Fault::GapLong | Fault::GapBack => {
                Ok(self.disturb_clock(fault))
            }
        }
    }

    /// Power is cut over rows not proven yet; until there are enough, appends are done and not
    /// told.
    fn scatter(&mut self, torn: bool) -> bool {
        let struck = self.store.scatter(&mut self.rng, torn);
        if struck {
            self.go_dark();
            self.crash();
        } else {
            self.spoil(AppendFault::Done);
        }
        struck
    }

    /// Power is cut, and the disk had not kept what it said it had.
    fn tear_durable(&mut self, lane: usize) -> bool {
        let count = self.rng.range(1, 4) as usize;
        let struck = self.knows_all(lane) && self.store.lie(id(lane), count, &mut self.rng);
        if struck {
            self.go_dark();
            self.crash();
        }
        struck
    }

    /// The process ends, and an older state of the store is put in place of its own: so old that
    /// both files of the witness know.
    fn go_back(&mut self, lane: usize) -> bool {
        let seen = self.witness[lane].before.as_ref().map_or(0, |face| face.seq);
        let left = seen.saturating_sub(self.rng.range(1, 6) as u32) as usize;
        let rows = self.store.rows(id(lane)).len();
        let struck = left < rows
            && left > 0
            && self.knows_all(lane)
            && self.store.forget(id(lane), rows - left);
        if struck {
            self.crash();
        }
        struck
    }

    /// Whether the lane's newest durable row is the newest that stands. Only then may the store
    /// forget: what another owner wrote and lost again nobody could miss.
    pub(super) fn knows_all(&self, lane: usize) -> bool {
        let newest = self.store.rows(id(lane)).last().map(|s| (s.row.header.seq, s.row.hash));
        let known = self.slots[lane].lane.as_ref().map(fanfare_lane::Lane::durable_head);
        newest.is_some() && newest == known
    }

    /// The next append goes wrong, unless one already does.
    fn spoil(&mut self, how: AppendFault) -> bool {
        let free = self.store.next_append.is_none();
        if free {
            self.store.next_append = Some(how);
        }
        free
    }

    /// The next read goes wrong, and an append before it, so that there is one.
    fn spoil_read(&mut self, how: ReadFault) -> bool {
        let append = self.rng.pick(&[AppendFault::Done, AppendFault::NotDone]);
        let spoilt = self.spoil(append);
        if spoilt {
            self.store.next_read = Some(how);
        }
        spoilt
    }

    /// Nothing moves for a while, with a row on its way.
    fn stall(&mut self, least_ms: u64, most_ms: u64, met: Met) -> bool {
        if self.commit.is_none() {
            return false;
        }
        let ms = self.rng.range(least_ms, most_ms);
        self.pass(ms as i64);
        self.report.met(met);
        true
    }

    fn disturb_clock(&mut self, fault: Fault) -> bool {
        if self.offset_ms != 0 {
            return false;
        }
        let far = self.rng.one_in(6);
        let off_ms = self.rng.range(3_000, if far { 3_600_000 } else { 40_000 }) as i64;
        let (met, offset_ms) = match fault {
            Fault::ClockAhead => (Met::ClockAhead, off_ms),
            Fault::ClockBack => (Met::ClockBack, -off_ms),
            Fault::GapBack => (Met::GapBack, -off_ms - 10_000),
            _ => (Met::GapLong, 0),
        };
        self.report.met(met);
        self.offset_ms = offset_ms;
        if offset_ms != 0 {
            self.right_at = self.report.commands + self.rng.range(20, 300);
        }
        if matches!(fault, Fault::GapLong) {
            let ms = self.rng.range(86_400_000, 3 * 86_400_000);
            self.pass(ms as i64);
        }
        if matches!(fault, Fault::GapLong | Fault::GapBack) {
            self.crash();
        }
        true
    }

    /// A late commit arrives.
    pub(super) fn land(&mut self) {
        for placed in self.store.land(&mut self.rng) {
            self.report.met(match placed {
                Placed::Durable => Met::LateLanded,
                Placed::Fenced => Met::LateFenced,
            });
            self.tell(|| format!("a late append arrives: {placed:?}"));
        }
    }
}
