//! A connection as it begins, and is most of the time: a crowd's requests, answered from the bytes
//! they came in. What stands whole in the buffer is answered in turn and written at once; the first
//! request that is another's to answer hands the connection over with all that was read of it.

mod wire;

pub use wire::Lacking;
pub(super) use wire::Spare;

use super::head::{Begins, FIELDS_MAX, begins};
use super::reply::Reply;
use super::{Door, House, Service};
use crate::kit::tls;
use axum::http::Method;
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use wire::{BUFFER_BYTES, Wire};

/// How a request fares that may be answered from its bytes.
pub enum Quick<W> {
    /// Answered.
    Now(Reply),
    /// To be answered when a lane has decided.
    Later(W),
    /// It is another's to answer.
    Not,
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
    if read.len() > BUFFER_BYTES {
        return Some((stream, read));
    }
    let mut wire = Wire::behind(stream, &read, house);
    // Asked once: from then on it wakes this connection, which looks at what was turned.
    let mut closing = pin!(house.closing.notified());
    poll_fn(|context| {
        let _ = closing.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    let mut lacking = None;
    loop {
        let (reply, https) = match step(house, (wire.bytes(), lacking), peer) {
            Step::Said(reply, bytes, https) => {
                wire.used(bytes, &house.spare);
                (reply, https)
            }
            Step::Asks(waits, bytes, https) => {
                // Who waits needs no buffer, and the next to read finds this one near.
                wire.used(bytes, &house.spare);
                // Who sent more than one request at once hears of the first before the next.
                wire.flush(house).await.ok()?;
                (house.service.later(waits).await, https)
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
                return Some(wire.left(house));
            }
        };
        let last = house.stopping.get() || lacking.is_some();
        reply.write(wire.outward(&house.spare), &house.date.borrow(), https, last);
        if last || wire.gathered() {
            wire.flush(house).await.ok()?;
        }
        if last {
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
    // Nobody looks with a body: whether one follows is not waited for here.
    let odd = behind > 0 && head.method == Method::GET;
    if odd || whole > BUFFER_BYTES {
        return Step::Otherwise;
    }
    let Some(place) = house.service.place(&head) else { return Step::Otherwise };
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
    match house.service.quick((place, &head), body, caller.address) {
        Quick::Now(reply) => Step::Said(reply, whole, caller.https),
        Quick::Later(waits) => Step::Asks(waits, whole, caller.https),
        Quick::Not => Step::Otherwise,
    }
}

#[cfg(test)]
mod tests;
