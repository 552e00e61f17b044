//! One connection: connects, writes a request, reads an answer, and connects again when it ends.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::response::{ANSWER_BYTES_MAX, Parsed, parse};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Not connected; tries again at this moment.
    Down { until_us: i64 },
    /// Waits for the other side to accept.
    Connecting { since_us: i64 },
    /// Has nothing to do.
    Free,
    /// Has a request to write, or an answer to wait for.
    Busy { tag: u64, cut: bool, since_us: i64 },
}

/// How far a write or a read came.
pub(super) enum Step {
    /// More has to come.
    Wait,
    /// The request is written whole.
    Written,
    /// The connection ended.
    Ended,
    /// What came is not an answer.
    NotHttp,
    /// The answer is whole: status, where its body is in [`Connection::answer`], and whether the
    /// connection ends with it.
    Answer(u16, std::ops::Range<usize>, bool),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Option<TcpStream>,
    pub(super) doing: Doing,
    /// Whether it stands in the list of free ones.
    pub(super) listed: bool,
    /// How often it was begun.
    pub(super) begun: usize,
    pub(super) request: Vec<u8>,
    written: usize,
    /// The beginning of an answer that came in parts.
    partial: Vec<u8>,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            stream: None,
            doing: Doing::Down { until_us: i64::MIN },
            listed: false,
            begun: 0,
            request: Vec::with_capacity(512),
            written: 0,
            partial: Vec::new(),
        }
    }

    /// Drops what there is and connects anew. After a failure the caller tries again later.
    pub(super) fn connect(
        &mut self,
        addr: SocketAddr,
        registry: &Registry,
        token: Token,
        now_us: i64,
    ) -> io::Result<()> {
        self.stream = None;
        self.partial.clear();
        let mut stream = TcpStream::connect(addr)?;
        // Requests are written whole; waiting for more to send with them would only delay them.
        let _ = stream.set_nodelay(true);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        self.doing = Doing::Connecting { since_us: now_us };
        Ok(())
    }

    /// Whether the other side has accepted; an error if it never will.
    pub(super) fn connected(&mut self) -> io::Result<bool> {
        let Some(stream) = &self.stream else {
            return Ok(false);
        };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to write what stands in `request`.
    pub(super) fn begin(&mut self, tag: u64, cut: bool, now_us: i64) {
        self.written = 0;
        self.doing = Doing::Busy { tag, cut, since_us: now_us };
    }

    /// Whether a part of the request is still to be written.
    pub(super) fn writing(&self) -> bool {
        self.written < self.request.len()
    }

    pub(super) fn write(&mut self) -> Step {
        let Some(stream) = &mut self.stream else {
            return Step::Ended;
        };
        while self.written < self.request.len() {
            match stream.write(&self.request[self.written..]) {
                Ok(0) => return Step::Ended,
                Ok(bytes) => self.written += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Wait,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Step::Ended,
            }
        }
        Step::Written
    }

    /// Reads what came. `buffer` is shared by all connections: an answer that comes at once, as
    /// nearly all do, is read from there and never copied.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Step {
        let Some(stream) = &mut self.stream else {
            return Step::Ended;
        };
        loop {
            let bytes = match stream.read(buffer) {
                Ok(0) => return Step::Ended,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Step::Wait,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Step::Ended,
            };
            let full = bytes == buffer.len();
            let parsed = if self.partial.is_empty() && !full {
                parse(&buffer[..bytes])
            } else {
                self.partial.extend_from_slice(&buffer[..bytes]);
                parse(&self.partial)
            };
            match parsed {
                Parsed::Whole { status, body, close } => return Step::Answer(status, body, close),
                Parsed::Wrong => return Step::NotHttp,
                Parsed::Part if self.partial.len() > ANSWER_BYTES_MAX => return Step::NotHttp,
                Parsed::Part if full => {}
                Parsed::Part => {
                    if self.partial.is_empty() {
                        self.partial.extend_from_slice(&buffer[..bytes]);
                    }
                    return Step::Wait;
                }
            }
        }
    }

    /// The bytes a whole answer was read from.
    pub(super) fn answer<'a>(&'a self, buffer: &'a [u8]) -> &'a [u8] {
        if self.partial.is_empty() { buffer } else { &self.partial }
    }

    /// Ready for the next request.
    pub(super) fn rest(&mut self) {
        self.partial.clear();
        self.doing = Doing::Free;
    }

    pub(super) fn down(&mut self, until_us: i64) {
        self.stream = None;
        self.partial.clear();
        self.doing = Doing::Down { until_us };
    }
}
