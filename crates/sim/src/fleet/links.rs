//! Connections between processes: in order, broken at any moment, made anew; and requests that are
//! passed on over them, once each.

use super::db::Lease;
use super::events::{Event, What};
use super::follower::Item;
use super::process::{Origin, Role};
use super::{Fleet, Met};
use crate::audit::Check;
use crate::control::Control;
use fanfare_lane::{Arrived, Hash, Heard, Reply};
use std::collections::BTreeMap;

/// How often owners are asked for their word.
const PING_MS: i64 = 250;

/// Nobody waits longer where nothing was passed on.
const PATIENCE_MS: i64 = 5_000;

/// Nobody waits longer for an owner's answer. Until then the owner has given up what it has not
/// decided within 5 s, by the age it came with, and after 5 s more every follower knows of a row
/// that is in doubt.
const PASSED_PATIENCE_MS: i64 = 12_500;

/// Before somebody hears `unsure` because an owner's process ended, its followers' words are over.
const WORDS_OVER_MS: u64 = 1_100;

pub(super) struct Conn {
    /// Who follows, and whom.
    pub(super) from: usize,
    pub(super) to: usize,
    broken_ms: Option<i64>,
    /// When the newest message arrives, by direction.
    last_ms: [i64; 2],
}

#[derive(Clone)]
pub(super) enum Note {
    /// Asks for the rows of a lane, under the lease of this number: for that many a time.
    Follow {
        lane: usize,
        term: u64,
        turn: u64,
    },
    Stream {
        lane: usize,
        item: Item,
    },
    Ack {
        lane: usize,
        count: u64,
    },
    Ping {
        asked_ms: i64,
    },
    /// What the owner's clocks show: the one that counts only, and the one its lanes go by.
    Clock {
        asked_ms: i64,
        owner_ms: i64,
        shows_ms: i64,
    },
    GaveUp {
        lane: usize,
    },
    Ask {
        id: u64,
        done_below: u64,
        ask: u32,
        age_ms: i64,
        stamp_ms: i64,
    },
    Answer {
        id: u64,
        answered: Answered,
    },
}

/// What became of a request at an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    Lane(Reply, (u32, Hash)),
    /// Nothing was done: another owns the lane.
    NotMine,
}

/// A process's way to an owner.
#[derive(Default)]
pub(super) struct Link {
    pub(super) conn: Option<usize>,
    next_id: u64,
    /// Requests passed on and not answered.
    pub(super) pending: BTreeMap<u64, u32>,
    lost: bool,
    /// What the owner's clock showed, and when that came, by ours.
    heard: Option<(i64, i64)>,
}

impl Link {
    fn done_below(&self) -> u64 {
        self.pending.first_key_value().map_or(self.next_id, |(id, _)| *id)
    }
}

impl Fleet {
    /// Whose process owns a lane, as this process knows.
    pub(super) fn owner_of(&self, pid: usize, lane: usize) -> Option<usize> {
        let known = &self.procs[pid].dbs[self.plan.db_of[lane]];
        let Lease { node, .. } = known.leases.get(lane)?;
        known.beats.iter().find(|beat| Some(beat.node) == *node).map(|beat| beat.pid)
    }

    /// Asks all owners for their word; connects where there is no connection.
    pub(super) fn ping(&mut self, pid: usize) -> Check {
        self.after(PING_MS, Event::At(pid, What::Ping));
        let asked_ms = self.procs[pid].mono(self.now_ms);
        let counted = !self.off(Control::LeasesUncounted);
        for lane in 0..self.plan.lanes.len() {
            let owner = self.owner_of(pid, lane).filter(|owner| *owner != pid);
            if let (Role::Follow(_), Some(owner)) = (&self.procs[pid].lanes[lane], owner) {
                self.connect(pid, owner);
                let conn = self.procs[pid].links[&owner].conn;
                let db = self.plan.db_of[lane];
                let term = self.procs[pid].dbs[db].leases[lane].term;
                let follow = self.procs[pid].follow(lane);
                let on = follow.and_then(|follow| {
                    // What is left of a stream under another number is not taken, and not said to
                    // be: the owner counts anew.
                    if counted {
                        follow.leave_older(term);
                    }
                    follow.on.filter(|_| follow.term == term)
                });
                if let Some(conn) = conn.filter(|conn| on != Some(*conn)) {
                    let turn = self.procs[pid].turn(lane);
                    self.send(conn, pid, Note::Follow { lane, term, turn });
                }
            }
        }
        let owners: Vec<usize> = self.procs[pid].links.keys().copied().collect();
        for owner in owners {
            if !self.procs[pid].links[&owner].pending.is_empty() {
                self.connect(pid, owner);
            }
            if let Some(conn) = self.procs[pid].links[&owner].conn {
                self.send(conn, pid, Note::Ping { asked_ms });
            }
        }
        self.route_waiting(pid)
    }

    fn apart(&self, pid: usize, other: usize) -> bool {
        let (a, b) = (self.procs[pid].node, self.procs[other].node);
        let hits = |(x, y, until_ms): &(usize, usize, i64)| {
            *until_ms > self.now_ms && ((*x, *y) == (a, b) || (*x, *y) == (b, a))
        };
        self.cuts.iter().any(hits)
    }

    fn connect(&mut self, pid: usize, owner: usize) {
        let link = self.procs[pid].links.entry(owner).or_default();
        if link.conn.is_some() || link.lost || self.apart(pid, owner) {
            return;
        }
        if !self.procs[owner].alive {
            // Nobody is there, or another process: what became of these requests nobody knows.
            if let Some(link) = self.procs[pid].links.get_mut(&owner) {
                let ids: Vec<u64> = link.pending.keys().copied().collect();
                link.lost = true;
                let ms = self.rng.range(WORDS_OVER_MS, WORDS_OVER_MS + 50) as i64;
                self.after(ms, Event::At(pid, What::Lost { owner, ids }));
            }
            return;
        }
        let conn = self.conns.len();
        self.conns.push(Conn { from: pid, to: owner, broken_ms: None, last_ms: [0; 2] });
        let Some(link) = self.procs[pid].links.get_mut(&owner) else { return };
        link.conn = Some(conn);
        let done_below = link.done_below();
        for (id, ask) in link.pending.clone() {
            self.met(Met::ForwardAgain);
            let (age_ms, stamp_ms) = (self.age_ms(pid, ask), self.stamp_ms(pid, owner));
            self.send(conn, pid, Note::Ask { id, done_below, ask, age_ms, stamp_ms });
        }
    }

    /// What an owner's clock shows at the earliest, by what was heard of it last. An owner that
    /// reads this later knows how long a message was on its way, or waited to be read.
    fn stamp_ms(&self, pid: usize, owner: usize) -> i64 {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let heard = self.procs[pid].links.get(&owner).and_then(|link| link.heard);
        heard.map_or(0, |(owner_ms, came_ms)| owner_ms + now_ms - came_ms)
    }

    /// How long a request has waited here.
    fn age_ms(&self, pid: usize, ask: u32) -> i64 {
        self.procs[pid].mono(self.now_ms) - self.asks[ask as usize].here_ms
    }

    /// Sends a message over a connection, behind all that was sent before.
    pub(super) fn send(&mut self, conn: usize, by: usize, note: Note) {
        let slow = self.rng.one_in(80);
        let ms = if slow { self.rng.range(20, 700) } else { self.rng.below(3) } as i64;
        let link = &mut self.conns[conn];
        if link.broken_ms.is_some() {
            return;
        }
        let (way, other) = if by == link.from { (0, link.to) } else { (1, link.from) };
        let arrived_ms = (self.now_ms + ms).max(link.last_ms[way]);
        link.last_ms[way] = arrived_ms;
        self.after(
            arrived_ms - self.now_ms,
            Event::At(other, What::Net { conn, arrived_ms, note }),
        );
    }

    /// A connection breaks: what is on its way is lost, and both ends notice some time later.
    pub(super) fn break_conn(&mut self, conn: usize) {
        if self.conns[conn].broken_ms.is_some() {
            return;
        }
        self.conns[conn].broken_ms = Some(self.now_ms);
        let (from, to) = (self.conns[conn].from, self.conns[conn].to);
        let most_ms = if self.rng.one_in(3) { 2_000 } else { 50 };
        self.soon(from, most_ms, What::Closed { conn });
        self.soon(to, most_ms, What::Closed { conn });
    }

    pub(super) fn closed(&mut self, pid: usize, conn: usize) {
        let (from, to) = (self.conns[conn].from, self.conns[conn].to);
        if pid == from {
            if let Some(link) = self.procs[pid].links.get_mut(&to)
                && link.conn == Some(conn)
            {
                link.conn = None;
            }
            return;
        }
        for lane in 0..self.plan.lanes.len() {
            if let Some(own) = self.procs[pid].own(lane) {
                own.followers.remove(&conn);
                own.grants.leave(conn);
            }
        }
    }

    /// A message is read.
    pub(super) fn receive(
        &mut self,
        pid: usize,
        conn: usize,
        arrived_ms: i64,
        note: Note,
    ) -> Check {
        if self.conns[conn].broken_ms.is_some_and(|at_ms| at_ms < arrived_ms) {
            return Ok(());
        }
        let now_ms = self.procs[pid].mono(self.now_ms);
        match note {
            Note::Follow { lane, term, turn } => {
                self.join(pid, conn, (lane, term, turn));
                Ok(())
            }
            Note::Stream { lane, item } => {
                if let Item::Joined { term, turn, .. } = item
                    && !self.joins(pid, (conn, lane), (term, turn))
                {
                    return Ok(());
                }
                self.streamed(pid, (conn, lane), item)
            }
            Note::Ack { lane, count } => {
                if let Some(own) = self.procs[pid].own(lane) {
                    own.grants.acked(conn, count, now_ms);
                }
                self.try_settle(pid, lane)
            }
            Note::Ping { asked_ms } => {
                let shows_ms = self.shows_ms(pid);
                self.send(conn, pid, Note::Clock { asked_ms, owner_ms: now_ms, shows_ms });
                self.give_word(pid, conn, asked_ms);
                Ok(())
            }
            Note::Clock { asked_ms, owner_ms, shows_ms } => {
                let owner = self.conns[conn].to;
                self.heard_clock(pid, conn, Heard::new(shows_ms, asked_ms, now_ms));
                self.procs[pid].links.entry(owner).or_default().heard = Some((owner_ms, now_ms));
                Ok(())
            }
            Note::GaveUp { lane } => {
                if let Some(own) = self.procs[pid].own(lane) {
                    own.grants.gave_up(conn);
                }
                self.hand_on(pid, lane);
                Ok(())
            }
            Note::Ask { id, done_below, ask, age_ms, stamp_ms } => {
                let late_ms = (now_ms - stamp_ms).max(0);
                self.passed(pid, conn, (id, done_below), (ask, age_ms + late_ms))
            }
            Note::Answer { id, answered } => self.came_back(pid, conn, id, answered),
        }
    }

    /// Whether a stream begins. It may have been asked for under a lease that has moved since.
    fn joins(
        &mut self,
        pid: usize,
        (conn, lane): (usize, usize),
        (term, turn): (u64, u64),
    ) -> bool {
        let asked = self.procs[pid].follow(lane).and_then(|follow| follow.turn);
        if asked != Some(turn) {
            return false;
        }
        let known = self.procs[pid].dbs[self.plan.db_of[lane]].leases.get(lane);
        let known = known.map_or(0, |lease| lease.term);
        let owner = self.owner_of(pid, lane) == Some(self.conns[conn].to);
        if term == known && !owner {
            self.met(Met::FormerJoined);
        }
        // Where leases went back in time their numbers come again, and a former owner that wakes
        // has the present one's.
        let joins = term == known && owner;
        if !joins {
            self.met(Met::JoinedInVain);
            self.leave_stream(pid, lane);
        }
        joins
    }

    fn join(&mut self, pid: usize, conn: usize, (lane, term, turn): (usize, u64, u64)) {
        let Some(own) = self.procs[pid].own(lane) else { return };
        if !own.opened || own.term != term || own.followers.insert(conn, turn) == Some(turn) {
            return;
        }
        own.grants.join(conn);
        let (settled, doubt) = (own.newest.0, own.machine.in_doubt().unwrap_or(0));
        let newest = own.machine.durable_head();
        let item = Item::Joined { newest, settled, doubt, term, turn };
        self.send(conn, pid, Note::Stream { lane, item });
    }

    fn give_word(&mut self, pid: usize, conn: usize, asked_ms: i64) {
        let now_ms = self.procs[pid].mono(self.now_ms);
        for lane in 0..self.plan.lanes.len() {
            let tenure = self.procs[pid].tenure(self.plan.db_of[lane]);
            let Some(own) = self.procs[pid].own(lane) else { continue };
            if own.followers.contains_key(&conn) && own.grants.give(conn, tenure, now_ms) {
                self.send(conn, pid, Note::Stream { lane, item: Item::Word(asked_ms) });
            }
        }
    }

    /// A request another node passed on.
    fn passed(
        &mut self,
        pid: usize,
        conn: usize,
        (id, done_below): (u64, u64),
        (ask, age_ms): (u32, i64),
    ) -> Check {
        let from = self.conns[conn].from;
        let twice = self.off(Control::ForwardTwice);
        let proc = &mut self.procs[pid];
        let arrived = proc.forwards.entry(from).or_default().arrive(id, done_below);
        let origin = Origin::Passed { from, id };
        let again = matches!(arrived, Arrived::Known | Arrived::Answered(_));
        if again && !twice {
            self.met(Met::ForwardTwice);
        }
        match arrived {
            Arrived::Answered(answered) if !twice => self.answer(pid, origin, answered),
            Arrived::Known if !twice => Ok(()),
            Arrived::Full => self.answer(pid, origin, Answered::NotMine),
            _ => {
                let lane = self.asks[ask as usize].lane;
                let owns = self.procs[pid].own(lane).is_some_and(|own| own.handing.is_none());
                match self.asks[ask as usize].command() {
                    Some(command) if owns => {
                        self.ask_lane(pid, lane, (ask, origin, command), age_ms)
                    }
                    _ => self.answer(pid, origin, Answered::NotMine),
                }
            }
        }
    }

    /// An answer goes to who asked: here, or over the newest connection.
    pub(super) fn answer(&mut self, pid: usize, origin: Origin, answered: Answered) -> Check {
        match origin {
            Origin::Done => Ok(()),
            Origin::Here(ask) => self.hears_lane(pid, ask, answered),
            Origin::Passed { from, id } => {
                let proc = &mut self.procs[pid];
                proc.forwards.entry(from).or_default().answered(id, answered);
                let open =
                    |conn: &Conn| (conn.from, conn.to) == (from, pid) && conn.broken_ms.is_none();
                if let Some(conn) = self.conns.iter().rposition(open) {
                    self.send(conn, pid, Note::Answer { id, answered });
                }
                Ok(())
            }
        }
    }

    fn came_back(&mut self, pid: usize, conn: usize, id: u64, answered: Answered) -> Check {
        let owner = self.conns[conn].to;
        let link = self.procs[pid].links.entry(owner).or_default();
        let Some(ask) = link.pending.remove(&id) else { return Ok(()) };
        self.hears_lane(pid, ask, answered)
    }

    /// Passes a request on to its lane: here, over a connection, or later.
    pub(super) fn route(&mut self, pid: usize, ask: u32) -> Check {
        let (lane, since_ms) = (self.asks[ask as usize].lane, self.asks[ask as usize].here_ms);
        let Some(command) = self.asks[ask as usize].command() else {
            self.procs[pid].waiting.push((ask, since_ms));
            return Ok(());
        };
        if self.procs[pid].own(lane).is_some_and(|own| own.handing.is_none()) {
            let age_ms = self.age_ms(pid, ask);
            return self.ask_lane(pid, lane, (ask, Origin::Here(ask), command), age_ms);
        }
        let owner = self.owner_of(pid, lane).filter(|owner| *owner != pid);
        let link = owner.and_then(|owner| self.procs[pid].links.get_mut(&owner));
        let ready = |link: &&mut Link| link.conn.is_some() && !link.lost && link.heard.is_some();
        let (Some(link), Some(owner)) = (link.filter(ready), owner) else {
            self.procs[pid].waiting.push((ask, since_ms));
            return Ok(());
        };
        let id = link.next_id;
        link.next_id += 1;
        link.pending.insert(id, ask);
        let done_below = link.done_below();
        self.met(Met::Forwarded);
        if let Some(conn) = self.procs[pid].links[&owner].conn {
            let (age_ms, stamp_ms) = (self.age_ms(pid, ask), self.stamp_ms(pid, owner));
            self.send(conn, pid, Note::Ask { id, done_below, ask, age_ms, stamp_ms });
        }
        Ok(())
    }

    /// Requests that no owner could be given.
    pub(super) fn route_waiting(&mut self, pid: usize) -> Check {
        for (ask, _) in core::mem::take(&mut self.procs[pid].waiting) {
            self.asked_again(pid, ask)?;
        }
        Ok(())
    }

    /// The owner's process ended; its followers' words are over by now.
    pub(super) fn lost_owner(&mut self, pid: usize, owner: usize, ids: Vec<u64>) -> Check {
        let link = self.procs[pid].links.entry(owner).or_default();
        let lost: Vec<u32> = ids.iter().filter_map(|id| link.pending.remove(id)).collect();
        for ask in lost {
            self.met(Met::OwnerLost);
            self.hears_lane(pid, ask, Answered::Lane(Reply::Unsure, (0, Hash::default())))?;
        }
        Ok(())
    }

    /// Who has waited too long hears what is true.
    pub(super) fn impatient(&mut self, pid: usize) -> Check {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let older = |ask: &super::Ask, than_ms: i64| now_ms - ask.here_ms >= than_ms;
        let rest = (0, Hash::default());
        let mut unsure = Vec::new();
        for link in self.procs[pid].links.values_mut() {
            let asks = &self.asks;
            link.pending.retain(|_, ask| {
                let goes = older(&asks[*ask as usize], PASSED_PATIENCE_MS);
                if goes {
                    unsure.push(*ask);
                }
                !goes
            });
        }
        for ask in unsure {
            self.met(Met::ForwardUnanswered);
            self.hears_lane(pid, ask, Answered::Lane(Reply::Unsure, rest))?;
        }
        let asks = &self.asks;
        let waiting = core::mem::take(&mut self.procs[pid].waiting);
        let (busy, stay): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(ask, _)| older(&asks[*ask as usize], PATIENCE_MS));
        self.procs[pid].waiting = stay;
        for (ask, _) in busy {
            self.hears_lane(pid, ask, Answered::Lane(Reply::Busy, rest))?;
        }
        Ok(())
    }
}
