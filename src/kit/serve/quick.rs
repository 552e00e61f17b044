//! A connection as it begins, and is most of the time: a crowd's requests, answered from the bytes
//! they came in. What stands whole in the buffer is answered in turn and written at once; the first
//! request that is another's to answer hands the connection over with all that was read of it.
//!
//! A connection that waits has no buffer: those of a core are shared by whoever has something in
//! one.

use super::head::{Begins, FIELDS_MAX, begins};
use super::reply::Reply;
use super::{Door, House, Service};
use crate::kit::tls;
use bytes::Bytes;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes a buffer has: a head, and a body of a crowd's request.
const BUFFER_BYTES: usize = 16 * 1024;

/// How long a connection may wait before it asks again. Whoever waits for an opening is kept, for
/// to come anew would cost both most just then.
const IDLE_WITHIN: Duration = Duration::from_secs(90);

/// How long the rest of a request may take to arrive.
const REST_WITHIN: Duration = Duration::from_secs(10);

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

/// How a request fares that may be answered from its bytes.
pub enum Quick<W> {
    /// Answered.
    Now(Reply),
    /// To be answered when a lane has decided.
    Later(W),
    /// It is another's to answer.
    Not,
}

type Buffer = Box<[u8; BUFFER_BYTES]>;

/// Buffers nobody uses.
#[derive(Default)]
pub(super) struct Spare {
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

    fn used(&mut self, bytes: usize) {
        self.from += bytes;
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
struct Wire<Stream> {
    stream: Stream,
    inward: Inward,
    outward: Vec<u8>,
    patience: Pin<Box<Sleep>>,
    /// Whether the rest of a request is waited for.
    hurried: bool,
    /// When its patience began anew, in the house's turns.
    since: u32,
}

/// What comes next on a connection.
enum Step<W> {
    /// An answer to so many bytes, over https or not.
    Said(Reply, usize, bool),
    /// The same once it is decided.
    Asks(W, usize, bool),
    /// More has to come.
    Part,
    /// The request is another's to answer.
    Otherwise,
}

/// Answers a connection's requests until it ends, or one comes that is another's to answer: then
/// gives the stream, and what was read of that.
pub(super) async fn serve<S: Service, D: Door>(
    (stream, read): (D::Stream, Bytes),
    peer: SocketAddr,
    house: &House<S, D>,
) -> Option<(D::Stream, Bytes)> {
    let patience = Box::pin(sleep(IDLE_WITHIN));
    let mut wire = Wire {
        stream,
        inward: Inward::default(),
        outward: Vec::new(),
        patience,
        hurried: false,
        since: house.turn.get(),
    };
    if !read.is_empty() && !wire.put_back(&read) {
        return Some((wire.stream, read));
    }
    // Asked once: from then on it wakes this connection, which looks at what was turned.
    let mut closing = pin!(house.closing.notified());
    poll_fn(|context| {
        let _ = closing.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    let mut lacking = None;
    loop {
        let (reply, bytes, https) = match step(house, (wire.inward.bytes(), lacking), peer) {
            Step::Said(reply, bytes, https) => (reply, bytes, https),
            Step::Asks(waits, bytes, https) => {
                // Who sent more than one request at once hears of the first before the next.
                wire.flush(house).await.ok()?;
                (house.service.later(waits).await, bytes, https)
            }
            Step::Part => {
                wire.flush(house).await.ok()?;
                if lacking.is_some() {
                    return wire.end().await;
                }
                lacking = wire.more(house).await.err();
                continue;
            }
            Step::Otherwise => {
                wire.flush(house).await.ok()?;
                let read = Bytes::copy_from_slice(wire.inward.bytes());
                if let Some(buffer) = wire.inward.buffer.take() {
                    give(&house.spare.inward, buffer);
                }
                return Some((wire.stream, read));
            }
        };
        let last = house.stopping.get() || lacking.is_some();
        reply.write(wire.outward(&house.spare), &house.date.borrow(), https, last);
        wire.inward.used(bytes);
        if last {
            wire.flush(house).await.ok()?;
            return wire.end().await;
        }
    }
}

/// What comes next behind these bytes. Nothing waits here, so that a head's fields take no room in
/// a connection that does.
fn step<S: Service, D: Door>(
    house: &House<S, D>,
    (sent, lacking): (&[u8], Option<Lacking>),
    peer: SocketAddr,
) -> Step<S::Waits> {
    let mut room = [MaybeUninit::uninit(); FIELDS_MAX];
    let (mut head, of, behind) = match begins(sent, &mut room) {
        Begins::Head(head, of, behind) => (head, of, behind),
        Begins::Part if sent.len() < BUFFER_BYTES => return Step::Part,
        Begins::Part | Begins::Unusual => return Step::Otherwise,
    };
    let whole = of + behind;
    if whole > BUFFER_BYTES || !house.service.is_quick(&head) {
        return Step::Otherwise;
    }
    let body = match (sent.get(of..whole), lacking) {
        (Some(body), _) => Ok(body),
        (None, None) => return Step::Part,
        (None, Some(lacking)) => Err(lacking),
    };
    let whole = whole.min(sent.len());
    let caller = house.door.caller(peer, &head);
    if caller.https {
        head.cookies_are = tls::HOSTS_OWN;
    }
    match house.service.quick(&head, body, caller.address) {
        Quick::Now(reply) => Step::Said(reply, whole, caller.https),
        Quick::Later(waits) => Step::Asks(waits, whole, caller.https),
        Quick::Not => Step::Otherwise,
    }
}

impl<Stream: AsyncRead + tokio::io::AsyncWrite + Unpin> Wire<Stream> {
    /// Where answers gather.
    fn outward(&mut self, spare: &Spare) -> &mut Vec<u8> {
        if self.outward.capacity() == 0 {
            self.outward = spare.outward.borrow_mut().pop().unwrap_or_default();
        }
        &mut self.outward
    }

    /// Writes all answers that have gathered.
    async fn flush<S, D>(&mut self, house: &House<S, D>) -> io::Result<()> {
        if self.outward.is_empty() {
            return Ok(());
        }
        self.stream.write_all(&self.outward).await?;
        self.stream.flush().await?;
        let mut outward = std::mem::take(&mut self.outward);
        outward.clear();
        give(&house.spare.outward, outward);
        // Setting a timer for each answer would show.
        if self.hurried || self.since != house.turn.get() {
            (self.hurried, self.since) = (false, house.turn.get());
            self.patience.as_mut().reset(Instant::now() + IDLE_WITHIN);
        }
        Ok(())
    }

    /// Ends the connection; over TLS whoever asked is told that nothing was cut off.
    async fn end<T>(mut self) -> Option<T> {
        let _ = self.stream.shutdown().await;
        None
    }

    /// Waits for more bytes, or finds that none come.
    async fn more<S, D>(&mut self, house: &House<S, D>) -> Result<(), Lacking> {
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

    /// Takes back what another read and did not use; whether there is room for it.
    fn put_back(&mut self, read: &[u8]) -> bool {
        if read.len() > BUFFER_BYTES {
            return false;
        }
        let mut buffer = Box::new([0; BUFFER_BYTES]);
        buffer[..read.len()].copy_from_slice(read);
        self.inward = Inward { buffer: Some(buffer), from: 0, to: read.len() };
        true
    }
}
