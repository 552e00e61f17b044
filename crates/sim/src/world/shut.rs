//! A lane that is not opened, because its journal is damaged or went back in time; and the
//! operator, who puts back what is lost or accepts the loss.

use super::{Arc, Breach, Check, Face, Step, World, caught, id};
use crate::audit::{GoneOn, short};
use crate::control::Control;
use crate::fault::Met;
use crate::hosts;
use crate::restore::{Older, Restoring, go_on, witnessed};
use fanfare_engine::Served;
use fanfare_lane::{Placed, Store as _};

impl World {
    /// The lane stays closed, and says why.
    pub(super) fn keep_shut(&mut self, lane: usize, why: &str) -> Check {
        let forgotten = self.store.forgotten(id(lane));
        let torn = self.store.debris(id(lane)).first();
        let next = self.store.rows(id(lane)).len() as u32 + 1;
        let met = match torn.map(|sealed| sealed.row.header.seq == next) {
            Some(_) if forgotten => Met::TornDurable,
            Some(true) => Met::Torn,
            Some(false) => Met::Scattered,
            None if self.testimony(lane) == Some(Older::Other) => Met::OtherHistory,
            None => Met::WentBack,
        };
        self.report.met(met);
        self.tell(|| format!("lane {} stays shut: {why}", id(lane)));
        self.shut[lane] = true;
        self.after(Step::Open)
    }

    /// Some time later an operator comes. What is damaged cannot be gone on from.
    pub(super) fn operate(&mut self, lane: usize) -> Check {
        if !self.rng.one_in(8) {
            return self.after(Step::Open);
        }
        self.crash();
        let whole = self.store.debris(id(lane)).is_empty();
        if whole && self.testimony(lane).is_some() && self.rng.one_in(2) {
            return self.accept_loss(lane);
        }
        self.store.mend(id(lane));
        self.report.met(Met::PutBack);
        self.tell(|| format!("lane {}: what is lost is put back", id(lane)));
        Ok(())
    }

    fn accept_loss(&mut self, lane: usize) -> Check {
        let Some(head) = self.witness[lane].newest.clone() else { return Ok(()) };
        let (id, clock, witnessed) = (id(lane), self.clock(), witnessed(&head));
        let left = self.store.rows(id).to_vec();
        let (act, owner) = (hosts::act(&mut self.rng), self.rng.next());
        let restoring = Restoring {
            act,
            owner,
            config: self.plan.config,
            clock: &clock,
            signer: self.signer.as_ref(),
            control: self.options.control,
        };
        let rows = go_on(&restoring, lane, &left, &witnessed)?;
        let gone = self.store.gone(id);
        let stood = gone.first().map_or(left.len(), |first| first.row.header.seq as usize - 1);
        let seen = left.iter().take(stood).chain(gone).take(head.seq as usize);
        let truth: Vec<u64> = seen.map(|sealed| short(&sealed.row.hash)).collect();
        let witnessed = &witnessed;
        let (left, rows, truth) = (&left[..], &rows[..], &truth[..]);
        let gone_on = GoneOn { witnessed, owner, act, left, truth, rows };
        self.audit.gone_on(lane, &gone_on)?;
        self.store.give_up(id);
        let fault = self.store.next_append.take();
        let placed = self.store.append(rows);
        self.store.next_append = fault;
        if !placed.is_ok_and(|placed| placed.iter().all(|placed| *placed == Placed::Durable)) {
            return caught(Breach::TwoHistories, "going on was kept out");
        }
        self.report.met(Met::LossAccepted);
        self.tell(|| format!("lane {id} goes on behind row {}, {witnessed:?}", head.seq));
        let replayed = super::replay(lane, self.store.rows(id))?;
        let (seq, hash) = (replayed.seq(), replayed.hash());
        if let Some(served) = replayed.into_state().map(Served::new) {
            let face = Arc::new(Face::of(served.seen(), seq, hash));
            let witness = &mut self.witness[lane];
            (witness.newest, witness.before) = (Some(face.clone()), Some(face));
        }
        Ok(())
    }

    /// Whether a safeguard of opening is off.
    pub(super) fn off(&self, control: Control) -> bool {
        self.options.control == Some(control)
    }
}
