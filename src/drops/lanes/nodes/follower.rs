//! As a follower: what an owner streams of a lane is taken in the order in which it comes. Rows
//! are published here at once, but told of only when the owner says that everybody has them.

use super::super::{Lanes, Message, Replayed};
use super::{Host, NodesMessage};
use crate::drops::committer::Work;
use crate::drops::directory;
use crate::drops::drop::Drop;
use crate::drops::found::{ADVICE, another_history};
use crate::drops::spec::DropSpec;
use crate::drops::wake::{self, Met};
use crate::kit::clock::boot_ms;
use crate::kit::journal::{JournalError, RawRow};
use crate::nodes::frame::{Frame, NodeId, ProcessId};
use crate::nodes::links::{Conn, Sender};
use fanfare_engine::Fan;
use fanfare_lane::{Hash, Heard, LaneId, Reading, Replay, Sealed, StoreError, UnderWay, Word};
use std::collections::VecDeque;
use std::sync::Arc;

/// An owner's word is asked for so often.
const PING_EVERY_MS: i64 = 250;

/// What an owner streams.
enum Item {
    /// The newest row known to be durable, the newest everybody may be told of, and the doubt.
    Joined((u32, Hash), u32, u32),
    Row(RawRow),
    Doubt(u32),
    Settled(u32),
    Word(i64),
    End,
    Left,
}

/// A lane another node owns, or nobody, or this one soon.
pub(super) struct Followed {
    pub(super) drop: Arc<Drop>,
    /// Where it stands; none while its state is made anew.
    pub(super) replay: Option<Replay>,
    /// The lease is this node's: it is being opened.
    pub(super) opening: Option<u64>,
    /// What the clock of the process showed by whose stream it was followed last.
    pub(super) theirs: Option<Heard>,
    /// What this node's showed when it served the lane last, and the number of the lease it had.
    pub(super) own: Option<(u64, Heard)>,
    word: Word,
    /// The connection its owner's stream comes by, and under which lease.
    by: Option<(Conn, u64)>,
    /// The number it is asked for under: another where it begins anew, so that nothing of an older
    /// stream on the same connection is taken, or acknowledged, for this one.
    turn: Option<u64>,
    stream: VecDeque<Item>,
    /// Rows and doubts of the stream that are done with.
    done: u64,
    /// Whether rows are being read from the journal.
    reading: bool,
}

impl Followed {
    pub(super) fn new(drop: Arc<Drop>, replay: Replay) -> Self {
        let word = Word::none(replay.seq());
        Self {
            drop,
            replay: Some(replay),
            opening: None,
            theirs: None,
            own: None,
            word,
            by: None,
            turn: None,
            stream: VecDeque::new(),
            done: 0,
            reading: false,
        }
    }

    fn seq(&self) -> u32 {
        self.replay.as_ref().map_or(0, Replay::seq)
    }

    /// What may be answered follows what is known of the word.
    fn say_word(&self) {
        let until_ms = if self.replay.is_some() { self.word.until_ms() } else { i64::MIN };
        self.drop.answer_until(until_ms);
    }

    /// The clock of who served it before it is opened here. That was this node if nobody had the
    /// lease between, which each who takes it counts up.
    pub(super) fn last_owners(&self) -> Option<Heard> {
        let next = |term: u64| self.opening.is_some_and(|opening| opening <= term + 1);
        let own = self.own.filter(|(term, _)| next(*term)).map(|(_, heard)| heard);
        own.or(self.theirs)
    }

    /// Whether its owner's stream comes by this connection.
    pub(super) fn follows_by(&self, conn: Conn) -> bool {
        self.by.is_some_and(|(by, _)| by == conn)
    }

    /// Nothing is answered by any owner's word any more.
    pub(super) fn hush(&mut self) {
        self.word.over();
        (self.by, self.turn, self.done) = (None, None, 0);
        self.stream.clear();
        self.drop.end_under_way(UnderWay::clear);
        self.say_word();
    }
}

impl Lanes {
    pub(super) fn reached(
        &mut self,
        conn: Conn,
        (node, process): (NodeId, ProcessId),
        send: Sender,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        nodes.hosts.retain(|_, host| host.node != node);
        nodes
            .hosts
            .insert(conn, Host { node, process, send, pinged_ms: i64::MIN / 2, heard: None });
        self.note_ended(node, process);
        self.ping(boot_ms());
        self.follow_all();
    }

    /// Asks every owner that is reached for what comes of its lanes.
    pub(super) fn follow_all(&mut self) {
        let Some(nodes) = &mut self.nodes else { return };
        let mut due = Vec::new();
        for (lane, followed) in &nodes.followed {
            let home = followed.drop.home;
            let Some((conn, host)) = nodes.host_of(*lane, home) else { continue };
            let term = nodes.lease(*lane, home).term;
            let ready = followed.replay.is_some() && followed.opening.is_none();
            if ready && followed.by != Some((conn, term)) {
                due.push((*lane, term, host.send.clone()));
            }
        }
        for (lane, term, send) in due {
            let Some(followed) = nodes.followed.get_mut(&lane) else { continue };
            // What is left of a stream under another lease is not taken, and not said to be.
            if followed.by.is_some() {
                followed.hush();
            }
            let turn = *followed.turn.get_or_insert_with(|| {
                nodes.turns += 1;
                nodes.turns
            });
            let _ = send.send(Frame::Follow { lane, term, turn });
        }
    }

    /// Something of a lane's stream.
    pub(super) fn streamed(&mut self, conn: Conn, frame: Frame) {
        let (lane, item) = match frame {
            Frame::Joined { lane, term, newest, settled, doubt, turn } => {
                if !self.joins(conn, lane, (term, turn)) {
                    return;
                }
                (lane, Item::Joined(newest, settled, doubt))
            }
            Frame::UnderWay { lane, seq, fans } => return self.under_way(conn, lane, (seq, fans)),
            Frame::Row { lane, row } => (lane, Item::Row(row)),
            Frame::Doubt { lane, seq } => (lane, Item::Doubt(seq)),
            Frame::Settled { lane, seq } => (lane, Item::Settled(seq)),
            Frame::End { lane } => (lane, Item::End),
            Frame::Left { lane } => (lane, Item::Left),
            Frame::Word { at_ms, owner_ms, shows_ms, lanes } => {
                self.heard(conn, owner_ms);
                self.heard_clock(conn, (at_ms, shows_ms));
                for lane in lanes {
                    self.take(conn, lane, Item::Word(at_ms));
                }
                return;
            }
            _ => return,
        };
        self.take(conn, lane, item);
    }

    /// What an owner's clock shows; from then on it can be asked.
    fn heard(&mut self, conn: Conn, owner_ms: i64) {
        let Some(host) = self.nodes.as_mut().and_then(|nodes| nodes.hosts.get_mut(&conn)) else {
            return;
        };
        let process = host.process;
        if host.heard.replace((owner_ms, boot_ms())).is_none() {
            self.send_asks(Some(process));
        }
    }

    /// Whether a stream begins. It may have been asked for under a lease that has moved since.
    fn joins(&mut self, conn: Conn, lane: LaneId, (term, turn): (u64, u64)) -> bool {
        let Some(nodes) = &mut self.nodes else { return false };
        let Some(home) = nodes.followed.get(&lane).map(|followed| followed.drop.home) else {
            return false;
        };
        // Where leases went back in time their numbers come again: who it is counts too.
        let lease = nodes.lease(lane, home);
        let theirs = nodes.hosts.get(&conn).is_some_and(|host| Some(host.node) == lease.node);
        let current = lease.term == term && theirs;
        let Some(followed) = nodes.followed.get_mut(&lane) else { return false };
        if followed.turn != Some(turn) {
            return false;
        }
        if !current || followed.opening.is_some() {
            // Its owner takes it for followed: under the same number it would not begin again.
            followed.turn = None;
            return false;
        }
        followed.by = Some((conn, term));
        (followed.done, followed.reading) = (0, false);
        followed.stream.clear();
        followed.drop.end_under_way(UnderWay::clear);
        true
    }

    /// Known at once, whatever of the stream waits for the journal.
    fn under_way(&mut self, conn: Conn, lane: LaneId, (seq, fans): (u32, Vec<Fan>)) {
        let followed = self.nodes.as_ref().and_then(|nodes| nodes.followed.get(&lane));
        if let Some(followed) = followed.filter(|one| one.follows_by(conn) && seq > one.seq()) {
            followed.drop.note_under_way(|under_way| under_way.decided(seq, fans));
        }
    }

    fn take(&mut self, conn: Conn, lane: LaneId, item: Item) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        if followed.by.is_some_and(|(by, _)| by == conn) {
            followed.stream.push_back(item);
            self.pump(lane);
        }
    }

    /// Takes of the stream what can be taken.
    fn pump(&mut self, lane: LaneId) {
        loop {
            let Some(nodes) = &mut self.nodes else { return };
            let Some(followed) = nodes.followed.get_mut(&lane) else { return };
            let (Some(item), true) = (followed.stream.front(), followed.replay.is_some()) else {
                return;
            };
            let at = followed.seq();
            let target = match item {
                Item::Joined(newest, ..) => newest.0,
                Item::Row(row) => row.seq - 1,
                _ => at,
            };
            if at < target {
                return self.read_on(lane);
            }
            let Some(item) = followed.stream.pop_front() else { return };
            if !self.take_item(lane, item) {
                return self.begin_anew(lane);
            }
        }
    }

    /// One item that is next; says whether it follows what is here.
    fn take_item(&mut self, lane: LaneId, item: Item) -> bool {
        let Some(nodes) = &mut self.nodes else { return true };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return true };
        match item {
            Item::Joined(newest, settled, doubt) => {
                let here = followed.replay.as_ref().map(|replay| (replay.seq(), replay.hash()));
                if here != Some(newest) {
                    // Rows were read that do not stand.
                    return false;
                }
                followed.word.published(newest.0);
                followed.word.settled(settled);
                followed.word.doubt(doubt);
            }
            Item::Row(row) => {
                if row.seq == followed.seq() + 1 {
                    let Ok(sealed) = row.read(lane) else { return false };
                    if !self.follow_row(lane, &sealed) {
                        return false;
                    }
                }
                self.ack(lane);
            }
            Item::Doubt(seq) => {
                followed.word.doubt(seq);
                followed.say_word();
                self.ack(lane);
            }
            Item::Settled(seq) => followed.word.settled(seq),
            Item::Word(at_ms) => followed.word.given(at_ms),
            Item::Left => (followed.by, followed.turn) = (None, None),
            Item::End => {
                followed.word.over();
                followed.say_word();
                if let Some(host) = followed.by.and_then(|(conn, _)| nodes.hosts.get(&conn)) {
                    let _ = host.send.send(Frame::GaveUp { lane });
                }
            }
        }
        let followed = self.nodes.as_ref().and_then(|nodes| nodes.followed.get(&lane));
        if let Some(followed) = followed {
            followed.say_word();
        }
        true
    }

    fn ack(&mut self, lane: LaneId) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        followed.done += 1;
        if let Some(host) = followed.by.and_then(|(conn, _)| nodes.hosts.get(&conn)) {
            let _ = host.send.send(Frame::Ack { lane, count: followed.done });
        }
    }

    /// Publishes the next row of a followed lane; says whether that went well. Nothing is told of
    /// it before the owner says so.
    fn follow_row(&mut self, lane: LaneId, sealed: &Sealed) -> bool {
        let (seq, hash) = (sealed.row.header.seq, sealed.row.hash);
        if let Some(head) =
            self.heads.get(&lane).filter(|head| head.seq == seq && head.hash != hash)
        {
            let why = format!("{}; {ADVICE}", another_history(lane, head));
            self.stop_following(lane, &why);
            return false;
        }
        let Some(nodes) = &mut self.nodes else { return false };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return false };
        let Some(replay) = &mut followed.replay else { return false };
        // What is read to open a lane may yet vanish; what an owner sends is durable.
        let durable = followed.opening.is_none();
        let drop = followed.drop.clone();
        followed.word.published(sealed.row.header.seq);
        drop.answer_until(i64::MIN);
        match drop.published.follow(replay, sealed) {
            Ok(facts) => {
                drop.note_facts(&facts);
                drop.end_under_way(|under_way| under_way.published(sealed.row.header.seq));
                if durable {
                    self.note_head(&drop);
                }
                true
            }
            Err(why) => {
                tracing::info!(lane, why, "a row of another node does not follow; reading anew");
                false
            }
        }
    }

    /// What the journal has of a lane is not to be believed: somebody has to look. Followed on, it
    /// would be taken for what this node saw, and the witness with it.
    fn stop_following(&mut self, lane: LaneId, why: &str) {
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(mut followed) = nodes.followed.remove(&lane) {
            followed.hush();
            followed.drop.stop(why);
        }
    }

    /// Whether the lane is another node's, or nobody's.
    pub(in super::super) fn follows(&self, lane: LaneId) -> bool {
        self.nodes.as_ref().is_some_and(|nodes| nodes.followed.contains_key(&lane))
    }

    /// Makes a lane's state anew from the journal.
    pub(super) fn begin_anew(&mut self, lane: LaneId) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        followed.hush();
        if followed.replay.take().is_some() {
            let head = self.heads.get(&lane).cloned();
            let drop = followed.drop.clone();
            wake::start(drop, head, self.folder.clone(), self.inbox.clone());
        }
        followed.say_word();
    }

    /// A followed lane is replayed.
    pub(in super::super) fn replayed(
        &mut self,
        lane: LaneId,
        replay: Result<Replayed, JournalError>,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        match replay {
            Ok((mut replay, newest)) => {
                if let Some(state) = replay.take_state() {
                    followed.drop.published.replace(state, &newest);
                }
                followed.word = Word::none(replay.seq());
                followed.drop.end_under_way(|under_way| under_way.published(replay.seq()));
                followed.replay = Some(*replay);
                if followed.opening.is_some() {
                    self.read_on(lane);
                } else {
                    self.follow_all();
                }
            }
            Err(JournalError::Another(why)) => self.stop_following(lane, &why),
            // Whoever may open or follow it tries again at the next renewal.
            Err(why) => {
                tracing::warn!(lane, %why, "a lane cannot be read now");
                followed.opening = None;
                let tip = Replay::new([0; 16], lane);
                followed.replay = Some(tip);
            }
        }
    }

    /// Reads rows behind those that are here, if that is not under way.
    pub(super) fn read_on(&mut self, lane: LaneId) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        if followed.replay.is_some() && !std::mem::replace(&mut followed.reading, true) {
            let from = followed.seq() + 1;
            self.commits[followed.drop.home].ask(Work::Read(lane, from));
        }
    }

    /// The journal's rows of a lane that is followed: to open it, or up to where its owner said
    /// that they are durable. A row that is only read may yet vanish.
    pub(in super::super) fn caught_up(
        &mut self,
        lane: LaneId,
        rows: Result<Vec<Sealed>, StoreError>,
        clock: &Reading,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(followed) = nodes.followed.get_mut(&lane) else { return };
        if !std::mem::take(&mut followed.reading) {
            return;
        }
        let Ok(rows) = rows else { return };
        let opening = followed.opening.is_some();
        let target = match followed.stream.front() {
            _ if opening => u32::MAX,
            Some(Item::Joined(newest, ..)) => newest.0,
            Some(Item::Row(row)) => row.seq - 1,
            _ => followed.seq(),
        };
        let more = !rows.is_empty();
        for sealed in rows {
            let (seq, here) = (sealed.row.header.seq, self.followed_seq(lane));
            if seq > here && seq <= target && !self.follow_row(lane, &sealed) {
                return self.begin_anew(lane);
            }
        }
        match opening {
            true if more => self.read_on(lane),
            true => self.open_own(lane, clock),
            false if more => self.pump(lane),
            // The owner said they are durable: they are read again a little later.
            false => {}
        }
    }

    fn followed_seq(&self, lane: LaneId) -> u32 {
        let nodes = self.nodes.as_ref();
        nodes.and_then(|nodes| nodes.followed.get(&lane)).map_or(0, Followed::seq)
    }

    /// Asks each owner for its word, and looks after streams that wait for the journal.
    pub(super) fn ping(&mut self, now_ms: i64) {
        let Some(nodes) = &mut self.nodes else { return };
        let mut due = false;
        for host in nodes.hosts.values_mut() {
            if now_ms - host.pinged_ms >= PING_EVERY_MS {
                (host.pinged_ms, due) = (now_ms, true);
                let _ = host.send.send(Frame::Ping { at_ms: now_ms });
            }
        }
        if due {
            let waits = |followed: &Followed| !followed.stream.is_empty();
            let waiting = nodes.followed.iter().filter(|(_, followed)| waits(followed));
            for lane in waiting.map(|(lane, _)| *lane).collect::<Vec<_>>() {
                self.pump(lane);
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
        // One that stopped does so for good.
        if directory::seen(&nodes.directory)
            .of_lane(lane)
            .is_some_and(|drop| drop.stopped().is_some())
        {
            return;
        }
        let Ok(spec) = serde_json::from_str::<DropSpec>(spec) else { return };
        // Until it is read, and where it cannot be: it is there, and asked for again and again.
        directory::change(&nodes.directory, |seen| seen.hear_of(lane, spec.clone()));
        let inbox = self.inbox.clone();
        let told = move |known| {
            inbox.push_urgent(Message::Nodes(NodesMessage::Known(Box::new(known))));
        };
        let head = self.heads.get(&lane).cloned();
        wake::meet(spec, (lane, head), self.folder.clone(), told);
    }

    /// A drop another node told of is read.
    pub(super) fn known(&mut self, known: Met) {
        let Some(nodes) = &mut self.nodes else { return };
        match known {
            Ok((drop, replay))
                if !nodes.followed.contains_key(&drop.lane)
                    && !self.hosted.contains_key(&drop.lane)
                    && !self.resting.contains_key(&drop.lane) =>
            {
                directory::change(&nodes.directory, |seen| seen.add(drop.clone()));
                nodes.followed.insert(drop.lane, Followed::new(drop, replay));
                self.follow_all();
            }
            Ok(_) => {}
            Err((lane, why)) => tracing::warn!(lane, why, "a drop of another node cannot be read"),
        }
    }
}
