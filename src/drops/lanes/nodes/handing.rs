//! A lane goes to another node, in order: nothing more is decided, what is under way becomes
//! durable and is told, followers give up their word, and then the lease moves.

use super::super::{Hosted, Lanes};
use super::follower::Followed;
use super::leases::ranked;
use crate::kit::clock::boot_ms;
use crate::nodes::frame::{Frame, NodeId};
use crate::nodes::keeper::Order;
use crate::nodes::links::Conn;
use fanfare_engine::Phase;
use fanfare_lane::{LaneId, Reading, Replay};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

/// A drop that opens sooner than this is not moved for balance any more.
const QUIET_BEFORE_MS: i64 = 60_000;

/// How far a hand-over has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handing {
    /// Rows under way become durable and are told.
    Quiet(NodeId),
    /// Followers' words end.
    Words(NodeId),
}

impl Lanes {
    /// Hands over what another node should serve: quiet lanes, and all of them when leaving.
    pub(super) fn hand_over_due(
        &mut self,
        home: usize,
        there: &BTreeMap<NodeId, bool>,
        clock: &Reading,
    ) {
        let Some(nodes) = &self.nodes else { return };
        let (me, draining) = (nodes.node, nodes.draining.is_some());
        let mut there = there.clone();
        if draining {
            there.insert(me, false);
        }
        let quiet = |hosted: &Hosted| {
            let face = &hosted.drop.published.front().face;
            let opens_late = face.opens_at_ms - clock.now_ms > QUIET_BEFORE_MS;
            face.closed || opens_late && face.phase(clock.now_ms) == Phase::Before
        };
        let mut due = Vec::new();
        for (lane, hosted) in self.hosted.iter().filter(|(_, one)| one.drop.home == home) {
            let Some(shared) = hosted.shared.as_ref().filter(|one| one.handing.is_none()) else {
                continue;
            };
            if !hosted.lane.opened() || !(draining || quiet(hosted)) {
                continue;
            }
            // Only to a node that follows it already: it opens at once.
            let follows = |node: NodeId| {
                node == me || shared.followers.iter().any(|conn| self.node_of(*conn) == Some(node))
            };
            let able: BTreeMap<_, _> = there
                .iter()
                .filter(|(node, _)| follows(**node))
                .map(|(node, takes)| (*node, *takes))
                .collect();
            if let Some(to) = ranked(&able, u64::from(*lane)).filter(|to| *to != me) {
                due.push((*lane, to));
            }
        }
        for (lane, to) in due {
            self.begin_handing(lane, to);
        }
        if draining && let Some(to) = ranked(&there, u64::MAX).filter(|to| *to != me) {
            self.give_resting(home, to);
        }
    }

    /// The node at the other end of a follower's connection.
    fn node_of(&self, conn: Conn) -> Option<NodeId> {
        let nodes = self.nodes.as_ref()?;
        let process = nodes.guests.get(&conn)?.process;
        let rows = nodes.views.iter().flat_map(|view| &view.nodes);
        rows.into_iter().find(|row| row.process == process).map(|row| row.node)
    }

    /// Lanes at rest have nothing under way.
    fn give_resting(&mut self, home: usize, to: NodeId) {
        let at_rest = self.resting.iter().filter(|(_, drop)| drop.home == home);
        let at_rest: Vec<LaneId> = at_rest.map(|(lane, _)| *lane).collect();
        for lane in at_rest {
            let Some(nodes) = &self.nodes else { return };
            let term = nodes.lease(lane, home).term;
            if nodes.given.get(&lane) == Some(&term) {
                continue;
            }
            if let Some(drop) = self.resting.get(&lane) {
                drop.answer_until(i64::MIN);
            }
            let Some(nodes) = &mut self.nodes else { return };
            nodes.given.insert(lane, term);
            nodes.keepers[home].order(Order::Give((lane, term), to));
        }
    }

    fn begin_handing(&mut self, lane: LaneId, to: NodeId) {
        let Some(hosted) = self.hosted.get_mut(&lane) else { return };
        let Some(shared) = hosted.shared.as_deref_mut() else { return };
        shared.handing = Some(Handing::Quiet(to));
        // What waits is decided by whoever is next.
        for (ticket, command) in hosted.lane.take_waiting() {
            self.pass_on(lane, command, ticket);
        }
        self.hand_on(lane, boot_ms());
    }

    /// The next step of a hand-over, if it can be done.
    pub(super) fn hand_on(&mut self, lane: LaneId, now_ms: i64) {
        let Some(hosted) = self.hosted.get_mut(&lane) else { return };
        let Some(shared) = hosted.shared.as_deref_mut() else { return };
        if let Some(Handing::Quiet(to)) = shared.handing
            && hosted.lane.idle()
            && shared.leaving.is_empty()
            && shared.unsure.is_empty()
        {
            shared.handing = Some(Handing::Words(to));
            shared.grants.end();
            self.stream(lane, &Frame::End { lane });
        }
        let Some(hosted) = self.hosted.get_mut(&lane) else { return };
        let Some(shared) = hosted.shared.as_deref_mut() else { return };
        let Some(Handing::Words(to)) = shared.handing else { return };
        if !shared.grants.over(now_ms) {
            return;
        }
        let term = shared.term;
        self.stream(lane, &Frame::Left { lane });
        let Some(Hosted { drop, .. }) = self.hosted.remove(&lane) else { return };
        // Nothing is answered from here any more, whatever becomes of the order.
        drop.answer_until(i64::MIN);
        let face = drop.published.front().face.clone();
        let tip = (face.seq, face.hash, face.time_ms);
        let replay = Replay::behind(self.festival(), lane, tip);
        let home = drop.home;
        if let Some(nodes) = &mut self.nodes {
            nodes.followed.insert(lane, Followed::new(drop, replay));
            nodes.given.insert(lane, term);
            nodes.keepers[home].order(Order::Give((lane, term), to));
        }
    }

    pub(super) fn gave_up(&mut self, conn: Conn, lane: LaneId) {
        let hosted = self.hosted.get_mut(&lane);
        if let Some(shared) = hosted.and_then(|hosted| hosted.shared.as_deref_mut()) {
            shared.grants.gave_up(conn);
            self.hand_on(lane, boot_ms());
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
        let mut leases = nodes.views.iter().flat_map(|view| view.leases.values());
        let none = !leases.any(|lease| lease.node == Some(nodes.node));
        if alone || none && self.hosted.is_empty() {
            let _ = told.send(());
        }
    }
}

/// The nodes that are there, and whether each takes lanes.
pub(super) fn there(
    rows: &[crate::kit::journal::NodeRow],
    gone: &BTreeSet<NodeId>,
) -> BTreeMap<NodeId, bool> {
    let rows = rows.iter().filter(|row| !gone.contains(&row.node));
    rows.map(|row| (row.node, !row.draining)).collect()
}
