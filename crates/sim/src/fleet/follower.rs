//! A lane at a node that does not own it: the rows its owner streams, published in order; the
//! owner's word; and what is answered by it.

use super::db::Request;
use super::links::Note;
use super::{Fleet, Met, id};
use crate::audit::{Breach, Check, caught};
use crate::control::Control;
use crate::world::FESTIVAL;
use fanfare_engine::Served;
use fanfare_lane::{Face, Hash, Replay, Sealed, Word};
use std::collections::VecDeque;

/// What an owner streams.
#[derive(Clone)]
pub(super) enum Item {
    /// The newest row known to be durable, and the newest everybody may be told of.
    Joined {
        newest: (u32, Hash),
        settled: u32,
        doubt: u32,
        term: u64,
        turn: u64,
    },
    Row(Sealed),
    /// Somebody is told `unsure` about rows up to this one.
    Doubt(u32),
    /// Everybody has it.
    Settled(u32),
    /// The owner's word, asked for at this moment of the follower's clock.
    Word(i64),
    /// The lane is handed over: no more word.
    End,
    /// The lane is not this owner's any more, or will be joined anew.
    Left,
}

/// A lane as a follower has it.
pub(super) struct Follow {
    pub(super) served: Option<Served>,
    pub(super) replay: Replay,
    pub(super) face: Option<Face>,
    pub(super) word: Word,
    /// The connection its rows come on.
    pub(super) on: Option<usize>,
    /// The lease under which they come.
    pub(super) term: u64,
    /// The number it is asked for under: another where it begins anew.
    pub(super) turn: Option<u64>,
    stream: VecDeque<Item>,
    /// Rows and doubts of the stream that are done with.
    done: u64,
    /// What is read from the journal to fill a gap, and since when.
    reading: Option<(u32, i64)>,
    fetched: VecDeque<Sealed>,
}

impl Default for Follow {
    fn default() -> Self {
        Self::of(None, Replay::new(FESTIVAL, 0), None)
    }
}

impl Follow {
    pub(super) fn of(served: Option<Served>, replay: Replay, face: Option<Face>) -> Self {
        Self {
            word: Word::none(replay.seq()),
            served,
            replay,
            face,
            on: None,
            term: 0,
            turn: None,
            stream: VecDeque::new(),
            done: 0,
            reading: None,
            fetched: VecDeque::new(),
        }
    }

    /// Takes no more of a stream under another number.
    pub(super) fn leave_older(&mut self, term: u64) {
        if self.term != term && self.on.is_some() {
            self.stream.clear();
            (self.on, self.turn, self.done) = (None, None, 0);
        }
    }

    /// How far it has come, in words.
    pub(super) fn how(&self) -> String {
        let (on, waits, reading) = (self.on, self.stream.len(), self.reading);
        format!("(over {on:?}, lease {}, {waits} wait, reads {reading:?})", self.term)
    }

    /// Everything from the first row on.
    fn forget(&mut self) {
        let (on, term, turn) = (self.on, self.term, self.turn);
        let (stream, done, word) = (core::mem::take(&mut self.stream), self.done, self.word);
        *self = Self { word, on, term, turn, stream, done, ..Self::default() };
        self.word.published(0);
    }

    /// Publishes the next row.
    fn publish(&mut self, lane: usize, sealed: &Sealed) -> Result<(), String> {
        let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
        if self.replay.seq() == 0 {
            self.replay = Replay::new(FESTIVAL, id(lane));
        }
        match &mut self.served {
            Some(served) => {
                let taken = self.replay.publish(&sealed.row, &facts, served);
                taken.map_err(|damage| damage.to_string())?;
            }
            None => {
                self.replay.row(&sealed.row, &facts).map_err(|damage| damage.to_string())?;
                self.served = self.replay.take_state().map(Served::new);
            }
        }
        if let Some(served) = &self.served {
            self.face = Some(Face::of(served.seen(), self.replay.seq(), self.replay.hash()));
        }
        self.word.published(self.replay.seq());
        Ok(())
    }
}

impl Fleet {
    /// Something came on the stream of a lane.
    pub(super) fn streamed(
        &mut self,
        pid: usize,
        (conn, lane): (usize, usize),
        item: Item,
    ) -> Check {
        let Some(follow) = self.procs[pid].follow(lane) else { return Ok(()) };
        if let Item::Joined { term, .. } = item {
            (follow.on, follow.term) = (Some(conn), term);
            follow.stream.clear();
            (follow.done, follow.reading) = (0, None);
        }
        if follow.on != Some(conn) {
            return Ok(());
        }
        follow.stream.push_back(item);
        self.pump(pid, lane)
    }

    /// Takes of the stream what can be taken.
    fn pump(&mut self, pid: usize, lane: usize) -> Check {
        let word_loose = self.off(Control::WordBehind);
        let now_ms = self.procs[pid].mono(self.now_ms);
        loop {
            let Some(follow) = self.procs[pid].follow(lane) else { return Ok(()) };
            let Some(item) = follow.stream.front().cloned() else { return Ok(()) };
            let at = follow.replay.seq();
            let target = match &item {
                Item::Joined { newest, .. } => newest.0,
                Item::Row(sealed) => sealed.row.header.seq - 1,
                _ => at,
            };
            if at < target && !self.fill(pid, lane, target) {
                // The control: word counts although rows before it are missing.
                if word_loose && let Some(follow) = self.procs[pid].follow(lane) {
                    for item in &follow.stream {
                        match item {
                            Item::Word(asked_ms) => follow.word.given(*asked_ms),
                            Item::Joined { settled, .. } => follow.word.settled(*settled),
                            _ => {}
                        }
                    }
                }
                return Ok(());
            }
            let Some(follow) = self.procs[pid].follow(lane) else { return Ok(()) };
            follow.stream.pop_front();
            match item {
                Item::Joined { newest, settled, doubt, .. } => {
                    if !self.joined(pid, lane, newest)? {
                        return Ok(());
                    }
                    if let Some(follow) = self.procs[pid].follow(lane) {
                        follow.word.settled(settled);
                        follow.word.doubt(doubt);
                    }
                }
                Item::Row(sealed) => {
                    if sealed.row.header.seq == follow.replay.seq() + 1
                        && let Err(why) = follow.publish(lane, &sealed)
                    {
                        return caught(Breach::TwoHistories, why);
                    }
                    self.ack(pid, lane);
                }
                Item::Doubt(seq) => {
                    follow.word.doubt(seq);
                    self.ack(pid, lane);
                }
                Item::Left => (follow.on, follow.turn) = (None, None),
                Item::Settled(seq) => follow.word.settled(seq),
                Item::Word(asked_ms) if now_ms - asked_ms < 60_000 => follow.word.given(asked_ms),
                Item::Word(_) => {}
                Item::End => {
                    follow.word.over();
                    if let Some(conn) = follow.on {
                        self.send(conn, pid, Note::GaveUp { lane });
                    }
                }
            }
        }
    }

    /// Whether what was followed is what its owner has.
    fn joined(
        &mut self,
        pid: usize,
        lane: usize,
        newest: (u32, Hash),
    ) -> Result<bool, crate::audit::Violation> {
        let Some(follow) = self.procs[pid].follow(lane) else { return Ok(false) };
        let own = (follow.replay.seq(), follow.replay.hash());
        if own == newest {
            return Ok(true);
        }
        self.tell(|| format!("process {pid} has row {}, not {newest:?}", own.0));
        // An owner whose lease came back with its database gives the lane up when it looks; until
        // then who knows more does not follow.
        if own.0 > newest.0 && self.history[lane].went_back {
            self.met(Met::FormerJoined);
            self.leave_stream(pid, lane);
            return Ok(false);
        }
        // It followed rows that do not stand.
        caught(Breach::TwoHistories, format!("follower of lane {}", id(lane)))
    }

    /// Follows nobody until it has joined again.
    pub(super) fn leave_stream(&mut self, pid: usize, lane: usize) {
        if let Some(follow) = self.procs[pid].follow(lane) {
            follow.word.over();
            follow.stream.clear();
            (follow.on, follow.turn, follow.done) = (None, None, 0);
        }
    }

    fn ack(&mut self, pid: usize, lane: usize) {
        let Some(follow) = self.procs[pid].follow(lane) else { return };
        follow.done += 1;
        let (count, on) = (follow.done, follow.on);
        if let Some(conn) = on {
            self.send(conn, pid, Note::Ack { lane, count });
        }
    }

    /// Publishes rows read from the journal up to this one, which its owner said is durable; no
    /// further: a row that is only read may yet vanish. Gives false while they are not here.
    fn fill(&mut self, pid: usize, lane: usize, target: u32) -> bool {
        let Some(follow) = self.procs[pid].follow(lane) else { return false };
        while follow.replay.seq() < target
            && let Some(sealed) = follow.fetched.pop_front()
        {
            if sealed.row.header.seq != follow.replay.seq() + 1 {
                continue;
            }
            if follow.publish(lane, &sealed).is_err() {
                follow.forget();
                follow.fetched.clear();
            }
        }
        if follow.replay.seq() >= target {
            follow.fetched.clear();
            return true;
        }
        if follow.reading.is_none() {
            let from = follow.replay.seq() + 1;
            let db = self.plan.db_of[lane];
            let op = self.ask_db(pid, db, Request::Read { lane, from });
            let now_ms = self.procs[pid].mono(self.now_ms);
            let lost = self.history[lane].stands < target;
            self.met(if lost { Met::FollowerMissed } else { Met::FollowerReads });
            if let Some(follow) = self.procs[pid].follow(lane) {
                follow.reading = Some((op, now_ms));
            }
        }
        false
    }

    /// Rows a follower has asked for. Gives whether they were.
    pub(super) fn fetched(
        &mut self,
        pid: usize,
        op: u32,
        rows: &[Sealed],
    ) -> Result<bool, crate::audit::Violation> {
        for lane in 0..self.plan.lanes.len() {
            let Some(follow) = self.procs[pid].follow(lane) else { continue };
            if follow.reading.is_some_and(|(own, _)| own == op) {
                follow.reading = None;
                follow.fetched = rows.iter().cloned().collect();
                if !rows.is_empty() {
                    self.pump(pid, lane)?;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A reading that takes too long is asked for again.
    pub(super) fn look_after_follow(&mut self, pid: usize, lane: usize) -> Check {
        let now_ms = self.procs[pid].mono(self.now_ms);
        let Some(follow) = self.procs[pid].follow(lane) else { return Ok(()) };
        if follow.reading.is_some_and(|(_, sent_ms)| now_ms - sent_ms > 900) {
            follow.reading = None;
        }
        self.pump(pid, lane)
    }
}
