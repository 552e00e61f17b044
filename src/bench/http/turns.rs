//! Bare, refusals and claims in turns; the figures are medians over the rounds.
//!
//! While a crowd is there the tables get a hundredth of the time, and what gathers for them is
//! taken when it is gone. So that part of a claim is told by itself: a round ends once they have
//! followed.

use super::HttpBench;
use super::flood::{Flood, Spent, until_tables_follow};
use super::requests::{Festival, Requests};
use crate::bench::machine;
use crate::bench::peers::{self, Peer};
use crate::kit::clock::Stopwatch;
use serde_json::{Value, json};
use std::path::Path;

/// Turns each takes in a round.
const TURNS: u32 = 10;

/// All kinds and the bare servers.
///
/// # Errors
/// If a server does not start, or answers otherwise than it should.
pub fn run(bench: HttpBench, folder: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    let one = Festival::open(&folder.join("one"), peers::FESTIVAL, &["gone", "plenty"])?;
    let many = Many::beside(bench, folder)?;
    let mut claims = one.requests(&["plenty"], 201);
    let mut refusals = one.requests(&["gone"], 409);
    let claim_bytes = claims.one_body(&one.server)?.len();
    refusals.one_body(&one.server).ok(); // The first of all takes the only unit.
    let refusal_bytes = refusals.one_body(&one.server)?.len();
    let bare_claims = Peer::bare(claim_bytes, "201")?;
    let bare_refusals = Peer::bare(refusal_bytes, "409")?;
    let flood = |server| Flood::of(server, bench.connections);
    let mut of = Floods {
        clock: Stopwatch::start(),
        turn_us: i64::from(bench.seconds) * 1_000_000 / i64::from(TURNS),
        bare_refusals: flood(&bare_refusals)?,
        refusals: flood(&one.server)?,
        bare_claims: flood(&bare_claims)?,
        claims: flood(&one.server)?,
        spread: many.as_ref().map(|many| many.flood(bench)).transpose()?,
    };
    let mut rounds: [Vec<Spent>; 6] = Default::default();
    for round in 0..=bench.rounds {
        let one = of.round(&mut refusals, &mut claims)?;
        if round == 0 {
            continue; // Everything warms up once.
        }
        let [bare_refused, refused, bare_claimed, claimed, _, tables] =
            one.map(|of| of.cpu_each_us());
        told(&format!(
            "round {round}: CPU µs a request: refusals {refused:.2}, bare {bare_refused:.2}; \
             claims {claimed:.2}, bare {bare_claimed:.2}, tables behind them {tables:.2}; \
             refusals/s {:.0}, claims/s {:.0}",
            one[1].per_s(),
            one[3].per_s()
        ));
        rounds.iter_mut().zip(one).for_each(|(kept, spent)| kept.push(spent));
    }
    Ok(outcome(bench, &rounds, [refusal_bytes, claim_bytes]))
}

/// A server of many drops, beside the one of few.
struct Many {
    festival: Festival,
    drops: Vec<String>,
}

impl Many {
    /// None where there is no more than one drop.
    fn beside(bench: HttpBench, folder: &Path) -> Result<Option<Self>, String> {
        if bench.drops < 2 {
            return Ok(None);
        }
        let drops = peers::drops(bench.drops);
        let toml = peers::festival_of(&drops);
        let festival = Festival::open(&folder.join("many"), &toml, &drops)?;
        Ok(Some(Self { festival, drops }))
    }

    fn flood(&self, bench: HttpBench) -> Result<Spread<'_>, String> {
        let requests = self.festival.requests(&self.drops, 201);
        Ok(Spread { flood: Flood::of(&self.festival.server, bench.connections)?, requests })
    }
}

/// Claims of many drops.
struct Spread<'a> {
    flood: Flood<'a>,
    requests: Requests<'a>,
}

/// Those that take turns.
struct Floods<'a> {
    clock: Stopwatch,
    turn_us: i64,
    bare_refusals: Flood<'a>,
    refusals: Flood<'a>,
    bare_claims: Flood<'a>,
    claims: Flood<'a>,
    spread: Option<Spread<'a>>,
}

impl Floods<'_> {
    fn round(
        &mut self,
        refusals: &mut Requests<'_>,
        claims: &mut Requests<'_>,
    ) -> Result<[Spent; 6], String> {
        let mut spent = [Spent::default(); 6];
        let server = self.claims.peer.process();
        let cpu_us = machine::cpu_us_of(server);
        for _ in 0..TURNS {
            let (clock, turn_us) = (&self.clock, self.turn_us);
            spent[0].add(self.bare_refusals.turn(refusals, clock, turn_us)?);
            spent[1].add(self.refusals.turn(refusals, clock, turn_us)?);
            spent[2].add(self.bare_claims.turn(claims, clock, turn_us)?);
            spent[3].add(self.claims.turn(claims, clock, turn_us)?);
            if let Some(Spread { flood, requests }) = &mut self.spread {
                spent[4].add(flood.turn(requests, clock, turn_us)?);
            }
        }
        // What is done behind the claims meanwhile counts as theirs, whoever's turn it is.
        let all_us = machine::cpu_us_of(server).saturating_sub(cpu_us);
        spent[3].cpu_us = all_us.saturating_sub(spent[1].cpu_us);
        until_tables_follow(self.claims.peer)?;
        let and_tables_us = machine::cpu_us_of(server).saturating_sub(cpu_us);
        spent[5] = Spent { cpu_us: and_tables_us.saturating_sub(all_us), ..spent[3] };
        Ok(spent)
    }
}

fn outcome(bench: HttpBench, rounds: &[Vec<Spent>; 6], bytes: [usize; 2]) -> Value {
    let median = |of: usize, pick: fn(&Spent) -> f64| {
        machine::median(&rounds[of].iter().map(pick).collect::<Vec<f64>>())
    };
    let ratio = |bare: usize, ours: usize| {
        let each =
            rounds[bare].iter().zip(&rounds[ours]).map(|(b, o)| b.cpu_each_us() / o.cpu_each_us());
        machine::median(&each.collect::<Vec<f64>>())
    };
    let (cpu, rate) = (Spent::cpu_each_us, Spent::per_s);
    let mut figures = json!({
        "version": 1,
        "bench": "http",
        "rounds": bench.rounds,
        "connections": bench.connections,
        "refusal_bytes": bytes[0],
        "claim_bytes": bytes[1],
        "bare_refusals_per_s": median(0, rate),
        "refusals_per_s": median(1, rate),
        "bare_claims_per_s": median(2, rate),
        "claims_per_s": median(3, rate),
        "bare_refusal_cpu_us": median(0, cpu),
        "refusal_cpu_us": median(1, cpu),
        "bare_claim_cpu_us": median(2, cpu),
        "claim_cpu_us": median(3, cpu),
        "tables_cpu_us_a_claim": median(5, cpu),
        "ratio_refusals": ratio(0, 1),
        "ratio_claims": ratio(2, 3),
    });
    if bench.drops > 1 {
        let each = rounds[3].iter().zip(&rounds[4]).map(|(one, many)| many.per_s() / one.per_s());
        figures["drops"] = bench.drops.into();
        figures["spread_claims_per_s"] = median(4, rate).into();
        figures["ratio_spread"] = machine::median(&each.collect::<Vec<f64>>()).into();
    }
    figures
}
