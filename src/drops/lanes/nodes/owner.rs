//! As an owner: other nodes follow a lane and ask for this node's word. A durable row is sent to
//! them first, and published and told here once each has it or may not speak of the lane.

use super::super::{Hosted, Lanes};
use super::Guest;
use super::handing::Handing;
use crate::drops::drop::Drop;
use crate::drops::ticket::Ticket;
use crate::kit::clock::boot_ms;
use crate::kit::journal::{Holder, RawRow};
use crate::nodes::frame::{Frame, NodeId, ProcessId};
use crate::nodes::links::{Conn, Sender};
use fanfare_lane::{Durable, Grants, Lane, LaneId, Owed, Reading, Reply, SUCCESSOR_WAITS_MS};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a lane of one of several nodes has besides.
#[derive(Default)]
pub(in super::super) struct Shared {
    /// This node, and the number of the lease by which the lane is open.
    node: NodeId,
    pub(super) term: u64,
    /// Before this nothing is told: followers may answer for a lane that was at rest.
    told_from_ms: i64,
    pub(super) grants: Grants<Conn>,
    /// And under which number each asked to.
    pub(super) followers: BTreeMap<Conn, u64>,
    pub(super) leaving: VecDeque<Leaving>,
    pub(super) unsure: Vec<Doubted>,
    /// The newest row somebody is told `unsure` about.
    doubted: u32,
    pub(super) handing: Option<Handing>,
    /// The newest row whose fans followers were told of.
    named: u32,
}

/// Callers who are told `unsure` once every follower knows of the doubt; at once where none must.
type Doubted = (Option<Owed<Conn>>, Vec<(Ticket, Reply)>);

/// What waits to be told, in order.
pub(super) enum Leaving {
    /// A durable row: published, and its answers let go, when it is settled.
    Row(Owed<Conn>, Box<Durable<Ticket>>),
    /// Answers that made no fact: let go behind what they rest on, while the lease is proven.
    Plain(Vec<(Ticket, Reply)>, i64),
}

/// How long an answer from memory waits for a proof of the lease.
const PLAIN_MS: i64 = 5_000;

impl Shared {
    pub(in super::super) fn under(node: NodeId, term: u64) -> Self {
        Self { node, term, ..Self::default() }
    }

    /// A follower's connection ended.
    pub(super) fn leave(&mut self, conn: Conn) {
        if self.followers.remove(&conn).is_some() {
            self.grants.leave(conn);
        }
    }

    /// Whether nothing is decided any more: the lane goes to another node.
    pub(in super::super) fn handing(&self) -> bool {
        self.handing.is_some()
    }

    /// Whether a row that somebody was told `unsure` about is not published yet: it may be durable,
    /// but the gate goes by what is published.
    pub(in super::super) fn doubts(&self, published: u32) -> bool {
        published < self.doubted
    }

    /// Who opens the lane.
    pub(in super::super) fn holder(&self, lane: LaneId) -> Holder {
        Holder { node: self.node, terms: [(lane, self.term)].into() }
    }

    /// Whether something waits to be told.
    pub(in super::super) fn owes(&self) -> bool {
        !self.leaving.is_empty() || !self.unsure.is_empty() || self.handing.is_some()
    }
}

impl Lanes {
    pub(super) fn came(&mut self, conn: Conn, process: ProcessId, send: Sender) {
        for Hosted { drop, .. } in self.hosted.values() {
            let spec = serde_json::to_string(&drop.spec).unwrap_or_default();
            let _ = send.send(Frame::Drop { lane: drop.lane, spec });
        }
        if let Some(nodes) = &mut self.nodes {
            nodes.guests.insert(conn, Guest { process, send });
        }
    }

    /// Tells the others of a drop that is served here from now on.
    pub(in super::super) fn announce(&self, lane: LaneId) {
        let (Some(nodes), Some(hosted)) = (&self.nodes, self.hosted.get(&lane)) else { return };
        let spec = serde_json::to_string(&hosted.drop.spec).unwrap_or_default();
        for guest in nodes.guests.values() {
            let _ = guest.send.send(Frame::Drop { lane, spec: spec.clone() });
        }
    }

    fn send(&self, conn: Conn, frame: Frame) {
        if let Some(guest) = self.nodes.as_ref().and_then(|nodes| nodes.guests.get(&conn)) {
            let _ = guest.send.send(frame);
        }
    }

    /// Sends something to all who follow a lane.
    pub(super) fn stream(&self, lane: LaneId, frame: &Frame) {
        let shared = self.hosted.get(&lane).and_then(|hosted| hosted.shared.as_ref());
        for conn in shared.iter().flat_map(|shared| shared.followers.keys()) {
            self.send(*conn, frame.clone());
        }
    }

    /// A node wants what comes of a lane.
    pub(super) fn join(&mut self, conn: Conn, lane: LaneId, (term, turn): (u64, u64)) {
        let joined = if let Some(hosted) = self.hosted.get_mut(&lane) {
            let Some(shared) = hosted.shared.as_mut().filter(|one| one.term == term) else {
                return;
            };
            // Under another number it begins anew, and has given up what it may have answered by.
            if !hosted.lane.opened() || shared.followers.insert(conn, turn) == Some(turn) {
                return;
            }
            shared.grants.join(conn);
            let settled = hosted.drop.published.front().face.seq;
            let doubt = hosted.lane.in_doubt().unwrap_or(0);
            Frame::Joined { lane, term, newest: hosted.lane.durable_head(), settled, doubt, turn }
        } else if let Some(drop) = self.resting.get(&lane) {
            // Nothing comes of it before it is woken, and then it is joined anew.
            let face = &drop.published.front().face;
            let newest = (face.seq, face.hash);
            Frame::Joined { lane, term, newest, settled: face.seq, doubt: 0, turn }
        } else {
            return;
        };
        self.send(conn, joined);
        let hosted = self.hosted.get(&lane);
        for (seq, fans) in hosted.map_or_else(Vec::new, |hosted| hosted.lane.under_way(0)) {
            self.send(conn, Frame::UnderWay { lane, seq, fans });
        }
    }

    pub(super) fn acked(&mut self, conn: Conn, lane: LaneId, count: u64) {
        let now_ms = boot_ms();
        if let Some(shared) = self.shared(lane) {
            shared.grants.acked(conn, count, now_ms);
            self.settle(lane, now_ms);
        }
    }

    fn shared(&mut self, lane: LaneId) -> Option<&mut Shared> {
        self.hosted.get_mut(&lane)?.shared.as_deref_mut()
    }

    /// A node asks for this one's word: for each lane it follows here.
    pub(super) fn pinged(&mut self, conn: Conn, at_ms: i64, clock: &Reading) {
        let Some(nodes) = &self.nodes else { return };
        let now_ms = boot_ms();
        let mut lanes = Vec::new();
        for (lane, hosted) in &mut self.hosted {
            let tenure = nodes.tenures[hosted.drop.home];
            if let Some(shared) = &mut hosted.shared
                && shared.followers.contains_key(&conn)
                // Whoever asked the lane and lost patience is not refused elsewhere meanwhile.
                && !hosted.lane.slow(clock.mono_ms)
                && shared.grants.give(conn, tenure, now_ms)
            {
                lanes.push(*lane);
            }
        }
        // Of lanes at rest nothing comes before they are woken.
        let at_rest = self.resting.values().filter(|drop| drop.answers(now_ms));
        lanes.extend(at_rest.map(|drop| drop.lane));
        self.send(conn, Frame::Word { at_ms, owner_ms: now_ms, lanes });
    }

    /// Followers hear whose claims were decided, before the row goes to the store.
    pub(in super::super) fn name_under_way(&mut self, lane: LaneId) {
        let Some(hosted) = self.hosted.get_mut(&lane) else { return };
        let shared = hosted.shared.as_deref_mut();
        let Some(shared) = shared.filter(|shared| !shared.followers.is_empty()) else { return };
        let rows = hosted.lane.under_way(shared.named);
        shared.named = rows.last().map_or(shared.named, |(seq, _)| *seq);
        for (seq, fans) in rows {
            self.stream(lane, &Frame::UnderWay { lane, seq, fans });
        }
    }

    /// A durable row goes to all followers, before anybody is told of it.
    pub(in super::super) fn stream_row(&mut self, lane: LaneId, durable: Durable<Ticket>) {
        let now_ms = boot_ms();
        let Some(shared) = self.shared(lane) else { return };
        let owed = shared.grants.send(now_ms);
        let row = (!shared.followers.is_empty()).then(|| RawRow::of(&durable.sealed));
        shared.leaving.push_back(Leaving::Row(owed, Box::new(durable)));
        if let Some(row) = row {
            self.stream(lane, &Frame::Row { lane, row });
        }
    }

    /// Answers that wait for no row: `busy` goes, `unsure` goes once every follower knows of the
    /// doubt, and what rests on memory when the lease is proven.
    pub(in super::super) fn without_row(&mut self, lane: LaneId, answers: Vec<(Ticket, Reply)>) {
        let now_ms = boot_ms();
        let (mut busy, mut unsure, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for (ticket, reply) in answers {
            match reply {
                Reply::Busy => busy.push((ticket, reply)),
                Reply::Unsure => unsure.push((ticket, reply)),
                _ => plain.push((ticket, reply)),
            }
        }
        let Some(hosted) = self.hosted.get_mut(&lane) else { return };
        let Some(shared) = hosted.shared.as_deref_mut() else { return };
        if !plain.is_empty() {
            shared.leaving.push_back(Leaving::Plain(plain, now_ms));
        }
        let mut doubt = None;
        if !unsure.is_empty() {
            doubt = hosted.lane.in_doubt();
            shared.doubted = shared.doubted.max(doubt.unwrap_or(0));
            let owed = doubt.map(|_| shared.grants.send(now_ms));
            shared.unsure.push((owed, unsure));
        }
        if let Some(seq) = doubt {
            self.stream(lane, &Frame::Doubt { lane, seq });
        }
        busy.into_iter().for_each(|(ticket, reply)| self.say(ticket, reply));
        self.settle(lane, now_ms);
    }

    /// Lanes of which something waits to be told.
    pub(in super::super) fn owing(&self) -> Vec<LaneId> {
        let owes = |hosted: &Hosted| hosted.shared.as_ref().is_some_and(|one| one.owes());
        self.hosted.iter().filter(|(_, hosted)| owes(hosted)).map(|(lane, _)| *lane).collect()
    }

    /// Publishes and lets go what is settled.
    pub(in super::super) fn settle(&mut self, lane: LaneId, now_ms: i64) {
        let mut published = false;
        while let Some(hosted) = self.hosted.get_mut(&lane)
            && let Some(shared) = hosted.shared.as_deref_mut()
        {
            let home = hosted.drop.home;
            let tenure = self.nodes.as_ref().map(|nodes| nodes.tenures[home]);
            let goes = match shared.leaving.front() {
                Some(Leaving::Row(owed, _)) => {
                    now_ms >= shared.told_from_ms && shared.grants.settled(owed, now_ms)
                }
                Some(Leaving::Plain(_, since_ms)) => {
                    tenure.is_some_and(|one| one.good(now_ms)) || now_ms - since_ms >= PLAIN_MS
                }
                None => false,
            };
            if !goes {
                break;
            }
            match shared.leaving.pop_front() {
                Some(Leaving::Row(_, durable)) => {
                    let seq = durable.sealed.row.header.seq;
                    self.publish_row(lane, *durable);
                    self.stream(lane, &Frame::Settled { lane, seq });
                    published = true;
                }
                Some(Leaving::Plain(answers, _)) => {
                    let good = tenure.is_some_and(|one| one.good(now_ms));
                    for (ticket, reply) in answers {
                        // Nothing was done for it, and whether it is still true nobody here knows.
                        self.say(ticket, if good { reply } else { Reply::Busy });
                    }
                }
                None => {}
            }
        }
        self.let_go_unsure(lane, now_ms);
        if published {
            self.touched.insert(lane);
        }
        if published && self.hosted.get(&lane).is_some_and(Hosted::rested) {
            self.let_rest(lane);
        }
        self.hand_on(lane, now_ms);
    }

    fn let_go_unsure(&mut self, lane: LaneId, now_ms: i64) {
        let Some(shared) = self.shared(lane) else { return };
        let mut gone = Vec::new();
        let Shared { unsure, grants, .. } = shared;
        unsure.retain_mut(|(owed, answers)| {
            let goes = owed.as_ref().is_none_or(|owed| grants.settled(owed, now_ms));
            if goes {
                gone.append(answers);
            }
            !goes
        });
        gone.into_iter().for_each(|(ticket, reply)| self.say(ticket, reply));
    }
}

impl Lanes {
    /// A lane that was at rest is opened again.
    pub(in super::super) fn host_woken(&mut self, lane: Lane<Ticket>, drop: Arc<Drop>) {
        let (id, home) = (lane.id(), drop.home);
        let term = self.nodes.as_ref().map_or(0, |nodes| nodes.lease(id, home).term);
        self.host_by(lane, drop, term);
        if let Some(shared) = self.shared(id) {
            shared.told_from_ms = boot_ms() + SUCCESSOR_WAITS_MS;
        }
        // Whoever followed it at rest joins anew.
        for guest in self.nodes.iter().flat_map(|nodes| nodes.guests.values()) {
            let _ = guest.send.send(Frame::Left { lane: id });
        }
    }
}

impl Hosted {
    /// Whether nothing of it waits to be told.
    pub(in super::super) fn told(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| !shared.owes())
    }
}
