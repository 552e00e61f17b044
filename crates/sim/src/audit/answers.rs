//! What fans hear: from the lane exactly as predicted and not before it is durable and published;
//! from the gate only what is so in the face it saw.

use super::lane::{code, short};
use super::model::{Known, Life, Model};
use super::{Auditor, Breach, Check, caught};
use crate::store::SimStore;
use fanfare_engine::{ClaimState, Command, Phase, Refusal};
use fanfare_lane::{Face, LaneId, Reply};
use std::rc::Rc;

/// What a face should say: the auditor's own model at that row, without the claims.
pub(crate) struct View(Model);

impl View {
    /// A model as others may see it.
    pub(crate) fn of(model: &Model) -> Self {
        Self(model.front())
    }

    /// Whether so many units are free, by line.
    pub(crate) fn free_is(&self, free: &[u32]) -> bool {
        self.0.lines.iter().map(|line| line.free).eq(free.iter().copied())
    }

    /// What somebody who has nothing here should hear.
    pub(crate) fn refusal(&self, line: u16, units: u32, clock_ms: i64) -> Option<Refusal> {
        let Some(at) = self.0.lines.get(usize::from(line)) else {
            return Some(Refusal::NoSuchLine);
        };
        match self.0.life(clock_ms) {
            Life::Before => Some(Refusal::NotOpen { opens_at_ms: self.0.opens_at_ms }),
            Life::Paused => Some(Refusal::Paused),
            Life::Over => Some(Refusal::Closed),
            Life::Open if at.free < units => Some(Refusal::SoldOut { may_return: at.held > 0 }),
            Life::Open => None,
        }
    }
}

impl Auditor {
    /// The gate sees a new face.
    pub(crate) fn faced(&mut self, lane: usize, face: &Face, clock_ms: i64) -> Check {
        let audit = &mut self.lanes[lane];
        let view = View(audit.published.front());
        let free: u64 = view.0.lines.iter().map(|line| u64::from(line.free)).sum();
        let phase = match view.0.life(clock_ms) {
            Life::Before => Phase::Before,
            Life::Open => Phase::Open,
            Life::Paused => Phase::Paused,
            Life::Over => Phase::Closed,
        };
        if face.seq != view.0.seq || face.free() != free || face.phase(clock_ms) != phase {
            let what = format!("face {} says {} free, {:?}", face.seq, face.free(), phase);
            return caught(Breach::GateNotTrue, what);
        }
        audit.view = Some(Rc::new(view));
        Ok(())
    }

    /// The face a request finds at the gate.
    pub(crate) fn view(&self, lane: usize) -> Option<Rc<View>> {
        self.lanes[lane].view.clone()
    }

    /// The gate refused this claim, or passed it on.
    pub(crate) fn gate(
        &self,
        lane: usize,
        view: &View,
        command: &Command,
        clock_ms: i64,
        said: Option<&Refusal>,
    ) -> Check {
        let Command::Claim { fan, line, quantity, .. } = command else {
            return caught(Breach::GateNotTrue, "the gate refuses claims only");
        };
        let audit = &self.lanes[lane];
        let heard = audit.holders.get(fan.get() as usize).is_some_and(|heard| *heard);
        let knows = audit.published.knows(*fan);
        if said.is_some() && (heard || knows) {
            let what = format!("fan {} heard {said:?}", fan.get());
            return caught(Breach::GateRefusedHolder, what);
        }
        let own = view.refusal(line.0, u32::from(quantity.get()), clock_ms);
        let own = own.filter(|_| !knows);
        if own.as_ref() == said {
            return Ok(());
        }
        caught(Breach::GateNotTrue, format!("the gate said {said:?}, not {own:?}"))
    }

    /// The lane gave an answer that is predicted, to be let go after publishing.
    pub(crate) fn replied(&mut self, ticket: u32, reply: &Reply) -> Check {
        let asked = &self.asked[ticket as usize];
        let Some(decided) = &asked.decided else {
            return match reply {
                // Whether waiting was long enough is checked where the queue is.
                Reply::Busy if !self.lanes[asked.lane].queue.iter().any(|(t, _)| *t == ticket) => {
                    Ok(())
                }
                _ => caught(Breach::NoReason, format!("undecided {ticket} heard {reply:?}")),
            };
        };
        match reply {
            Reply::Unsure => Ok(()),
            Reply::Busy => {
                self.busy.push(ticket);
                Ok(())
            }
            _ if decided.expect.is(reply) => Ok(()),
            _ => {
                let what =
                    format!("{:?}\nheard {reply:?}\nnot {:?}", asked.command, decided.expect);
                caught(Breach::OtherAnswer, what)
            }
        }
    }

    /// Answers that wait for no row, after a turn. `unsure` needs a row that waits 5 s.
    pub(crate) fn ready(&mut self, lane: usize, answers: &[(u32, Reply)], mono_ms: i64) -> Check {
        for (ticket, reply) in answers {
            self.replied(*ticket, reply)?;
            let waiting = self.lanes[lane].pending.iter().find(|p| p.tickets.contains(ticket));
            let old = waiting.is_some_and(|row| mono_ms - row.decided_mono_ms >= 5_000);
            let decided = self.asked[*ticket as usize].decided.is_some();
            let fits = match reply {
                Reply::Unsure => old,
                Reply::Busy => !decided,
                _ => waiting.is_none(),
            };
            if !fits {
                let what = format!("ticket {ticket} heard {reply:?} after a turn");
                return caught(Breach::NoReason, what);
            }
        }
        Ok(())
    }

    /// A fan hears an answer. What it rests on must stand in the store and be published.
    pub(crate) fn heard(
        &mut self,
        (lane, id): (usize, LaneId),
        ticket: u32,
        reply: &Reply,
        store: &SimStore,
    ) -> Check {
        if matches!(reply, Reply::Busy | Reply::Unsure) {
            return Ok(());
        }
        let asked = &self.asked[ticket as usize];
        let Some(decided) = asked.decided else {
            return caught(Breach::OtherAnswer, format!("undecided {ticket} heard {reply:?}"));
        };
        let seq = decided.rests_on;
        let at = (seq as usize).wrapping_sub(1);
        let stands = store.rows(id).get(at).map(|sealed| short(&sealed.row.hash));
        let audit = &mut self.lanes[lane];
        let published = audit.hashes.get(at).copied();
        if !store.forgotten(id)
            && (stands.is_none() || published.is_some_and(|p| stands != Some(p)))
        {
            let what = format!("ticket {ticket} heard {reply:?}, row {seq} does not stand");
            return caught(Breach::AnsweredNotDurable, what);
        }
        if published.is_none() {
            return caught(Breach::AnsweredNotPublished, format!("ticket {ticket}, row {seq}"));
        }
        if let Reply::Claim { claim, .. } = reply {
            let at = claim.fan.get() as usize;
            if audit.holders.len() <= at {
                audit.holders.resize(at + 1, false);
            }
            audit.holders[at] = true;
            let known = Known::from(claim);
            let number = claim.number.get();
            if audit.kept_out.iter().any(|lost| lost.contains(&number)) {
                return caught(Breach::GivenAgain, format!("claim {number}"));
            }
            if let Some(before) = audit.heard.insert(number, known)
                && (before.fan, before.place) != (known.fan, known.place)
            {
                return caught(Breach::TwoHistories, format!("claim {number} given twice"));
            }
            if known.state == ClaimState::Held && known.place.seq > audit.published.seq {
                return caught(Breach::AnsweredNotPublished, format!("claim {number}"));
            }
        }
        Ok(())
    }

    /// Counts a refusal of the gate; the codes are the lane's.
    pub(crate) fn gate_code(refusal: &Refusal) -> usize {
        code(refusal)
    }
}
