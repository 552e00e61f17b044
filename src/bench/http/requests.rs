//! What a crowd of the bench asks: one kind of request, each by another fan.

use crate::bench::peers::{self, Peer};
use crate::kit::keys::Keys;
use crate::kit::token::{Role, Session, Tokens, Use};
use crate::rehearsal::{CallError, Next, Traffic, Why, call_get, call_post};
use fanfare_engine::Fan;
use serde_json::{Value, json};
use std::fmt::Display;
use std::path::Path;
use std::thread;
use std::time::Duration;

const BODY: &str = r#"{"item":"unit","quantity":1}"#;

/// How often a host tries again before it gives up.
const TRIES: u32 = 600;

/// A server of the bench with its drops open, and the keys it signs sessions with.
pub struct Festival {
    /// The server.
    pub server: Peer,
    tokens: Tokens,
}

impl Festival {
    /// Of these drops, over a fresh folder.
    ///
    /// # Errors
    /// If the server does not start, or does not open a drop.
    pub fn open<D: Display>(folder: &Path, toml: &str, drops: &[D]) -> Result<Self, String> {
        let server = Peer::server(folder, toml)?;
        let keys = Keys::open(&folder.join("data")).map_err(|why| why.to_string())?;
        let tokens = Tokens::new(keys.tokens);
        let host = token(&tokens, Fan::MAX, Role::Host);
        let now = call_get(server.address, "/api/v1/now").map_err(|why| why.to_string())?;
        let opens_at_ms = now["now_ms"].as_i64().ok_or("the server tells no time")? - 1_000;
        for drop in drops {
            let path = format!("/api/v1/rehearsal/drops/{drop}");
            let turn = json!({ "opens_at_ms": opens_at_ms });
            post(&server, &path, &host, &turn).map_err(|why| why.to_string())?;
        }
        Ok(Self { server, tokens })
    }

    /// Requests to these drops in turn, each of which has to be answered so.
    pub fn requests<D: Display>(&self, drops: &[D], status: u16) -> Requests<'_> {
        let head = |drop: &D| {
            format!(
                "POST /api/v1/drops/{drop}/claims HTTP/1.1\r\nHost: {}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\
                 Authorization: Bearer ",
                self.server.address,
                BODY.len()
            )
        };
        let heads = drops.iter().map(head).collect();
        // Fans of one kind never meet those of the other.
        let next_fan = u64::from(status) << 32;
        let tokens = &self.tokens;
        Requests { tokens, heads, next_fan, status, answered: 0, wrong: None, until_us: 0 }
    }
}

/// A host who opens a thousand drops in a row asks too fast at times.
fn post(server: &Peer, path: &str, host: &str, turn: &Value) -> Result<Value, CallError> {
    for _ in 0..TRIES {
        match call_post(server.address, path, host, turn) {
            Err(CallError::Refused(429, _)) => thread::sleep(Duration::from_millis(100)),
            other => return other,
        }
    }
    call_post(server.address, path, host, turn)
}

fn token(tokens: &Tokens, fan: u64, role: Role) -> String {
    let fan = Fan::new(fan).unwrap_or(Fan::FIRST);
    tokens.make(&Session { fan, role, until_s: u32::MAX }, Use::Session)
}

/// Requests of one kind, each by another fan.
pub struct Requests<'a> {
    tokens: &'a Tokens,
    /// Of each drop; they take turns.
    heads: Vec<String>,
    next_fan: u64,
    /// What each has to be answered.
    pub status: u16,
    /// How many were answered.
    pub answered: u64,
    /// The first that was answered otherwise, with its body.
    pub wrong: Option<(u16, String)>,
    /// When the last is sent, µs on the clock of the run.
    pub until_us: i64,
}

impl Requests<'_> {
    fn write(&mut self, request: &mut Vec<u8>) {
        self.next_fan += 1;
        let head = &self.heads[self.next_fan as usize % self.heads.len()];
        request.extend(head.as_bytes());
        request.extend(token(self.tokens, self.next_fan, Role::Fan).as_bytes());
        request.extend(b"\r\n\r\n");
        request.extend(BODY.as_bytes());
    }

    /// Sends one and gives the body that answers it.
    ///
    /// # Errors
    /// If it is answered otherwise than it has to be.
    pub fn one_body(&mut self, server: &Peer) -> Result<Vec<u8>, String> {
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
