//! What an owner owes its followers before anybody is told; and giving a lane away.

use super::db::Request;
use super::events::What;
use super::follower::{Follow, Item};
use super::links::{Answered, Note};
use super::owner::{Handing, Own};
use super::process::{Origin, Role};
use super::{FESTIVAL, Fleet, id};
use crate::audit::{Breach, Check, caught};
use crate::control::Control;
use fanfare_lane::{Durable, Face, Hash, Heard, Owed, Replay, Reply};

/// `unsure` for these, once what is owed first is settled.
pub(super) type Doubts = (Option<Owed<usize>>, Vec<(u32, Reply)>);

/// What waits to be told, in order.
pub(super) enum Leaving {
    /// A durable row: published, and its answers let go, when it is settled.
    Row(Owed<usize>, Box<Durable<u32>>),
    /// Answers that made no fact and rest on this row: let go while the lease is proven.
    Plain((u32, Hash), Vec<(u32, Reply)>),
}

impl Fleet {
    /// A durable row goes to all followers, before anybody is told of it.
    pub(super) fn stream_row(&mut self, pid: usize, lane: usize, durable: Durable<u32>) {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let Some(own) = self.procs[pid].own(lane) else { return };
        let owed = own.grants.send(now_ms);
        let sealed = durable.sealed.clone();
        own.leaving.push_back(Leaving::Row(owed, Box::new(durable)));
        self.stream(pid, lane, &Item::Row(sealed));
    }

    pub(super) fn stream(&mut self, pid: usize, lane: usize, item: &Item) {
        let Some(own) = self.procs[pid].own(lane) else { return };
        for conn in own.followers.keys().copied().collect::<Vec<_>>() {
            self.send(conn, pid, Note::Stream { lane, item: item.clone() });
        }
    }

    /// Answers that wait for no row: `busy` goes, `unsure` goes once every follower knows of the
    /// doubt, and what rests on memory when the lease is proven.
    pub(super) fn without_row(
        &mut self,
        pid: usize,
        lane: usize,
        answers: Vec<(u32, Reply)>,
        head: (u32, Hash),
    ) -> Check {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let spreads = !self.off(Control::DoubtKept);
        let (mut busy, mut unsure, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for (ticket, reply) in answers {
            match reply {
                Reply::Busy => busy.push((ticket, reply)),
                Reply::Unsure => unsure.push((ticket, reply)),
                _ => plain.push((ticket, reply)),
            }
        }
        let Some(own) = self.procs[pid].own(lane) else { return Ok(()) };
        if !plain.is_empty() {
            own.leaving.push_back(Leaving::Plain(head, plain));
        }
        if !unsure.is_empty() {
            match own.machine.in_doubt().filter(|_| spreads) {
                Some(seq) => {
                    own.doubted = own.doubted.max(seq);
                    let owed = own.grants.send(now_ms);
                    own.unsure.push((Some(owed), unsure));
                    self.stream(pid, lane, &Item::Doubt(seq));
                }
                None => own.unsure.push((None, unsure)),
            }
        }
        if !busy.is_empty() {
            self.leave(pid, lane, busy, (0, Hash::default()))?;
        }
        self.try_settle(pid, lane)
    }

    /// Publishes and lets go what is settled.
    pub(super) fn try_settle(&mut self, pid: usize, lane: usize) -> Check {
        let held = !self.off(Control::AnswersNotHeld);
        let asks = !self.off(Control::StaleLease);
        let now_ms = self.procs[pid].mono(self.now_ms);
        let tenure = self.procs[pid].tenure(self.plan.db_of[lane]);
        loop {
            let Some(own) = self.procs[pid].own(lane) else { return Ok(()) };
            let goes = match own.leaving.front() {
                Some(Leaving::Row(owed, _)) => !held || own.grants.settled(owed, now_ms),
                Some(Leaving::Plain(..)) => !asks || tenure.good(now_ms),
                None => false,
            };
            if !goes {
                break;
            }
            match own.leaving.pop_front() {
                Some(Leaving::Row(_, durable)) => self.publish(pid, lane, *durable)?,
                Some(Leaving::Plain(rests, answers)) => {
                    self.soon(pid, 2, What::Leave { lane, answers, rests });
                }
                None => {}
            }
        }
        let Some(own) = self.procs[pid].own(lane) else { return Ok(()) };
        let mut gone = Vec::new();
        let Own { unsure, grants, .. } = own;
        unsure.retain_mut(|(owed, answers)| {
            let goes = owed.as_ref().is_none_or(|owed| grants.settled(owed, now_ms));
            if goes {
                gone.append(answers);
            }
            !goes
        });
        if !gone.is_empty() {
            self.leave(pid, lane, gone, (0, Hash::default()))?;
        }
        self.hand_on(pid, lane);
        Ok(())
    }

    /// State, then face, then answers.
    fn publish(&mut self, pid: usize, lane: usize, durable: Durable<u32>) -> Check {
        let Some(own) = self.procs[pid].own(lane) else { return Ok(()) };
        let row = &durable.sealed.row;
        let (seq, hash) = (row.header.seq, row.hash);
        if let Err(broken) = durable.publish(&mut own.served) {
            return caught(Breach::OtherDigest, format!("publishing row {seq}: {broken}"));
        }
        own.face = Some(Face::of(own.served.seen(), seq, hash));
        own.newest = (seq, hash, row.header.time_ms);
        let lines = own.served.seen().terms().lines.len();
        self.crowd.lines(lane, lines);
        self.stream(pid, lane, &Item::Settled(seq));
        let answers = durable.answers;
        if !answers.is_empty() {
            self.soon(pid, 2, What::Leave { lane, answers, rests: (seq, hash) });
        }
        Ok(())
    }

    /// Answers go to whoever waits, here or at another node.
    pub(super) fn leave(
        &mut self,
        pid: usize,
        lane: usize,
        answers: Vec<(u32, Reply)>,
        rests: (u32, Hash),
    ) -> Check {
        for (ticket, reply) in answers {
            let proc = &mut self.procs[pid];
            if let Role::Own(own) = &mut proc.lanes[lane] {
                own.open.remove(&ticket);
            }
            let origin = core::mem::replace(&mut proc.origins[ticket as usize], Origin::Done);
            self.answer(pid, origin, Answered::Lane(reply, rests))?;
        }
        Ok(())
    }

    /// The lane is not ours any more: who waits is sent on, who may have been served hears so.
    pub(super) fn abandon(&mut self, pid: usize, lane: usize, mut own: Own) -> Check {
        let clock = self.procs[pid].clock(self.now_ms);
        let (shows_ms, mono_ms) =
            (clock.now_ms - own.machine.lead_ms(clock.mono_ms), clock.mono_ms);
        // One that never was durably open, or was in doubt, went by no clock of this process.
        let served = own.face.as_ref().is_some_and(|face| !face.doubtful_time);
        let heard = Heard::new(shows_ms, mono_ms, mono_ms).filter(|_| served);
        self.procs[pid].went_by[lane] = heard.map(|heard| (own.term, heard));
        let waiting = own.machine.take_waiting();
        self.procs[pid].audit.dropped(lane);
        for (ticket, _) in waiting {
            own.open.remove(&ticket);
            self.send_on(pid, ticket)?;
        }
        // What no fact came of is let go as `busy`, which is true.
        for leaving in own.leaving {
            if let Leaving::Plain(_, answers) = leaving {
                let busy = answers.into_iter().map(|(ticket, _)| (ticket, Reply::Busy));
                let busy: Vec<(u32, Reply)> = busy.collect();
                for (ticket, _) in &busy {
                    own.open.remove(ticket);
                }
                self.leave(pid, lane, busy, (0, Hash::default()))?;
            }
        }
        let unsure = own
            .open
            .into_iter()
            .filter(|ticket| !matches!(self.procs[pid].origins[*ticket as usize], Origin::Done));
        let unsure: Vec<(u32, Reply)> = unsure.map(|ticket| (ticket, Reply::Unsure)).collect();
        self.leave(pid, lane, unsure, (0, Hash::default()))
    }

    /// A command that was not decided here goes to who owns the lane.
    fn send_on(&mut self, pid: usize, ticket: u32) -> Check {
        let proc = &mut self.procs[pid];
        let origin = core::mem::replace(&mut proc.origins[ticket as usize], Origin::Done);
        if let Origin::Here(ask) = origin {
            let since_ms = self.asks[ask as usize].here_ms;
            self.procs[pid].waiting.push((ask, since_ms));
            return Ok(());
        }
        self.answer(pid, origin, Answered::NotMine)
    }

    /// Begins to hand a lane over.
    pub(super) fn hand_over(&mut self, pid: usize, lane: usize, to: Option<usize>) -> Check {
        let Some(own) = self.procs[pid].own(lane) else { return Ok(()) };
        if own.handing.is_some() || !own.opened {
            return Ok(());
        }
        own.handing = Some(Handing::Quiet(to));
        let waiting = own.machine.take_waiting();
        self.tell(|| format!("process {pid} begins to hand lane {} over", id(lane)));
        // What waits is decided by whoever is next; the lane's own patience is theirs again.
        let tickets: Vec<u32> = waiting.into_iter().map(|(ticket, _)| ticket).collect();
        self.procs[pid].audit.undecided(lane);
        for ticket in tickets {
            if let Some(own) = self.procs[pid].own(lane) {
                own.open.remove(&ticket);
            }
            self.send_on(pid, ticket)?;
        }
        self.hand_on(pid, lane);
        Ok(())
    }

    /// The next step of a hand-over, if it can be done.
    pub(super) fn hand_on(&mut self, pid: usize, lane: usize) {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let Some(own) = self.procs[pid].own(lane) else { return };
        if let Some(Handing::Quiet(to)) = own.handing
            && own.machine.idle()
            && own.leaving.is_empty()
            && own.unsure.is_empty()
            && own.newest.0 > 0
        {
            own.handing = Some(Handing::Words(to));
            own.grants.end();
            self.stream(pid, lane, &Item::End);
        }
        let skips = self.off(Control::WordsKept);
        let Some(own) = self.procs[pid].own(lane) else { return };
        let Some(Handing::Words(to)) = own.handing else { return };
        if !skips && !own.grants.over(now_ms) {
            return;
        }
        let (term, newest) = (own.term, own.newest);
        self.stream(pid, lane, &Item::Left);
        let Some(own) = self.procs[pid].own(lane) else { return };
        let replay = Replay::behind(FESTIVAL, id(lane), newest);
        let (face, empty) = (own.face.take(), Role::Follow(Box::default()));
        let role = core::mem::replace(&mut self.procs[pid].lanes[lane], empty);
        if let Role::Own(own) = role {
            let mut follow = Follow::of(Some(own.served), replay, face);
            follow.word.published(newest.0);
            self.procs[pid].lanes[lane] = Role::Follow(Box::new(follow));
        }
        self.procs[pid].audit.dropped(lane);
        let db = self.plan.db_of[lane];
        self.procs[pid].gave[lane] = Some(term);
        self.ask_db(pid, db, Request::Give { lane, term, to });
    }
}
