//! Renewals arrive: what they prove, and what follows for each lane.
//!
//! A lane goes to the node that ranks highest for it among those that are there; each node works
//! that out for itself. Only a quiet lane is moved for it: one whose drop is open stays where it is
//! until its node leaves or is gone.

use super::super::{Hosted, Lanes};
use super::{Followed, Leaving};
use crate::drops::drop::Drop;
use crate::drops::wake;
use crate::kit::clock::boot_ms;
use crate::nodes::frame::{Frame, NodeId};
use crate::nodes::keeper::{Order, Renewal};
use fanfare_engine::Phase;
use fanfare_lane::{Lane, LaneId, Reading, Replay, Reply};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

/// A hand-over that takes longer than this is given up; the lane goes on here.
const LEAVE_WITHIN_MS: i64 = 4_000;

impl Lanes {
    /// Leases were renewed: proof for the lanes that are still this node's, news of the others.
    pub(super) fn renewed(&mut self, renewal: Renewal, clock: &Reading) {
        let Renewal { home, sent_ms, view, gone } = renewal;
        let Some(nodes) = &mut self.nodes else { return };
        nodes.views[home] = view;
        let me = nodes.node;
        let lost: Vec<LaneId> = self
            .owned()
            .filter(|(_, of)| *of == home)
            .map(|(lane, _)| lane)
            .filter(|lane| self.nodes.as_ref().and_then(|of| of.owner_of(*lane, home)) != Some(me))
            .collect();
        for lane in lost {
            self.lose(lane);
        }
        if let Some(nodes) = &mut self.nodes {
            nodes.tenures[home].proven(sent_ms);
            let until_ms = nodes.tenures[home].until_ms();
            // A lane is answered from once its `opened` row is durable; and not while its lease is
            // on its way, which this renewal may not know of.
            let given = |lane| nodes.leaving.get(&lane).is_some_and(|leaving| leaving.given);
            let open = self.hosted.iter().filter(|(lane, of)| of.lane.opened() && !given(**lane));
            let drops = open.map(|(_, hosted)| &hosted.drop).chain(self.resting.values());
            for drop in drops.filter(|drop| drop.home == home) {
                drop.answer_until(until_ms);
            }
        }
        self.meet_others(&gone);
        self.take_due(home, &gone);
        self.open_leased(home, clock);
        self.hand_over_due(home, clock);
        self.follow_all();
        self.send_asks(None);
        let there = self.processes();
        self.give_up_asks(|process| !there.contains(&process));
        self.let_go_parked(boot_ms());
        self.tell_owned();
    }

    /// Lanes this node serves, open or at rest, and the journal of each.
    pub(in super::super) fn owned(&self) -> impl Iterator<Item = (LaneId, usize)> {
        let hosted = self.hosted.iter().map(|(lane, hosted)| (*lane, hosted.drop.home));
        hosted.chain(self.resting.iter().map(|(lane, drop)| (*lane, drop.home)))
    }

    /// Every process that is there, in any journal's view.
    fn processes(&self) -> BTreeSet<u64> {
        let views = self.nodes.iter().flat_map(|nodes| &nodes.views);
        views.flat_map(|view| &view.nodes).map(|row| row.process).collect()
    }

    /// The nodes that are there, by number, and whether each takes lanes.
    fn there(&self, home: usize, gone: &BTreeSet<NodeId>) -> BTreeMap<NodeId, bool> {
        let Some(nodes) = &self.nodes else { return BTreeMap::new() };
        let rows = nodes.views[home].nodes.iter().filter(|row| !gone.contains(&row.node));
        rows.map(|row| (row.node, !row.draining)).collect()
    }

    /// Connections are kept with every node that is there.
    fn meet_others(&mut self, gone: &BTreeSet<NodeId>) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(links) = &nodes.links else { return };
        let mut others: BTreeMap<NodeId, SocketAddr> = BTreeMap::new();
        for row in nodes.views.iter().flat_map(|view| &view.nodes) {
            if row.node != nodes.node && !gone.contains(&row.node) {
                others.extend(row.address.map(|address| (row.node, address)));
            }
        }
        links.meet(others);
    }

    /// Takes what is nobody's, and what a node left that is gone.
    fn take_due(&mut self, home: usize, gone: &BTreeSet<NodeId>) {
        let Some(nodes) = &self.nodes else { return };
        if nodes.draining.is_some() {
            return;
        }
        let there = self.there(home, gone);
        let me = nodes.node;
        for gone in gone {
            if ranked(&there, u64::MAX ^ gone) == Some(me) {
                nodes.keepers[home].order(Order::TakeOver(*gone));
            }
        }
        let view = &nodes.views[home];
        let known = nodes.followed.iter().filter(|(_, followed)| followed.drop.home == home);
        let free = known.map(|(lane, _)| *lane).filter(|lane| {
            let owner = view.owners.get(lane);
            owner.is_none_or(|owner| !view.nodes.iter().any(|row| row.node == *owner))
        });
        // Whose it should be takes it first; if that one does not know the lane, another does.
        let mine: Vec<LaneId> =
            free.filter(|lane| ranked(&there, u64::from(*lane)) == Some(me)).collect();
        if !mine.is_empty() {
            nodes.keepers[home].order(Order::Take(mine));
        }
    }

    /// Opens the lanes whose lease is this node's and that are not open here.
    fn open_leased(&mut self, home: usize, clock: &Reading) {
        let Some(nodes) = &mut self.nodes else { return };
        let me = nodes.node;
        let owners = &nodes.views[home].owners;
        let due = nodes
            .followed
            .iter_mut()
            .filter(|(lane, followed)| followed.drop.home == home && owners.get(lane) == Some(&me));
        let mut lanes = Vec::new();
        for (lane, followed) in due {
            followed.opening = true;
            followed.by = None;
            followed.drop.answer_until(i64::MIN);
            lanes.push(*lane);
        }
        let _ = clock;
        for lane in lanes {
            self.catch_up(lane);
        }
    }

    /// Everything up to the newest row is here: opens the lane as its owner.
    pub(super) fn open_own(&mut self, lane: LaneId, clock: &Reading) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.remove(&lane) else { return };
        let Followed { drop, replay: Some(replay), .. } = followed else { return };
        let rested = drop.published.read(clock.now_ms, |state| state.resting());
        if rested.unwrap_or(true) {
            self.resting.insert(lane, drop);
            return self.ask_own(lane, clock);
        }
        let open =
            |served: &mut _| Lane::open(&replay, served, wake::owner(), self.config, clock, None);
        let opened = drop.published.own(open).ok_or("its state is gone");
        match opened.map(|opened| opened.map_err(|why| why.to_string())) {
            Ok(Ok(opened)) => {
                tracing::info!(lane, drop = %drop.spec.id, "this node serves the drop now");
                self.host(opened, drop);
                self.announce(lane);
                self.ask_own(lane, clock);
            }
            Ok(Err(why)) => drop.stop(&why),
            Err(why) => drop.stop(why),
        }
    }

    /// A lane is this node's no more: its memory goes, or is followed on.
    pub(in super::super) fn lose(&mut self, lane: LaneId) {
        let clean = if let Some(Hosted { lane: machine, drop, .. }) = self.hosted.remove(&lane) {
            drop.answer_until(i64::MIN);
            let (left, answers) = machine.leave();
            for (ticket, reply) in answers {
                // Of what waits for a row nothing is known; what does not, was not done.
                let reply = if reply == Reply::Unsure { reply } else { Reply::Busy };
                self.say(ticket, reply);
            }
            let at = left.tip.map(|tip| Replay::behind(self.festival(), lane, tip));
            self.follow_on(lane, drop, at);
            for (ticket, command) in left.waiting {
                self.pass_on((lane, command, ticket));
            }
            left.tip.is_some()
        } else if let Some(drop) = self.resting.remove(&lane) {
            drop.answer_until(i64::MIN);
            let face = &drop.published.front().face;
            let tip = (face.seq, face.hash, face.time_ms);
            let at = Replay::behind(self.festival(), lane, tip);
            self.follow_on(lane, drop.clone(), Some(at));
            true
        } else {
            return;
        };
        if let Some(nodes) = &mut self.nodes {
            nodes.leaving.remove(&lane);
            for guest in nodes.guests.values_mut() {
                guest.lanes.remove(&lane);
            }
        }
        if !clean {
            self.begin_anew(lane);
        }
    }

    fn follow_on(&mut self, lane: LaneId, drop: Arc<Drop>, at: Option<Replay>) {
        let Some(nodes) = &mut self.nodes else { return };
        let behind = || Replay::new([0; 16], lane);
        // What is to be begun anew is so at once.
        let replay = Some(at.unwrap_or_else(behind));
        nodes.followed.insert(lane, Followed { drop, replay, by: None, opening: false });
    }

    fn festival(&self) -> fanfare_lane::FestivalId {
        wake::festival_number(self.folder.festival())
    }

    /// Hands over what another node should serve: quiet lanes, and all of them when leaving.
    fn hand_over_due(&mut self, home: usize, clock: &Reading) {
        let Some(nodes) = &self.nodes else { return };
        let me = nodes.node;
        let mut there = self.there(home, &BTreeSet::new());
        if nodes.draining.is_some() {
            there.insert(me, false);
        }
        let quiet = |hosted: &Hosted| {
            let face = &hosted.drop.published.front().face;
            !matches!(face.phase(clock.now_ms), Phase::Open | Phase::Paused)
                && face.opens_at_ms - clock.now_ms > QUIET_BEFORE_MS
                || face.closed
        };
        let mut due = Vec::new();
        for (lane, hosted) in self.hosted.iter().filter(|(_, one)| one.drop.home == home) {
            if nodes.leaving.contains_key(lane) || !(nodes.draining.is_some() || quiet(hosted)) {
                continue;
            }
            // Only to a node that follows it already: it opens at once.
            let follows = |node: &NodeId| {
                let processes = nodes.views[home].nodes.iter().filter(|row| row.node == *node);
                let mut guests = processes.flat_map(|row| {
                    nodes.guests.values().filter(|guest| guest.process == row.process)
                });
                *node == me || guests.any(|guest| guest.lanes.contains(lane))
            };
            let able: BTreeMap<_, _> =
                there.iter().filter(|(node, _)| follows(node)).map(|(n, t)| (*n, *t)).collect();
            if let Some(to) = ranked(&able, u64::from(*lane)).filter(|to| *to != me) {
                due.push((*lane, to));
            }
        }
        for (lane, to) in due {
            self.begin_leaving(lane, to);
        }
        let at_rest = self.resting.iter().filter(|(_, drop)| drop.home == home);
        let to = ranked(&there, u64::MAX).filter(|to| *to != me);
        if let (Some(nodes), Some(to)) = (&self.nodes, to)
            && nodes.draining.is_some()
        {
            for (lane, _) in at_rest {
                nodes.keepers[home].order(Order::Give(*lane, to));
            }
        }
    }

    fn begin_leaving(&mut self, lane: LaneId, to: NodeId) {
        let Some(nodes) = &mut self.nodes else { return };
        let mut told = BTreeSet::new();
        for (conn, guest) in &mut nodes.guests {
            if guest.lanes.remove(&lane) {
                told.insert(*conn);
                let _ = guest.send.send(Frame::Over { lane });
            }
        }
        let leaving = Leaving { to, told, since_ms: boot_ms(), given: false };
        nodes.leaving.insert(lane, leaving);
    }

    /// Gives the leases of lanes nothing is under way in any more, and whose followers are silent.
    pub(super) fn go_on_leaving(&mut self, now_ms: i64) {
        let Some(nodes) = &mut self.nodes else { return };
        let mut over = Vec::new();
        for (lane, leaving) in &mut nodes.leaving {
            let Some(hosted) = self.hosted.get(lane) else {
                over.push(*lane);
                continue;
            };
            let silent = leaving.told.is_empty() || nodes.grants.over(now_ms);
            let done =
                hosted.lane.nothing_under_way() && nodes.held.iter().all(|held| held.lane != *lane);
            if !leaving.given && silent && done {
                leaving.given = true;
                // Nothing is answered from here any more, whatever becomes of the order.
                hosted.drop.answer_until(i64::MIN);
                nodes.keepers[hosted.drop.home].order(Order::Give(*lane, leaving.to));
            } else if now_ms - leaving.since_ms > LEAVE_WITHIN_MS {
                over.push(*lane);
            }
        }
        for lane in over {
            nodes.leaving.remove(&lane);
            self.touched.insert(lane);
        }
    }

    /// Every lane goes to other nodes, if there are any.
    pub(super) fn drain(&mut self, told: mpsc::Sender<()>) {
        let Some(nodes) = &mut self.nodes else { return };
        nodes.draining = Some(told);
        nodes.keepers.iter().for_each(|keeper| keeper.order(Order::Drain));
    }

    /// Says so once nothing is left to hand over, or nobody is there to take it.
    pub(super) fn say_drained(&mut self) {
        let Some(nodes) = &self.nodes else { return };
        let Some(told) = &nodes.draining else { return };
        let mut others = nodes.views.iter().flat_map(|view| &view.nodes);
        let alone = !others.any(|row| row.node != nodes.node && !row.draining);
        if alone || self.hosted.is_empty() && self.resting.is_empty() {
            let _ = told.send(());
        }
    }
}

/// A drop that opens sooner than this is not moved for balance any more.
const QUIET_BEFORE_MS: i64 = 60_000;

/// Who of those that take lanes ranks highest for one (rendezvous hashing): a node that comes or
/// goes moves its own lanes only.
fn ranked(there: &BTreeMap<NodeId, bool>, lane: u64) -> Option<NodeId> {
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
