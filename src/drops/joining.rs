//! A node joins the others: says that it is there, sees who else is, and takes the lanes that are
//! nobody's, before it opens any.

use super::lanes::{Membership, Message, NodesMessage};
use super::node::Directory;
use super::{drop::Drop, inbox::Inbox, wake};
use crate::kit::clock::boot_ms;
use crate::kit::data::DataFolder;
use crate::kit::journal::{Holder, JournalError, Leases, NodeRow, View};
use crate::nodes::keeper::Keeper;
use crate::nodes::links::{Links, Own};
use fanfare_lane::{LaneId, Replay, SUCCESSOR_WAITS_MS, Watch};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

/// How often a node that may be gone is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// How long a process waits that takes the place of another of its node.
const SUCCESSOR_WAITS: Duration = Duration::from_millis(SUCCESSOR_WAITS_MS.unsigned_abs());

/// What makes a process one of several.
pub struct Among {
    /// Where other nodes reach it.
    pub listener: TcpListener,
    /// The address of that, as others are told.
    pub address: SocketAddr,
    /// What all nodes know and nobody else.
    pub secret: [u8; 32],
}

/// A node that has joined.
pub struct Joined {
    own: NodeRow,
    leases: Vec<Leases>,
    /// The lanes whose lease it has, and the numbers of these leases.
    pub owned: BTreeMap<LaneId, u64>,
    /// Whether it has joined at each journal; at one that was silent its keeper does.
    pub there: There,
}

/// Whether a node has joined at each journal; of no journal where a lock is the lease.
pub type There = Arc<Vec<AtomicBool>>;

/// Joins at every journal and takes the lanes of each that are nobody's. The first has to answer,
/// unless it is known not to.
///
/// # Errors
/// If a journal is not fit, the first does not answer, or another node serves alone.
pub fn join(
    folder: &DataFolder,
    address: Option<SocketAddr>,
    lanes: &BTreeMap<usize, Vec<LaneId>>,
    first_silent: bool,
) -> Result<Option<Joined>, String> {
    let leases = Leases::each(&folder.journals()).map_err(|why| why.to_string())?;
    if leases.is_empty() {
        return Ok(None);
    }
    let node = folder.node().map_err(|why| why.to_string())?;
    let own = NodeRow::new(node, address);
    let mut owned = BTreeMap::new();
    let mut there = Vec::with_capacity(leases.len());
    for (home, leases) in leases.iter().enumerate() {
        let none = Vec::new();
        let lanes = lanes.get(&home).unwrap_or(&none);
        let taken = match join_one(leases, &own, lanes) {
            Ok(taken) => Some(taken),
            // Its lanes are shut, and the keeper goes on trying.
            Err(NotJoined::Journal(JournalError::Silent(_))) if home > 0 || first_silent => None,
            Err(why) => return Err(why.words(&own)),
        };
        there.push(AtomicBool::new(taken.is_some()));
        owned.extend(taken.into_iter().flatten());
    }
    Ok(Some(Joined { own, leases, owned, there: Arc::new(there) }))
}

/// Keeps every node from serving for a moment, where the journals are on servers.
#[derive(Default)]
pub struct Hold {
    own: Option<NodeRow>,
    leases: Vec<Leases>,
}

/// Makes sure that no node serves, nor begins to while what this gives lives.
///
/// # Errors
/// If one serves, or a journal does not answer.
pub fn hold(folder: &DataFolder) -> Result<Hold, String> {
    let leases = Leases::each(&folder.journals()).map_err(|why| why.to_string())?;
    if leases.is_empty() {
        return Ok(Hold::default());
    }
    let own = NodeRow::new(folder.node().map_err(|why| why.to_string())?, None);
    let hold = Hold { own: Some(own.clone()), leases };
    for (home, leases) in hold.leases.iter().enumerate() {
        match join_one(leases, &own, &[]) {
            Ok(_) => {}
            // Who serves beats in the register too.
            Err(NotJoined::Journal(JournalError::Silent(_) | JournalError::Missing(_)))
                if home > 0 => {}
            Err(NotJoined::Journal(why)) => return Err(why.to_string()),
            Err(NotJoined::Beside(NodeRow { address: Some(address), .. })) => {
                return Err(format!(
                    "a node at {address} serves this festival: stop every node first"
                ));
            }
            Err(NotJoined::Beside(_)) => {
                return Err("another process serves this festival: stop it first".to_owned());
            }
        }
    }
    Ok(hold)
}

impl std::ops::Drop for Hold {
    fn drop(&mut self) {
        for (leases, own) in self.leases.iter().zip(self.own.iter().cycle()) {
            let _ = leases.leave(own);
        }
    }
}

enum NotJoined {
    Journal(JournalError),
    Beside(NodeRow),
}

impl NotJoined {
    fn words(&self, own: &NodeRow) -> String {
        match self {
            Self::Journal(why) => why.to_string(),
            Self::Beside(other) => refused(own, other),
        }
    }
}

impl From<JournalError> for NotJoined {
    fn from(why: JournalError) -> Self {
        Self::Journal(why)
    }
}

fn join_one(
    leases: &Leases,
    own: &NodeRow,
    lanes: &[LaneId],
) -> Result<BTreeMap<LaneId, u64>, NotJoined> {
    leases.join(own)?;
    let mut watches: BTreeMap<u64, Watch> = BTreeMap::new();
    let view = loop {
        let Some(view) = leases.renew(own)? else {
            leases.come_back(own)?;
            continue;
        };
        let Some(other) = in_the_way(own, &view) else { break view };
        let now_ms = boot_ms();
        let watch = watches.entry(other.node).or_insert_with(|| Watch::new(other.beat, now_ms));
        if watch.beat() != other.beat {
            leases.leave(own)?;
            return Err(NotJoined::Beside(other.clone()));
        }
        watch.look(other.beat, now_ms);
        if watch.gone(now_ms) {
            leases.take_over(own, other.node, other.beat)?;
        }
        thread::sleep(LOOK_EVERY);
    };
    let mut owned = leases.take_free(own, lanes)?;
    let before = view.leases.into_iter().filter(|(_, lease)| lease.node == Some(own.node));
    let before: BTreeMap<LaneId, u64> = before.map(|(lane, lease)| (lane, lease.term)).collect();
    if own.address.is_some() && !before.is_empty() {
        // Followers may still answer by the word of the process before this one.
        thread::sleep(SUCCESSOR_WAITS);
    }
    owned.extend(before);
    Ok(owned)
}

/// A node beside which this one cannot serve: one of the two cannot be reached.
fn in_the_way<'a>(own: &NodeRow, view: &'a View) -> Option<&'a NodeRow> {
    let mut others = view.nodes.iter().filter(|row| row.node != own.node);
    others.find(|row| own.address.is_none() || row.address.is_none())
}

fn refused(own: &NodeRow, other: &NodeRow) -> String {
    let where_to = match (own.address, other.address) {
        (None, Some(address)) => format!(
            "other nodes serve this festival (one at {address}): to be one of them, give this one \
             --node ADDR and their --key FILE"
        ),
        _ => "another process serves this festival alone: stop it, or start it and this one with \
              --node ADDR and one --key FILE"
            .to_owned(),
    };
    format!("{where_to}. Only nodes that reach each other can serve one festival")
}

/// Takes the leases of lanes that are not open here, if they are nobody's. Those that this process
/// has already count too: it may have failed to open their lanes, or the one before it left them.
///
/// # Errors
/// If a journal does not answer.
pub fn take(
    folder: &DataFolder,
    own: &NodeRow,
    lanes: &BTreeMap<usize, Vec<LaneId>>,
) -> Result<BTreeMap<LaneId, u64>, String> {
    let leases = Leases::each(&folder.journals()).map_err(|why| why.to_string())?;
    let mut taken = BTreeMap::new();
    for (home, leases) in leases.iter().enumerate() {
        if let Some(lanes) = lanes.get(&home) {
            let words = |why: JournalError| why.to_string();
            taken.extend(leases.take_free(own, lanes).map_err(words)?);
            taken.extend(leases.held(own, lanes).map_err(words)?);
        }
    }
    Ok(taken)
}

impl Joined {
    /// By which leases it opens lanes.
    pub fn holder(&self) -> Holder {
        Holder { node: self.own.node, terms: self.owned.clone() }
    }

    /// The node, as its row says.
    pub fn own(&self) -> &NodeRow {
        &self.own
    }

    /// Starts what keeps a node among the others, and tells the lanes' thread of it.
    ///
    /// # Errors
    /// If a thread or a listener cannot be had.
    pub fn start(
        self,
        among: Option<Among>,
        folder: &DataFolder,
        inbox: &Arc<Inbox<Message>>,
        directory: Arc<RwLock<Arc<Directory>>>,
        followed: Vec<(Arc<Drop>, Replay)>,
    ) -> Result<Membership, String> {
        let NodeRow { node, process, .. } = self.own;
        let festival = wake::festival_number(folder.festival());
        let links = among.map(|among| {
            let inbox = inbox.clone();
            let tell = move |event| inbox.push_urgent(NodesMessage::Link(event).into());
            Links::start(Own { node, process, festival }, &among.secret, among.listener, tell)
        });
        let links = links.transpose()?;
        let keepers = self.leases.into_iter().enumerate().map(|(home, leases)| {
            let (inbox, there) = (inbox.clone(), self.there.clone());
            let tell = move |kept| inbox.push_urgent(NodesMessage::Kept(kept).into());
            let join = move |leases: &Leases, own: &NodeRow| {
                if !there[home].load(Ordering::Acquire) {
                    // What the process before this one left is opened when it is asked for.
                    join_one(leases, own, &[]).map_err(|why| why.words(own))?;
                    there[home].store(true, Ordering::Release);
                }
                Ok(())
            };
            Keeper::start((home, leases), self.own.clone(), join, tell)
        });
        let keepers = keepers.collect::<Result<_, _>>().map_err(|why| why.to_string())?;
        Ok(Membership { node, keepers, links, directory, terms: self.owned, followed })
    }
}
