//! In process: the crowd asks gate and lanes directly, with journal and syncs, on a virtual clock.

use crate::drops::drop::Drop;
use crate::drops::node::Node;
use crate::drops::ticket::Ticket;
use crate::rehearsal::{
    Answer, Ask, ClaimPlace, Code, Crowd, CrowdPlan, DropRun, Kind, Progress, Served, State, Told,
    run_served,
};
use fanfare_engine::{Act, Claim, ClaimState, Command, Fan, Key, Line, Number, Quantity, Refusal};
use fanfare_lane::Reply;
use std::sync::Arc;
use std::time::Duration;

/// A ticket's number: the drop above, then whether the answer is cut, then the ask.
const DROP_SHIFT: u32 = 48;
const CUT: u64 = 1 << 47;

/// How long the lanes may take before they count as gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gate and lanes of a node, asked without HTTP.
pub struct Direct {
    node: Arc<Node>,
    drops: Vec<Arc<Drop>>,
    at_gate: Vec<(usize, u64, Answer)>,
    with_lanes: usize,
    taken: Vec<(u64, Reply)>,
}

/// Rehearses drops of a node, whose clock is turned, and closes them afterwards.
pub fn hold_directly(
    node: &Arc<Node>,
    drops: Vec<(Arc<Drop>, CrowdPlan)>,
    clock_us: &dyn Fn() -> i64,
    progress: &mut Progress,
) -> Vec<DropRun> {
    let (served, plans): (Vec<_>, Vec<_>) = drops.into_iter().unzip();
    let named = served.iter().map(|drop| drop.spec.id.clone());
    let crowds = named.zip(plans.into_iter().map(Crowd::new)).collect();
    let mut direct = Direct {
        node: node.clone(),
        drops: served,
        at_gate: Vec::new(),
        with_lanes: 0,
        taken: Vec::new(),
    };
    let runs = run_served(&mut direct, crowds, clock_us, progress);
    let act = Act { by: Fan::FIRST, why: 0 };
    for drop in &direct.drops {
        node.asked_blocking(drop.lane, Command::Close(act));
    }
    let latest = direct.drops.iter().map(|drop| i64::from(drop.spec.terms.hold_s) * 1_000).max();
    node.clock.turn_to(node.clock.now_ms() + latest.unwrap_or(0) + 2_000);
    node.quiet();
    runs
}

impl Served for Direct {
    fn turn(&mut self, now_ms: i64) {
        self.node.turn_to(now_ms);
    }

    fn ask(&mut self, at: usize, asks: &[Ask]) {
        let drop = self.drops[at].clone();
        let mut for_lane = Vec::with_capacity(asks.len());
        for ask in asks {
            let cut = if ask.cut { CUT } else { 0 };
            match self.screened(&drop, ask) {
                Ok(command) => {
                    let id = (at as u64) << DROP_SHIFT | cut | ask.id;
                    for_lane.push((drop.lane, command, Ticket::Many(id)));
                }
                Err(_) if ask.cut => self.at_gate.push((at, ask.id, Answer::Lost)),
                Err(answer) => self.at_gate.push((at, ask.id, answer)),
            }
        }
        self.with_lanes += for_lane.len();
        if !for_lane.is_empty() {
            self.node.ask_many(for_lane);
        }
    }

    fn answers(&mut self, out: &mut Vec<(usize, u64, Answer)>) -> bool {
        if !self.at_gate.is_empty() {
            out.append(&mut self.at_gate);
            return true;
        }
        if self.with_lanes == 0 {
            return false;
        }
        self.node.sink.take(&mut self.taken, PATIENCE);
        self.with_lanes -= self.taken.len();
        let any = !self.taken.is_empty();
        for (id, reply) in self.taken.drain(..) {
            let drop = (id >> DROP_SHIFT) as usize;
            let answer = if id & CUT == 0 { told(&reply) } else { Answer::Lost };
            out.push((drop, id & (CUT - 1), answer));
        }
        any
    }
}

impl Direct {
    /// What the gate lets through, or answers by itself.
    fn screened(&self, drop: &Drop, ask: &Ask) -> Result<Command, Answer> {
        let number = |number| Number::new(number).ok_or(Answer::Refused(Code::NoSuchClaim));
        match ask.kind {
            Kind::Look => Err(Answer::Looked),
            Kind::Settle { number: n, .. } => Ok(Command::Settle { number: number(n)? }),
            Kind::Release { number: n, .. } => Ok(Command::Release { number: number(n)? }),
            Kind::Claim { line, quantity, key } => {
                let fan = Fan::new(ask.fan).ok_or(Answer::Refused(Code::NoSession))?;
                let quantity = Quantity::new(quantity).ok_or(Answer::Refused(Code::Invalid))?;
                let (line, front) = (Line(line), drop.published.front());
                let now_ms = self.node.clock.now_ms();
                match drop.published.screen(&front, fan, line, quantity, now_ms) {
                    Ok(Some(refusal)) => {
                        drop.count_refusal(refusal.code());
                        Err(refused(&refusal))
                    }
                    Ok(None) | Err(_) => {
                        Ok(Command::Claim { fan, line, quantity, key: key.map(Key::new) })
                    }
                }
            }
        }
    }
}

fn told(reply: &Reply) -> Answer {
    match reply {
        Reply::Claim { claim, .. } => Answer::Claim(told_of(claim)),
        Reply::Refused(refusal) => refused(refusal),
        Reply::Busy => Answer::Refused(Code::Busy),
        Reply::Unsure => Answer::Refused(Code::Unsure),
        Reply::Acted => Answer::Nonsense,
    }
}

fn refused(refusal: &Refusal) -> Answer {
    Answer::Refused(Code::read(refusal.code().as_bytes()))
}

fn told_of(claim: &Claim) -> Told {
    Told {
        place: ClaimPlace { seq: claim.place.seq, index: claim.place.index },
        number: claim.number.get(),
        units: claim.quantity.get(),
        state: match claim.state {
            ClaimState::Held => State::Held,
            ClaimState::Settled => State::Settled,
            ClaimState::Expired => State::Expired,
            ClaimState::Released => State::Released,
            ClaimState::Returned => State::Returned,
            ClaimState::RefundDue => State::RefundDue,
        },
        held_until_ms: i64::from(claim.until_s) * 1_000,
    }
}
