//! A clock that also runs while the machine sleeps. Nothing is compared with another machine's.

/// Milliseconds since the machine started, those it slept through included. What a node may answer
/// from memory is measured by it: a machine that was asleep knows that it was.
pub fn boot_ms() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
}
