//! Commands for lanes that others own: passed on to the owner, under an id it dedupes by, and kept
//! here until its answer comes.

use super::super::Lanes;
use crate::drops::ticket::{Answered, Ticket};
use crate::kit::clock::boot_ms;
use crate::nodes::frame::{Frame, NodeId, ProcessId};
use crate::nodes::links::Conn;
use fanfare_engine::{Command, wire};
use fanfare_lane::{Arrived, LaneId, Reading, Reply};

/// How long an answer of another node is waited for: longer than that node's lane lets anybody wait
/// (5 s undecided and 5 s in doubt), and than it takes until every follower knows of the doubt, so
/// that it is the lane that says what is not known.
const PATIENCE_MS: i64 = 12_500;

/// A command nobody could be found for so long was not done.
const ORPHAN_MS: i64 = 5_000;

/// A process that ended has given its word for no longer than this.
const WORDS_OVER_MS: i64 = 1_100;

/// Most commands that wait for other nodes.
const ASKS_MAX: usize = 65_536;

/// A command for a lane of another node.
pub(super) struct Asked {
    lane: LaneId,
    command: Command,
    ticket: Ticket,
    since_ms: i64,
    /// The process it went to; none if it is still here.
    sent: Option<ProcessId>,
}

impl Lanes {
    /// Takes a command for a lane that is not served here; sends it on if its owner is known.
    pub(in super::super) fn pass_on(&mut self, lane: LaneId, command: Command, ticket: Ticket) {
        let Some(nodes) = &mut self.nodes else { return self.say(ticket, Reply::Busy) };
        if let Ticket::Peer { process, id } = ticket {
            // It was sent here in good faith; who sent it looks anew.
            return self.answer_peer(process, id, None);
        }
        if nodes.asks.len() >= ASKS_MAX {
            return self.say(ticket, Reply::Busy);
        }
        self.keep_ask(Asked { lane, command, ticket, since_ms: boot_ms(), sent: None });
    }

    fn keep_ask(&mut self, asked: Asked) {
        let Some(nodes) = &mut self.nodes else { return };
        let id = nodes.next_ask;
        nodes.next_ask += 1;
        nodes.asks.insert(id, asked);
        self.send_ask(id);
    }

    /// Sends a command to its lane's owner, if that one can be reached.
    fn send_ask(&mut self, id: u64) {
        let Some(nodes) = &mut self.nodes else { return };
        let done_below = nodes.asks.first_key_value().map_or(id, |(first, _)| *first);
        let Some(asked) = nodes.asks.get(&id) else { return };
        let Some(followed) = nodes.followed.get(&asked.lane) else { return };
        let Some((_, host)) = nodes.host_of(asked.lane, followed.drop.home) else { return };
        if asked.sent.is_some_and(|sent| sent != host.process) {
            return;
        }
        let Some((owner_ms, came_ms)) = host.heard else { return };
        let (process, send, now_ms) = (host.process, host.send.clone(), boot_ms());
        if let Some(asked) = nodes.asks.get_mut(&id) {
            asked.sent = Some(process);
            let (lane, command) = (asked.lane, asked.command.clone());
            let age_ms = (now_ms - asked.since_ms).unsigned_abs();
            let stamp_ms = owner_ms + now_ms - came_ms;
            let _ = send.send(Frame::Ask { id, done_below, lane, age_ms, stamp_ms, command });
        }
    }

    /// Sends what is not sent yet, and what went to this process by a connection that is no more.
    pub(super) fn send_asks(&mut self, again_to: Option<ProcessId>) {
        let Some(nodes) = &self.nodes else { return };
        let due = nodes.asks.iter().filter(|(_, asked)| {
            asked.sent.is_none() || again_to.is_some() && asked.sent == again_to
        });
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.send_ask(id);
        }
    }

    /// A lane is served here now: what waited for an owner goes to it.
    pub(super) fn ask_own(&mut self, lane: LaneId, clock: &Reading) {
        let Some(nodes) = &mut self.nodes else { return };
        let here = nodes.asks.iter().filter(|(_, one)| one.lane == lane && one.sent.is_none());
        let now_ms = boot_ms();
        for id in here.map(|(id, _)| *id).collect::<Vec<_>>() {
            let asked = self.nodes.as_mut().and_then(|nodes| nodes.asks.remove(&id));
            if let Some(Asked { lane, command, ticket, since_ms, .. }) = asked {
                self.ask_aged(lane, (command, now_ms - since_ms), ticket, clock);
            }
        }
    }

    /// The owner's answer.
    pub(super) fn answered_by(&mut self, id: u64, reply: Reply) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(asked) = nodes.asks.remove(&id) else { return };
        let proof = match &reply {
            // Its row came before the answer, if this node follows the lane.
            Reply::Claim { claim, fresh: true } => nodes.followed.get(&asked.lane).and_then(|of| {
                let head = of.drop.published.recent(claim.place.seq)?;
                let span = head.sealed.row.spans().nth(usize::from(claim.place.index))?.ok()?;
                Some((head.clone(), wire::read_fact(span).ok()?))
            }),
            _ => None,
        };
        self.tell(asked.ticket, Answered { reply, proof, row: None });
    }

    /// The lane is not served where it was asked, nothing was done: it is asked anew.
    pub(super) fn elsewhere(&mut self, id: u64, clock: &Reading) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(mut asked) = nodes.asks.remove(&id) else { return };
        asked.sent = None;
        if self.hosted.contains_key(&asked.lane) || self.resting.contains_key(&asked.lane) {
            let age_ms = boot_ms() - asked.since_ms;
            return self.ask_aged(asked.lane, (asked.command, age_ms), asked.ticket, clock);
        }
        // Who owns it the next renewal says; sent back at once, it would come back at once.
        let id = nodes.next_ask;
        nodes.next_ask += 1;
        nodes.asks.insert(id, asked);
    }

    /// Another process runs as this node now.
    pub(super) fn note_ended(&mut self, node: NodeId, process: ProcessId) {
        let Some(nodes) = &mut self.nodes else { return };
        let before: Vec<ProcessId> = nodes
            .rows()
            .filter(|row| row.node == node && row.process != process)
            .map(|row| row.process)
            .collect();
        for process in before {
            nodes.ended.entry(process).or_insert_with(boot_ms);
        }
    }

    /// Processes that something was sent to, and that have no row any more.
    pub(super) fn note_all_ended(&mut self) {
        let Some(nodes) = &mut self.nodes else { return };
        let there = |process: ProcessId| nodes.rows().any(|row| row.process == process);
        let sent = nodes.asks.values().filter_map(|asked| asked.sent);
        let ended: Vec<ProcessId> = sent.filter(|process| !there(*process)).collect();
        for process in ended {
            nodes.ended.entry(process).or_insert_with(boot_ms);
        }
    }

    /// Nobody waits for ever, and of what a process was asked that ended nobody knows.
    pub(super) fn lose_patience_with_nodes(&mut self, now_ms: i64) {
        let Some(nodes) = &mut self.nodes else { return };
        let over = |process: &ProcessId| {
            nodes.ended.get(process).is_some_and(|since_ms| now_ms - since_ms >= WORDS_OVER_MS)
        };
        let late = nodes.asks.iter().filter(|(_, asked)| {
            let most_ms = if asked.sent.is_some() { PATIENCE_MS } else { ORPHAN_MS };
            now_ms - asked.since_ms >= most_ms || asked.sent.as_ref().is_some_and(over)
        });
        let late: Vec<u64> = late.map(|(id, _)| *id).collect();
        nodes.ended.retain(|_, since_ms| now_ms - *since_ms < WORDS_OVER_MS);
        for id in late {
            let asked = self.nodes.as_mut().and_then(|nodes| nodes.asks.remove(&id));
            if let Some(asked) = asked {
                let reply = if asked.sent.is_some() { Reply::Unsure } else { Reply::Busy };
                self.say(asked.ticket, reply);
            }
        }
    }

    /// Another node passes a command on.
    pub(super) fn asked_by(
        &mut self,
        conn: Conn,
        (id, done_below): (u64, u64),
        (lane, age_ms, command): (LaneId, u64, Command),
        clock: &Reading,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(guest) = nodes.guests.get(&conn) else { return };
        let process = guest.process;
        match nodes.forwards.entry(process).or_default().arrive(id, done_below) {
            Arrived::New => {
                let age_ms = i64::try_from(age_ms).unwrap_or(i64::MAX / 4);
                self.ask_aged(lane, (command, age_ms), Ticket::Peer { process, id }, clock);
            }
            Arrived::Known => {}
            Arrived::Answered(reply) => self.send_answer(process, id, reply),
            Arrived::Full => self.send_answer(process, id, Some(Reply::Busy)),
        }
    }

    /// Answers a command that another node passed on; none if it is not for here.
    pub(in super::super) fn answer_peer(
        &mut self,
        process: ProcessId,
        id: u64,
        reply: Option<Reply>,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(forwards) = nodes.forwards.get_mut(&process) {
            forwards.answered(id, reply);
        }
        self.send_answer(process, id, reply);
    }

    /// Over the newest connection of who asked.
    fn send_answer(&self, process: ProcessId, id: u64, reply: Option<Reply>) {
        let Some(nodes) = &self.nodes else { return };
        if let Some(guest) = nodes.guests.values().rfind(|guest| guest.process == process) {
            let frame = reply.map_or(Frame::Elsewhere { id }, |reply| Frame::Answer { id, reply });
            let _ = guest.send.send(frame);
        }
    }
}
