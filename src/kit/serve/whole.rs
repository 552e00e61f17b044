//! Requests that are hyper's to read: pages, and whatever is unusual about a crowd's.

use super::rewound::{Answer, Rewound};
use super::{AnyBody, Door, Handover, House, Sent, Service, handover};
use crate::kit::tls;
use axum::http::{Method, Request, Response, Version, header};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{self, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How long a request's head may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// Most bytes a request's head may have.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// An answer's body. Where nothing more of its request can come, its end is told.
struct Told {
    body: AnyBody,
    end: Option<Rc<Cell<Answer>>>,
}

impl Body for Told {
    type Data = Bytes;
    type Error = <AnyBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(answer) = &self.end {
            answer.set(Answer::Given);
        }
    }
}

/// Whether a connection is kept behind the answer to a request, as far as its head says.
fn is_kept(request: &Request<Incoming>) -> bool {
    let version = request.version();
    version == Version::HTTP_11 && !request.headers().contains_key(header::CONNECTION)
}

/// Why hyper gives a connection back.
enum Leaves {
    /// It is over.
    Over,
    /// Somebody takes the socket, behind this head.
    Taken(Handover, Bytes),
    /// What comes next may be quick.
    Between,
}

/// Has hyper read what a connection sends until behind an answer it may be quick again: then gives
/// the stream, and what was read of it.
pub(super) async fn serve<S: Service, D: Door>(
    (stream, read): (D::Stream, Bytes),
    peer: SocketAddr,
    house: &House<S, D>,
    mut stop: watch::Receiver<bool>,
) -> Option<(D::Stream, Bytes)> {
    let (leaving, newest) = (&Cell::new(None), &Rc::new(Cell::new(Answer::Open)));
    let answer = service_fn(|request: Request<Incoming>| {
        newest.set(Answer::Open);
        async move {
            let (kept, may_leave) = (is_kept(&request), D::BARE && request.method() == Method::GET);
            let (head, body) = request.into_parts();
            let (body, read) = Sent::new(body);
            let request = Request::from_parts(head, body);
            let mut answer = ask(house, request, peer).await;
            let taker = answer.extensions_mut().remove::<Handover>();
            if let Some(taker) = taker.filter(|_| may_leave) {
                leaving.set(Some((taker, handover::head(&answer))));
                drop(answer);
                // Never answered here. A request is read once all answers before it are out:
                // nothing stands in the connection's buffers that would be lost with them.
                return future::pending().await;
            }
            // What was not read of a body may still come, and hyper knows what to do about it.
            let ends = kept && read.load(Ordering::Relaxed);
            let ends = ends && !answer.headers().contains_key(header::CONNECTION);
            let end = ends.then(|| newest.clone());
            Ok::<_, Infallible>(answer.map(|body| Told { body, end }))
        }
    });
    let stream = Rewound::new(stream, read, newest.clone());
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let left = poll_fn(|context| match Pin::new(&mut served).poll(context) {
        Poll::Ready(_) => Poll::Ready(Leaves::Over),
        Poll::Pending if newest.get() == Answer::Gone => Poll::Ready(Leaves::Between),
        Poll::Pending => {
            leaving.take().map_or(Poll::Pending, |(by, head)| Poll::Ready(Leaves::Taken(by, head)))
        }
    });
    let left = tokio::select! {
        left = left => left,
        _ = stop.wait_for(|stop| *stop) => {
            Pin::new(&mut served).graceful_shutdown();
            let _ = served.await;
            return None;
        }
    };
    match left {
        Leaves::Over => None,
        Leaves::Taken(taker, head) => {
            let (stream, _) = served.into_parts().io.into_inner().into_inner();
            if let Some(Ok(socket)) = D::bare(stream).map(TcpStream::into_std) {
                taker.take(socket, head);
            }
            None
        }
        Leaves::Between => {
            let parts = served.into_parts();
            let (stream, unread) = parts.io.into_inner().into_inner();
            // What hyper has read ahead came before what it was not given yet.
            let read = [parts.read_buf, unread].concat();
            Some((stream, read.into()))
        }
    }
}

/// Has a request answered, in the way that suits how it came.
async fn ask<S: Service, D: Door>(
    house: &House<S, D>,
    mut request: Request<Sent>,
    peer: SocketAddr,
) -> Response<AnyBody> {
    let caller = house.door.caller(peer, request.headers());
    if caller.https {
        tls::own_cookies(request.headers_mut());
    }
    let mut answer = house.service.call(request, caller.address).await;
    if caller.https {
        tls::over_https(answer.headers_mut());
    }
    answer
}
