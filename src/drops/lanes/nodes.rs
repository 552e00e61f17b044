//! Several nodes: what the lanes' thread of one knows of the others.
//!
//! | file | holds |
//! | --- | --- |
//! | `leases` | renewals arrive: lanes are taken, opened, given, lost |
//! | `owner` | guests ask and follow; a row is told once they have it |
//! | `follower` | other owners' rows; their word |
//! | `asks` | commands for lanes of others |
//!
//! A lane is here in one of two ways: hosted (or at rest) as its owner, or followed. In between,
//! while it is opened or its state made anew, it is followed, and answers nothing from memory.

mod asks;
mod follower;
mod leases;
mod owner;

use super::{Lanes, Message};
use crate::drops::drop::Drop;
use crate::drops::node::Directory;
use crate::drops::ticket::{Answered, Ticket};
use crate::drops::wake::Met;
use crate::kit::clock::boot_ms;
use crate::kit::journal::View;
use crate::nodes::frame::{Frame, NodeId, ProcessId};
use crate::nodes::keeper::{Keeper, Kept};
use crate::nodes::links::{Conn, Event, Links, Sender};
use asks::Asked;
use fanfare_engine::Command;
use fanfare_lane::{Forwards, Grants, LaneId, Owed, Reading, Replay, Reply, Tenure};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
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
    /// Lanes that other nodes own, and how far they are followed.
    pub followed: Vec<(Arc<Drop>, Replay)>,
}

/// Another node that asks and follows.
struct Guest {
    process: ProcessId,
    send: Sender,
    lanes: BTreeSet<LaneId>,
}

/// Another node that is asked and followed.
struct Host {
    node: NodeId,
    process: ProcessId,
    send: Sender,
    /// Rows it sent that are published here, or are of no use here.
    rows: u64,
    pinged_rows: u64,
    pinged_ms: i64,
}

/// A lane another node owns, or nobody, or this one soon.
struct Followed {
    drop: Arc<Drop>,
    /// Where it stands; none while its state is made anew.
    replay: Option<Replay>,
    /// The connection its owner's rows come by, once the owner has agreed.
    by: Option<Conn>,
    /// The lease is this node's: it is being opened.
    opening: bool,
}

/// A durable row's answers, until every follower has the row.
struct Held {
    lane: LaneId,
    owed: Owed<Conn>,
    answers: Vec<(Ticket, Answered)>,
}

/// An answer from memory, until the lease is proven anew.
struct Parked {
    lane: LaneId,
    ticket: Ticket,
    reply: Reply,
    since_ms: i64,
}

/// A lane on its way to another node.
struct Leaving {
    to: NodeId,
    /// Followers that have not said yet that they answer nothing more.
    told: BTreeSet<Conn>,
    since_ms: i64,
    given: bool,
}

/// What the lanes' thread knows of other nodes.
pub(super) struct Nodes {
    node: NodeId,
    keepers: Vec<Keeper>,
    links: Option<Links>,
    directory: Arc<RwLock<Arc<Directory>>>,
    /// By journal.
    tenures: Vec<Tenure>,
    views: Vec<View>,
    guests: BTreeMap<Conn, Guest>,
    grants: Grants<Conn>,
    forwards: HashMap<ProcessId, Forwards<Reply>>,
    hosts: BTreeMap<Conn, Host>,
    followed: HashMap<LaneId, Followed>,
    asks: BTreeMap<u64, Asked>,
    next_ask: u64,
    held: VecDeque<Held>,
    /// Answers from memory that wait until the lease is proven anew.
    parked: Vec<Parked>,
    leaving: BTreeMap<LaneId, Leaving>,
    /// Who waits until every lane is handed over.
    draining: Option<mpsc::Sender<()>>,
}

impl Nodes {
    pub(super) fn new(membership: Membership) -> Self {
        let journals = membership.keepers.len();
        let followed = membership.followed.into_iter().map(|(drop, replay)| {
            let lane = drop.lane;
            (lane, Followed { drop, replay: Some(replay), by: None, opening: false })
        });
        Self {
            node: membership.node,
            keepers: membership.keepers,
            links: membership.links,
            directory: membership.directory,
            tenures: vec![Tenure::NONE; journals],
            views: vec![View::default(); journals],
            guests: BTreeMap::new(),
            grants: Grants::default(),
            forwards: HashMap::new(),
            hosts: BTreeMap::new(),
            followed: followed.collect(),
            asks: BTreeMap::new(),
            next_ask: 1,
            held: VecDeque::new(),
            parked: Vec::new(),
            leaving: BTreeMap::new(),
            draining: None,
        }
    }

    /// Who has a lane's lease, as of the newest renewal.
    fn owner_of(&self, lane: LaneId, home: usize) -> Option<NodeId> {
        self.views.get(home)?.owners.get(&lane).copied()
    }

    /// The connection to a node, if there is one.
    fn host_of(&self, node: NodeId) -> Option<(Conn, &Host)> {
        self.hosts.iter().find(|(_, host)| host.node == node).map(|(conn, host)| (*conn, host))
    }

    /// Whether a lane is on its way to another node: nothing is decided any more.
    pub(super) fn is_leaving(&self, lane: LaneId) -> bool {
        self.leaving.contains_key(&lane)
    }

    /// Whether something is waited for that no message tells of.
    pub(super) fn waits(&self) -> bool {
        let answers = self.held.is_empty() && self.parked.is_empty() && self.asks.is_empty();
        !answers || !self.leaving.is_empty() || self.draining.is_some()
    }
}

impl Lanes {
    /// What another node, or a keeper, tells.
    pub(super) fn hear_nodes(&mut self, message: NodesMessage, clock: &Reading) {
        match message {
            NodesMessage::Kept(Kept::Renewed(renewal)) => self.renewed(renewal, clock),
            NodesMessage::Kept(Kept::Replaced) => {
                tracing::error!(
                    "ANOTHER PROCESS USES THIS NODE'S NUMBER: two data folders are copies of each \
                     other; give one node a fresh folder; stopping"
                );
                std::process::exit(EXIT_REPLACED);
            }
            NodesMessage::Link(Event::Came(conn, process, send)) => self.came(conn, process, send),
            NodesMessage::Link(Event::Reached(conn, node, process, send)) => {
                self.reached(conn, node, process, send, clock);
            }
            NodesMessage::Link(Event::Said(conn, frame)) => self.said(conn, frame, clock),
            NodesMessage::Link(Event::Ended(conn)) => self.ended(conn),
            NodesMessage::Known(known) => self.known(*known),
            NodesMessage::Drain(told) => self.drain(told),
        }
    }

    fn said(&mut self, conn: Conn, frame: Frame, clock: &Reading) {
        match frame {
            Frame::Ask { id, done_below, lane, command } => {
                self.asked_by(conn, (id, done_below), lane, command, clock);
            }
            Frame::Follow { lane, seq } => self.follow_asked(conn, lane, seq),
            Frame::Ping { at_ms, rows } => self.pinged(conn, at_ms, rows),
            Frame::OverSeen { lane } => self.over_seen(conn, lane),
            Frame::Answer { id, reply } => self.answered_by(id, reply),
            Frame::Elsewhere { id } => self.elsewhere(id, clock),
            Frame::Row { lane, row } => self.row_of(conn, lane, row),
            Frame::Followed { lane } => self.followed_by(conn, lane),
            Frame::Behind { lane } => self.catch_up(lane),
            Frame::Word { at_ms, homes } => self.word(conn, at_ms, homes),
            Frame::Over { lane } => self.word_over(conn, lane),
            Frame::Drop { lane, spec } => self.told_of(lane, &spec),
            Frame::Hello { .. } => {}
        }
    }

    fn ended(&mut self, conn: Conn) {
        let Some(nodes) = &mut self.nodes else { return };
        // A follower that has not said so may answer for as long as it was told it may.
        if nodes.guests.remove(&conn).is_some() {
            nodes.grants.leave(conn);
        }
        if nodes.hosts.remove(&conn).is_some() {
            for followed in nodes.followed.values_mut().filter(|one| one.by == Some(conn)) {
                followed.by = None;
            }
        }
    }

    /// What is due between nodes whether anybody says something or not.
    pub(super) fn keep_nodes(&mut self, clock: &Reading) {
        if self.nodes.is_none() {
            return;
        }
        let now_ms = boot_ms();
        self.let_go_held(now_ms);
        self.let_go_parked(now_ms);
        self.go_on_leaving(now_ms);
        self.say_drained();
        self.ping(now_ms);
        self.lose_patience_with_nodes(clock);
    }

    /// An answer from memory: let go while the lease is proven, else kept until it is.
    pub(super) fn say_from_memory(&mut self, lane: LaneId, ticket: Ticket, reply: Reply) {
        let now_ms = boot_ms();
        let answers = self.hosted.get(&lane).is_none_or(|hosted| hosted.drop.answers(now_ms));
        match &mut self.nodes {
            Some(nodes) if !answers => {
                nodes.parked.push(Parked { lane, ticket, reply, since_ms: now_ms });
            }
            _ => self.say(ticket, reply),
        }
    }

    fn let_go_parked(&mut self, now_ms: i64) {
        let Some(nodes) = &mut self.nodes else { return };
        let parked = std::mem::take(&mut nodes.parked);
        for one in parked {
            let late = now_ms - one.since_ms >= PARKED_MS;
            match self.hosted.get(&one.lane).filter(|_| !late) {
                Some(hosted) if hosted.drop.answers(now_ms) => self.say(one.ticket, one.reply),
                Some(_) => {
                    if let Some(nodes) = &mut self.nodes {
                        nodes.parked.push(one);
                    }
                }
                // Nothing was done for it, and whether it is still true nobody here knows.
                None if one.reply == Reply::Unsure => self.say(one.ticket, Reply::Unsure),
                None => self.say(one.ticket, Reply::Busy),
            }
        }
    }
}

/// How long an answer from memory waits for a proof.
const PARKED_MS: i64 = 5_000;

/// The exit code of a process whose node another one is.
const EXIT_REPLACED: i32 = 75;

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

/// A command and who waits for its answer.
type Pending = (LaneId, Command, Ticket);
