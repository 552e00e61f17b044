//! Answers on their way from the lanes' thread to desks.

use super::seats::Place;
use crate::drops::ticket::Answered;
use fanfare_lane::Reply;
use futures_util::task::AtomicWaker;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers on their way, and whose they are.
pub(super) type Gathered = Vec<(Place, Answered)>;

/// What a desk hears from the lanes' thread.
#[derive(Default)]
pub(super) struct Answers {
    arrived: Mutex<Gathered>,
    pub(super) waker: AtomicWaker,
}

impl Answers {
    /// Adds answers, all at once.
    fn push(&self, more: &mut Gathered) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let first = arrived.is_empty();
        arrived.append(more);
        drop(arrived);
        if first {
            self.waker.wake();
        }
    }

    pub(super) fn take(&self, taken: &mut Gathered) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut *arrived, taken);
    }
}

/// Who waits at a desk, as the lanes' thread knows it. One that is forgotten hears `unsure`.
pub struct Caller(Option<(Arc<Answers>, Place)>);

impl Caller {
    pub(super) fn at(answers: Arc<Answers>, place: Place) -> Self {
        Self(Some((answers, place)))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some((answers, place)) = self.0.take() {
            answers.push(&mut vec![(place, Answered::plain(Reply::Unsure))]);
        }
    }
}

/// Answers on their way to desks, those of each together.
#[derive(Default)]
pub struct Outbox(Vec<(Arc<Answers>, Gathered)>);

impl Outbox {
    /// Adds an answer.
    pub fn add(&mut self, mut caller: Caller, answered: Answered) {
        let Some((answers, place)) = caller.0.take() else { return };
        let found = self.0.iter_mut().find(|(desk, _)| Arc::ptr_eq(desk, &answers));
        match found {
            Some((_, gathered)) => gathered.push((place, answered)),
            None => self.0.push((answers, vec![(place, answered)])),
        }
    }

    /// Hands out all that gathered.
    pub fn hand_out(&mut self) {
        for (desk, gathered) in &mut self.0 {
            if !gathered.is_empty() {
                desk.push(gathered);
            }
        }
        // Desks live as long as the process: those of a few cores are kept, and their room.
        self.0.truncate(DESKS_KEPT);
    }
}

/// Desks whose room is kept between two rows.
const DESKS_KEPT: usize = 64;
