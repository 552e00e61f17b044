//! `fanfare bench engine`: durable claims a second straight into one lane, beside the limit: the
//! same rows, made beforehand, appended in a bare loop with the same syncs.
//!
//! Ours and bare take turns, a million claims a round, so that a noisy machine is noisy for both.
//! Over several drops there is no bare loop: their rows share commits, and what those cost
//! together no loop over one lane's rows can tell. What is compared then is one drop.

use super::callers::{self, Callers, WARM_UP};
use super::machine;
use crate::drops::node::Node;
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::data::DataFolder;
use crate::kit::journal::{JournalReader, JournalWriter};
use fanfare_lane::{LaneConfig, LaneId};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How the bench is run.
#[derive(Clone, Copy, Debug)]
pub struct EngineBench {
    /// Rounds of a million claims.
    pub rounds: u32,
    /// Most commands a batch takes.
    pub batch_max: usize,
    /// Callers waiting for an answer at any time.
    pub callers: usize,
    /// Claims a round.
    pub claims_a_round: u32,
    /// Drops open at once; callers are spread over them evenly.
    pub drops: u32,
    /// Whether the bare loop takes its turns.
    pub bare: bool,
}

impl Default for EngineBench {
    fn default() -> Self {
        Self {
            rounds: 10,
            batch_max: 1_024,
            callers: 16_384,
            claims_a_round: 1_000_000,
            drops: 1,
            bare: true,
        }
    }
}

/// What one round took.
struct Round {
    ours_s: f64,
    bare_s: Option<f64>,
    cpu_us: f64,
    resident_bytes: u64,
}

/// Runs the bench in this folder, which is left as it is.
///
/// # Errors
/// If a lane cannot be served, or refuses a claim it must not refuse.
pub fn run(bench: EngineBench, folder: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    let data = DataFolder::serve(&folder.join("ours"), "bench", true);
    let data = data.map_err(|why| why.to_string())?;
    let clock = Arc::new(Clock::machine());
    let now_ms = clock.now_ms();
    let config = LaneConfig { batch_max: bench.batch_max, ..LaneConfig::default() };
    let stock = bench.rounds * bench.claims_a_round + 1_000_000;
    let specs = (0..bench.drops).map(|at| callers::drop(at, now_ms, stock)).collect();
    let node = Node::start(data, clock, config, specs)?;
    let lanes: Vec<LaneId> = node.directory().drops.iter().map(|drop| drop.lane).collect();
    let reader = JournalReader::open(&node.folder.journals()).map_err(|why| why.to_string())?;
    let bared = bench.bare && bench.drops == 1;
    let mut bare = bared.then(|| Bare::beside(folder, lanes[0])).transpose()?;
    let mut bare_round = || bare.as_mut().map(|bare| bare.round(&reader)).transpose();
    let (mut rounds, mut callers) = (Vec::new(), Callers::of(&node, &lanes, bench.callers));
    // Queues, buffers and code warm up once; what grows after that grows by the claim.
    claim_round(&mut callers, WARM_UP)?;
    bare_round()?;
    let start_bytes = machine::resident_bytes();
    for round in 1..=bench.rounds {
        let (ours_s, cpu_us) = claim_round(&mut callers, bench.claims_a_round)?;
        let resident_bytes = machine::resident_bytes().saturating_sub(start_bytes);
        let one = Round { ours_s, bare_s: bare_round()?, cpu_us, resident_bytes };
        told(&format!("round {round}: {}", one.words(f64::from(bench.claims_a_round))));
        rounds.push(one);
    }
    let slowest_us = node.told.slowest_batch_us.load(Ordering::Relaxed);
    node.stop();
    // Whoever counts the bytes below has the file's pages mapped. So has a server that replays at
    // its start, but none of them while it takes claims.
    let peak_bytes = machine::peak_resident_bytes();
    let journal_bytes = reader.bytes().map_err(|why| why.to_string())?;
    Ok(outcome(bench, &rounds, (slowest_us, peak_bytes, journal_bytes)))
}

impl Round {
    fn words(&self, claims: f64) -> String {
        let bare = self.bare_s.map(|bare_s| format!("bare {:.0}/s, ", claims / bare_s));
        format!(
            "{:.0} claims/s, {}{:.3} µs CPU a claim, {} MB",
            claims / self.ours_s,
            bare.unwrap_or_default(),
            self.cpu_us / claims,
            self.resident_bytes >> 20
        )
    }
}

/// Seconds and CPU µs of a round's claims.
fn claim_round(callers: &mut Callers<'_>, claims: u32) -> Result<(f64, f64), String> {
    let (start, cpu) = (Stopwatch::start(), machine::process_cpu());
    callers.claim(u64::from(claims), |_| {})?;
    let cpu_us = machine::process_cpu().saturating_sub(cpu).as_secs_f64() * 1e6;
    Ok((start.passed_s(), cpu_us))
}

/// The limit: another journal, and a loop that only appends.
struct Bare {
    writer: JournalWriter,
    lane: LaneId,
    copied: u32,
}

impl Bare {
    /// For the rows of this lane.
    fn beside(folder: &Path, lane: LaneId) -> Result<Self, String> {
        let writer = JournalWriter::open(&folder.join("bare.sqlite").into());
        let mut writer = writer.map_err(|why| why.to_string())?;
        writer.lane_of("bench").map_err(|why| why.to_string())?;
        Ok(Self { writer, lane, copied: 0 })
    }

    /// Appends the rows the round made, one commit a row; gives the seconds that took.
    fn round(&mut self, reader: &JournalReader) -> Result<f64, String> {
        let mut passed_s = 0.0;
        loop {
            let rows = reader.rows(self.lane, self.copied + 1, 512);
            let rows = rows.map_err(|why| why.to_string())?;
            if rows.is_empty() {
                return Ok(passed_s);
            }
            self.copied += rows.len() as u32;
            let start = Stopwatch::start();
            for sealed in rows {
                self.writer.append(&[sealed]).map_err(|why| why.to_string())?;
            }
            passed_s += start.passed_s();
        }
    }
}

fn outcome(
    bench: EngineBench,
    rounds: &[Round],
    (slowest_us, peak_bytes, journal_bytes): (u64, u64, u64),
) -> Value {
    let claims = f64::from(bench.claims_a_round);
    let each = |pick: &dyn Fn(&Round) -> f64| rounds.iter().map(pick).collect::<Vec<f64>>();
    let cpu = each(&|round| round.cpu_us / claims);
    let growth = match (cpu.get(1), cpu.last()) {
        (Some(second), Some(last)) => last / second,
        _ => 0.0,
    };
    let first_bytes = rounds.first().map_or(0, |round| round.resident_bytes);
    let mut figures = json!({
        "version": 1,
        "bench": "engine",
        "rounds": rounds.len(),
        "claims": claims * rounds.len() as f64,
        "batch_max": bench.batch_max,
        "callers": bench.callers,
        "claims_per_s": machine::median(&each(&|round| claims / round.ours_s)),
        "drops": bench.drops,
        "cpu_us_a_claim": machine::median(&cpu),
        "cpu_us_a_claim_by_round": cpu,
        "slowest_batch_beyond_append_ms": slowest_us as f64 / 1e3,
        "memory_bytes_a_claim": first_bytes as f64 / claims,
        "cpu_growth_10th_to_2nd": growth,
        "peak_resident_bytes": peak_bytes,
        "journal_bytes_a_claim":
            journal_bytes as f64 / (claims * rounds.len() as f64 + f64::from(WARM_UP)),
    });
    let bare: Option<Vec<f64>> = rounds.iter().map(|round| round.bare_s).collect();
    if let Some(bare) = bare.filter(|bare| !bare.is_empty()) {
        let beside = |pick: &dyn Fn(f64, f64) -> f64| {
            let each = rounds.iter().zip(&bare).map(|(round, bare_s)| pick(round.ours_s, *bare_s));
            machine::median(&each.collect::<Vec<f64>>())
        };
        figures["bare_per_s"] = beside(&|_, bare_s| claims / bare_s).into();
        figures["ratio_bare"] = beside(&|ours_s, bare_s| bare_s / ours_s).into();
    }
    figures
}
