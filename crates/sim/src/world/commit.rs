//! Turns, and the one commit under way: sealed, appended, learnt lane by lane; and what a lane
//! does when it cannot know.

use super::{Arc, Auditor, Breach, Check, Out, Placed, Sealed, Step, World, caught, id};
use crate::control::Control;
use crate::fault::Met;
use crate::store::AppendFault;
use fanfare_lane::{Resolution, Store as _, seal_commit};

/// One decision in about so many is looked at for what can be seen of it: a look costs a pass over
/// all claims.
const LOOKS_EVERY: u32 = 16;

/// Rows of several lanes on their way into the store.
pub(super) struct Commit {
    /// By lane; with the outcome once there is one, none if it is not known.
    rows: Vec<(usize, Sealed, Option<Placed>)>,
    appended: bool,
}

impl World {
    /// A lane decides what has arrived; a lane that is not there opens.
    pub(super) fn turn(&mut self, lane: usize) -> Check {
        let stopped = self.slots[lane].lane.as_ref().is_some_and(|one| one.stopped().is_some());
        self.testify(lane, stopped);
        let slot = &mut self.slots[lane];
        if stopped {
            slot.lane = None;
            return Ok(());
        }
        // One thread publishes, answers and then decides.
        if !slot.publishing.is_empty() {
            return Ok(());
        }
        let clock = self.clock();
        let slot = &mut self.slots[lane];
        let Some(machine) = &mut slot.lane else {
            return self.open(lane);
        };
        if self.rng.one_in(4) {
            let tally = core::mem::take(&mut slot.tally);
            machine.count_refusals(&tally);
            self.audit.counted(lane, &tally);
        }
        slot.turn_due = false;
        let (Some(machine), Some(served)) = slot.served() else { return Ok(()) };
        let decided = machine.turn(&clock, served);
        if self.steps.is_multiple_of(2) {
            machine.work_ahead();
        }
        let answers = machine.answers();
        if let Some(stopped) = machine.stopped() {
            return caught(Breach::Stopped, stopped.0.clone());
        }
        self.audit.turned(lane, &clock, decided, self.plan.config.batch_max)?;
        self.audit.ready(lane, &answers, clock.mono_ms)?;
        if decided
            && self.steps.is_multiple_of(LOOKS_EVERY)
            && let Some(seen) = self.slots[lane].seen()
        {
            self.audit.seen(lane, seen)?;
        }
        let out = |(ticket, reply)| Out { lane, ticket, reply };
        self.outbox.extend(answers.into_iter().map(out));
        self.after(Step::Turn)
    }

    /// Whatever is next between lanes and store.
    pub(super) fn commit_step(&mut self) -> Check {
        let lane = self.rng.index(self.slots.len());
        let slot = &self.slots[lane];
        if slot.resolving {
            return self.resolve(lane);
        }
        if !slot.again.is_empty() {
            return self.append_again(lane);
        }
        match &self.commit {
            None => self.seal(),
            Some(commit) if !commit.appended => self.append(),
            Some(_) => self.learn(),
        }
    }

    fn seal(&mut self) -> Check {
        let mut taken = Vec::new();
        let mut rows = Vec::new();
        for (lane, slot) in self.slots.iter_mut().enumerate() {
            if slot.resolving || !slot.again.is_empty() {
                continue;
            }
            if let Some(draft) = slot.lane.as_mut().and_then(fanfare_lane::Lane::to_append) {
                let row = Arc::new(draft.finish());
                self.audit.row(lane, &row)?;
                taken.push(lane);
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.report.shared_commits += u64::from(rows.len() > 1);
        let sealed = seal_commit(&rows, self.signer.as_ref());
        if self.options.control == Some(Control::PublishFirst) {
            for (lane, row) in taken.iter().zip(&rows) {
                self.audit.published((*lane, id(*lane)), row, &self.store)?;
            }
        }
        let rows = taken.into_iter().zip(sealed).map(|(lane, sealed)| (lane, sealed, None));
        self.commit = Some(Commit { rows: rows.collect(), appended: false });
        self.after(Step::Seal)
    }

    fn append(&mut self) -> Check {
        let Some(commit) = &mut self.commit else { return Ok(()) };
        if self.options.control == Some(Control::AnswersFirst) {
            let rows = commit.rows.iter().map(|(lane, sealed, _)| (*lane, sealed.clone()));
            let rows: Vec<(usize, Sealed)> = rows.collect();
            return self.answer_first(rows);
        }
        commit.appended = true;
        let met = self.store.next_append.map(|fault| match fault {
            AppendFault::NotDone => Some(Met::NotDone),
            AppendFault::Done => Some(Met::Done),
            AppendFault::Never => Some(Met::Never),
            AppendFault::Late => None,
        });
        let sealed: Vec<Sealed> = commit.rows.iter().map(|(_, row, _)| row.clone()).collect();
        if let Ok(placed) = self.store.append(&sealed) {
            for ((_, _, outcome), placed) in commit.rows.iter_mut().zip(placed) {
                *outcome = Some(placed);
            }
        }
        if let Some(met) = met.flatten() {
            self.report.met(met);
        }
        self.tell(|| format!("appended, fault {:?}", met.flatten()));
        let ids: Vec<_> = (0..self.slots.len()).map(id).collect();
        Auditor::one_history(&self.store, &ids)?;
        self.after(Step::Append)
    }

    /// One lane of the commit learns what became of its row.
    fn learn(&mut self) -> Check {
        let Some(commit) = &mut self.commit else { return Ok(()) };
        let Some((lane, sealed, placed)) = commit.rows.pop() else {
            self.commit = None;
            return Ok(());
        };
        if commit.rows.is_empty() {
            self.commit = None;
        }
        if placed == Some(Placed::Durable) {
            self.stands(lane, sealed)?;
        } else {
            self.slots[lane].resolving = true;
        }
        self.after(Step::Learn)
    }

    fn stands(&mut self, lane: usize, sealed: Sealed) -> Check {
        let clock = self.clock();
        let slot = &mut self.slots[lane];
        let Some(machine) = &mut slot.lane else { return Ok(()) };
        let durable = machine.durable(sealed);
        self.report.rows += durable.len() as u64;
        self.audit.durable(lane, &durable, &clock)?;
        slot.publishing.extend(durable);
        slot.turn_due = true;
        Ok(())
    }

    /// The control experiment: lanes are told that their rows stand and fans hear their answers,
    /// and only then the store is asked.
    fn answer_first(&mut self, rows: Vec<(usize, Sealed)>) -> Check {
        self.commit = None;
        let sealed: Vec<Sealed> = rows.iter().map(|(_, sealed)| sealed.clone()).collect();
        for (lane, row) in rows {
            self.stands(lane, row)?;
            for durable in &mut self.slots[lane].publishing {
                let out = |(ticket, reply)| Out { lane, ticket, reply };
                self.outbox.extend(durable.answers.drain(..).map(out));
            }
        }
        while !self.outbox.is_empty() {
            self.deliver()?;
        }
        drop(self.store.append(&sealed));
        self.after(Step::Append)
    }

    /// Shows a lane what stands.
    fn resolve(&mut self, lane: usize) -> Check {
        let slot = &mut self.slots[lane];
        let Some(machine) = &mut slot.lane else { return Ok(()) };
        let Ok(read) = self.store.read(id(lane), machine.resolve_from(), usize::MAX) else {
            self.report.met(Met::ReadFailed);
            return self.after(Step::Resolve);
        };
        if self.store.missed {
            self.report.met(Met::ReadMissed);
        }
        slot.resolving = false;
        let (Some(machine), Some(served)) = slot.served() else { return Ok(()) };
        let resolution = machine.resolve(&read, self.mono_ms, served);
        let answers = machine.answers();
        let missing = self.store.forgotten(id(lane)) || self.store.missed;
        let proof = self.audit.resolved(lane, &read, &resolution, self.mono_ms, missing)?;
        for (ticket, reply) in answers {
            self.audit.replied(ticket, &reply)?;
            self.outbox.push_back(Out { lane, ticket, reply });
        }
        if proof {
            self.report.met(Met::Proof);
        }
        self.tell(|| format!("lane {} resolved: {resolution:?}", id(lane)));
        match resolution {
            Resolution::Append => {}
            Resolution::Again(rows) => {
                if self.store.forgotten(id(lane)) {
                    self.report.met(Met::ForgotAgain);
                }
                self.slots[lane].again = rows.into();
            }
            Resolution::Lost => self.report.met(Met::Lost),
            Resolution::Stopped => {
                let two = self.slots[lane].lane.as_ref().and_then(|lane| lane.stopped());
                let two = two.is_some_and(|stopped| stopped.0.contains("two histories"));
                let met = if two { Met::TwoHistories } else { Met::ForgotStopped };
                self.report.met(met);
            }
        }
        self.after(Step::Resolve)
    }

    /// Appends one forgotten row again; after the last the lane resolves anew.
    fn append_again(&mut self, lane: usize) -> Check {
        if let Some(sealed) = self.slots[lane].again.pop_front() {
            // Whatever comes of it: the lane looks again.
            drop(self.store.append(core::slice::from_ref(&sealed)));
        }
        self.slots[lane].resolving = self.slots[lane].again.is_empty();
        self.after(Step::Again)
    }
}
