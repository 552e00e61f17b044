//! What the machine says of this process: CPU time, memory.

pub use crate::kit::process::{process_cpu, resident_bytes};
use std::fs;

/// CPU time another process has used, all threads together, in microseconds; the kernel counts
/// it in nanoseconds, per thread.
pub fn cpu_us_of(process: u32) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    let on_cpu_ns = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0)
    };
    threads.flatten().map(on_cpu_ns).sum::<u64>() / 1_000
}

/// CPU time another process has used, that of threads which have ended too, in microseconds; the
/// kernel tells it in hundredths of a second.
pub fn whole_cpu_us_of(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything: the state first, user and system time 12th and
    // 13th.
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    ticks.sum::<u64>() * 1_000_000 / rustix::param::clock_ticks_per_second()
}

/// The most memory this process ever kept in RAM, bytes.
pub fn peak_resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// The median; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Keeps this process, and every thread it starts from now on, on one core.
///
/// # Errors
/// If the machine has no such core to give.
pub fn pin_to_core(core: usize) -> Result<(), String> {
    let mut cores = rustix::thread::CpuSet::new();
    cores.set(core);
    rustix::thread::sched_setaffinity(None, &cores)
        .map_err(|why| format!("core {core} cannot be had: {why}; this bench needs two cores"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn what_a_thread_used_still_counts_when_it_has_ended() {
        let me = std::process::id();
        let before_us = whole_cpu_us_of(me);
        let used = process_cpu();
        let busy = move || while process_cpu().saturating_sub(used).as_millis() < 200 {};
        thread::spawn(busy).join().unwrap();
        assert!(whole_cpu_us_of(me) >= before_us + 150_000);
    }
}
