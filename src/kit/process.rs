//! What the machine says of this process: CPU time, memory.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use std::fs;
use std::time::Duration;

/// CPU time this process has used, all threads together.
pub fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Memory this process keeps in RAM, bytes.
pub fn resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// Memory of the machine, bytes: all of it, and what programs could still have.
pub fn machine_bytes() -> Option<(u64, u64)> {
    memory(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn memory(told: &str) -> Option<(u64, u64)> {
    let of = |name: &str| {
        let rest = told.lines().find_map(|line| line.strip_prefix(name))?;
        rest.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
    };
    Some((of("MemTotal:")?, of("MemAvailable:")?))
}

/// Tells operators, under the names all programs use.
#[derive(Debug)]
pub struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let cpu = ConstCounter::new(process_cpu().as_secs_f64());
        let help = "CPU time of all threads";
        let name = "process_cpu_seconds";
        cpu.encode(encoder.encode_descriptor(name, help, None, cpu.metric_type())?)?;
        let resident = ConstGauge::new(resident_bytes() as i64);
        let (name, help) = ("process_resident_memory_bytes", "Memory it keeps in RAM");
        resident.encode(encoder.encode_descriptor(name, help, None, resident.metric_type())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_how_much_memory_it_has() {
        let told = "MemTotal:  2048 kB\nMemFree:  1 kB\nMemAvailable:   512 kB\n";
        assert_eq!(memory(told), Some((2 << 20, 512 << 10)));
        assert_eq!(memory("MemTotal: x\n"), None);
        let (all, free) = machine_bytes().unwrap();
        assert!(resident_bytes() > 0 && free <= all);
    }
}
