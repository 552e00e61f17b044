//! `fanfare bench engine`: durable claims a second straight into one lane, beside the limit: the
//! same rows, made beforehand, appended in a bare loop with the same syncs.
//!
//! Ours and bare take turns, a million claims a round, so that a noisy machine is noisy for both.

use super::machine;
use crate::drops::node::Node;
use crate::drops::spec::{DropSpec, LineName, line_id};
use crate::drops::ticket::Ticket;
use crate::festivals::Names;
use crate::kit::clock::{Clock, Stopwatch};
use crate::kit::data::DataFolder;
use crate::kit::journal::{JournalReader, JournalWriter};
use fanfare_engine::{Command, Fan, Key, Line, LineTerms, Quantity, Terms};
use fanfare_lane::{LaneConfig, LaneId, Reply};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

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
}

impl Default for EngineBench {
    fn default() -> Self {
        Self { rounds: 10, batch_max: 1_024, callers: 16_384, claims_a_round: 1_000_000 }
    }
}

/// Claims before the first round.
const WARM_UP: u32 = 100_000;

/// What one round took.
struct Round {
    ours_s: f64,
    bare_s: f64,
    cpu_us: f64,
    resident_bytes: u64,
}

/// Runs the bench in this folder, which is left as it is.
///
/// # Errors
/// If the lane cannot be served, or refuses a claim it must not refuse.
pub fn run(bench: EngineBench, folder: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    let claims = bench.rounds * bench.claims_a_round;
    let data = DataFolder::serve(&folder.join("ours"), "bench", true);
    let data = data.map_err(|why| why.to_string())?;
    let clock = Arc::new(Clock::machine());
    let spec = spec(clock.now_ms(), claims);
    let config = LaneConfig { batch_max: bench.batch_max, ..LaneConfig::default() };
    let node = Node::start(data, clock, config, vec![spec])?;
    let lane = node.directory().drops[0].lane;
    let bare = JournalWriter::open(&folder.join("bare.sqlite").into());
    let mut bare = bare.map_err(|why| why.to_string())?;
    bare.lane_of("bench").map_err(|why| why.to_string())?;
    let reader = JournalReader::open(&node.folder.journals()).map_err(|why| why.to_string())?;
    let (mut rounds, mut copied, mut next_fan) = (Vec::new(), 0, 1);
    // Queues, buffers and code warm up once; what grows after that grows by the claim.
    let warm_up = EngineBench { claims_a_round: WARM_UP, ..bench };
    claim_round(&node, lane, warm_up, &mut next_fan)?;
    bare_round(&mut bare, &reader, lane, &mut copied)?;
    let start_bytes = machine::resident_bytes();
    for round in 1..=bench.rounds {
        let (ours_s, cpu_us) = claim_round(&node, lane, bench, &mut next_fan)?;
        let resident_bytes = machine::resident_bytes().saturating_sub(start_bytes);
        let bare_s = bare_round(&mut bare, &reader, lane, &mut copied)?;
        let one = Round { ours_s, bare_s, cpu_us, resident_bytes };
        told(&format!(
            "round {round}: {:.0} claims/s, bare {:.0}/s, {:.3} µs CPU a claim, {} MB",
            f64::from(bench.claims_a_round) / ours_s,
            f64::from(bench.claims_a_round) / bare_s,
            cpu_us / f64::from(bench.claims_a_round),
            resident_bytes >> 20
        ));
        rounds.push(one);
    }
    let slowest_us = node.told.slowest_batch_us.load(Ordering::Relaxed);
    node.stop();
    let journal_bytes = reader.bytes(lane).map_err(|why| why.to_string())?;
    Ok(outcome(bench, &rounds, slowest_us, journal_bytes))
}

/// A drop that never sells out during the bench.
fn spec(now_ms: i64, claims: u32) -> DropSpec {
    let names = Names::same("bench");
    let line = LineTerms {
        id: line_id("unit", None),
        price_minor: 0,
        stock: claims + 1_000_000,
        reserve: 0,
    };
    DropSpec {
        id: "bench".to_owned(),
        names: names.clone(),
        lines: vec![LineName {
            item: "unit".to_owned(),
            variant: None,
            names,
            variant_names: None,
        }],
        terms: Terms {
            rules: [0; 32],
            opens_at_ms: now_ms - 1_000,
            closes_at_ms: now_ms + 86_400_000,
            hold_s: 7_200,
            limit: Quantity::MIN,
            lines: vec![line],
        },
        unread: false,
        history_s: None,
    }
}

/// Claims by ever new fans, half with a key, so many callers waiting at any time.
fn claim_round(
    node: &Node,
    lane: LaneId,
    bench: EngineBench,
    next_fan: &mut u64,
) -> Result<(f64, f64), String> {
    let last_fan = *next_fan + u64::from(bench.claims_a_round);
    let mut ask = |count: usize| {
        let until = (*next_fan + count as u64).min(last_fan);
        let asks = (*next_fan..until).map(|number| {
            let fan = Fan::new(number).unwrap_or(Fan::new(1).expect("1 is a fan"));
            let key = (number % 2 == 0).then(|| Key::new(number.wrapping_mul(0x9E37_79B9)));
            let command = Command::Claim { fan, line: Line(0), quantity: Quantity::MIN, key };
            (lane, command, Ticket::Many(number))
        });
        node.ask_many(asks.collect());
        *next_fan = until;
    };
    let (start, cpu) = (Stopwatch::start(), machine::process_cpu());
    ask(bench.callers);
    let (mut answers, mut answered) = (Vec::new(), 0);
    while answered < bench.claims_a_round as usize {
        answers.clear();
        node.sink.take(&mut answers, Duration::from_secs(30));
        if answers.is_empty() {
            return Err("the lane has not answered for 30 s".to_owned());
        }
        if let Some((fan, reply)) =
            answers.iter().find(|(_, reply)| !matches!(reply, Reply::Claim { fresh: true, .. }))
        {
            return Err(format!("fan {fan} was answered {reply:?}"));
        }
        answered += answers.len();
        ask(answers.len());
    }
    let cpu_us = machine::process_cpu().saturating_sub(cpu).as_secs_f64() * 1e6;
    Ok((start.passed_s(), cpu_us))
}

/// Appends the rows the round made to another journal, one commit a row.
fn bare_round(
    bare: &mut JournalWriter,
    reader: &JournalReader,
    lane: LaneId,
    copied: &mut u32,
) -> Result<f64, String> {
    let mut passed_s = 0.0;
    loop {
        let rows = reader.rows(lane, *copied + 1, 512).map_err(|why| why.to_string())?;
        if rows.is_empty() {
            return Ok(passed_s);
        }
        *copied += rows.len() as u32;
        let start = Stopwatch::start();
        for sealed in rows {
            bare.append(&[sealed]).map_err(|why| why.to_string())?;
        }
        passed_s += start.passed_s();
    }
}

fn outcome(bench: EngineBench, rounds: &[Round], slowest_us: u64, journal_bytes: u64) -> Value {
    let claims = f64::from(bench.claims_a_round);
    let each = |pick: &dyn Fn(&Round) -> f64| rounds.iter().map(pick).collect::<Vec<f64>>();
    let cpu = each(&|round| round.cpu_us / claims);
    let growth = match (cpu.get(1), cpu.last()) {
        (Some(second), Some(last)) => last / second,
        _ => 0.0,
    };
    let first_bytes = rounds.first().map_or(0, |round| round.resident_bytes);
    json!({
        "version": 1,
        "bench": "engine",
        "rounds": rounds.len(),
        "claims": claims * rounds.len() as f64,
        "batch_max": bench.batch_max,
        "callers": bench.callers,
        "claims_per_s": machine::median(&each(&|round| claims / round.ours_s)),
        "bare_per_s": machine::median(&each(&|round| claims / round.bare_s)),
        "ratio_bare": machine::median(&each(&|round| round.bare_s / round.ours_s)),
        "cpu_us_a_claim": machine::median(&cpu),
        "cpu_us_a_claim_by_round": cpu,
        "slowest_batch_beyond_append_ms": slowest_us as f64 / 1e3,
        "memory_bytes_a_claim": first_bytes as f64 / claims,
        "cpu_growth_10th_to_2nd": growth,
        "journal_bytes_a_claim":
            journal_bytes as f64 / (claims * rounds.len() as f64 + f64::from(WARM_UP)),
    })
}
