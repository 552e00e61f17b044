//! As an owner: other nodes come, follow lanes, ask for this node's word; a row's answers leave
//! once every follower that may answer by itself has the row.

use super::super::{Hosted, Lanes};
use super::{Guest, Held};
use crate::drops::ticket::{Answered, Ticket};
use crate::kit::clock::boot_ms;
use crate::kit::journal::RawRow;
use crate::nodes::frame::{Frame, ProcessId};
use crate::nodes::links::{Conn, Sender};
use fanfare_lane::{LaneId, Owed, Sealed};
use std::collections::BTreeSet;

impl Lanes {
    pub(super) fn came(&mut self, conn: Conn, process: ProcessId, send: Sender) {
        let Some(nodes) = &mut self.nodes else { return };
        for Hosted { drop, .. } in self.hosted.values() {
            let spec = serde_json::to_string(&drop.spec).unwrap_or_default();
            let _ = send.send(Frame::Drop { lane: drop.lane, spec });
        }
        nodes.grants.join(conn);
        nodes.guests.insert(conn, Guest { process, send, lanes: BTreeSet::new() });
    }

    /// Tells the others of a drop that is served here from now on.
    pub(super) fn announce(&self, lane: LaneId) {
        let (Some(nodes), Some(hosted)) = (&self.nodes, self.hosted.get(&lane)) else { return };
        let spec = serde_json::to_string(&hosted.drop.spec).unwrap_or_default();
        for guest in nodes.guests.values() {
            let _ = guest.send.send(Frame::Drop { lane, spec: spec.clone() });
        }
    }

    /// A node wants the rows behind one it has.
    pub(super) fn follow_asked(&mut self, conn: Conn, lane: LaneId, seq: u32) {
        let Some(nodes) = &mut self.nodes else { return };
        let leaving = nodes.leaving.contains_key(&lane);
        let Some(guest) = nodes.guests.get_mut(&conn) else { return };
        let rows = match (self.hosted.get(&lane).filter(|_| !leaving), self.resting.get(&lane)) {
            (Some(hosted), _) => hosted.lane.rows_behind(seq),
            // Nothing comes behind its newest row before it is woken.
            (None, Some(drop)) => {
                let newest = drop.published.front().face.seq == seq;
                newest.then(Vec::new)
            }
            (None, None) => return,
        };
        guest.lanes.remove(&lane);
        let Some(rows) = rows else {
            let _ = guest.send.send(Frame::Behind { lane });
            return;
        };
        for sealed in rows {
            let _ = nodes.grants.send([conn].into_iter(), boot_ms());
            let _ = guest.send.send(Frame::Row { lane, row: RawRow::of(&sealed) });
        }
        guest.lanes.insert(lane);
        let _ = guest.send.send(Frame::Followed { lane });
    }

    /// A follower says how far it is and asks for this node's word.
    pub(super) fn pinged(&mut self, conn: Conn, at_ms: i64, rows: u64) {
        let Some(nodes) = &mut self.nodes else { return };
        let now_ms = boot_ms();
        nodes.grants.acked(conn, rows, now_ms);
        let mut homes = 0;
        for (home, tenure) in nodes.tenures.iter().enumerate() {
            if nodes.grants.give(conn, *tenure, now_ms) {
                homes |= 1 << home;
            }
        }
        if let Some(guest) = nodes.guests.get(&conn) {
            let _ = guest.send.send(Frame::Word { at_ms, homes });
        }
        self.let_go_held(now_ms);
    }

    /// Sends a published row to those who follow its lane; who has to have it before it is told.
    pub(in super::super) fn send_row(
        &mut self,
        lane: LaneId,
        sealed: &Sealed,
    ) -> Option<Owed<Conn>> {
        let nodes = self.nodes.as_mut()?;
        let to = nodes.guests.iter().filter(|(_, guest)| guest.lanes.contains(&lane));
        let to: Vec<Conn> = to.map(|(conn, _)| *conn).collect();
        if !to.is_empty() {
            let row = RawRow::of(sealed);
            for conn in &to {
                let _ = nodes.guests[conn].send.send(Frame::Row { lane, row: row.clone() });
            }
        }
        let owed = nodes.grants.send(to.into_iter(), boot_ms());
        // A row before it may still be owed to somebody who follows no more.
        let behind = nodes.held.iter().any(|held| held.lane == lane);
        (behind || !nodes.grants.settled(&owed, boot_ms())).then_some(owed)
    }

    /// Keeps answers until what is owed is settled.
    pub(in super::super) fn hold(
        &mut self,
        lane: LaneId,
        owed: Owed<Conn>,
        answers: Vec<(Ticket, Answered)>,
    ) {
        if let Some(nodes) = &mut self.nodes {
            nodes.held.push_back(Held { lane, owed, answers });
        }
    }

    /// Lets answers go whose rows everybody has who may speak of them.
    pub(super) fn let_go_held(&mut self, now_ms: i64) {
        let mut waiting: BTreeSet<LaneId> = BTreeSet::new();
        let mut kept = std::collections::VecDeque::new();
        let Some(nodes) = &mut self.nodes else { return };
        let held = std::mem::take(&mut nodes.held);
        for one in held {
            let settled = !waiting.contains(&one.lane)
                && self.nodes.as_mut().is_none_or(|of| of.grants.settled(&one.owed, now_ms));
            if settled {
                one.answers.into_iter().for_each(|(ticket, answered)| self.tell(ticket, answered));
            } else {
                waiting.insert(one.lane);
                kept.push_back(one);
            }
        }
        if let Some(nodes) = &mut self.nodes {
            nodes.held = kept;
        }
    }

    /// A follower answers nothing more by this node's word for a lane.
    pub(super) fn over_seen(&mut self, conn: Conn, lane: LaneId) {
        if let Some(leaving) = self.nodes.as_mut().and_then(|nodes| nodes.leaving.get_mut(&lane)) {
            leaving.told.remove(&conn);
        }
    }
}
