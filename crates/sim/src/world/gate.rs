//! Requests arrive. The gate takes the face first and asks for holders after it; between the two
//! anything may happen.

use super::{Arc, Auditor, Check, Face, Out, Reply, Request, Step, View, World, id};
use crate::fault::Met;
use fanfare_engine::Command;
use fanfare_lane::screen;
use std::rc::Rc;

/// A claim at the gate, between face and holders.
pub(super) struct AtGate {
    request: Request,
    face: Arc<Face>,
    view: Rc<View>,
}

/// Most requests that are on their way.
const NET_MAX: usize = 120;

impl World {
    /// Somebody asks: something new, or what was held up, doubled or unanswered before.
    pub(super) fn ask(&mut self) -> Check {
        if !self.net.is_empty() && (self.net.len() > NET_MAX || self.rng.one_in(3)) {
            let request = self.net.swap_remove(self.rng.index(self.net.len()));
            return self.arrive(request);
        }
        self.crowd.progress = (self.report.commands * 100 / u64::from(self.plan.commands)) as u32;
        let halted: Vec<bool> = self.slots.iter().map(halted).collect();
        let now_ms = self.wall_ms + self.offset_ms;
        let request = self.crowd.next(&mut self.rng, now_ms, &halted);
        match self.rng.below(32) {
            0 | 1 => {
                self.report.met(Met::Doubled);
                self.net.push(request.clone());
            }
            2 | 3 => {
                self.report.met(Met::Reordered);
                self.net.push(request);
                return Ok(());
            }
            _ => {}
        }
        self.arrive(request)
    }

    /// A request reaches the process, or finds none.
    pub(super) fn arrive(&mut self, request: Request) -> Check {
        let slot = &self.slots[request.lane];
        if slot.face.is_none() && slot.lane.is_none() {
            self.net.push(request);
            return Ok(());
        }
        self.report.commands += 1;
        let view = self.audit.view(request.lane);
        let (Command::Claim { .. }, Some(face), Some(view)) = (&request.command, &slot.face, view)
        else {
            return self.pass_on(request);
        };
        let at_gate = AtGate { face: face.clone(), view, request };
        if self.rng.one_in(6) {
            self.at_gate.push(at_gate);
            return self.after(Step::Face);
        }
        self.ask_holders(at_gate)
    }

    /// One of those who wait between face and holders goes on.
    pub(super) fn gate_later(&mut self) -> Check {
        if self.at_gate.is_empty() {
            return Ok(());
        }
        let at_gate = self.at_gate.swap_remove(self.rng.index(self.at_gate.len()));
        self.ask_holders(at_gate)
    }

    fn ask_holders(&mut self, at_gate: AtGate) -> Check {
        let AtGate { request, face, view } = at_gate;
        let Command::Claim { fan, line, quantity, .. } = request.command else {
            return self.pass_on(request);
        };
        let now_ms = self.clock().now_ms;
        let slot = &mut self.slots[request.lane];
        let published = slot.seen();
        let refusal = screen(&face, fan, line, quantity, now_ms, |fan| {
            published.is_some_and(|state| {
                state.has(fan) || state.rights().iter().any(|(_, r)| r.fan == fan)
            })
        });
        self.audit.gate(request.lane, &view, &request.command, now_ms, refusal.as_ref())?;
        let Some(refusal) = refusal else {
            return self.pass_on(request);
        };
        slot.tally[refusal.code_index()] += 1;
        self.report.gate_refusals[Auditor::gate_code(&refusal)] += 1;
        self.after(Step::Ask)
    }

    /// Into the lane's queue, or `busy`.
    fn pass_on(&mut self, request: Request) -> Check {
        let lane = request.lane;
        let ticket = self.audit.asked(lane, request.command.clone(), self.mono_ms);
        let command = request.command.clone();
        self.tell(|| format!("lane {} {ticket}: {command:?}", id(lane)));
        self.tickets.push((request, false));
        let asked = match &mut self.slots[lane].lane {
            Some(machine) => machine.ask(ticket, command, self.mono_ms),
            None => Err(ticket),
        };
        if asked.is_err() {
            self.audit.turned_away(lane);
            self.outbox.push_back(Out { lane, ticket, reply: Reply::Busy });
        }
        self.after(Step::Ask)
    }
}

/// Whether hosts see that claims are stopped.
fn halted(slot: &super::Slot) -> bool {
    slot.face.as_ref().is_some_and(|face| face.paused && !face.closed)
}
