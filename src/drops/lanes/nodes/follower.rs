//! As a follower: another node's rows are published here as they come, and while that node's word
//! is good, what is published here is answered from.

use super::super::{Lanes, Message, Replayed};
use super::{Followed, Host, NodesMessage};
use crate::drops::committer::Work;
use crate::drops::drop::Drop;
use crate::drops::spec::DropSpec;
use crate::drops::wake::{self, Met};
use crate::kit::journal::RawRow;
use crate::nodes::frame::{Frame, NodeId, ProcessId};
use crate::nodes::links::{Conn, Sender};
use fanfare_lane::{GOOD_FOR_MS, LaneId, Reading, Replay, Sealed, StoreError};
use std::sync::{Arc, PoisonError};

/// An owner's word is asked for so often at the least.
const PING_EVERY_MS: i64 = 250;

impl Lanes {
    pub(super) fn reached(
        &mut self,
        conn: Conn,
        node: NodeId,
        process: ProcessId,
        send: Sender,
        _clock: &Reading,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        nodes.hosts.retain(|_, host| host.node != node);
        let host = Host { node, process, send, rows: 0, pinged_rows: 0, pinged_ms: i64::MIN / 2 };
        nodes.hosts.insert(conn, host);
        self.give_up_replaced(node, process);
        self.send_asks(Some(process));
        self.follow_all();
    }

    /// What was asked of a process that was before this one is not known to it.
    fn give_up_replaced(&mut self, node: NodeId, process: ProcessId) {
        let Some(nodes) = &self.nodes else { return };
        let rows = nodes.views.iter().flat_map(|view| &view.nodes);
        let before: Vec<ProcessId> = rows
            .filter(|row| row.node == node && row.process != process)
            .map(|row| row.process)
            .collect();
        self.give_up_asks(|sent| before.contains(&sent));
    }

    /// Asks every owner that is reached for the rows of its lanes.
    pub(super) fn follow_all(&mut self) {
        let Some(nodes) = &self.nodes else { return };
        for (lane, followed) in &nodes.followed {
            let Some(replay) = &followed.replay else { continue };
            let owner = nodes.owner_of(*lane, followed.drop.home);
            let Some((conn, host)) = owner.and_then(|owner| nodes.host_of(owner)) else { continue };
            if followed.by != Some(conn) && !followed.opening {
                let _ = host.send.send(Frame::Follow { lane: *lane, seq: replay.seq() });
            }
        }
    }

    /// The owner sends a lane's rows from here on.
    pub(super) fn followed_by(&mut self, conn: Conn, lane: LaneId) {
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(followed) = nodes.followed.get_mut(&lane)
            && followed.replay.is_some()
            && !followed.opening
        {
            followed.by = Some(conn);
        }
    }

    /// A row of another node's lane.
    pub(super) fn row_of(&mut self, conn: Conn, lane: LaneId, row: RawRow) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(host) = nodes.hosts.get_mut(&conn) else { return };
        host.rows += 1;
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        let next = followed.replay.as_ref().map(|replay| replay.seq() + 1);
        if next.is_some_and(|next| row.seq < next) {
            return;
        }
        if next == Some(row.seq)
            && let Ok(sealed) = row.read(lane)
            && self.follow_row(lane, &sealed)
        {
            return;
        }
        // Counted as had, so nothing may be answered here by the owner's word any more.
        self.unfollow(lane);
    }

    /// Publishes the next row of a followed lane; says whether that went well.
    fn follow_row(&mut self, lane: LaneId, sealed: &Sealed) -> bool {
        let Some(nodes) = &mut self.nodes else { return false };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return false };
        let Some(replay) = &mut followed.replay else { return false };
        let drop = followed.drop.clone();
        match drop.published.follow(replay, sealed) {
            Ok(facts) => {
                drop.note_facts(&facts);
                self.note_head(&drop);
                true
            }
            Err(why) => {
                tracing::warn!(lane, why, "a row of another node does not follow; reading anew");
                self.begin_anew(lane);
                false
            }
        }
    }

    /// Whether the lane is another node's, or nobody's.
    pub(in super::super) fn follows(&self, lane: LaneId) -> bool {
        self.nodes.as_ref().is_some_and(|nodes| nodes.followed.contains_key(&lane))
    }

    fn unfollow(&mut self, lane: LaneId) {
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(followed) = nodes.followed.get_mut(&lane) {
            followed.by = None;
            followed.drop.answer_until(i64::MIN);
        }
    }

    /// Makes a lane's state anew from the journal.
    pub(super) fn begin_anew(&mut self, lane: LaneId) {
        self.unfollow(lane);
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(followed) = nodes.followed.get_mut(&lane)
            && followed.replay.take().is_some()
        {
            wake::start(followed.drop.clone(), self.folder.clone(), self.inbox.clone());
        }
    }

    /// A followed lane is replayed.
    pub(in super::super) fn replayed(&mut self, lane: LaneId, replay: Result<Replayed, String>) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        let drop = followed.drop.clone();
        match replay {
            Ok((mut replay, newest)) => {
                if let Some(state) = replay.take_state() {
                    drop.published.replace(state, &newest);
                }
                followed.replay = Some(*replay);
                if followed.opening {
                    self.catch_up(lane);
                } else {
                    self.follow_all();
                }
            }
            Err(why) => drop.stop(&why),
        }
    }

    /// Reads the rows behind those that are here.
    pub(super) fn catch_up(&mut self, lane: LaneId) {
        let Some(nodes) = &self.nodes else { return };
        let Some(followed) = nodes.followed.get(&lane) else { return };
        let Some(replay) = &followed.replay else { return };
        let from = replay.seq() + 1;
        self.commits[followed.drop.home].ask(Work::Read(lane, from));
    }

    /// The journal's rows of a lane that is followed.
    pub(in super::super) fn caught_up(
        &mut self,
        lane: LaneId,
        rows: Result<Vec<Sealed>, StoreError>,
        clock: &Reading,
    ) {
        let Ok(rows) = rows else { return };
        let more = !rows.is_empty();
        if !rows.iter().all(|sealed| self.caught_row(lane, sealed)) {
            return;
        }
        let opening = self.nodes.as_ref().and_then(|nodes| nodes.followed.get(&lane));
        match opening.map(|followed| followed.opening) {
            Some(true) if more => self.catch_up(lane),
            Some(true) => self.open_own(lane, clock),
            _ => self.follow_all(),
        }
    }

    fn caught_row(&mut self, lane: LaneId, sealed: &Sealed) -> bool {
        let nodes = self.nodes.as_ref();
        let replay = nodes.and_then(|nodes| nodes.followed.get(&lane)?.replay.as_ref());
        let known = replay.is_some_and(|replay| sealed.row.header.seq <= replay.seq());
        known || self.follow_row(lane, sealed)
    }

    /// An owner's word: for a second from when it was asked for.
    pub(super) fn word(&mut self, conn: Conn, at_ms: i64, homes: u64) {
        let Some(nodes) = &mut self.nodes else { return };
        for followed in nodes.followed.values().filter(|one| one.by == Some(conn)) {
            if homes & 1 << followed.drop.home != 0 {
                followed.drop.answer_until(at_ms + GOOD_FOR_MS);
            }
        }
    }

    /// The owner is about to give the lane away.
    pub(super) fn word_over(&mut self, conn: Conn, lane: LaneId) {
        self.unfollow(lane);
        if let Some(host) = self.nodes.as_ref().and_then(|nodes| nodes.hosts.get(&conn)) {
            let _ = host.send.send(Frame::OverSeen { lane });
        }
    }

    /// Asks each owner for its word, at once where rows of it were published.
    pub(super) fn ping(&mut self, now_ms: i64) {
        let Some(nodes) = &mut self.nodes else { return };
        for host in nodes.hosts.values_mut() {
            if host.rows != host.pinged_rows || now_ms - host.pinged_ms >= PING_EVERY_MS {
                (host.pinged_rows, host.pinged_ms) = (host.rows, now_ms);
                let _ = host.send.send(Frame::Ping { at_ms: now_ms, rows: host.rows });
            }
        }
    }

    /// Another node serves a drop; where it is not known here, it is read.
    pub(super) fn told_of(&mut self, lane: LaneId, spec: &str) {
        let Some(nodes) = &self.nodes else { return };
        if nodes.followed.contains_key(&lane)
            || self.hosted.contains_key(&lane)
            || self.resting.contains_key(&lane)
        {
            return;
        }
        let Ok(spec) = serde_json::from_str::<DropSpec>(spec) else { return };
        let inbox = self.inbox.clone();
        let told = move |known| {
            inbox.push_urgent(Message::Nodes(NodesMessage::Known(Box::new(known))));
        };
        wake::meet(spec, lane, self.folder.clone(), told);
    }

    /// A drop another node told of is read.
    pub(super) fn known(&mut self, known: Met) {
        let Some(nodes) = &mut self.nodes else { return };
        match known {
            Ok((drop, replay)) if !nodes.followed.contains_key(&drop.lane) => {
                let mut guard = nodes.directory.write().unwrap_or_else(PoisonError::into_inner);
                guard_add(&mut guard, drop.clone());
                std::mem::drop(guard);
                let followed = Followed { drop, replay: Some(replay), by: None, opening: false };
                nodes.followed.insert(followed.drop.lane, followed);
                self.follow_all();
            }
            Ok(_) => {}
            Err((lane, why)) => tracing::warn!(lane, why, "a drop of another node cannot be read"),
        }
    }
}

fn guard_add(directory: &mut Arc<crate::drops::node::Directory>, drop: Arc<Drop>) {
    let mut with = crate::drops::node::Directory::clone(directory);
    with.add(drop);
    *directory = Arc::new(with);
}
