//! A connection that leaves HTTP: an answer that lasts for hours takes the bare socket, and with
//! it go the connection's buffers and its task, which would cost more than whoever waits.

use super::AnyBody;
use axum::http::Response;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Takes a socket that does not block, and the head that goes out first.
type Take = dyn Fn(std::net::TcpStream, Bytes) + Send + Sync;

/// In an answer's extensions: who takes the connection where it can be given. The answer has a
/// body all the same, for connections that cannot, and its length is not known beforehand.
#[derive(Clone)]
pub struct Handover(Arc<Take>);

impl Handover {
    /// To this.
    pub fn to(take: impl Fn(std::net::TcpStream, Bytes) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Hands a socket over.
    pub(super) fn take(&self, socket: std::net::TcpStream, head: Bytes) {
        (self.0)(socket, head);
    }
}

/// What a connection and its socket tell each other.
#[derive(Default)]
pub(super) struct Leaving {
    wanted: RefCell<Option<(Handover, Bytes)>>,
    unsent: Cell<bool>,
}

impl Leaving {
    /// The connection is to leave with this answer.
    pub(super) fn want(&self, handover: Handover, answer: &Response<AnyBody>) {
        *self.wanted.borrow_mut() = Some((handover, head(answer)));
    }

    /// Who takes the socket. Nobody while an earlier answer, to somebody who did not wait for it,
    /// is not all out.
    pub(super) fn now(&self) -> Option<(Handover, Bytes)> {
        if self.unsent.get() { None } else { self.wanted.borrow_mut().take() }
    }
}

/// An answer's head as it goes out; what follows ends with the connection.
fn head(answer: &Response<AnyBody>) -> Bytes {
    let mut head = format!("HTTP/1.1 {}\r\n", answer.status()).into_bytes();
    for (name, value) in answer.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"connection: close\r\n\r\n");
    head.into()
}

/// A socket that knows whether all that was written to it is out: whoever writes flushes once
/// nothing is left.
pub(super) struct Watched<'a, S> {
    /// The socket.
    pub(super) socket: S,
    /// Who is told.
    pub(super) leaving: &'a Leaving,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.leaving.unsent.set(true);
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.leaving.unsent.set(true);
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        self.leaving.unsent.set(flushed.is_pending());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
