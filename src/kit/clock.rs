//! The process's one clock. Gate and lanes read the same guarded time; only rehearsals in process
//! and tests have a clock they turn by hand.

mod boot;
mod glance;
mod ticks;

pub use boot::boot_ms;
pub use glance::Glance;
pub use ticks::Ticks;

use fanfare_lane::{Guard, Reading};
use jiff::fmt::rfc2822::DateTimePrinter;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Where time comes from.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clocks, guarded.
    Machine {
        /// The guard over the wall clock.
        guard: Mutex<Guard>,
        /// Where the monotonic clock is counted from.
        start: Instant,
    },
    /// A clock that stands until it is turned: wall and monotonic together, ms.
    Virtual(AtomicI64),
}

/// What the machine's wall clock shows, ms since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What the machine's wall clock shows, as HTTP writes it.
pub fn http_date() -> String {
    let shown = jiff::Timestamp::from_millisecond(wall_ms()).unwrap_or_default();
    DateTimePrinter::new().timestamp_to_rfc9110_string(&shown).unwrap_or_default()
}

impl Clock {
    /// The machine's clock, guarded from now on.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn machine() -> Self {
        Self::Machine { guard: Mutex::new(Guard::new(wall_ms(), 0)), start: Instant::now() }
    }

    /// A clock that shows this moment until it is turned.
    pub const fn standing_at(now_ms: i64) -> Self {
        Self::Virtual(AtomicI64::new(now_ms))
    }

    /// What the clock shows.
    pub fn read(&self) -> Reading {
        match self {
            Self::Machine { guard, start } => {
                let mono_ms = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
                let mut guard = guard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                guard.read(wall_ms(), mono_ms)
            }
            Self::Virtual(now) => {
                let now_ms = now.load(Ordering::Acquire);
                Reading { now_ms, mono_ms: now_ms, stepped: false }
            }
        }
    }

    /// How far the machine's clock has stepped ahead of the guarded time, or behind it, ms.
    pub fn stepped_by_ms(&self) -> Option<i64> {
        let reading = self.read();
        reading.stepped.then(|| wall_ms().saturating_sub(reading.now_ms))
    }

    /// Whether the clock is turned by hand.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// The guarded time, ms since 1970.
    pub fn now_ms(&self) -> i64 {
        self.read().now_ms
    }

    /// Believes the machine's wall clock from here on: a host confirmed it.
    pub fn accept(&self) {
        if let Self::Machine { guard, start } = self {
            let mono_ms = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
            let mut guard = guard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            guard.accept(wall_ms(), mono_ms);
        }
    }

    /// Turns a standing clock forward; the machine's clock is not ours to turn.
    pub fn turn_to(&self, now_ms: i64) {
        if let Self::Virtual(now) = self {
            now.fetch_max(now_ms, Ordering::AcqRel);
        }
    }
}

/// Measures how long something takes; nothing is decided by it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Option<Instant>);

impl Stopwatch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "the one place that measures durations")]
    pub fn start() -> Self {
        Self(Some(Instant::now()))
    }

    /// One that was started before anything happened.
    pub const fn long_ago() -> Self {
        Self(None)
    }

    /// This one, or one that has run for so long where that is longer.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that measures durations")]
    pub fn or_longer_us(self, us: u64) -> Self {
        if us <= self.passed_us() {
            return self;
        }
        Self(Instant::now().checked_sub(Duration::from_micros(us)))
    }

    /// Microseconds since the start.
    pub fn passed_us(&self) -> u64 {
        let passed = self.0.map(|start| u64::try_from(start.elapsed().as_micros()));
        passed.map_or(u64::MAX, |passed| passed.unwrap_or(u64::MAX))
    }

    /// Seconds since the start.
    pub fn passed_s(&self) -> f64 {
        self.0.map_or(f64::INFINITY, |start| start.elapsed().as_secs_f64())
    }
}
