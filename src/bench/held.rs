//! `fanfare bench engine --held`: what a claim costs in one lane that grows from nothing, while it
//! holds so many.
//!
//! Claims flow without a pause. What is told of 10,000 held are the claims from the 5,000th on, and
//! so of any other number: those from half of it on. The first claims of the process go to another
//! lane, since queues, buffers and code warm up once.

use super::callers::{self, Callers, WARM_UP};
use super::machine;
use crate::drops::node::Node;
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::data::DataFolder;
use fanfare_lane::{LaneConfig, LaneId};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// How the bench is run.
#[derive(Clone, Debug)]
pub struct HeldBench {
    /// Numbers of held claims at which the cost is told.
    pub held: Vec<u32>,
    /// Most commands a batch takes.
    pub batch_max: usize,
    /// Callers waiting for an answer at any time.
    pub callers: usize,
}

/// How far the lane is.
#[derive(Clone, Copy, Debug)]
struct Moment {
    held: u64,
    passed_s: f64,
    cpu_us: f64,
    peak_resident_bytes: u64,
}

/// Runs the bench in this folder, which is left as it is.
///
/// # Errors
/// If the lane cannot be served, or refuses a claim it must not refuse.
pub fn run(bench: &HeldBench, folder: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    let most = bench.held.iter().copied().max().ok_or("--held takes at least one number")?;
    let data = DataFolder::serve(&folder.join("ours"), "bench", true);
    let data = data.map_err(|why| why.to_string())?;
    let clock = Arc::new(Clock::machine());
    let now_ms = clock.now_ms();
    let config = LaneConfig { batch_max: bench.batch_max, ..LaneConfig::default() };
    let specs = [WARM_UP, most].into_iter().zip(0..);
    let specs = specs.map(|(stock, at)| callers::drop(at, now_ms, stock)).collect();
    let node = Node::start(data, clock, config, specs)?;
    let lanes: Vec<LaneId> = node.directory().drops.iter().map(|drop| drop.lane).collect();
    Callers::of(&node, &lanes[..1], bench.callers).claim(u64::from(WARM_UP), |_| {})?;
    let moments = grow(&node, &lanes[1..], bench, most)?;
    node.stop();
    let mut figures = json!({
        "version": 1,
        "bench": "held",
        "batch_max": bench.batch_max,
        "callers": bench.callers,
    });
    for &held in &bench.held {
        let (from, to) = window(&moments, u64::from(held));
        let claims = (to.held - from.held).max(1) as f64;
        let (per_s, cpu_us) =
            (claims / (to.passed_s - from.passed_s), (to.cpu_us - from.cpu_us) / claims);
        told(&format!("{held} held: {per_s:.0} claims/s, {cpu_us:.3} µs CPU a claim"));
        figures[format!("claims_per_s_at_{held}")] = per_s.into();
        figures[format!("cpu_us_a_claim_at_{held}")] = cpu_us.into();
        figures[format!("peak_resident_bytes_at_{held}")] = to.peak_resident_bytes.into();
    }
    Ok(figures)
}

/// One lane from nothing to so many claims; the moments at which a window begins or ends.
fn grow(node: &Node, lane: &[LaneId], bench: &HeldBench, most: u32) -> Result<Vec<Moment>, String> {
    let mut marks: Vec<u64> =
        bench.held.iter().flat_map(|&held| [held / 2, held]).map(u64::from).collect();
    marks.sort_unstable();
    let (mut marks, mut moments) = (marks.into_iter().peekable(), Vec::new());
    let (start, cpu) = (Stopwatch::start(), machine::process_cpu());
    Callers::of(node, lane, bench.callers).claim(u64::from(most), |held| {
        if marks.next_if(|mark| *mark <= held).is_none() {
            return;
        }
        while marks.next_if(|mark| *mark <= held).is_some() {}
        moments.push(Moment {
            held,
            passed_s: start.passed_s(),
            cpu_us: machine::process_cpu().saturating_sub(cpu).as_secs_f64() * 1e6,
            peak_resident_bytes: machine::peak_resident_bytes(),
        });
    })?;
    Ok(moments)
}

/// When the claims of a number held begin and end.
fn window(moments: &[Moment], held: u64) -> (Moment, Moment) {
    let first = |from: u64| moments.iter().copied().find(|moment| moment.held >= from);
    let none = Moment { held: 0, passed_s: 0.0, cpu_us: 0.0, peak_resident_bytes: 0 };
    (first(held / 2).unwrap_or(none), first(held).unwrap_or(none))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_goes_from_half_of_what_is_held_to_all_of_it() {
        let moment =
            |held: u64| Moment { held, passed_s: held as f64, cpu_us: 0.0, peak_resident_bytes: 0 };
        let moments = [5_120, 10_240, 50_176, 100_000].map(moment);
        let of = |held| {
            let (from, to) = window(&moments, held);
            (from.held, to.held)
        };
        assert_eq!((of(10_000), of(100_000)), ((5_120, 10_240), (50_176, 100_000)));
    }
}
