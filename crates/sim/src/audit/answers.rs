//! What fans hear: from the lane exactly as predicted and not before it is durable and published;
//! from the gate only what is so in the face it saw.

use super::lane::{code, short};
use super::model::{Known, Life, Model};
use super::{Auditor, Breach, Check, caught};
use crate::store::SimStore;
use fanfare_engine::{ClaimState, Command, Phase, Refusal};
use fanfare_lane::{Face, LaneId, Reply};
use std::rc::Rc;

/// What a face should say, by the auditor's own model at that row.
pub(crate) struct View {
    model: Life0,
    /// Free and held units by line.
    lines: Vec<(u32, u32)>,
}

/// What a drop's life at any clock hangs on.
struct Life0 {
    opens_at_ms: i64,
    closes_at_ms: i64,
    now_ms: i64,
    paused: bool,
    doubtful: bool,
    closed: bool,
    seq: u32,
}

impl View {
    fn of(model: &Model) -> Self {
        Self {
            model: Life0 {
                opens_at_ms: model.opens_at_ms,
                closes_at_ms: model.closes_at_ms,
                now_ms: model.now_ms,
                paused: model.paused,
                doubtful: model.doubtful,
                closed: model.closed,
                seq: model.seq,
            },
            lines: model.lines.iter().map(|line| (line.free, line.held)).collect(),
        }
    }

    fn life(&self, clock_ms: i64) -> Life {
        let own = &self.model;
        let now_ms = if own.doubtful { own.now_ms } else { clock_ms.max(own.now_ms) };
        match () {
            () if own.closed || now_ms >= own.closes_at_ms => Life::Over,
            () if now_ms < own.opens_at_ms => Life::Before,
            () if own.paused || own.doubtful => Life::Paused,
            () => Life::Open,
        }
    }

    /// What somebody who has nothing here should hear.
    fn refusal(&self, line: u16, units: u32, clock_ms: i64) -> Option<Refusal> {
        let Some(&(free, held)) = self.lines.get(usize::from(line)) else {
            return Some(Refusal::NoSuchLine);
        };
        match self.life(clock_ms) {
            Life::Before => Some(Refusal::NotOpen { opens_at_ms: self.model.opens_at_ms }),
            Life::Paused => Some(Refusal::Paused),
            Life::Over => Some(Refusal::Closed),
            Life::Open => (free < units).then_some(Refusal::SoldOut { may_return: held > 0 }),
        }
    }
}

impl Auditor {
    /// The gate sees a new face.
    pub(crate) fn faced(&mut self, lane: usize, face: &Face, clock_ms: i64) -> Check {
        let audit = &mut self.lanes[lane];
        let view = View::of(&audit.published);
        let free: u64 = view.lines.iter().map(|(free, _)| u64::from(*free)).sum();
        let phase = match view.life(clock_ms) {
            Life::Before => Phase::Before,
            Life::Open => Phase::Open,
            Life::Paused => Phase::Paused,
            Life::Over => Phase::Closed,
        };
        if face.seq != view.model.seq || face.free() != free || face.phase(clock_ms) != phase {
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
                let what = format!("{:?}\nheard {reply:?}\nnot {:?}", asked.command, decided.expect);
                caught(Breach::OtherAnswer, what)
            }
        }
    }

    /// Answers that wait for no row, after a turn. `unsure` needs a row that waits 5 s.
    pub(crate) fn ready(
        &mut self,
        lane: usize,
        answers: &[(u32, Reply)],
        mono_ms: i64,
    ) -> Check {
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
        if !store.forgotten(id) && (stands.is_none() || published.is_some_and(|p| stands != Some(p)))
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
            let (fan, line, quantity) = (claim.fan, claim.line, claim.quantity);
            let (state, until_s, key, place) =
                (claim.state, claim.until_s, claim.key, claim.place);
            let known = Known { fan, line, quantity, state, until_s, key, place };
            let number = claim.number.get();
            if let Some(before) = audit.heard.insert(number, known)
                && (before.fan, before.line, before.place) != (fan, line, place)
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
