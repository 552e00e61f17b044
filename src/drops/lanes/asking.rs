//! Commands arrive: for lanes that are open, at rest, or another node's; and answers leave.

use super::{Lanes, Replayed};
use crate::drops::desk::Outbox;
use crate::drops::ticket::{Answered, Sink, Ticket};
use crate::drops::wake;
use crate::kit::journal::JournalError;
use fanfare_engine::Command;
use fanfare_lane::{Lane, LaneId, Reading, Reply};

/// A command for a lane at rest that is being opened again.
pub(super) struct Waits {
    pub(super) command: Command,
    pub(super) ticket: Ticket,
    since_mono_ms: i64,
}

impl Lanes {
    /// Most of many are for one lane, which is looked up once for all that follow each other.
    pub(super) fn ask_many(&mut self, asks: Vec<(LaneId, Command, Ticket)>, clock: &Reading) {
        let mut asks = asks.into_iter().peekable();
        while let Some((id, command, ticket)) = asks.next() {
            self.ask(id, command, ticket, clock);
            let hosted = self.hosted.get_mut(&id).filter(|hosted| !hosted.handing());
            let Some(hosted) = hosted else { continue };
            while let Some((_, command, ticket)) = asks.next_if(|(next, ..)| *next == id) {
                if let Err(ticket) = hosted.lane.ask(ticket, command, clock.mono_ms) {
                    say(&self.sink, &mut self.desks, ticket, Reply::Busy);
                }
            }
            if hosted.lane.waiting() >= self.config.batch_max {
                self.full.insert(id);
            }
        }
    }

    pub(super) fn ask(&mut self, id: LaneId, command: Command, ticket: Ticket, clock: &Reading) {
        self.ask_aged(id, (command, 0), ticket, clock);
    }

    /// Asks a lane for what has waited so long elsewhere already, ms.
    pub(super) fn ask_aged(
        &mut self,
        id: LaneId,
        (command, age_ms): (Command, i64),
        ticket: Ticket,
        clock: &Reading,
    ) {
        if matches!(command, Command::Resume(_)) && self.serves(id) {
            self.confirm_time(clock);
        }
        if let Some(hosted) = self.hosted.get_mut(&id).filter(|hosted| !hosted.handing()) {
            let asked = hosted.lane.ask(ticket, command, clock.mono_ms - age_ms);
            if hosted.lane.waiting() >= self.config.batch_max {
                self.full.insert(id);
            }
            self.touched.insert(id);
            if let Err(ticket) = asked {
                self.say(ticket, Reply::Busy);
            }
        } else if let Some(waiting) = self.waking.get_mut(&id) {
            if waiting.len() < self.config.queue_max {
                waiting.push(Waits { command, ticket, since_mono_ms: clock.mono_ms - age_ms });
            } else {
                self.say(ticket, Reply::Busy);
            }
        } else if let Some(drop) = self.resting.get(&id) {
            if drop.answers_now()
                && let Some(reply) = wake::answered_at_rest(drop, &command, clock.now_ms)
            {
                return self.say(ticket, reply);
            }
            let head = self.heads.get(&drop.lane).cloned();
            wake::start(drop.clone(), head, self.folder.clone(), self.inbox.clone());
            let since_mono_ms = clock.mono_ms - age_ms;
            self.waking.insert(id, vec![Waits { command, ticket, since_mono_ms }]);
        } else {
            self.pass_on(id, command, ticket);
        }
    }

    /// Whether this node decides for the lane, now or once it has lain down no more.
    fn serves(&self, id: LaneId) -> bool {
        let hosted = self.hosted.get(&id).is_some_and(|hosted| !hosted.handing());
        hosted || self.resting.contains_key(&id)
    }

    pub(super) fn say(&mut self, ticket: Ticket, reply: Reply) {
        match ticket {
            Ticket::Peer { process, id } => self.answer_peer(process, id, Some(reply)),
            ticket => say(&self.sink, &mut self.desks, ticket, reply),
        }
    }

    /// Answers with what a durable row has to show for it.
    pub(super) fn tell(&mut self, ticket: Ticket, answered: Answered) {
        match ticket {
            Ticket::One(_) => ticket.deliver(answered),
            Ticket::Desk(caller) => self.desks.add(caller, answered),
            ticket => self.say(ticket, answered.reply),
        }
    }

    pub(super) fn woken(
        &mut self,
        id: LaneId,
        replayed: Result<Replayed, JournalError>,
        clock: &Reading,
    ) {
        if self.follows(id) {
            return self.replayed(id, replayed);
        }
        let replay = replayed.map(|(replay, _)| replay);
        let asked = self.waking.remove(&id).unwrap_or_default();
        let Some(drop) = self.resting.get(&id).cloned() else { return };
        let replay = replay.map(|mut replay| {
            if let Some(state) = replay.take_state() {
                drop.published.put_back(state);
            }
            replay
        });
        let at_rest = |of: &Waits| wake::answered_at_rest(&drop, &of.command, clock.now_ms);
        if let Some(replies) = asked.iter().map(at_rest).collect::<Option<Vec<_>>>() {
            // Nobody asked for a change: it goes on resting, and no row is written.
            let answers = asked.into_iter().zip(replies);
            return answers.for_each(|(of, reply)| self.say(of.ticket, reply));
        }
        let unfit = |why: String| JournalError::Unfit(why);
        let opened = replay.and_then(|replay| {
            let open = |served: &mut _| {
                Lane::open(&replay, served, wake::owner(), self.config, clock, None)
            };
            let opened = drop.published.own(open);
            let opened = opened.ok_or_else(|| unfit("its state is gone".to_owned()))?;
            opened.map_err(|why| unfit(why.to_string()))
        });
        match opened {
            Ok(lane) => {
                self.host_woken(lane, drop);
                for Waits { command, ticket, since_mono_ms } in asked {
                    let age_ms = clock.mono_ms - since_mono_ms;
                    self.ask_aged(id, (command, age_ms), ticket, clock);
                }
            }
            Err(why) => {
                match why {
                    // Whoever asks next has it read again.
                    JournalError::Silent(why) => {
                        tracing::warn!(lane = id, why, "a lane at rest cannot be read now");
                    }
                    why => drop.stop(&why.to_string()),
                }
                asked.into_iter().for_each(|of| self.say(of.ticket, Reply::Busy));
            }
        }
    }
}

/// Answers without a proof.
fn say(sink: &Sink, desks: &mut Outbox, ticket: Ticket, reply: Reply) {
    match ticket {
        Ticket::Desk(caller) => desks.add(caller, Answered::plain(reply)),
        Ticket::Many(id) => sink.push(&mut vec![(id, reply)]),
        other => other.deliver(Answered::plain(reply)),
    }
}
