//! A connection's bytes, in and out. One that waits has no buffer: those of a core are shared by
//! whoever has something in one.

use crate::kit::serve::House;
use bytes::Bytes;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes a buffer has: a head, and a body of a crowd's request.
pub(super) const BUFFER_BYTES: usize = 16 * 1024;

/// How long a connection may wait before it asks again. Whoever waits for an opening is kept, for
/// to come anew would cost both most just then.
const IDLE_WITHIN: Duration = Duration::from_secs(90);

/// How long the rest of a request may take to arrive.
const REST_WITHIN: Duration = Duration::from_secs(10);

/// Answers that gathered go out from so many bytes on, whatever else was asked: who sends much at
/// once and reads nothing is held by their socket.
const GATHERED_BYTES: usize = 16 * 1024;

/// Buffers that nobody uses are kept up to this many.
const SPARE_MAX: usize = 256;

/// Why the rest of a request is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// It took too long.
    Late,
    /// The connection ended before it.
    CutOff,
}

type Buffer = Box<[u8; BUFFER_BYTES]>;

/// Buffers nobody uses.
#[derive(Default)]
pub(in crate::kit::serve) struct Spare {
    inward: RefCell<Vec<Buffer>>,
    outward: RefCell<Vec<Vec<u8>>>,
}

fn give<T>(to: &RefCell<Vec<T>>, spare: T) {
    let mut kept = to.borrow_mut();
    if kept.len() < SPARE_MAX {
        kept.push(spare);
    }
}

/// What was read and not yet used.
#[derive(Default)]
struct Inward {
    buffer: Option<Buffer>,
    from: usize,
    to: usize,
}

impl Inward {
    fn bytes(&self) -> &[u8] {
        self.buffer.as_ref().map_or(&[], |buffer| &buffer[self.from..self.to])
    }

    /// Reads what there is behind what is left.
    fn poll_more<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        spare: &Spare,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let made = || spare.inward.borrow_mut().pop();
        let fresh = || Box::new([0; BUFFER_BYTES]);
        let mut buffer = self.buffer.take().or_else(made).unwrap_or_else(fresh);
        buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        let mut into = ReadBuf::new(&mut buffer[self.to..]);
        let read = Pin::new(stream).poll_read(context, &mut into);
        let more = into.filled().len();
        self.to += more;
        if self.to == 0 {
            give(&spare.inward, buffer);
        } else {
            self.buffer = Some(buffer);
        }
        read.map_ok(|()| more)
    }
}

/// A connection whose requests are answered from their bytes.
pub(super) struct Wire<Stream> {
    stream: Stream,
    inward: Inward,
    outward: Vec<u8>,
    patience: Pin<Box<Sleep>>,
    /// Whether the rest of a request is waited for.
    hurried: bool,
    /// When its patience began anew, in the house's turns.
    since: u32,
}

impl<Stream: AsyncRead + AsyncWrite + Unpin> Wire<Stream> {
    /// Behind what another read of the stream and did not use, no more than a buffer's bytes.
    pub(super) fn behind<S, D>(stream: Stream, read: &[u8], house: &House<S, D>) -> Self {
        let mut inward = Inward::default();
        if !read.is_empty() {
            let mut buffer = Box::new([0; BUFFER_BYTES]);
            buffer[..read.len()].copy_from_slice(read);
            inward = Inward { buffer: Some(buffer), from: 0, to: read.len() };
        }
        Self {
            stream,
            inward,
            outward: Vec::new(),
            patience: Box::pin(sleep(IDLE_WITHIN)),
            hurried: false,
            since: house.turn.get(),
        }
    }

    /// The stream, and what was read of it and not used.
    pub(super) fn left<S, D>(mut self, house: &House<S, D>) -> (Stream, Bytes) {
        let read = Bytes::copy_from_slice(self.bytes());
        if let Some(buffer) = self.inward.buffer.take() {
            give(&house.spare.inward, buffer);
        }
        (self.stream, read)
    }

    /// What was read and not yet used.
    pub(super) fn bytes(&self) -> &[u8] {
        self.inward.bytes()
    }

    /// So many of these bytes are used.
    pub(super) fn used(&mut self, bytes: usize, spare: &Spare) {
        self.inward.from += bytes;
        if self.inward.from == self.inward.to {
            let read = std::mem::take(&mut self.inward);
            read.buffer.into_iter().for_each(|buffer| give(&spare.inward, buffer));
        }
    }

    /// Where answers gather.
    pub(super) fn outward(&mut self, spare: &Spare) -> &mut Vec<u8> {
        if self.outward.capacity() == 0 {
            self.outward = spare.outward.borrow_mut().pop().unwrap_or_default();
        }
        &mut self.outward
    }

    /// Whether so much has gathered that it goes out before more is answered.
    pub(super) fn gathered(&self) -> bool {
        self.outward.len() >= GATHERED_BYTES
    }

    /// Writes all answers that have gathered, unless nobody reads them for too long.
    pub(super) async fn flush<S, D>(&mut self, house: &House<S, D>) -> io::Result<()> {
        if self.outward.is_empty() {
            return Ok(());
        }
        let Self { stream, outward, patience, hurried, .. } = self;
        let mut writing = pin!(async {
            stream.write_all(outward).await?;
            stream.flush().await
        });
        let mut waits = false;
        poll_fn(|context| {
            if let Poll::Ready(done) = writing.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            if !std::mem::replace(&mut waits, true) {
                *hurried = true;
                patience.as_mut().reset(Instant::now() + IDLE_WITHIN);
            }
            patience.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
        })
        .await?;
        let mut outward = std::mem::take(&mut self.outward);
        outward.clear();
        // One that a large answer has made large is not kept.
        if outward.capacity() <= 2 * GATHERED_BYTES {
            give(&house.spare.outward, outward);
        }
        // Setting a timer for each answer would show.
        if self.hurried || self.since != house.turn.get() {
            (self.hurried, self.since) = (false, house.turn.get());
            self.patience.as_mut().reset(Instant::now() + IDLE_WITHIN);
        }
        Ok(())
    }

    /// Ends the connection; over TLS whoever asked is told that nothing was cut off.
    pub(super) async fn end<T>(mut self) -> Option<T> {
        let _ = self.stream.shutdown().await;
        None
    }

    /// Waits for more bytes, or finds that none come.
    pub(super) async fn more<S, D>(&mut self, house: &House<S, D>) -> Result<(), Lacking> {
        poll_fn(|context| {
            match self.inward.poll_more(&mut self.stream, &house.spare, context) {
                Poll::Ready(read) => {
                    let any = matches!(read, Ok(1..));
                    return Poll::Ready(if any { Ok(()) } else { Err(Lacking::CutOff) });
                }
                Poll::Pending => {}
            }
            if self.inward.bytes().is_empty() && house.stopping.get() {
                return Poll::Ready(Err(Lacking::Late));
            }
            // From its first byte on a request has so long, however often more of it comes.
            if !self.inward.bytes().is_empty() && !std::mem::replace(&mut self.hurried, true) {
                self.patience.as_mut().reset(Instant::now() + REST_WITHIN);
            }
            self.patience.as_mut().poll(context).map(|()| Err(Lacking::Late))
        })
        .await
    }
}
