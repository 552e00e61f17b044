//! The driver over HTTP: crowds of one or several drops on one client, in real time.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use super::asks::{Answer, Ask, Code, Kind, State, Told};
use super::claim_id;
use super::crowd::Crowd;
use super::http::{Load, Next, Traffic, Why};
use super::json;
use super::memory::Memory;
use super::plan::CrowdPlan;
use super::progress::Progress;

/// How long no connection may be up before the rehearsal ends as it is.
const ALONE_US: i64 = 30_000_000;

/// Bits of a tag that hold the ask's id; those above hold the drop's place.
const ID_BITS: u32 = 48;

/// Sessions, made as they are needed.
pub struct Tokens<'a> {
    /// The token of a fan by number.
    pub fan: &'a dyn Fn(u64) -> String,
    /// The token payments are sent with; without one each fan pays with the fan's own.
    pub cashier: Option<String>,
}

/// Where the crowd goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server's nodes, at least one.
    pub addrs: Vec<SocketAddr>,
    /// Connections to them, for all drops together.
    pub connections: usize,
}

/// A drop and its crowd.
#[derive(Clone, Debug)]
pub struct DropPlanned {
    /// The drop's id.
    pub id: String,
    /// Its lines, item and variant, in the order of the plan's weights.
    pub lines: Vec<(String, Option<String>)>,
    /// The crowd.
    pub plan: CrowdPlan,
}

/// A drop that was rehearsed.
#[derive(Clone, Debug)]
pub struct DropRun {
    /// The drop's id.
    pub drop: String,
    /// What the crowd remembers.
    pub memory: Memory,
    /// The seed of the crowd.
    pub seed: u64,
    /// How long it took, real time, ms.
    pub took_ms: i64,
    /// Whether the crowd's time was virtual.
    pub virtual_time: bool,
}

/// Rehearses drops that overlap, together. `clock_us` gives µs since 1970, never back, on the
/// clock the server opens its drops by.
///
/// # Errors
/// If the client cannot run at all; a server that does not answer is no error but lost answers.
pub fn run_drops(
    target: &Target,
    drops: &[DropPlanned],
    tokens: &Tokens<'_>,
    clock_us: &dyn Fn() -> i64,
    progress: &mut Progress,
) -> io::Result<Vec<DropRun>> {
    let mut load = Load::new(&target.addrs, target.connections)?;
    let host = target.addrs.first().map_or_else(String::new, SocketAddr::to_string);
    let names: Vec<&str> = drops.iter().map(|drop| drop.id.as_str()).collect();
    progress.start(&names);
    let stalls = drops.iter().map(|drop| Stall::new(drop, &host)).collect();
    let mut wire = Wire { stalls, tokens, host, turn: 0, alone_since_us: None, progress };
    let began_us = clock_us();
    load.run(&mut wire, clock_us)?;
    let took_ms = (clock_us() - began_us) / 1_000;
    let stalls = std::mem::take(&mut wire.stalls);
    let runs = stalls.into_iter().enumerate().map(|(at, stall)| {
        wire.progress.done(at, stall.crowd.memory());
        let (drop, seed) = (stall.id, stall.crowd.plan().seed);
        DropRun { drop, memory: stall.crowd.finish(), seed, took_ms, virtual_time: false }
    });
    Ok(runs.collect())
}

/// One drop on the wire: its crowd, and its requests as far as they are always the same.
struct Stall {
    id: String,
    crowd: Crowd,
    due: VecDeque<Ask>,
    /// Payments and returns that are due. Money comes by another way than the crowd, so it does
    /// not queue behind it where all connections are busy.
    paying: VecDeque<Ask>,
    taken_ms: i64,
    taken: Vec<Ask>,
    lane: u32,
    look: Vec<u8>,
    claim: Vec<u8>,
    /// By line: length and body.
    ends: Vec<Vec<u8>>,
}

impl Stall {
    fn new(drop: &DropPlanned, host: &str) -> Self {
        let id = &drop.id;
        let look = format!("GET /api/v1/drops/{id} HTTP/1.1\r\nHost: {host}\r\n");
        let claim = format!(
            "POST /api/v1/drops/{id}/claims HTTP/1.1\r\nHost: {host}\r\n\
             Content-Type: application/json\r\n"
        );
        let end = |(item, variant): &(String, Option<String>)| {
            let quantity = drop.plan.quantity;
            let mut body = serde_json::json!({ "item": item, "quantity": quantity });
            if let Some(variant) = variant {
                body["variant"] = variant.as_str().into();
            }
            let body = body.to_string();
            format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        };
        Self {
            id: id.clone(),
            crowd: Crowd::new(drop.plan.clone()),
            due: VecDeque::new(),
            paying: VecDeque::new(),
            taken_ms: i64::MIN,
            taken: Vec::new(),
            lane: 0,
            look: look.into_bytes(),
            claim: claim.into_bytes(),
            ends: drop.lines.iter().map(end).collect(),
        }
    }

    fn next(&mut self, now_us: i64) -> Option<Ask> {
        let now_ms = now_us.div_euclid(1_000);
        if now_ms > self.taken_ms {
            self.taken_ms = now_ms;
            self.crowd.take_due(now_ms, usize::MAX, &mut self.taken);
            for ask in self.taken.drain(..) {
                let pays = matches!(ask.kind, Kind::Settle { .. } | Kind::Release { .. });
                if pays { &mut self.paying } else { &mut self.due }.push_back(ask);
            }
        }
        self.paying.pop_front().or_else(|| self.due.pop_front())
    }

    fn write(&self, ask: &Ask, host: &str, tokens: &Tokens<'_>, out: &mut Vec<u8>) {
        match ask.kind {
            Kind::Look => {
                out.extend_from_slice(&self.look);
                write_token(&(tokens.fan)(ask.fan), out);
                out.extend_from_slice(b"\r\n");
            }
            Kind::Claim { line, key, .. } => {
                out.extend_from_slice(&self.claim);
                write_token(&(tokens.fan)(ask.fan), out);
                if let Some(key) = key {
                    write_key(key, out);
                }
                let end = self.ends.get(usize::from(line));
                out.extend_from_slice(end.map_or(&b"\r\n"[..], Vec::as_slice));
            }
            Kind::Settle { claim, .. } | Kind::Release { claim, .. } => {
                let settle = matches!(ask.kind, Kind::Settle { .. });
                out.extend_from_slice(b"POST /api/v1/claims/");
                claim_id::write(self.lane, claim, out);
                let verb: &[u8] = if settle { b"/settlement" } else { b"/release" };
                out.extend_from_slice(verb);
                out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
                out.extend_from_slice(host.as_bytes());
                out.extend_from_slice(b"\r\n");
                match &tokens.cashier {
                    Some(cashier) if settle => write_token(cashier, out),
                    _ => write_token(&(tokens.fan)(ask.fan), out),
                }
                out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
            }
        }
    }

    fn read(&mut self, status: u16, body: &[u8]) -> Answer {
        if status >= 400 {
            let code = json::fields(body, [b"code"]).and_then(|[code]| code);
            return code.map_or(Answer::Nonsense, |code| Answer::Refused(Code::read(code)));
        }
        let keys: [&[u8]; 5] = [b"claim", b"quantity", b"number", b"state", b"held_until_ms"];
        let Some(found) = json::fields(body, keys) else {
            return Answer::Nonsense;
        };
        if found[0].is_none() {
            return Answer::Looked;
        }
        let told = self.told(found);
        told.map_or(Answer::Nonsense, Answer::Claim)
    }

    fn told(&mut self, found: [Option<&[u8]>; 5]) -> Option<Told> {
        let [claim, quantity, number, state, held_until_ms] = found;
        let (lane, place) = claim_id::read(claim?)?;
        self.lane = lane;
        Some(Told {
            place,
            number: u32::try_from(claim_id::number(number?)?).ok()?,
            units: u16::try_from(claim_id::number(quantity?)?).ok()?,
            state: State::read(state?)?,
            held_until_ms: i64::try_from(claim_id::number(held_until_ms?)?).ok()?,
        })
    }
}

fn write_token(token: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Authorization: Bearer ");
    out.extend_from_slice(token.as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn write_key(key: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Idempotency-Key: ");
    for shift in (0..16).rev() {
        out.push(b"0123456789abcdef"[(key >> (4 * shift) & 15) as usize]);
    }
    out.extend_from_slice(b"\r\n");
}

struct Wire<'a> {
    stalls: Vec<Stall>,
    tokens: &'a Tokens<'a>,
    host: String,
    turn: usize,
    alone_since_us: Option<i64>,
    progress: &'a mut Progress,
}

impl Wire<'_> {
    fn answer(&mut self, tag: u64, now_us: i64, read: impl FnOnce(&mut Stall) -> Answer) {
        let Some(stall) = self.stalls.get_mut((tag >> ID_BITS) as usize) else {
            return;
        };
        let answer = read(stall);
        stall.crowd.answered(tag & ((1 << ID_BITS) - 1), answer, now_us, None);
    }
}

impl Traffic for Wire<'_> {
    fn next(&mut self, now_us: i64, request: &mut Vec<u8>) -> Next {
        let count = self.stalls.len();
        for _ in 0..count {
            let at = self.turn % count;
            self.turn = at + 1;
            if let Some(ask) = self.stalls[at].next(now_us) {
                self.stalls[at].write(&ask, &self.host, self.tokens, request);
                return Next::Send { tag: (at as u64) << ID_BITS | ask.id, cut: ask.cut };
            }
        }
        if self.stalls.iter().all(|stall| stall.crowd.is_done()) {
            return Next::Done;
        }
        let due = self.stalls.iter().filter_map(|stall| stall.crowd.next_due_ms()).min();
        due.map_or(Next::Wait, |due_ms| Next::WaitUntil(due_ms * 1_000))
    }

    fn response(&mut self, tag: u64, status: u16, body: &[u8], now_us: i64) {
        self.alone_since_us = None;
        self.answer(tag, now_us, |stall| stall.read(status, body));
    }

    fn lost(&mut self, tag: u64, why: Why, now_us: i64) {
        let answer = if why == Why::NotHttp { Answer::Nonsense } else { Answer::Lost };
        self.answer(tag, now_us, |_| answer);
    }

    fn tick(&mut self, now_us: i64) {
        if self.progress.is_due(now_us) {
            for (at, stall) in self.stalls.iter().enumerate() {
                self.progress.show(at, now_us.div_euclid(1_000), stall.crowd.memory());
            }
        }
    }

    fn gives_up(&mut self, now_us: i64) -> bool {
        now_us - *self.alone_since_us.get_or_insert(now_us) > ALONE_US
    }
}
