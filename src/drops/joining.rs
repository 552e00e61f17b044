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
use crate::nodes::standing::{Lookout, Standing, end_beside_a_copy};
use fanfare_lane::{LaneId, Replay, SUCCESSOR_WAITS_MS, Watch};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
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
    standings: Vec<Standing>,
    /// The lanes whose lease it has, and the numbers of these leases.
    pub owned: BTreeMap<LaneId, u64>,
}

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
    let (mut owned, mut standings) = (BTreeMap::new(), Vec::new());
    for (home, leases) in leases.iter().enumerate() {
        let none = Vec::new();
        let lanes = lanes.get(&home).unwrap_or(&none);
        let joined = match join_one((home, leases), &own, lanes) {
            Ok(taken) => {
                owned.extend(taken);
                true
            }
            // Its lanes are shut, and the keeper joins once it answers.
            Err(NotJoined::Journal(JournalError::Silent(_))) if home > 0 || first_silent => false,
            Err(NotJoined::Journal(why)) => return Err(why.to_string()),
            Err(NotJoined::Beside(other)) => return Err(refused(&own, &other)),
            Err(NotJoined::Copied) => end_beside_a_copy(),
        };
        standings.push(Standing::new(joined));
    }
    Ok(Some(Joined { own, leases, standings, owned }))
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
        match join_one((home, leases), &own, &[]) {
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
            Err(NotJoined::Beside(_) | NotJoined::Copied) => {
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
    /// Another process serves a copy of this data folder.
    Copied,
}

impl From<JournalError> for NotJoined {
    fn from(why: JournalError) -> Self {
        Self::Journal(why)
    }
}

fn join_one(
    (home, leases): (usize, &Leases),
    own: &NodeRow,
    lanes: &[LaneId],
) -> Result<BTreeMap<LaneId, u64>, NotJoined> {
    leases.join(own)?;
    let mut watches: BTreeMap<u64, Watch> = BTreeMap::new();
    let mut lookout = Lookout::default();
    let view = loop {
        let Some(view) = leases.renew(own)? else {
            if lookout.look(leases, own, home)? {
                return Err(NotJoined::Copied);
            }
            thread::sleep(LOOK_EVERY);
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

/// Takes the leases of lanes that are not open here, if they are nobody's; gives those that are
/// this node's, where the process has its node's place. It may have failed to open their lanes
/// before, or the process before it left them.
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
            leases.take_free(own, lanes).map_err(|why| why.to_string())?;
            taken.extend(leases.held(own, lanes).map_err(|why| why.to_string())?);
        }
    }
    Ok(taken)
}

/// Gives up this node's leases of lanes without rows, by journal: whoever was to make them lost
/// them before the first row, and cannot while this node has them.
///
/// # Errors
/// If a journal does not answer.
pub fn give_up_empty(
    folder: &DataFolder,
    own: &NodeRow,
    empty: &BTreeMap<usize, Vec<LaneId>>,
) -> Result<(), String> {
    let leases = Leases::each(&folder.journals()).map_err(|why| why.to_string())?;
    for (home, leases) in leases.iter().enumerate() {
        if let Some(lanes) = empty.get(&home) {
            leases.give_up_empty(own, lanes).map_err(|why| why.to_string())?;
        }
    }
    Ok(())
}

impl Joined {
    /// By which leases it opens lanes.
    pub fn holder(&self) -> Holder {
        let NodeRow { node, process, .. } = self.own;
        Holder { node, process, terms: self.owned.clone() }
    }

    /// Whether it has its place, by journal: now, and whenever this is looked at again.
    pub fn standings(&self) -> Vec<Standing> {
        self.standings.clone()
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
        let seats = self.leases.into_iter().zip(self.standings);
        let keepers = seats.enumerate().map(|(home, (leases, standing))| {
            let inbox = inbox.clone();
            let tell = move |kept| inbox.push_urgent(NodesMessage::Kept(kept).into());
            // What the process before this one left is opened when it is asked for.
            let join =
                move |leases: &Leases, own: &NodeRow| match join_one((home, leases), own, &[]) {
                    Ok(_) => Ok(()),
                    Err(NotJoined::Copied) => end_beside_a_copy(),
                    Err(NotJoined::Journal(why)) => Err(why.to_string()),
                    Err(NotJoined::Beside(other)) => Err(refused(own, &other)),
                };
            Keeper::start((home, leases), (self.own.clone(), standing), join, tell)
        });
        let keepers = keepers.collect::<Result<_, _>>().map_err(|why| why.to_string())?;
        let terms = self.owned;
        Ok(Membership { node, process, keepers, links, directory, terms, followed })
    }
}
