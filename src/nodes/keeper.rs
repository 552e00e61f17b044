//! A thread a journal: renews this node's leases there three times a second and tells the lanes'
//! thread who is there. Takes and gives leases as it is told; what came of that, the next renewal
//! says.

use super::frame::NodeId;
use super::standing::{Lookout, Standing};
use crate::kit::clock::boot_ms;
use crate::kit::journal::{Leases, NodeRow, View};
use crate::kit::vital;
use fanfare_lane::{LaneId, SUCCESSOR_WAITS_MS, Watch};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Three renewals a second: an owner may miss two in a row and still answer from memory.
const RENEW_EVERY_MS: u64 = 300;

/// How often a node tries to join at a journal that was silent.
const JOIN_EVERY_MS: i64 = 1_000;

/// How often it is said that a journal goes on not to answer.
const WARN_EVERY_MS: i64 = 60_000;

/// What a keeper is told to do.
#[derive(Debug)]
pub enum Order {
    /// Take these leases, if they are nobody's.
    Take(Vec<LaneId>),
    /// Take all leases of a node that is gone.
    TakeOver(NodeId),
    /// Give a lease, by its number, to another node.
    Give((LaneId, u64), NodeId),
    /// Count leases up, by their numbers, that were to be given and still are this node's.
    CountUp(Vec<(LaneId, u64)>),
    /// Tell the others that this node takes no more lanes.
    Drain,
    /// Leave, and end.
    Leave,
}

/// A renewal that went well.
#[derive(Debug)]
pub struct Renewal {
    /// Which journal's.
    pub home: usize,
    /// When it was sent, by the clock of [`boot_ms`].
    pub sent_ms: i64,
    /// Who is there and who serves what.
    pub view: View,
    /// Nodes of the view that are gone.
    pub gone: BTreeSet<NodeId>,
}

/// What a keeper tells.
#[derive(Debug)]
pub enum Kept {
    /// Leases are renewed.
    Renewed(Renewal),
    /// This process has not its node's place at this journal, or not any more.
    Out(usize),
    /// Another live process has this node's place: two of them serve copies of one data folder.
    Replaced,
}

/// Joins at a journal, or says why that cannot be.
type Join = Box<dyn Fn(&Leases, &NodeRow) -> Result<(), String> + Send>;

/// A running keeper.
pub struct Keeper {
    orders: mpsc::Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts for a journal in which the node has joined, or which was silent when it should: then
    /// `join` joins there, and says why it cannot yet.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        (home, leases): (usize, Leases),
        (own, standing): (NodeRow, Standing),
        join: impl Fn(&Leases, &NodeRow) -> Result<(), String> + Send + 'static,
        tell: impl Fn(Kept) + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, told) = mpsc::channel();
        let mut keeping = Keeping {
            home,
            leases,
            own,
            joins: (!standing.stands()).then(|| Box::new(join) as Join),
            tried_ms: None,
            standing,
            here_since_ms: None,
            lookout: Lookout::default(),
            watches: BTreeMap::new(),
            warned_ms: None,
        };
        let body = move || keeping.run(&told, &tell);
        Ok(Self { orders, thread: Some(vital::spawn("leases", body)?) })
    }

    /// Gives an order; what comes of it the next renewal says.
    pub fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.order(Order::Leave);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Keeping {
    home: usize,
    leases: Leases,
    own: NodeRow,
    /// Takes its node's place as a start does, where it could not yet.
    joins: Option<Join>,
    /// When it last tried to.
    tried_ms: Option<i64>,
    standing: Standing,
    /// Since when it has its place again.
    here_since_ms: Option<i64>,
    lookout: Lookout,
    watches: BTreeMap<NodeId, Watch>,
    /// When it was last said that leases cannot be renewed; none while they can.
    warned_ms: Option<i64>,
}

impl Keeping {
    fn run(&mut self, orders: &Receiver<Order>, tell: &impl Fn(Kept)) {
        loop {
            if let Some(kept) = self.renew() {
                tell(kept);
            }
            let mut next = orders.recv_timeout(Duration::from_millis(RENEW_EVERY_MS));
            let since_ms = boot_ms();
            // What waits goes with the first: a renewal behind each of many would take long, and
            // what they change is seen at the next one anyway.
            loop {
                match next {
                    Ok(Order::Leave) | Err(RecvTimeoutError::Disconnected) => {
                        let _ = self.leases.leave(&self.own);
                        return;
                    }
                    Ok(order) => self.carry_out(order),
                    Err(RecvTimeoutError::Timeout) => break,
                }
                if boot_ms() - since_ms >= RENEW_EVERY_MS.cast_signed() {
                    break;
                }
                next = orders.recv_timeout(Duration::ZERO);
            }
        }
    }

    fn renew(&mut self) -> Option<Kept> {
        let sent_ms = boot_ms();
        let view = match self.leases.renew(&self.own) {
            Ok(Some(view)) => view,
            Ok(None) => return Some(self.look_for_place()),
            Err(why) => {
                self.warn(&why.to_string(), sent_ms, "leases cannot be renewed");
                return None;
            }
        };
        if self.warned_ms.take().is_some() {
            tracing::info!(journal = self.home + 1, "leases are renewed again");
        }
        if !self.stands() {
            return None;
        }
        let now_ms = boot_ms();
        self.watches.retain(|node, _| view.nodes.iter().any(|row| row.node == *node));
        for row in view.nodes.iter().filter(|row| row.node != self.own.node) {
            let watch = self.watches.entry(row.node);
            watch.or_insert_with(|| Watch::new(row.beat, now_ms)).look(row.beat, now_ms);
        }
        let gone = self.watches.iter().filter(|(_, watch)| watch.gone(now_ms));
        let gone = gone.map(|(node, _)| *node).collect();
        Some(Kept::Renewed(Renewal { home: self.home, sent_ms, view, gone }))
    }

    /// Once, and then each minute: it is tried three times a second.
    fn warn(&mut self, why: &str, now_ms: i64, what: &str) {
        if self.warned_ms.is_none_or(|warned_ms| now_ms - warned_ms >= WARN_EVERY_MS) {
            self.warned_ms = Some(now_ms);
            tracing::warn!(journal = self.home + 1, why, "{what}");
        }
    }

    /// Whether lanes may be opened by this renewal: a process that comes to its place keeps still
    /// for as long as followers may have the word of the one before.
    fn stands(&mut self) -> bool {
        let now_ms = boot_ms();
        (self.joins, self.lookout) = (None, Lookout::default());
        if !self.standing.stands() {
            let since_ms = *self.here_since_ms.get_or_insert(now_ms);
            if now_ms - since_ms < SUCCESSOR_WAITS_MS {
                return false;
            }
            tracing::info!(journal = self.home + 1, "this node has its place there");
            self.standing.set(true);
        }
        true
    }

    /// The node's row is gone, or names another process.
    fn look_for_place(&mut self) -> Kept {
        self.standing.set(false);
        self.here_since_ms = None;
        if self.joins.is_some() {
            self.join();
            return Kept::Out(self.home);
        }
        match self.lookout.look(&self.leases, &self.own, self.home) {
            Ok(true) => Kept::Replaced,
            Ok(false) => Kept::Out(self.home),
            Err(why) => {
                self.warn(&why.to_string(), boot_ms(), "this node's place cannot be taken");
                Kept::Out(self.home)
            }
        }
    }

    /// Joins as a start does, which it could not when it started.
    fn join(&mut self) {
        let now_ms = boot_ms();
        if self.tried_ms.is_some_and(|tried_ms| now_ms - tried_ms < JOIN_EVERY_MS) {
            return;
        }
        self.tried_ms = Some(now_ms);
        match self.joins.as_ref().map(|join| join(&self.leases, &self.own)) {
            Some(Err(why)) => self.warn(&why, now_ms, "this node has not joined yet"),
            _ => self.joins = None,
        }
    }

    fn carry_out(&mut self, order: Order) {
        // What another process of this node's number has is not to be moved.
        if !matches!(order, Order::Drain) && !self.standing.stands() {
            return;
        }
        let done = match order {
            Order::Take(lanes) => self.leases.take_free(&self.own, &lanes).map(|_| ()),
            Order::TakeOver(gone) => match self.watches.get(&gone) {
                Some(watch) if watch.gone(boot_ms()) => {
                    let taken = self.leases.take_over(&self.own, gone, watch.beat());
                    taken.map(|taken| tracing::warn!(gone, taken, "a node is gone"))
                }
                _ => Ok(()),
            },
            Order::Give(lease, to) => self.leases.give(&self.own, lease, to).map(|_| ()),
            Order::CountUp(leases) => self.leases.count_up(&self.own, &leases),
            Order::Drain => {
                self.own.draining = true;
                Ok(())
            }
            Order::Leave => Ok(()),
        };
        if let Err(why) = done {
            tracing::warn!(%why, "a lease cannot be moved now");
        }
    }
}
