//! Timers by millisecond, in three rings: the next four seconds one slot a millisecond, the next
//! hours one slot in four seconds, and the rest. Setting and taking a timer is a push and a pop,
//! so tens of millions cost no more each than a few.

/// Bits of a time that one ring tells apart.
const BITS: u32 = 12;
const SLOTS: usize = 1 << BITS;
const MASK: u32 = SLOTS as u32 - 1;

/// A fan's next act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer<W> {
    /// Whose.
    pub fan: u32,
    /// What.
    pub what: W,
}

/// Which slots of a ring hold something.
#[derive(Debug)]
struct Marks([u64; SLOTS / 64]);

impl Marks {
    fn set(&mut self, slot: u32, full: bool) {
        let bit = 1 << (slot % 64);
        let word = &mut self.0[slot as usize / 64];
        *word = if full { *word | bit } else { *word & !bit };
    }

    /// The first full slot from this one on.
    fn next(&self, from: u32) -> Option<u32> {
        let mut at = from as usize / 64;
        let mut word = self.0.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.0.get(at)?;
        }
        Some(at as u32 * 64 + word.trailing_zeros())
    }
}

/// The wheel. Times are milliseconds since its beginning.
#[derive(Debug)]
pub struct Wheel<W> {
    now: u32,
    near: Vec<Vec<Timer<W>>>,
    near_marks: Marks,
    far: Vec<Pool<W>>,
    far_marks: Marks,
    later: Pool<W>,
    len: usize,
}

/// Timers in no order, and the first of their times.
#[derive(Debug)]
struct Pool<W> {
    timers: Vec<(u32, Timer<W>)>,
    first: u32,
}

impl<W> Pool<W> {
    fn new() -> Self {
        Self { timers: Vec::new(), first: u32::MAX }
    }

    fn push(&mut self, at: u32, timer: Timer<W>) {
        self.first = self.first.min(at);
        self.timers.push((at, timer));
    }

    fn empty(&mut self) -> Vec<(u32, Timer<W>)> {
        self.first = u32::MAX;
        std::mem::take(&mut self.timers)
    }
}

impl<W: Copy> Wheel<W> {
    /// An empty wheel at time 0.
    pub fn new() -> Self {
        Self {
            now: 0,
            near: (0..SLOTS).map(|_| Vec::new()).collect(),
            near_marks: Marks([0; SLOTS / 64]),
            far: (0..SLOTS).map(|_| Pool::new()).collect(),
            far_marks: Marks([0; SLOTS / 64]),
            later: Pool::new(),
            len: 0,
        }
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets a timer. What lies in the past is due at once.
    pub fn set(&mut self, at: u32, fan: u32, what: W) {
        self.len += 1;
        self.put(at.max(self.now), Timer { fan, what });
    }

    fn put(&mut self, at: u32, timer: Timer<W>) {
        let slot = at & MASK;
        if at >> BITS == self.now >> BITS {
            self.near[slot as usize].push(timer);
            self.near_marks.set(slot, true);
        } else if at >> (2 * BITS) == self.now >> (2 * BITS) {
            let slot = at >> BITS & MASK;
            self.far[slot as usize].push(at, timer);
            self.far_marks.set(slot, true);
        } else {
            self.later.push(at, timer);
        }
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<u32> {
        if self.is_empty() {
            return None;
        }
        if let Some(slot) = self.near_marks.next(self.now & MASK) {
            return Some(self.now & !MASK | slot);
        }
        let far = self.far_marks.next(self.now >> BITS & MASK);
        let pool = far.map_or(&self.later, |slot| &self.far[slot as usize]);
        Some(pool.first)
    }

    /// Takes the timers of one moment, which must not lie before an earlier one. All timers
    /// before that moment must have been taken.
    pub fn take(&mut self, at: u32, out: &mut Vec<Timer<W>>) {
        self.turn_to(at);
        let slot = at & MASK;
        let due = &mut self.near[slot as usize];
        self.len -= due.len();
        out.append(due);
        self.near_marks.set(slot, false);
    }

    fn turn_to(&mut self, at: u32) {
        let now = at.max(self.now);
        let before = std::mem::replace(&mut self.now, now);
        if before >> (2 * BITS) != self.now >> (2 * BITS) {
            let later = self.later.empty();
            for (at, timer) in later {
                self.put(at, timer);
            }
        }
        if before >> BITS != self.now >> BITS {
            let slot = self.now >> BITS & MASK;
            self.far_marks.set(slot, false);
            let far = self.far[slot as usize].empty();
            for (at, timer) in far {
                self.put(at, timer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::chance::{Chance, Question};

    #[test]
    fn timers_come_in_order_near_far_and_later() {
        let mut wheel = Wheel::new();
        let chance = Chance::new(3);
        for fan in 0..20_000 {
            let span = [100, 10_000, 1_000_000, 80_000_000][fan as usize % 4];
            wheel.set(chance.below(fan, Question::Pay, 0, span), fan, ());
        }
        let (mut taken, mut out, mut last) = (0, Vec::new(), 0);
        while let Some(at) = wheel.next_due() {
            assert!(at >= last);
            out.clear();
            wheel.take(at, &mut out);
            assert!(!out.is_empty());
            for timer in &out {
                let span = [100, 10_000, 1_000_000, 80_000_000][timer.fan as usize % 4];
                assert_eq!(chance.below(timer.fan, Question::Pay, 0, span).max(last), at);
            }
            (taken, last) = (taken + out.len(), at);
        }
        assert!(taken == 20_000 && wheel.is_empty());
    }

    #[test]
    fn what_is_set_for_the_past_is_due_now() {
        let mut wheel = Wheel::new();
        wheel.set(5_000, 1, ());
        wheel.take(5_000, &mut Vec::new());
        wheel.set(10, 2, ());
        assert_eq!(wheel.next_due(), Some(5_000));
    }
}
