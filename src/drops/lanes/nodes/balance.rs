//! Which lanes should go to which other node: quiet ones for balance, all of them from a node that
//! leaves.

use super::super::{Hosted, Lanes};
use super::leases::ranked;
use crate::kit::journal::NodeRow;
use crate::nodes::frame::NodeId;
use crate::nodes::keeper::Order;
use crate::nodes::links::Conn;
use fanfare_engine::Phase;
use fanfare_lane::{LaneId, Reading};
use std::collections::{BTreeMap, BTreeSet};

/// A drop that opens sooner than this is not moved for balance any more.
const QUIET_BEFORE_MS: i64 = 60_000;

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
                node == me || shared.followers.keys().any(|conn| self.node_of(*conn) == Some(node))
            };
            // And goes by the same time: else a host would have to confirm it first.
            let near =
                |node: NodeId| draining || node == me || nodes.clocks.near(node, clock.now_ms);
            let able: BTreeMap<_, _> = there
                .iter()
                .filter(|(node, _)| follows(**node) && near(**node))
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
        nodes.rows().find(|row| row.process == process).map(|row| row.node)
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
}

/// The nodes that are there, and whether each takes lanes.
pub(super) fn there(rows: &[NodeRow], gone: &BTreeSet<NodeId>) -> BTreeMap<NodeId, bool> {
    let rows = rows.iter().filter(|row| !gone.contains(&row.node));
    rows.map(|row| (row.node, !row.draining)).collect()
}
