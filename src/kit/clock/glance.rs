//! The guarded time for one core, which asks for it with every request.

use super::Clock;
use std::cell::Cell;

/// What a core's clock showed within this millisecond. Looking at the machine's monotonic clock
/// says whether that is still so, for half of what the guard and the wall clock cost.
///
/// It may be up to a millisecond behind the clock, never ahead of it. Nothing that is published is
/// contradicted by that: a drop's phase is never told for an earlier time than its newest row's.
#[derive(Debug, Default)]
pub struct Glance {
    /// The millisecond in which it was read, if it was.
    read_mono_ms: Cell<Option<i64>>,
    shown_ms: Cell<i64>,
}

impl Glance {
    /// The guarded time, ms since 1970.
    pub fn now_ms(&self, clock: &Clock) -> i64 {
        if clock.is_virtual() {
            return clock.now_ms();
        }
        let mono = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let mono_ms = Some(mono.tv_sec * 1_000 + mono.tv_nsec / 1_000_000);
        if self.read_mono_ms.replace(mono_ms) != mono_ms {
            self.shown_ms.set(clock.now_ms());
        }
        self.shown_ms.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_shows_what_the_clock_shows() {
        let (machine, glance) = (Clock::machine(), Glance::default());
        for _ in 0..50 {
            let before_ms = machine.now_ms();
            let shown_ms = glance.now_ms(&machine);
            assert!((before_ms - 1..=machine.now_ms()).contains(&shown_ms));
            std::thread::sleep(Duration::from_micros(300));
        }
        let (turned, glance) = (Clock::standing_at(7), Glance::default());
        assert_eq!(glance.now_ms(&turned), 7);
        turned.turn_to(8);
        assert_eq!(glance.now_ms(&turned), 8);
    }
}
