//! A clock for what is counted in tenths of seconds and asked for with every request.

use rustix::time::{ClockId, clock_gettime};

/// Counts milliseconds in the kernel's ticks, which are 1 to 10 ms long. Asking costs a fraction
/// of what [`super::Stopwatch`] does, which shows where it is done for every request.
#[derive(Clone, Copy, Debug)]
pub struct Ticks {
    start_ms: u64,
}

impl Ticks {
    /// Starts.
    pub fn start() -> Self {
        Self { start_ms: tick_ms() }
    }

    /// Milliseconds since the start.
    pub fn passed_ms(self) -> u64 {
        tick_ms().saturating_sub(self.start_ms)
    }
}

fn tick_ms() -> u64 {
    let tick = clock_gettime(ClockId::MonotonicCoarse);
    tick.tv_sec.unsigned_abs() * 1_000 + tick.tv_nsec.unsigned_abs() / 1_000_000
}
