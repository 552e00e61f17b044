//! Several nodes: what the lanes' thread of one knows of the others.
//!
//! | file | holds |
//! | --- | --- |
//! | `leases` | renewals arrive: lanes are taken, opened, lost |
//! | `owner` | other nodes follow; a row is published and told once they have it |
//! | `balance`, `handing` | which lanes go to another node, and how, in order |
//! | `follower` | other owners' rows, in the order they come; their word |
//! | `asks` | commands for lanes of others |
//! | `clocks` | what the others' clocks show, and what to make of it |
//!
//! A lane is here in one of two ways: hosted (or at rest) as its owner, or followed. In between,
//! while it is opened or its state made anew, it is followed, and answers nothing from memory.
//! The rules of time and their reasons stand at the head of `fanfare_lane`'s `tenure`; the
//! simulator plays the same parts.

mod asks;
mod balance;
mod clocks;
mod follower;
mod handing;
mod leases;
mod owner;

use super::{Lanes, Message};
use crate::drops::directory;
use crate::drops::drop::Drop;
use crate::drops::node::Directory;
use crate::drops::wake::Met;
use crate::kit::clock::boot_ms;
use crate::kit::journal::{Lease, NodeRow, View};
use crate::nodes::frame::{Frame, NodeId, ProcessId};
use crate::nodes::keeper::{Keeper, Kept};
use crate::nodes::links::{Conn, Event, Links, Sender};
use crate::nodes::standing::end_beside_a_copy;
use asks::Asked;
use clocks::Clocks;
pub use clocks::Shown;
use fanfare_lane::{Forwards, GONE_AFTER_MS, LaneId, Reading, Replay, Reply, Tenure};
use follower::Followed;
pub(super) use owner::Shared;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock, mpsc};

/// What the lanes' thread needs to be one of several.
pub struct Membership {
    /// The node.
    pub node: NodeId,
    /// Its process.
    pub process: ProcessId,
    /// A keeper a journal, in the journals' order.
    pub keepers: Vec<Keeper>,
    /// Connections with other nodes; none where the node serves alone.
    pub links: Option<Links>,
    /// The drops that are known here.
    pub directory: Arc<RwLock<Arc<Directory>>>,
    /// The terms of the leases by which lanes are open here.
    pub terms: BTreeMap<LaneId, u64>,
    /// Lanes that other nodes own, and how far they are followed.
    pub followed: Vec<(Arc<Drop>, Replay)>,
}

/// Another node that asks and follows.
struct Guest {
    process: ProcessId,
    send: Sender,
}

/// Another node that is asked and followed.
struct Host {
    node: NodeId,
    process: ProcessId,
    send: Sender,
    pinged_ms: i64,
    /// What its clock showed, and when that came.
    heard: Option<(i64, i64)>,
}

/// What the lanes' thread knows of other nodes.
pub(super) struct Nodes {
    node: NodeId,
    process: ProcessId,
    keepers: Vec<Keeper>,
    links: Option<Links>,
    directory: Arc<RwLock<Arc<Directory>>>,
    /// By journal.
    tenures: Vec<Tenure>,
    views: Vec<View>,
    /// When each was asked for, by the clock of [`boot_ms`].
    viewed_ms: Vec<i64>,
    guests: BTreeMap<Conn, Guest>,
    forwards: HashMap<ProcessId, Forwards<Option<Reply>>>,
    hosts: BTreeMap<Conn, Host>,
    followed: HashMap<LaneId, Followed>,
    clocks: Clocks,
    /// How often this node asked an owner for what comes of a lane.
    turns: u64,
    asks: BTreeMap<u64, Asked>,
    next_ask: u64,
    /// Leases that were given away, by their number: whether they went the next renewals say.
    given: BTreeMap<LaneId, u64>,
    /// Processes that ended, and since when this is known.
    ended: BTreeMap<ProcessId, i64>,
    /// Who waits until every lane is handed over.
    draining: Option<mpsc::Sender<()>>,
}

impl Nodes {
    pub(super) fn new(membership: Membership) -> Self {
        let journals = membership.keepers.len();
        let followed = membership.followed.into_iter();
        let followed = followed.map(|(drop, replay)| (drop.lane, Followed::new(drop, replay)));
        Self {
            node: membership.node,
            process: membership.process,
            keepers: membership.keepers,
            links: membership.links,
            directory: membership.directory,
            tenures: vec![Tenure::NONE; journals],
            views: vec![View::default(); journals],
            viewed_ms: vec![i64::MIN / 2; journals],
            guests: BTreeMap::new(),
            forwards: HashMap::new(),
            hosts: BTreeMap::new(),
            followed: followed.collect(),
            clocks: Clocks::default(),
            turns: 0,
            asks: BTreeMap::new(),
            next_ask: 1,
            given: BTreeMap::new(),
            ended: BTreeMap::new(),
            draining: None,
        }
    }

    /// This node, and its process.
    pub(super) fn own(&self) -> (NodeId, ProcessId) {
        (self.node, self.process)
    }

    /// A lane is this node's, by this drop: who asks sees it, also where its former owner told of
    /// it while it was opened here.
    pub(super) fn follow_no_more(&mut self, drop: &Arc<Drop>) {
        if self.followed.remove(&drop.lane).is_some() {
            directory::change(&self.directory, |seen| seen.add(drop.clone()));
        }
    }

    /// Whether another node may have taken lanes of this journal over by now. Who serves alone is
    /// replaced by an operator only.
    pub(super) fn replaceable(&self, home: usize) -> bool {
        self.links.is_some() && self.tenures[home].replaceable(boot_ms())
    }

    /// The nodes that are there, as each journal says. What a silent one last said of a node does
    /// not count where another says it anew.
    fn rows(&self) -> impl Iterator<Item = &NodeRow> {
        let newest_ms = self.viewed_ms.iter().max().copied().unwrap_or_default();
        let anew = move |viewed_ms: i64| newest_ms - viewed_ms < GONE_AFTER_MS;
        let of_views = move |fresh: bool| {
            let views = self.views.iter().zip(&self.viewed_ms);
            views.filter(move |(_, at_ms)| anew(**at_ms) == fresh).flat_map(|(view, _)| &view.nodes)
        };
        let stale = of_views(false).filter(move |row| of_views(true).all(|of| of.node != row.node));
        stale.chain(of_views(true))
    }

    /// A lane's lease, as of the newest renewal.
    fn lease(&self, lane: LaneId, home: usize) -> Lease {
        let view = self.views.get(home);
        view.and_then(|view| view.leases.get(&lane)).copied().unwrap_or_default()
    }

    /// The connection to a lane's owner, if there is one.
    fn host_of(&self, lane: LaneId, home: usize) -> Option<(Conn, &Host)> {
        let owner = self.lease(lane, home).node?;
        self.hosts.iter().find(|(_, host)| host.node == owner).map(|(conn, host)| (*conn, host))
    }

    /// Whether something is waited for that no message tells of.
    pub(super) fn waits(&self) -> bool {
        !self.asks.is_empty() || !self.ended.is_empty() || self.draining.is_some()
    }
}

impl Lanes {
    /// What another node, or a keeper, tells.
    pub(super) fn hear_nodes(&mut self, message: NodesMessage, clock: &Reading) {
        match message {
            NodesMessage::Kept(Kept::Renewed(renewal)) => self.renewed(renewal, clock),
            NodesMessage::Kept(Kept::Out(home)) => self.out(home),
            NodesMessage::Kept(Kept::Replaced) => end_beside_a_copy(),
            NodesMessage::Link(Event::Came(conn, process, send)) => self.came(conn, process, send),
            NodesMessage::Link(Event::Reached(conn, node, process, send)) => {
                self.reached(conn, (node, process), send);
            }
            NodesMessage::Link(Event::Said(conn, frame)) => self.said(conn, frame, clock),
            NodesMessage::Link(Event::Ended(conn)) => self.ended(conn),
            NodesMessage::Known(known) => self.known(*known),
            NodesMessage::Drain(told) => self.drain(told),
        }
    }

    fn said(&mut self, conn: Conn, frame: Frame, clock: &Reading) {
        match frame {
            Frame::Ask { id, done_below, lane, age_ms, stamp_ms, command } => {
                let late_ms = (boot_ms() - stamp_ms).max(0).unsigned_abs();
                let age_ms = age_ms.saturating_add(late_ms);
                self.asked_by(conn, (id, done_below), (lane, age_ms, command), clock);
            }
            Frame::Follow { lane, term, turn } => self.join(conn, lane, (term, turn)),
            Frame::Ack { lane, count } => self.acked(conn, lane, count),
            Frame::Ping { at_ms } => self.pinged(conn, at_ms, clock),
            Frame::GaveUp { lane } => self.gave_up(conn, lane),
            Frame::Answer { id, reply } => self.answered_by(id, reply),
            Frame::Elsewhere { id } => self.elsewhere(id, clock),
            Frame::Drop { lane, spec } => self.told_of(lane, &spec),
            Frame::Hello { .. } => {}
            streamed => self.streamed(conn, streamed),
        }
    }

    fn ended(&mut self, conn: Conn) {
        let Some(nodes) = &mut self.nodes else { return };
        if nodes.guests.remove(&conn).is_some() {
            for shared in self.hosted.values_mut().filter_map(|one| one.shared.as_mut()) {
                shared.leave(conn);
            }
        }
        // Its word would last a little longer. But an owner that died may have made rows durable
        // that it sent nobody, and whoever lost an answer with it is back at another node at once:
        // the next owner tells them, not what is published here.
        nodes.hosts.remove(&conn);
        for followed in nodes.followed.values_mut().filter(|one| one.follows_by(conn)) {
            followed.hush();
        }
    }

    /// What is due between nodes whether anybody says something or not.
    pub(super) fn keep_nodes(&mut self) {
        if self.nodes.is_none() {
            return;
        }
        let now_ms = boot_ms();
        for lane in self.owing() {
            self.settle(lane, now_ms);
        }
        self.ping(now_ms);
        self.lose_patience_with_nodes(now_ms);
        self.say_drained();
    }
}

/// What reaches the lanes' thread from other nodes, or about them.
pub enum NodesMessage {
    /// A keeper tells.
    Kept(Kept),
    /// A connection tells.
    Link(Event),
    /// A drop that another node told of is read.
    Known(Box<Met>),
    /// Hand over every lane, and say when that is done.
    Drain(mpsc::Sender<()>),
}

impl From<NodesMessage> for Message {
    fn from(message: NodesMessage) -> Self {
        Self::Nodes(message)
    }
}
