//! Requests that another node passes on to a lane's owner. A connection may break after a request
//! was sent and before its answer came, so the same request may come twice. It carries an id, and
//! the owner does once what comes twice.
//!
//! An id is good for one process: of another owner nobody knows what became of it, and whoever
//! waits hears `unsure`.

use alloc::collections::BTreeMap;

/// Most requests of one node that may be under way or remembered.
pub const FORWARDS_MAX: usize = 65_536;

/// What an owner knows of one node's requests. `R` is an answer.
#[derive(Clone, Debug)]
pub struct Forwards<R> {
    /// The requests below it are answered, and their node has the answers.
    done_below: u64,
    known: BTreeMap<u64, Option<R>>,
}

impl<R> Default for Forwards<R> {
    fn default() -> Self {
        Self { done_below: 0, known: BTreeMap::new() }
    }
}

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived<R> {
    /// It is new: ask the lane.
    New,
    /// It came before and is under way, or its answer was had: do nothing.
    Known,
    /// It came before: this was the answer.
    Answered(R),
    /// Too many are under way: nothing was done with it, and it will not be known again.
    Full,
}

impl<R: Clone> Forwards<R> {
    /// A request arrives. The node has the answers of all its requests below `done_below`.
    pub fn arrive(&mut self, id: u64, done_below: u64) -> Arrived<R> {
        if done_below > self.done_below {
            self.done_below = done_below;
            self.known = self.known.split_off(&done_below);
        }
        if id < self.done_below {
            return Arrived::Known;
        }
        match self.known.get(&id) {
            Some(Some(answer)) => return Arrived::Answered(answer.clone()),
            Some(None) => return Arrived::Known,
            None if self.known.len() >= FORWARDS_MAX => return Arrived::Full,
            None => {}
        }
        self.known.insert(id, None);
        Arrived::New
    }

    /// What the lane answered.
    pub fn answered(&mut self, id: u64, answer: R) {
        if let Some(known) = self.known.get_mut(&id) {
            *known = Some(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_is_done_once() {
        let mut forwards = Forwards::default();
        assert_eq!(forwards.arrive(1, 0), Arrived::New);
        assert_eq!(forwards.arrive(1, 0), Arrived::Known);
        forwards.answered(1, "yes");
        assert_eq!(forwards.arrive(1, 0), Arrived::Answered("yes"));
        assert_eq!(forwards.arrive(3, 0), Arrived::New, "ids may have gaps");
        assert_eq!(forwards.arrive(2, 2), Arrived::New, "and come out of order");
        assert_eq!(forwards.arrive(1, 2), Arrived::Known, "a straggler of the past");
        forwards.answered(1, "no");
        assert_eq!(forwards.arrive(1, 0), Arrived::Known);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut forwards = Forwards::default();
        for id in 0..FORWARDS_MAX as u64 {
            assert_eq!(forwards.arrive(id, 0), Arrived::New);
            forwards.answered(id, ());
        }
        let next = FORWARDS_MAX as u64;
        assert_eq!(forwards.arrive(next, 0), Arrived::Full);
        assert_eq!(forwards.arrive(next, 1), Arrived::New);
        assert_eq!(forwards.known.len(), FORWARDS_MAX);
    }
}
