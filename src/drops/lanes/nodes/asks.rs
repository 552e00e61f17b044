//! Commands for lanes that others own: passed on to the owner, under an id it dedupes by, and kept
//! here until its answer comes.

use super::super::Lanes;
use super::Pending;
use crate::drops::ticket::{Answered, Ticket};
use crate::kit::clock::boot_ms;
use crate::nodes::frame::{Frame, ProcessId};
use crate::nodes::links::Conn;
use fanfare_engine::Command;
use fanfare_lane::{Arrived, LaneId, Reading, Reply};

/// How long an answer of another node is waited for: a little longer than that node's own callers
/// wait, so that it is the lane that says what is not known.
const PATIENCE_MS: i64 = 6_000;

/// A command nobody could be found for so long was not done.
const ORPHAN_MS: i64 = 5_000;

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
    pub(in super::super) fn pass_on(&mut self, (lane, command, ticket): Pending) {
        let Some(nodes) = &mut self.nodes else { return self.say(ticket, Reply::Busy) };
        if nodes.asks.len() >= ASKS_MAX || !nodes.followed.contains_key(&lane) {
            return self.say(ticket, Reply::Busy);
        }
        if let Ticket::Peer { process, id } = ticket {
            // It was sent here by mistake or in good faith; who sent it looks anew.
            if let Some(forwards) = nodes.forwards.get_mut(&process) {
                forwards.forget(id);
            }
            let guest = nodes.guests.values().find(|guest| guest.process == process);
            return guest.map_or((), |guest| drop(guest.send.send(Frame::Elsewhere { id })));
        }
        let id = nodes.next_ask;
        nodes.next_ask += 1;
        nodes.asks.insert(id, Asked { lane, command, ticket, since_ms: boot_ms(), sent: None });
        self.send_ask(id);
    }

    /// Sends a command to its lane's owner, if that one can be reached.
    fn send_ask(&mut self, id: u64) {
        let Some(nodes) = &mut self.nodes else { return };
        let done_below = nodes.asks.first_key_value().map_or(id, |(first, _)| *first);
        let Some(asked) = nodes.asks.get(&id) else { return };
        let Some(followed) = nodes.followed.get(&asked.lane) else { return };
        let owner = nodes.owner_of(asked.lane, followed.drop.home);
        let Some((_, host)) = owner.and_then(|owner| nodes.host_of(owner)) else { return };
        let (process, send) = (host.process, host.send.clone());
        if let Some(asked) = nodes.asks.get_mut(&id) {
            asked.sent = Some(process);
            let (lane, command) = (asked.lane, asked.command.clone());
            let _ = send.send(Frame::Ask { id, done_below, lane, command });
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
        for id in here.map(|(id, _)| *id).collect::<Vec<_>>() {
            let asked = self.nodes.as_mut().and_then(|nodes| nodes.asks.remove(&id));
            if let Some(Asked { lane, command, ticket, .. }) = asked {
                self.ask(lane, command, ticket, clock);
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
                Some((head.clone(), fanfare_engine::wire::read_fact(span).ok()?))
            }),
            _ => None,
        };
        match asked.ticket {
            ticket @ Ticket::One(_) => ticket.deliver(Answered { reply, proof }),
            ticket => self.say(ticket, reply),
        }
    }

    /// The lane is not served where it was asked: nothing was done.
    pub(super) fn elsewhere(&mut self, id: u64, _clock: &Reading) {
        if let Some(asked) = self.nodes.as_mut().and_then(|nodes| nodes.asks.get_mut(&id)) {
            asked.sent = None;
        }
    }

    /// Those whose process is gone: what became of them nobody knows.
    pub(super) fn give_up_asks(&mut self, gone: impl Fn(ProcessId) -> bool) {
        let Some(nodes) = &self.nodes else { return };
        let lost = nodes.asks.iter().filter(|(_, asked)| asked.sent.is_some_and(&gone));
        for id in lost.map(|(id, _)| *id).collect::<Vec<_>>() {
            let asked = self.nodes.as_mut().and_then(|nodes| nodes.asks.remove(&id));
            if let Some(asked) = asked {
                self.say(asked.ticket, Reply::Unsure);
            }
        }
    }

    /// Nobody waits for ever.
    pub(super) fn lose_patience_with_nodes(&mut self, _clock: &Reading) {
        let Some(nodes) = &self.nodes else { return };
        let now_ms = boot_ms();
        let late = nodes.asks.iter().filter(|(_, asked)| {
            let most_ms = if asked.sent.is_some() { PATIENCE_MS } else { ORPHAN_MS };
            now_ms - asked.since_ms >= most_ms
        });
        for id in late.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(asked) = self.nodes.as_mut().and_then(|nodes| nodes.asks.remove(&id)) else {
                continue;
            };
            let reply = if asked.sent.is_some() { Reply::Unsure } else { Reply::Busy };
            self.say(asked.ticket, reply);
        }
    }

    /// Another node passes a command on.
    pub(super) fn asked_by(
        &mut self,
        conn: Conn,
        (id, done_below): (u64, u64),
        lane: LaneId,
        command: Command,
        clock: &Reading,
    ) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(guest) = nodes.guests.get(&conn) else { return };
        let (process, send) = (guest.process, guest.send.clone());
        let forwards = nodes.forwards.entry(process).or_default();
        match forwards.arrive(id, done_below) {
            Arrived::New => self.ask(lane, command, Ticket::Peer { process, id }, clock),
            Arrived::Known => {}
            Arrived::Answered(reply) => drop(send.send(Frame::Answer { id, reply })),
            Arrived::Full => drop(send.send(Frame::Answer { id, reply: Reply::Busy })),
        }
    }

    /// Answers a command that another node passed on.
    pub(in super::super) fn answer_peer(&mut self, process: ProcessId, id: u64, reply: Reply) {
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(forwards) = nodes.forwards.get_mut(&process) {
            forwards.answered(id, reply);
        }
        let guest = nodes.guests.values().rfind(|guest| guest.process == process);
        if let Some(guest) = guest {
            let _ = guest.send.send(Frame::Answer { id, reply });
        }
    }
}
