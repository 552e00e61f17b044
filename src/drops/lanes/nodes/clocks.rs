//! What the other nodes' clocks show. Each says it with its word, four times a second.
//!
//! A lane's new owner goes on from where the clock of the one before would stand: its own may be
//! wrong, and nothing else tells (`docs/decisions/0038-another-nodes-clock.md`).

use super::super::{Lanes, Told};
use crate::kit::clock::boot_ms;
use crate::nodes::frame::NodeId;
use crate::nodes::links::Conn;
use fanfare_lane::{APART_MS, DIFFERS_MS, Heard, Reading, far_off};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// A clock that was not heard for so long is not compared with any more.
const SILENT_MS: i64 = 10_000;

/// While clocks differ it is said again so often.
const AGAIN_MS: i64 = 60_000;

/// What the other nodes' clocks say of this one's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The hindmost of those that are believed, where any was heard.
    hindmost: Option<Heard>,
    /// Most of the others contradict this node's.
    contradicted: bool,
}

/// The other nodes' clocks, as they were heard last.
#[derive(Default)]
pub(super) struct Clocks {
    heard: BTreeMap<NodeId, Heard>,
    /// When it was last said that they differ.
    said_ms: Option<i64>,
}

impl Clocks {
    /// What the clock of a lane's last owner would show now, ms since 1970. Where that one was
    /// never heard, what the hindmost of the others would show that is believed; none where none
    /// was heard. `own` is this node, and what its clock shows.
    pub(super) fn of(&self, owners: Option<Heard>, own: (NodeId, i64), now_ms: i64) -> Option<i64> {
        owners.or_else(|| self.hindmost(own, now_ms)).map(|heard| heard.shows_ms(now_ms))
    }

    /// A clock that the others contradict does not count, unless all are contradicted.
    fn hindmost(&self, own: (NodeId, i64), now_ms: i64) -> Option<Heard> {
        let shown = self.heard.iter().map(|(node, heard)| (*node, heard.shows_ms(now_ms)));
        let far = far_off(&shown.chain([own]).collect());
        let least = |believed: bool| {
            let of = self.heard.iter().filter(|(node, _)| !believed || !far.contains(node));
            of.map(|(_, heard)| *heard).min_by_key(|heard| heard.shows_ms(now_ms))
        };
        least(true).or_else(|| least(false))
    }

    /// The clocks that were heard lately, and this node's: who is not heard any more is no witness,
    /// for others may never have heard it, and all have to judge alike.
    fn lately(&self, own: (NodeId, i64), now_ms: i64) -> BTreeMap<NodeId, i64> {
        let lately = self.heard.iter().filter(|(_, heard)| heard.age_ms(now_ms) < SILENT_MS);
        lately.map(|(node, heard)| (*node, heard.shows_ms(now_ms))).chain([own]).collect()
    }

    /// Of the nodes that are there, those take lanes whose clock the others do not contradict;
    /// where that is none, all that did.
    pub(super) fn that_are_right(
        &self,
        there: BTreeMap<NodeId, bool>,
        own: (NodeId, i64),
        now_ms: i64,
    ) -> BTreeMap<NodeId, bool> {
        let far = far_off(&self.lately(own, now_ms));
        let takes = |(node, takes): (&NodeId, &bool)| (*node, *takes && !far.contains(node));
        let right: BTreeMap<NodeId, bool> = there.iter().map(takes).collect();
        if right.values().any(|takes| *takes) { right } else { there }
    }

    /// Whether a lane that goes to this node for balance is believed there.
    pub(super) fn near(&self, node: NodeId, clock_ms: i64) -> bool {
        let heard = self.heard.get(&node).map(|heard| heard.shows_ms(boot_ms()));
        heard.is_some_and(|shows_ms| clock_ms.saturating_sub(shows_ms).abs() <= APART_MS)
    }

    /// How far this clock is ahead of the nearest of those that are heard; 0 where one is near,
    /// none where nobody is heard.
    fn differs_ms(&self, clock_ms: i64, now_ms: i64) -> Option<i64> {
        let lately = self.heard.values().filter(|heard| heard.age_ms(now_ms) < SILENT_MS);
        let ahead = lately.map(|heard| clock_ms.saturating_sub(heard.shows_ms(now_ms)));
        let nearest_ms = ahead.min_by_key(|ahead_ms| ahead_ms.saturating_abs())?;
        Some(if nearest_ms.saturating_abs() > DIFFERS_MS { nearest_ms } else { 0 })
    }
}

impl Told {
    /// How far this node's clock differs from the others', in words, if it does.
    pub fn clock_differs(&self) -> Option<String> {
        let ahead_ms = self.differs_ms.load(Ordering::Relaxed);
        let way = if ahead_ms > 0 { "ahead of" } else { "behind" };
        let by_s = ahead_ms.unsigned_abs() as f64 / 1_000.0;
        let what = || format!("this machine's clock is {by_s:.1} s {way} every other node's");
        (ahead_ms != 0).then(what)
    }

    /// The same if most of the other nodes' clocks contradict it.
    pub fn clock_contradicted(&self) -> Option<String> {
        self.clock_differs().filter(|_| self.shown().contradicted)
    }

    /// What the hindmost of the other nodes' clocks shows that is believed, ms since 1970, where
    /// any was heard.
    pub fn clocks_show_ms(&self) -> Option<i64> {
        self.shown().hindmost.map(|heard| heard.shows_ms(boot_ms()))
    }

    fn shown(&self) -> Shown {
        *self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    /// The time this node's lanes go by, ms since 1970: of those that differ, the earliest.
    pub(super) fn shows_ms(&self, clock: &Reading) -> i64 {
        let leads = self.hosted.values().map(|hosted| hosted.lane.lead_ms(clock.mono_ms));
        clock.now_ms - leads.max().unwrap_or(0)
    }

    /// What an owner's clock shows, asked for at this moment.
    pub(super) fn heard_clock(&mut self, conn: Conn, (at_ms, shows_ms): (i64, i64)) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(node) = nodes.hosts.get(&conn).map(|host| host.node) else { return };
        if let Some(heard) = Heard::new(shows_ms, at_ms, boot_ms()) {
            nodes.clocks.heard.insert(node, heard);
            for followed in nodes.followed.values_mut().filter(|one| one.follows_by(conn)) {
                followed.theirs = Some(heard);
            }
        }
    }

    /// Says so where this clock differs from all others'.
    pub(in super::super) fn compare_clocks(&mut self, clock: &Reading) {
        let Some(nodes) = &mut self.nodes else { return };
        let now_ms = boot_ms();
        let own = (nodes.node, clock.now_ms);
        *self.told.clocks.lock().unwrap_or_else(PoisonError::into_inner) = Shown {
            hindmost: nodes.clocks.hindmost(own, now_ms),
            contradicted: far_off(&nodes.clocks.lately(own, now_ms)).contains(&nodes.node),
        };
        // While nobody is heard, what was said last stands.
        let Some(differs_ms) = nodes.clocks.differs_ms(clock.now_ms, now_ms) else { return };
        self.told.differs_ms.store(differs_ms, Ordering::Relaxed);
        let said_ms = &mut nodes.clocks.said_ms;
        if differs_ms != 0 && said_ms.is_none_or(|said_ms| now_ms - said_ms >= AGAIN_MS) {
            *said_ms = Some(now_ms);
            let what = self.told.clock_differs().unwrap_or_default();
            tracing::warn!(differs_ms, "CLOCKS DIFFER: {what}; keep all by one time service");
        } else if differs_ms == 0 && said_ms.take().is_some() {
            tracing::info!("this machine's clock agrees with another node's again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(shows: &[(NodeId, i64)]) -> Clocks {
        let heard = |(node, ms): &(NodeId, i64)| (*node, Heard::new(*ms, 0, 0).unwrap());
        Clocks { heard: shows.iter().map(heard).collect(), said_ms: None }
    }

    #[test]
    fn a_lane_goes_on_by_its_owners_clock_or_the_hindmost_of_the_others() {
        let clocks = heard(&[(2, 50_000), (3, 70_000)]);
        let own = (1, 56_000);
        assert_eq!(clocks.of(Heard::new(60_000, 0, 0), own, 1_000), Some(61_000));
        assert_eq!(clocks.of(None, own, 1_000), Some(51_000));
        assert_eq!(Clocks::default().of(None, own, 0), None);
    }

    #[test]
    fn a_clock_that_most_contradict_is_nobodys_measure() {
        let clocks = heard(&[(2, 0), (3, 60_000)]);
        assert_eq!(clocks.of(None, (1, 60_500), 0), Some(60_000));
        let slow = heard(&[(2, 0)]);
        assert_eq!(slow.of(None, (1, 60_500), 0), Some(0), "of two nobody knows which is wrong");
    }

    #[test]
    fn one_clock_that_agrees_is_enough_to_say_nothing() {
        let clocks = heard(&[(2, 50_000), (3, 58_000)]);
        assert_eq!(clocks.differs_ms(50_900, 0), Some(0));
        assert_eq!(clocks.differs_ms(60_000, 0), Some(2_000));
        assert_eq!(clocks.differs_ms(40_000, 0), Some(-10_000));
        assert_eq!(clocks.differs_ms(40_000, SILENT_MS), None, "nobody is heard");
    }

    #[test]
    fn who_is_contradicted_takes_no_lanes_while_another_can() {
        let clocks = heard(&[(2, 0), (3, 500)]);
        let own = (1, 1_800_000);
        let there: BTreeMap<NodeId, bool> = [(1, true), (2, true)].into();
        let right = clocks.that_are_right(there.clone(), own, 0);
        assert_eq!(right, [(1, false), (2, true)].into());
        let alone: BTreeMap<NodeId, bool> = [(1, true), (2, false)].into();
        assert_eq!(clocks.that_are_right(alone.clone(), own, 0), alone);
        // Node 2 may never have heard the third, which is dead: left alone with it, neither would
        // know that the other waits for it.
        let mut clocks = heard(&[(3, 500)]);
        clocks.heard.insert(2, Heard::new(SILENT_MS, SILENT_MS, SILENT_MS).unwrap());
        let later = (1, 1_800_000 + SILENT_MS);
        assert_eq!(clocks.that_are_right(there.clone(), later, SILENT_MS), there);
    }
}
