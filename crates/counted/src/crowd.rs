//! Connections without a network. Each is let in by the server's own listener and then reads
//! requests that were made beforehand, and writes to nobody: what is counted is the server's, and
//! nothing depends on when a socket wakes whom.
//!
//! All connections ask at once and ask again when all were answered, so that every run has the
//! same waves.

use fanfare::drops::gate;
use fanfare::kit::proxy::Caller;
use fanfare::kit::serve::{Door, Fields};
use fanfare::kit::token::{Tokens, Use};
use std::future::{self, Future};
use std::hint::black_box;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The door of such a crowd.
#[derive(Clone)]
pub struct Crowd {
    /// How every answer begins.
    answer: &'static [u8],
    /// By what each request's token is checked once more: the control, a server made slower.
    again: Option<Tokens>,
    waves: Arc<Mutex<Waves>>,
}

/// Who may ask, and who waits to.
struct Waves {
    /// What each connection may ask, of those that are still to come in.
    requests: Vec<Vec<Vec<u8>>>,
    connections: usize,
    /// How much of it each asks.
    each: usize,
    /// Waves that have begun.
    begun: usize,
    /// Answers until the next begins; before the first, connections to come in.
    left: usize,
    waiting: Vec<Waker>,
    heard: mpsc::Sender<Heard>,
}

/// What is heard of a connection: that it ended, or what it was answered that it must not be.
pub type Heard = Result<(), String>;

impl Waves {
    /// One more is answered, or has come in.
    fn one_less(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.left = self.connections;
            self.begun += 1;
            self.waiting.drain(..).for_each(Waker::wake);
        }
    }
}

impl Crowd {
    /// Of one connection for each list of requests, which asks the first so many of them; every
    /// one that ended is heard.
    pub fn new(
        (requests, each): (Vec<Vec<Vec<u8>>>, usize),
        answer: &'static [u8],
        again: Option<Tokens>,
    ) -> (Self, mpsc::Receiver<Heard>) {
        let (heard, hearing) = mpsc::channel();
        let connections = requests.len();
        let (left, waiting) = (connections, Vec::new());
        let waves = Waves { requests, connections, each, begun: 0, left, waiting, heard };
        (Self { answer, again, waves: Arc::new(Mutex::new(waves)) }, hearing)
    }

    fn waves(&self) -> MutexGuard<'_, Waves> {
        self.waves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door for Crowd {
    type Stream = Visitor;

    fn open(&self, socket: TcpStream) -> impl Future<Output = Option<Visitor>> {
        let mut waves = self.waves();
        let requests = waves.requests.pop().expect("a connection of this crowd");
        let (each, heard) = (waves.each, waves.heard.clone());
        waves.one_less();
        let crowd = self.clone();
        future::ready(Some(Visitor { crowd, requests, each, asked: 0, heard, _socket: socket }))
    }

    const BARE: bool = false;

    fn bare(_: Visitor) -> Option<TcpStream> {
        None
    }

    fn caller(&self, peer: SocketAddr, fields: &impl Fields) -> Caller {
        if let Some(tokens) = &self.again {
            let token = gate::token_of(fields).unwrap_or_default();
            let _ = black_box(black_box(tokens).check(token, Use::Session, 0));
        }
        Caller { address: peer, https: false }
    }
}

/// One connection.
pub struct Visitor {
    crowd: Crowd,
    requests: Vec<Vec<u8>>,
    each: usize,
    asked: usize,
    heard: mpsc::Sender<Heard>,
    /// Kept open: the peer is none who could leave.
    _socket: TcpStream,
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let _ = self.heard.send(Ok(()));
    }
}

impl AsyncRead for Visitor {
    /// The next request once its wave has begun, whole; at the end, the end.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let visitor = &mut *self;
        let mut waves = visitor.crowd.waves();
        if visitor.asked >= waves.begun {
            waves.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        drop(waves);
        if let Some(request) = visitor.requests[..visitor.each].get(visitor.asked) {
            into.put_slice(request);
            visitor.asked += 1;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Visitor {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    /// An answer, whole, as sockets take it too.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let head: &[u8] = parts.first().map_or(&[], |part| part);
        if !head.starts_with(self.crowd.answer) {
            // Told, for a panic here would end this connection's task and nothing else.
            let _ = self.heard.send(Err(String::from_utf8_lossy(head).into_owned()));
        }
        self.crowd.waves().one_less();
        Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
