//! A lane goes to another node, in order: nothing more is decided, what is under way becomes
//! durable and is told, followers give up their word, and then the lease moves.

use super::super::{Hosted, Lanes};
use super::follower::Followed;
use crate::kit::clock::boot_ms;
use crate::nodes::frame::{Frame, NodeId};
use crate::nodes::keeper::Order;
use crate::nodes::links::Conn;
use fanfare_lane::{LaneId, Replay};
use std::sync::mpsc;

/// How far a hand-over has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handing {
    /// Rows under way become durable and are told.
    Quiet(NodeId),
    /// Followers' words end.
    Words(NodeId),
}

impl Lanes {
    pub(super) fn begin_handing(&mut self, lane: LaneId, to: NodeId) {
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
        let alone = !nodes.rows().any(|row| row.node != nodes.node && !row.draining);
        let mut leases = nodes.views.iter().flat_map(|view| view.leases.values());
        let none = !leases.any(|lease| lease.node == Some(nodes.node));
        if alone || none && self.hosted.is_empty() {
            let _ = told.send(());
        }
    }
}
