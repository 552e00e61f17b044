//! A stream of which something has been read already, and the word of when the answer to a request
//! that was read to its end has gone out.

use bytes::{Buf as _, Bytes};
use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How far the newest request's answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Nothing can be said of it: there is none, or its request may go on.
    #[default]
    Open,
    /// All of it was given, and nothing more belongs to its request.
    Given,
    /// All of it has gone out.
    Gone,
}

/// The stream, what was read of it before, and how far the newest answer is.
pub struct Rewound<Stream> {
    read: Bytes,
    stream: Stream,
    answer: Rc<Cell<Answer>>,
}

impl<Stream> Rewound<Stream> {
    /// A stream of which this was read.
    pub fn new(stream: Stream, read: Bytes, answer: Rc<Cell<Answer>>) -> Self {
        Self { read, stream, answer }
    }

    /// The stream, and what was read of it and given to nobody.
    pub fn into_inner(self) -> (Stream, Bytes) {
        (self.stream, self.read)
    }
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Rewound<Stream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let bytes = self.read.len().min(into.remaining());
        into.put_slice(&self.read[..bytes]);
        self.read.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<Stream: AsyncWrite + Unpin> AsyncWrite for Rewound<Stream> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Asked for only once everything was written: what was given has then gone out.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        if self.answer.get() == Answer::Given {
            self.answer.set(Answer::Gone);
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
