//! The loop: hands requests to free connections, reads answers, keeps time limits.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};

use super::connection::{Connection, Doing, Step};
use super::{Next, Traffic, Why};

/// Connections where nothing else is asked for. While claims wait for the disk each holds its
/// connection: at 35,000 claims a second and 10 ms an append that is 350.
pub const CONNECTIONS_DEFAULT: usize = 512;

/// How long an answer may take.
const ANSWER_US: i64 = 10_000_000;

/// How long to wait before connecting again where it failed.
const RECONNECT_US: i64 = 50_000;

/// How often time limits are looked at, and the longest the loop sleeps.
const SWEEP_US: i64 = 50_000;

/// Descriptors a process needs beside its connections.
const SPARE_DESCRIPTORS: u64 = 512;

/// Many connections to the nodes of a server.
#[derive(Debug)]
pub struct Load {
    addrs: Vec<SocketAddr>,
    poll: Poll,
    connections: Vec<Connection>,
    free: Vec<usize>,
    busy: usize,
    /// Connections that were up when last looked at.
    up: usize,
    buffer: Vec<u8>,
    swept_us: i64,
}

impl Load {
    /// Prepares that many connections; they connect when the run begins. One that breaks comes
    /// back to the next node.
    ///
    /// # Errors
    /// If the system gives no event queue.
    pub fn new(addrs: &[SocketAddr], connections: usize) -> io::Result<Self> {
        let connections = connections.max(1);
        raise_descriptors(connections as u64 * 2 + SPARE_DESCRIPTORS);
        Ok(Self {
            addrs: addrs.to_vec(),
            poll: Poll::new()?,
            connections: (0..connections).map(|_| Connection::new()).collect(),
            free: Vec::with_capacity(connections),
            busy: 0,
            up: 0,
            buffer: vec![0; 64 << 10],
            swept_us: i64::MIN,
        })
    }

    /// How many connections were up when last looked at.
    pub fn up(&self) -> usize {
        self.up
    }

    /// Carries the traffic until it is done and every request answered or lost. `clock_us` must
    /// never go back.
    ///
    /// # Errors
    /// If the event queue fails; broken connections are not errors.
    pub fn run(
        &mut self,
        traffic: &mut impl Traffic,
        clock_us: &dyn Fn() -> i64,
    ) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let now_us = clock_us();
            self.sweep(traffic, now_us);
            traffic.tick(now_us);
            if self.up == 0 && traffic.gives_up(now_us) {
                return Ok(());
            }
            let Some(until_us) = self.hand_out(traffic, now_us) else {
                return Ok(());
            };
            let pause_us = (until_us - clock_us()).clamp(0, SWEEP_US);
            match self.poll.poll(&mut events, Some(Duration::from_micros(pause_us as u64))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                self.handle(traffic, event, clock_us());
            }
        }
    }

    /// Gives each free connection a request; says until when to sleep, or none if all is done.
    fn hand_out(&mut self, traffic: &mut impl Traffic, now_us: i64) -> Option<i64> {
        while let Some(at) = self.free.pop() {
            let connection = &mut self.connections[at];
            connection.listed = false;
            if connection.doing != Doing::Free {
                continue;
            }
            connection.request.clear();
            match traffic.next(now_us, &mut connection.request) {
                Next::Send { tag, cut } => {
                    connection.begin(tag, cut, now_us);
                    self.busy += 1;
                    self.write(traffic, at, now_us);
                }
                wait => {
                    self.list(at);
                    return match wait {
                        Next::WaitUntil(until_us) => Some(until_us),
                        Next::Done if self.busy == 0 => None,
                        _ => Some(i64::MAX),
                    };
                }
            }
        }
        Some(i64::MAX)
    }

    fn list(&mut self, at: usize) {
        if !std::mem::replace(&mut self.connections[at].listed, true) {
            self.free.push(at);
        }
    }

    fn handle(&mut self, traffic: &mut impl Traffic, event: &Event, now_us: i64) {
        let Token(at) = event.token();
        match self.connections[at].doing {
            Doing::Down { .. } => {}
            Doing::Connecting { .. } => match self.connections[at].connected() {
                Ok(true) => {
                    self.connections[at].rest();
                    self.list(at);
                }
                Ok(false) => {}
                Err(_) => self.connections[at].down(now_us + RECONNECT_US),
            },
            Doing::Free => {
                // Nothing was asked, so whatever came ends the connection.
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.reconnect(at, now_us);
                }
            }
            Doing::Busy { .. } => {
                if self.connections[at].writing() && event.is_writable() {
                    self.write(traffic, at, now_us);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.read(traffic, at, event.is_read_closed(), now_us);
                }
            }
        }
    }

    fn write(&mut self, traffic: &mut impl Traffic, at: usize, now_us: i64) {
        let Doing::Busy { cut, .. } = self.connections[at].doing else {
            return;
        };
        match self.connections[at].write() {
            Step::Written if cut => self.lose(traffic, at, Why::Cut, now_us),
            Step::Written | Step::Wait => {}
            _ => self.lose(traffic, at, Why::Broken, now_us),
        }
    }

    fn read(&mut self, traffic: &mut impl Traffic, at: usize, closed: bool, now_us: i64) {
        let Doing::Busy { tag, .. } = self.connections[at].doing else {
            return;
        };
        let step = self.connections[at].read(&mut self.buffer);
        match step {
            Step::Answer(status, body, close) => {
                let bytes = &self.connections[at].answer(&self.buffer)[body];
                traffic.response(tag, status, bytes, now_us);
                self.busy -= 1;
                self.connections[at].rest();
                if close || closed {
                    self.reconnect(at, now_us);
                } else {
                    self.list(at);
                }
            }
            Step::NotHttp => self.lose(traffic, at, Why::NotHttp, now_us),
            Step::Ended => self.lose(traffic, at, Why::Broken, now_us),
            Step::Wait if closed => self.lose(traffic, at, Why::Broken, now_us),
            Step::Wait | Step::Written => {}
        }
    }

    fn lose(&mut self, traffic: &mut impl Traffic, at: usize, why: Why, now_us: i64) {
        if let Doing::Busy { tag, .. } = self.connections[at].doing {
            self.busy -= 1;
            traffic.lost(tag, why, now_us);
        }
        self.reconnect(at, now_us);
    }

    fn reconnect(&mut self, at: usize, now_us: i64) {
        let connection = &mut self.connections[at];
        let turn = at + connection.begun;
        connection.begun += 1;
        let addr = self.addrs[turn % self.addrs.len()];
        if connection.connect(addr, self.poll.registry(), Token(at), now_us).is_err() {
            connection.down(now_us + RECONNECT_US);
        }
    }

    fn sweep(&mut self, traffic: &mut impl Traffic, now_us: i64) {
        if now_us < self.swept_us.saturating_add(SWEEP_US) {
            return;
        }
        self.swept_us = now_us;
        for at in 0..self.connections.len() {
            match self.connections[at].doing {
                Doing::Down { until_us } if until_us <= now_us => self.reconnect(at, now_us),
                Doing::Busy { since_us, .. } if now_us - since_us >= ANSWER_US => {
                    self.lose(traffic, at, Why::TimedOut, now_us);
                }
                Doing::Connecting { since_us } if now_us - since_us >= ANSWER_US => {
                    self.reconnect(at, now_us);
                }
                _ => {}
            }
        }
        let is_up = |c: &&Connection| matches!(c.doing, Doing::Free | Doing::Busy { .. });
        self.up = self.connections.iter().filter(is_up).count();
    }
}

/// Raises the soft limit of open files as far as it may go. Too low a limit shows as connections
/// that never come up, and the others carry the load.
fn raise_descriptors(wanted: u64) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|soft| soft < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |hard| hard.min(wanted)));
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
