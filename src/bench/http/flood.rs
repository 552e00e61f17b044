//! Kept connections to one server, and what their requests cost it.

use super::requests::Requests;
use crate::bench::machine;
use crate::bench::peers::{self, Peer};
use crate::kit::clock::Stopwatch;
use crate::rehearsal::Load;
use std::thread;
use std::time::Duration;

/// What was answered in some time, and what it cost the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Requests.
    pub answered: u64,
    /// How long it took.
    pub passed_s: f64,
    /// CPU time of the server.
    pub cpu_us: u64,
}

impl Spent {
    /// And as much again.
    pub fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.passed_s += other.passed_s;
        self.cpu_us += other.cpu_us;
    }

    /// Requests a second.
    pub fn per_s(&self) -> f64 {
        self.answered as f64 / self.passed_s
    }

    /// CPU µs a request.
    pub fn cpu_each_us(&self) -> f64 {
        self.cpu_us as f64 / self.answered.max(1) as f64
    }
}

/// Kept connections to one of the servers.
pub struct Flood<'a> {
    /// The server.
    pub peer: &'a Peer,
    load: Load,
}

impl<'a> Flood<'a> {
    /// That many, which connect in the first turn.
    ///
    /// # Errors
    /// If the system gives no event queue.
    pub fn of(peer: &'a Peer, connections: usize) -> Result<Self, String> {
        let load = Load::new(&[peer.address], connections).map_err(|why| why.to_string())?;
        Ok(Self { peer, load })
    }

    /// How many of them were up when last looked at.
    pub fn up(&self) -> usize {
        self.load.up()
    }

    /// As many requests as the server answers in the time.
    ///
    /// # Errors
    /// If one is answered otherwise than it has to be.
    pub fn turn(
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

/// How long the tables may need to follow the journal, seconds.
const BEHIND_S: f64 = 60.0;

/// Waits until every row of the journal is in the tables.
///
/// # Errors
/// If they do not follow.
pub fn until_tables_follow(server: &Peer) -> Result<(), String> {
    let waited = Stopwatch::start();
    loop {
        let request = b"GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n";
        let (_, body) = peers::ask_once(server.address, request)?;
        let text = String::from_utf8_lossy(&body);
        if text.lines().any(|line| line == "fanfare_projector_rows_behind 0") {
            return Ok(());
        }
        if waited.passed_s() > BEHIND_S {
            return Err("the tables do not follow the journal".to_owned());
        }
        thread::sleep(Duration::from_millis(50));
    }
}
