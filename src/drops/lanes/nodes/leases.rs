//! Renewals arrive: what they prove, and what follows for each lane.
//!
//! A lane goes to the node that ranks highest for it among those that are there; each node works
//! that out for itself. Only a quiet lane is moved for it: one whose drop is open stays where it is
//! until its node leaves or is gone.

use super::super::asking::Waits;
use super::super::{Hosted, Lanes};
use super::balance;
use super::follower::Followed;
use super::owner::{Leaving, Shared};
use crate::drops::directory;
use crate::drops::drop::Drop;
use crate::drops::found::ADVICE;
use crate::drops::ticket::Ticket;
use crate::drops::wake;
use crate::kit::clock::boot_ms;
use crate::nodes::frame::{Frame, NodeId};
use crate::nodes::keeper::{Order, Renewal};
use fanfare_lane::{FestivalId, Heard, Lane, LaneId, Reading, Replay, Reply};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

impl Lanes {
    /// Leases were renewed: proof for the lanes that are still this node's, news of the others.
    pub(super) fn renewed(&mut self, renewal: Renewal, clock: &Reading) {
        let Renewal { home, sent_ms, view, gone } = renewal;
        let Some(nodes) = &mut self.nodes else { return };
        let there = balance::there(&view.nodes, &gone);
        let own = (nodes.node, clock.now_ms);
        let there = nodes.clocks.that_are_right(there, own, boot_ms());
        let replaceable = nodes.replaceable(home);
        (nodes.views[home], nodes.viewed_ms[home]) = (view, sent_ms);
        // What is not ours any more goes first, then the renewal counts. What another may have
        // served meanwhile is opened anew: leases can go back in time with their journal.
        for lane in self.not_ours(home, replaceable) {
            if replaceable {
                self.lose_to_open_anew(lane, home);
            } else {
                self.lose(lane);
            }
        }
        if let Some(nodes) = &mut self.nodes {
            nodes.tenures[home].proven(sent_ms);
            self.answer_by_lease(home);
        }
        self.meet_others(&gone);
        self.take_due(home, &there, &gone);
        self.open_leased(home);
        self.hand_over_due(home, &there, clock);
        self.follow_all();
        self.send_asks(None);
        let now_ms = boot_ms();
        for lane in self.owing() {
            self.settle(lane, now_ms);
        }
        self.tell_owned();
        self.note_unheard();
    }

    /// This process has not its node's place at a journal: nothing is answered from memory until a
    /// renewal says that it has.
    pub(super) fn out(&mut self, home: usize) {
        if let Some(nodes) = &mut self.nodes {
            nodes.tenures[home].out(boot_ms());
            self.answer_by_lease(home);
        }
    }

    /// Lanes this node serves, open or at rest, and the journal of each.
    pub(in super::super) fn owned(&self) -> impl Iterator<Item = (LaneId, usize)> {
        let hosted = self.hosted.iter().map(|(lane, hosted)| (*lane, hosted.drop.home));
        hosted.chain(self.resting.iter().map(|(lane, drop)| (*lane, drop.home)))
    }

    /// Lanes of this journal that are served here by a lease that is not this node's any more. One
    /// that went and came back is another one. All of them where others may have had them.
    fn not_ours(&self, home: usize, replaceable: bool) -> Vec<LaneId> {
        let Some(nodes) = &self.nodes else { return Vec::new() };
        let ours = |lane: LaneId| {
            let lease = nodes.lease(lane, home);
            let hosted = self.hosted.get(&lane).and_then(|hosted| hosted.shared.as_ref());
            lease.node == Some(nodes.node) && hosted.is_none_or(|one| one.term == lease.term)
        };
        let of_home = self.owned().filter(|(_, of)| *of == home);
        of_home.map(|(lane, _)| lane).filter(|lane| replaceable || !ours(*lane)).collect()
    }

    /// What is open or at rest here is answered from for as long as the lease is proven. A lane is
    /// answered from once its `opened` row is told, and not while its lease is on its way.
    fn answer_by_lease(&mut self, home: usize) {
        let Some(nodes) = &self.nodes else { return };
        let until_ms = nodes.tenures[home].until_ms();
        let draining = nodes.draining.is_some();
        let hosted = self.hosted.values().filter(|hosted| {
            let shared = hosted.shared.as_ref();
            hosted.told_open && shared.is_some_and(|shared| !shared.handing())
        });
        let resting = self.resting.values().filter(|_| !draining);
        for drop in hosted.map(|hosted| &hosted.drop).chain(resting) {
            if drop.home == home {
                drop.answer_until(until_ms);
            }
        }
    }

    /// Connections are kept with every node that is there.
    fn meet_others(&mut self, gone: &BTreeSet<NodeId>) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(links) = &nodes.links else { return };
        let mut others: BTreeMap<NodeId, SocketAddr> = BTreeMap::new();
        for row in nodes.rows() {
            if row.node != nodes.node && !gone.contains(&row.node) {
                others.extend(row.address.map(|address| (row.node, address)));
            }
        }
        links.meet(others);
        self.note_all_ended();
    }

    /// Takes what is nobody's, and what a node left that is gone.
    fn take_due(&mut self, home: usize, there: &BTreeMap<NodeId, bool>, gone: &BTreeSet<NodeId>) {
        let Some(nodes) = &self.nodes else { return };
        if nodes.draining.is_some() {
            return;
        }
        let me = nodes.node;
        for gone in gone {
            if ranked(there, u64::MAX ^ gone) == Some(me) {
                nodes.keepers[home].order(Order::TakeOver(*gone));
            }
        }
        let view = &nodes.views[home];
        let known = nodes.followed.iter().filter(|(_, followed)| followed.drop.home == home);
        let free = known.map(|(lane, _)| *lane).filter(|lane| {
            let owner = nodes.lease(*lane, home).node;
            owner.is_none_or(|owner| !view.nodes.iter().any(|row| row.node == owner))
        });
        let mine: Vec<LaneId> =
            free.filter(|lane| ranked(there, u64::from(*lane)) == Some(me)).collect();
        if !mine.is_empty() {
            nodes.keepers[home].order(Order::Take(mine));
        }
    }

    /// Opens the lanes whose lease is this node's and that are not open here.
    fn open_leased(&mut self, home: usize) {
        let Some(nodes) = &mut self.nodes else { return };
        if nodes.draining.is_some() {
            return;
        }
        let (me, leases) = (nodes.node, &nodes.views[home].leases);
        nodes.given.retain(|lane, term| {
            let lease = leases.get(lane).copied().unwrap_or_default();
            lease.node == Some(me) && lease.term == *term || !leases.contains_key(lane)
        });
        let (mut lanes, mut counted_up) = (Vec::new(), Vec::new());
        for (lane, followed) in &mut nodes.followed {
            let Some(lease) = leases.get(lane).filter(|lease| lease.node == Some(me)) else {
                followed.opening = followed.opening.filter(|_| followed.drop.home != home);
                continue;
            };
            if followed.drop.home == home && nodes.given.contains_key(lane) {
                // It was to be given and is not gone, but may be on its way.
                counted_up.push((*lane, lease.term));
            } else if followed.drop.home == home {
                followed.hush();
                followed.opening = Some(lease.term);
                lanes.push(*lane);
            }
        }
        if !counted_up.is_empty() {
            nodes.keepers[home].order(Order::CountUp(counted_up));
        }
        for lane in lanes {
            self.read_on(lane);
        }
    }

    /// Everything up to the newest row is here: opens the lane as its owner.
    pub(super) fn open_own(&mut self, lane: LaneId, clock: &Reading) {
        let Some(nodes) = &mut self.nodes else { return };
        let ready = |of: &Followed| of.replay.is_some() && of.opening.is_some();
        if !nodes.followed.get(&lane).is_some_and(ready) {
            return;
        }
        let Some(followed) = nodes.followed.remove(&lane) else { return };
        let own = (nodes.node, clock.now_ms);
        let theirs_ms = nodes.clocks.of(followed.last_owners(), own, boot_ms());
        let Followed { drop, replay: Some(replay), opening: Some(term), .. } = followed else {
            return;
        };
        if let Some(head) = self.heads.get(&lane).filter(|head| head.seq > replay.seq()) {
            let (seq, newest) = (head.seq, replay.seq());
            return drop.stop(&format!(
                "the journal went back in time: it ends at row {newest}, but row {seq} was \
                 durable; {ADVICE}"
            ));
        }
        let rested = drop.published.read(clock.now_ms, |state| state.resting());
        if rested.unwrap_or(true) {
            self.resting.insert(lane, drop);
            return self.ask_own(lane, clock);
        }
        let open = |served: &mut _| {
            Lane::take_over(&replay, served, wake::owner(), self.config, clock, theirs_ms)
        };
        let opened = drop.published.own(open).ok_or("its state is gone");
        match opened.map(|opened| opened.map_err(|why| why.to_string())) {
            Ok(Ok(opened)) => {
                tracing::info!(lane, drop = %drop.spec.id, "this node serves the drop now");
                self.host_by(opened, drop, term);
                self.ask_own(lane, clock);
            }
            Ok(Err(why)) => drop.stop(&why),
            Err(why) => drop.stop(why),
        }
    }

    /// A lane is given up that may be this node's still: it is opened under another number, so that
    /// nothing followers say to who it was is taken for said to who it is.
    pub(in super::super) fn lose_to_open_anew(&mut self, lane: LaneId, home: usize) {
        self.lose(lane);
        if let Some(nodes) = &mut self.nodes {
            let term = nodes.lease(lane, home).term;
            nodes.given.insert(lane, term);
        }
    }

    /// A lane is this node's no more: its memory goes, or is followed on.
    pub(in super::super) fn lose(&mut self, lane: LaneId) {
        self.stream(lane, &Frame::Left { lane });
        self.forget_rows(lane);
        if let Some(hosted) = self.hosted.remove(&lane) {
            let Hosted { lane: machine, drop, shared, told_open, .. } = hosted;
            drop.answer_until(i64::MIN);
            drop.doubt(false);
            let clock = self.clock.read();
            let went_by = (clock.now_ms - machine.lead_ms(clock.mono_ms), boot_ms());
            // One that never was durably open, or was in doubt, went by no clock of this node.
            let by_it = told_open && !drop.published.front().face.doubtful_time;
            let served = shared.as_ref().filter(|_| by_it);
            let own = served.and_then(|shared| shared.went_by(went_by));
            let (left, answers) = machine.leave();
            let clean = left.tip.filter(|_| shared.as_ref().is_none_or(|one| one.is_told()));
            let at = clean.map(|tip| Replay::behind(self.festival(), lane, tip));
            self.follow_on(lane, drop, (at, own));
            self.say_left(shared, answers);
            for (ticket, command) in left.waiting {
                self.pass_on(lane, command, ticket);
            }
            if clean.is_none() {
                self.begin_anew(lane);
            }
        } else if let Some(drop) = self.resting.remove(&lane) {
            drop.answer_until(i64::MIN);
            let face = drop.published.front().face.clone();
            let tip = (face.seq, face.hash, face.time_ms);
            let at = Replay::behind(self.festival(), lane, tip);
            self.follow_on(lane, drop, (Some(at), None));
            // It was being opened for somebody: whoever serves it now does so.
            for Waits { command, ticket, .. } in self.waking.remove(&lane).unwrap_or_default() {
                self.pass_on(lane, command, ticket);
            }
        }
    }

    /// What callers hear whose answers had not left when the lane was lost.
    fn say_left(&mut self, shared: Option<Box<Shared>>, answers: Vec<(Ticket, Reply)>) {
        for (ticket, reply) in answers {
            // Of what waits for a row nothing is known; what does not, was not done.
            let reply = if reply == Reply::Unsure { reply } else { Reply::Busy };
            self.say(ticket, reply);
        }
        let Some(shared) = shared else { return };
        let Shared { leaving, unsure, .. } = *shared;
        for leaving in leaving {
            match leaving {
                Leaving::Plain(answers, _) => {
                    answers.into_iter().for_each(|(ticket, _)| self.say(ticket, Reply::Busy));
                }
                Leaving::Row(_, durable) => {
                    for (ticket, _) in durable.answers {
                        self.say(ticket, Reply::Unsure);
                    }
                }
            }
        }
        for (ticket, reply) in unsure.into_iter().flat_map(|(_, answers)| answers) {
            self.say(ticket, reply);
        }
    }

    fn follow_on(
        &mut self,
        lane: LaneId,
        drop: Arc<Drop>,
        (at, own): (Option<Replay>, Option<(u64, Heard)>),
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        // What is to be begun anew is so at once.
        let replay = at.unwrap_or_else(|| Replay::new([0; 16], lane));
        let mut followed = Followed::new(drop, replay);
        followed.own = own;
        nodes.followed.insert(lane, followed);
    }

    /// Lanes somebody leases and this node has not heard of: their node is dead, say, since before
    /// it told of them.
    fn note_unheard(&self) {
        let Some(nodes) = &self.nodes else { return };
        let seen = directory::seen(&nodes.directory);
        let leased = nodes.views.iter().flat_map(|view| view.leases.keys().copied());
        let unheard: BTreeSet<LaneId> = leased.filter(|lane| !seen.knows(*lane)).collect();
        if !seen.unheard().eq(unheard.iter().copied()) {
            directory::change(&nodes.directory, |seen| seen.note_unheard(unheard));
        }
    }

    pub(super) fn festival(&self) -> FestivalId {
        wake::festival_number(self.folder.festival())
    }
}

impl Shared {
    /// Under which lease the lane went by which clock of this node.
    fn went_by(&self, (shows_ms, now_ms): (i64, i64)) -> Option<(u64, Heard)> {
        Some((self.term, Heard::new(shows_ms, now_ms, now_ms)?))
    }

    /// Whether everything durable is published.
    fn is_told(&self) -> bool {
        !self.leaving.iter().any(|leaving| matches!(leaving, Leaving::Row(..)))
    }
}

/// Who of those that take lanes ranks highest for one (rendezvous hashing): a node that comes or
/// goes moves its own lanes only.
pub(super) fn ranked(there: &BTreeMap<NodeId, bool>, lane: u64) -> Option<NodeId> {
    let rank = |node: NodeId| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&node.to_be_bytes());
        bytes[8..].copy_from_slice(&lane.to_be_bytes());
        *blake3::hash(&bytes).as_bytes()
    };
    let taking = there.iter().filter(|(_, takes)| **takes).map(|(node, _)| *node);
    taking.max_by_key(|node| rank(*node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_goes_moves_its_own_lanes_only() {
        let all: BTreeMap<NodeId, bool> = [(1, true), (2, true), (3, true)].into();
        let without: BTreeMap<NodeId, bool> = [(1, true), (2, false), (3, true)].into();
        let mut of = BTreeMap::new();
        for lane in 1..=300 {
            let before = ranked(&all, lane).unwrap();
            *of.entry(before).or_insert(0) += 1;
            let after = ranked(&without, lane).unwrap();
            assert!(if before == 2 { after != 2 } else { after == before }, "lane {lane}");
        }
        assert!(of.values().all(|count| *count > 60), "spread: {of:?}");
        assert_eq!(ranked(&BTreeMap::new(), 1), None);
    }
}
