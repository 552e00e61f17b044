//! The places at a desk.

use crate::drops::ticket::Answered;
use std::task::Waker;

/// A request's place at its core's desk. Places are used again; their turn tells those apart who
/// had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    at: u32,
    turn: u32,
}

/// One who waits.
#[derive(Default)]
pub(super) struct Seat {
    turn: u32,
    pub(super) waker: Option<Waker>,
    pub(super) answered: Option<Answered>,
}

/// All of a desk's.
#[derive(Default)]
pub(super) struct Seats {
    all: Vec<Seat>,
    free: Vec<u32>,
}

impl Seats {
    pub(super) fn sit(&mut self) -> Place {
        let at = self.free.pop().unwrap_or_else(|| {
            self.all.push(Seat::default());
            self.all.len() as u32 - 1
        });
        Place { at, turn: self.all[at as usize].turn }
    }

    pub(super) fn of(&mut self, place: Place) -> Option<&mut Seat> {
        self.all.get_mut(place.at as usize).filter(|seat| seat.turn == place.turn)
    }

    pub(super) fn leave(&mut self, place: Place) {
        if let Some(seat) = self.of(place) {
            *seat = Seat { turn: place.turn.wrapping_add(1), ..Seat::default() };
            self.free.push(place.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sat_here_before_is_nobody_now() {
        let mut seats = Seats::default();
        let (first, other) = (seats.sit(), seats.sit());
        seats.leave(first);
        let second = seats.sit();
        assert_eq!((second.at, seats.all.len()), (first.at, 2), "a place is used again");
        assert!(seats.of(first).is_none(), "what comes late for the first is nobody's");
        assert!(seats.of(second).is_some() && seats.of(other).is_some());
        seats.leave(first);
        assert!(seats.of(second).is_some(), "nobody leaves twice");
        assert!(seats.free.is_empty());
    }
}
