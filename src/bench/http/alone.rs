//! One kind of request alone, as often as the server answers it: what it costs with ever more
//! connections, drops and watchers. Nothing else happens, so all the server does counts.

use super::flood::{Flood, Spent, until_tables_follow};
use super::requests::Festival;
use super::watchers::Watchers;
use super::{HttpBench, Only};
use crate::bench::machine;
use crate::bench::peers;
use crate::kit::clock::Stopwatch;
use serde_json::{Value, json};
use std::path::Path;

/// Turns before the first round at most, until every connection is up.
const WARM_UPS: u32 = 10;

/// Rounds of one kind, medians.
///
/// # Errors
/// If a server does not start, or answers otherwise than it should; if a connection does not come
/// up, or nobody who watches is sent an event.
pub fn run(
    bench: HttpBench,
    only: Only,
    folder: &Path,
    told: impl Fn(&str),
) -> Result<Value, String> {
    let (toml, opened, asked) = drops(bench, only);
    let one = Festival::open(&folder.join("one"), &toml, &opened)?;
    let mut requests = one.requests(&asked, if only == Only::Claims { 201 } else { 409 });
    requests.one_body(&one.server).ok(); // Of one unit, the first of all takes it.
    let (clock, turn_us) = (Stopwatch::start(), i64::from(bench.seconds) * 1_000_000);
    let mut flood = Flood::of(&one.server, bench.connections)?;
    let mut warm_ups = 0;
    while warm_ups == 0 || flood.up() < bench.connections {
        if warm_ups == WARM_UPS {
            return Err(format!("{} of {} connections are up", flood.up(), bench.connections));
        }
        flood.turn(&mut requests, &clock, turn_us)?;
        warm_ups += 1;
    }
    until_tables_follow(&one.server)?;
    let mut watchers = Watchers::of(one.server.address, bench.watchers)?;
    let mut rounds = Vec::new();
    for round in 1..=bench.rounds {
        let cpu_us = machine::whole_cpu_us_of(one.server.process());
        let mut spent = flood.turn(&mut requests, &clock, turn_us)?;
        watchers.look()?;
        // What is done behind the claims counts as theirs, whenever it is done.
        until_tables_follow(&one.server)?;
        spent.cpu_us = machine::whole_cpu_us_of(one.server.process()).saturating_sub(cpu_us);
        let (cpu, per_s) = (spent.cpu_each_us(), spent.per_s());
        told(&format!("round {round}: {cpu:.2} CPU µs each, {per_s:.0}/s"));
        rounds.push(spent);
    }
    Ok(outcome(bench, only, &rounds, watchers.events()))
}

/// The festival, the drops that open, and those that are asked.
fn drops(bench: HttpBench, only: Only) -> (String, Vec<String>, Vec<String>) {
    let few = ["gone", "plenty"].map(str::to_owned);
    match only {
        Only::Claims if bench.drops > 1 => {
            let drops = peers::drops(bench.drops);
            (peers::festival_of(&drops), drops.clone(), drops)
        }
        Only::Claims => (peers::FESTIVAL.to_owned(), few.to_vec(), few[1..].to_vec()),
        Only::Refusals => (peers::FESTIVAL.to_owned(), few.to_vec(), few[..1].to_vec()),
    }
}

fn outcome(bench: HttpBench, only: Only, rounds: &[Spent], events: u64) -> Value {
    let median =
        |pick: fn(&Spent) -> f64| machine::median(&rounds.iter().map(pick).collect::<Vec<f64>>());
    let (per_s, cpu_us) = match only {
        Only::Claims => ("claims_per_s", "claim_cpu_us"),
        Only::Refusals => ("refusals_per_s", "refusal_cpu_us"),
    };
    json!({
        "version": 1,
        "bench": "http",
        "rounds": bench.rounds,
        "connections": bench.connections,
        "drops": bench.drops,
        "watchers": bench.watchers,
        "watcher_events": events,
        per_s: median(Spent::per_s),
        cpu_us: median(Spent::cpu_each_us),
    })
}
