//! A thread a journal: renews this node's leases there three times a second and tells the lanes'
//! thread who is there. Takes and gives leases as it is told; what came of that, the next renewal
//! says.

use super::frame::NodeId;
use crate::kit::clock::boot_ms;
use crate::kit::journal::{Leases, NodeRow, View};
use crate::kit::vital;
use fanfare_lane::{LaneId, Watch};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Three renewals a second: an owner may miss two in a row and still answer from memory.
const RENEW_EVERY: Duration = Duration::from_millis(300);

/// How often a node tries to join at a journal that was silent.
const JOIN_EVERY: Duration = Duration::from_secs(1);

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
    /// Count a lease up, by its number, that was to be given and still is this node's.
    CountUp((LaneId, u64)),
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
    /// Another process has this node's place: two of them share one data folder's copy.
    Replaced,
}

/// A running keeper.
pub struct Keeper {
    orders: mpsc::Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts for a journal. `join` joins there, where the node could not yet because the journal
    /// was silent, and says why it cannot; nothing is renewed before.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        (home, leases): (usize, Leases),
        own: NodeRow,
        join: impl Fn(&Leases, &NodeRow) -> Result<(), String> + Send + 'static,
        tell: impl Fn(Kept) + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, told) = mpsc::channel();
        let mut keeping = Keeping { home, leases, own, watches: BTreeMap::new(), warned_ms: None };
        let body = move || {
            if keeping.join(&told, &join) {
                keeping.run(&told, &tell);
            }
        };
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
    watches: BTreeMap<NodeId, Watch>,
    /// When it was last said that leases cannot be renewed; none while they can.
    warned_ms: Option<i64>,
}

impl Keeping {
    /// Joins; says whether it did before it was told to leave.
    fn join(
        &mut self,
        orders: &Receiver<Order>,
        join: &impl Fn(&Leases, &NodeRow) -> Result<(), String>,
    ) -> bool {
        while let Err(why) = join(&self.leases, &self.own) {
            self.warn(&why, boot_ms(), "this node has not joined yet");
            match orders.recv_timeout(JOIN_EVERY) {
                Ok(Order::Leave) | Err(RecvTimeoutError::Disconnected) => return false,
                Ok(order @ Order::Drain) => self.carry_out(order),
                // There is nothing to be taken or given yet.
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
        true
    }

    fn run(&mut self, orders: &Receiver<Order>, tell: &impl Fn(Kept)) {
        loop {
            if let Some(kept) = self.renew() {
                tell(kept);
            }
            match orders.recv_timeout(RENEW_EVERY) {
                Ok(Order::Leave) | Err(RecvTimeoutError::Disconnected) => {
                    let _ = self.leases.leave(&self.own);
                    return;
                }
                Ok(order) => self.carry_out(order),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn renew(&mut self) -> Option<Kept> {
        let sent_ms = boot_ms();
        let view = match self.leases.renew(&self.own) {
            Ok(Some(view)) => view,
            Ok(None) => {
                // Others took this node for gone; it comes back without a lease.
                let _ = self.leases.come_back(&self.own);
                return match self.leases.renew(&self.own) {
                    Ok(Some(_)) => {
                        tracing::warn!("others took this node for gone; it is back");
                        None
                    }
                    Ok(None) => Some(Kept::Replaced),
                    Err(_) => None,
                };
            }
            Err(why) => {
                self.warn(&why.to_string(), sent_ms, "leases cannot be renewed");
                return None;
            }
        };
        if self.warned_ms.take().is_some() {
            tracing::info!(journal = self.home + 1, "leases are renewed again");
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

    fn carry_out(&mut self, order: Order) {
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
            Order::CountUp(lease) => self.leases.count_up(&self.own, lease),
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
