//! The asks that wait for an answer. Ids rise by one, so the asks under way are a window over
//! them; the slowest answer's time limit bounds the window.

use std::collections::VecDeque;

/// An ask under way.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<W> {
    /// The fan's index.
    pub fan: u32,
    /// When it was due, ms since the crowd's beginning.
    pub due_ms: u32,
    /// What it was for.
    pub what: W,
    /// Whether its answer is thrown away.
    pub cut: bool,
    open: bool,
}

/// The window.
#[derive(Debug)]
pub struct InFlight<W> {
    first: u64,
    asks: VecDeque<Waiting<W>>,
    open: usize,
}

impl<W: Copy> InFlight<W> {
    /// Nothing under way.
    pub fn new() -> Self {
        Self { first: 0, asks: VecDeque::new(), open: 0 }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.open
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// The id below which every ask has been answered.
    pub fn oldest_id(&self) -> u64 {
        self.first
    }

    /// The id the next ask gets.
    pub fn next_id(&self) -> u64 {
        self.first + self.asks.len() as u64
    }

    /// Takes an ask in and gives its id.
    pub fn push(&mut self, fan: u32, due_ms: u32, what: W, cut: bool) -> u64 {
        let id = self.next_id();
        self.asks.push_back(Waiting { fan, due_ms, what, cut, open: true });
        self.open += 1;
        id
    }

    /// The ask, once; none if it was answered before or never asked.
    pub fn take(&mut self, id: u64) -> Option<Waiting<W>> {
        let at = usize::try_from(id.checked_sub(self.first)?).ok()?;
        let ask = self.asks.get_mut(at)?;
        if !std::mem::replace(&mut ask.open, false) {
            return None;
        }
        let taken = *ask;
        self.open -= 1;
        while self.asks.front().is_some_and(|ask| !ask.open) {
            self.asks.pop_front();
            self.first += 1;
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ask_is_answered_once_in_any_order() {
        let mut asks = InFlight::new();
        let ids: Vec<u64> = (0..5).map(|fan| asks.push(fan, 0, (), false)).collect();
        assert_eq!(asks.take(ids[3]).unwrap().fan, 3);
        assert!(asks.take(ids[3]).is_none());
        for id in [ids[0], ids[1], ids[2], ids[4]] {
            assert!(asks.take(id).is_some());
        }
        assert!(asks.is_empty() && asks.take(ids[0]).is_none() && asks.take(99).is_none());
        assert_eq!(asks.next_id(), 5);
    }
}
