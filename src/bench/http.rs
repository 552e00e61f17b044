//! `fanfare bench http`: what a claim and a refusal cost a server beside the bare one.
//!
//! The server is pinned to one core, the crowd to the other. *Bare* is the same listener and
//! runtime: it reads the same request whole and answers a fixed body of the same length under the
//! same headers. Bare, refusals and claims take turns; the figures are medians over the rounds.

use super::machine;
use super::peers::{self, Peer};
use crate::kit::clock::Stopwatch;
use crate::kit::keys::Keys;
use crate::kit::token::{Role, Session, Tokens, Use};
use crate::rehearsal::{Load, Next, Traffic, Why, call_get, call_post};
use fanfare_engine::Fan;
use serde_json::{Value, json};
use std::fmt::Display;
use std::path::Path;

/// Turns each takes in a round.
const TURNS: u32 = 10;

/// How the bench is run.
#[derive(Clone, Copy, Debug)]
pub struct HttpBench {
    /// Rounds.
    pub rounds: u32,
    /// Seconds each takes in a round.
    pub seconds: u32,
    /// Connections.
    pub connections: usize,
    /// Drops that claims are spread over evenly where it is more than 1: those take turns too.
    pub drops: u32,
}

impl Default for HttpBench {
    fn default() -> Self {
        Self { rounds: 5, seconds: 2, connections: 256, drops: 1 }
    }
}

/// What was answered in some time, and what it cost the server.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    answered: u64,
    passed_s: f64,
    cpu_us: u64,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.passed_s += other.passed_s;
        self.cpu_us += other.cpu_us;
    }

    fn per_s(&self) -> f64 {
        self.answered as f64 / self.passed_s
    }

    /// CPU µs a request.
    fn cpu_each_us(&self) -> f64 {
        self.cpu_us as f64 / self.answered.max(1) as f64
    }
}

/// Runs the bench; the server keeps its data in this folder.
///
/// # Errors
/// If a server does not start, or answers otherwise than it should.
pub fn run(bench: HttpBench, folder: &Path, told: impl Fn(&str)) -> Result<Value, String> {
    machine::pin_to_core(1)?;
    let server = Peer::server(&folder.join("one"), peers::FESTIVAL)?;
    let many = Many::beside(bench, folder)?;
    let tokens = tokens_of(&folder.join("one"))?;
    make_drops(&server, &tokens, &["gone", "plenty"])?;
    let mut claims = Requests::new(&server, &tokens, &["plenty"], 201);
    let mut refusals = Requests::new(&server, &tokens, &["gone"], 409);
    let claim_bytes = claims.one_body(&server)?.len();
    refusals.one_body(&server).ok(); // The first of all takes the only unit.
    let refusal_bytes = refusals.one_body(&server)?.len();
    let bare_claims = Peer::bare(claim_bytes, "201")?;
    let bare_refusals = Peer::bare(refusal_bytes, "409")?;
    let mut of = Floods {
        clock: Stopwatch::start(),
        turn_us: i64::from(bench.seconds) * 1_000_000 / i64::from(TURNS),
        bare_refusals: Flood::of(&bare_refusals, bench)?,
        refusals: Flood::of(&server, bench)?,
        bare_claims: Flood::of(&bare_claims, bench)?,
        claims: Flood::of(&server, bench)?,
        spread: many.as_ref().map(|many| many.flood(bench)).transpose()?,
    };
    let mut rounds: [Vec<Spent>; 5] = Default::default();
    for round in 0..=bench.rounds {
        let one = of.round(&mut refusals, &mut claims)?;
        if round == 0 {
            continue; // Everything warms up once.
        }
        let [bare_refused, refused, bare_claimed, claimed, _] = one.map(|of| of.cpu_each_us());
        told(&format!(
            "round {round}: CPU µs a request: refusals {refused:.2}, bare {bare_refused:.2}; \
             claims {claimed:.2}, bare {bare_claimed:.2}; refusals/s {:.0}, claims/s {:.0}",
            one[1].per_s(),
            one[3].per_s()
        ));
        rounds.iter_mut().zip(one).for_each(|(kept, spent)| kept.push(spent));
    }
    Ok(outcome(bench, &rounds, [refusal_bytes, claim_bytes]))
}

/// The keys a server of the bench signs sessions with.
fn tokens_of(folder: &Path) -> Result<Tokens, String> {
    let keys = Keys::open(&folder.join("data")).map_err(|why| why.to_string())?;
    Ok(Tokens::new(keys.tokens))
}

/// A server of many drops, beside the one of few.
struct Many {
    server: Peer,
    tokens: Tokens,
    drops: Vec<String>,
}

impl Many {
    /// None where there is no more than one drop.
    fn beside(bench: HttpBench, folder: &Path) -> Result<Option<Self>, String> {
        if bench.drops < 2 {
            return Ok(None);
        }
        let drops: Vec<String> = (1..=bench.drops).map(|at| format!("many-{at}")).collect();
        let folder = folder.join("many");
        let server = Peer::server(&folder, &peers::festival_of(&drops))?;
        let tokens = tokens_of(&folder)?;
        make_drops(&server, &tokens, &drops)?;
        Ok(Some(Self { server, tokens, drops }))
    }

    fn flood(&self, bench: HttpBench) -> Result<Spread<'_>, String> {
        let requests = Requests::new(&self.server, &self.tokens, &self.drops, 201);
        Ok(Spread { flood: Flood::of(&self.server, bench)?, requests })
    }
}

/// Claims of many drops.
struct Spread<'a> {
    flood: Flood<'a>,
    requests: Requests<'a>,
}

/// Opens drops.
fn make_drops<D: Display>(server: &Peer, tokens: &Tokens, drops: &[D]) -> Result<(), String> {
    let host = token(tokens, Fan::MAX, Role::Host);
    let now = call_get(server.address, "/api/v1/now").map_err(|why| why.to_string())?;
    let opens_at_ms = now["now_ms"].as_i64().ok_or("the server tells no time")? - 1_000;
    for drop in drops {
        let path = format!("/api/v1/rehearsal/drops/{drop}");
        let turn = json!({ "opens_at_ms": opens_at_ms });
        call_post(server.address, &path, &host, &turn).map_err(|why| why.to_string())?;
    }
    Ok(())
}

fn token(tokens: &Tokens, fan: u64, role: Role) -> String {
    let fan = Fan::new(fan).unwrap_or(Fan::FIRST);
    tokens.make(&Session { fan, role, until_s: u32::MAX }, Use::Session)
}

/// Requests of one kind, each by another fan.
struct Requests<'a> {
    tokens: &'a Tokens,
    /// Of each drop; they take turns.
    heads: Vec<String>,
    next_fan: u64,
    status: u16,
    answered: u64,
    wrong: Option<(u16, String)>,
    until_us: i64,
}

const BODY: &str = r#"{"item":"unit","quantity":1}"#;

impl<'a> Requests<'a> {
    fn new<D: Display>(server: &Peer, tokens: &'a Tokens, drops: &[D], status: u16) -> Self {
        let head = |drop: &D| {
            format!(
                "POST /api/v1/drops/{drop}/claims HTTP/1.1\r\nHost: {}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\
                 Authorization: Bearer ",
                server.address,
                BODY.len()
            )
        };
        let heads = drops.iter().map(head).collect();
        // Fans of one kind never meet those of the other.
        let next_fan = u64::from(status) << 32;
        Self { tokens, heads, next_fan, status, answered: 0, wrong: None, until_us: 0 }
    }

    fn write(&mut self, request: &mut Vec<u8>) {
        self.next_fan += 1;
        let head = &self.heads[self.next_fan as usize % self.heads.len()];
        request.extend(head.as_bytes());
        request.extend(token(self.tokens, self.next_fan, Role::Fan).as_bytes());
        request.extend(b"\r\n\r\n");
        request.extend(BODY.as_bytes());
    }

    /// Sends one and gives the body that answers it.
    fn one_body(&mut self, server: &Peer) -> Result<Vec<u8>, String> {
        let mut request = Vec::new();
        self.write(&mut request);
        let (status, body) = peers::ask_once(server.address, &request)?;
        if status == self.status {
            return Ok(body);
        }
        Err(format!("answered {status} instead of {}", self.status))
    }
}

impl Traffic for Requests<'_> {
    fn next(&mut self, now_us: i64, request: &mut Vec<u8>) -> Next {
        if now_us >= self.until_us || self.wrong.is_some() {
            return Next::Done;
        }
        self.write(request);
        Next::Send { tag: 0, cut: false }
    }

    fn response(&mut self, _: u64, status: u16, body: &[u8], _: i64) {
        self.answered += 1;
        if status != self.status && self.wrong.is_none() {
            self.wrong = Some((status, String::from_utf8_lossy(body).into_owned()));
        }
    }

    fn lost(&mut self, _: u64, why: Why, _: i64) {
        self.wrong = Some((0, format!("{why:?}")));
    }
}

/// Kept connections to one of the servers.
struct Flood<'a> {
    peer: &'a Peer,
    load: Load,
}

impl<'a> Flood<'a> {
    fn of(peer: &'a Peer, bench: HttpBench) -> Result<Self, String> {
        let load = Load::new(&[peer.address], bench.connections).map_err(|why| why.to_string())?;
        Ok(Self { peer, load })
    }

    /// As many requests as the server answers in the time.
    fn turn(
        &mut self,
        requests: &mut Requests<'_>,
        clock: &Stopwatch,
        turn_us: i64,
    ) -> Result<Spent, String> {
        let clock_us = || i64::try_from(clock.passed_us()).unwrap_or(i64::MAX);
        let (began_us, cpu_us) = (clock_us(), machine::cpu_us_of(self.peer.process()));
        requests.answered = 0;
        requests.until_us = began_us + turn_us;
        self.load.run(requests, &clock_us).map_err(|why| why.to_string())?;
        if let Some((status, body)) = requests.wrong.take() {
            return Err(format!("answered {status} instead of {}: {body}", requests.status));
        }
        Ok(Spent {
            answered: requests.answered,
            passed_s: (clock_us() - began_us) as f64 / 1e6,
            cpu_us: machine::cpu_us_of(self.peer.process()).saturating_sub(cpu_us),
        })
    }
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
    ) -> Result<[Spent; 5], String> {
        let mut spent = [Spent::default(); 5];
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
        // What is done behind the claims counts as theirs, whenever it is done.
        let all_us = machine::cpu_us_of(server).saturating_sub(cpu_us);
        spent[3].cpu_us = all_us.saturating_sub(spent[1].cpu_us);
        Ok(spent)
    }
}

fn outcome(bench: HttpBench, rounds: &[Vec<Spent>; 5], bytes: [usize; 2]) -> Value {
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
