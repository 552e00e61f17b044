//! Serving HTTP: one listener and one single-threaded runtime a core. Nothing moves between
//! cores, and an answer costs no more than the request that carries it.
//!
//! A `Door` stands between the socket and the requests: `Plain` lets everybody in as they are and
//! costs nothing, behind `Proxies` the caller is looked up, `tls::Tls` shakes hands first. The
//! compiler makes a listener for each, so none pays for another.
//!
//! An answer that lasts for hours may take the bare socket with it: see `Handover`.

mod handover;
mod open;

pub use handover::Handover;
pub use open::connections;

use super::proxy::{Caller, Proxies};
use super::tls;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Socket, Type};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{self, Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// How long a request's head may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// Most bytes a request's head may have.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How long connections get to finish when the server stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(4);

/// Connections waiting to be accepted, a listener.
const BACKLOG: i32 = 4_096;

/// A body made at once, or one of the router's.
pub type AnyBody = Either<Full<Bytes>, Body>;

/// What answers requests. One is made for each core.
pub trait Service: 'static {
    /// Answers a request from this address.
    fn call(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<AnyBody>>;
}

/// What a connection comes in by. Every core has a copy.
pub trait Door: Clone + Send + 'static {
    /// What requests are read from.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// Lets a connection in; none if it does not behave.
    fn open(&self, stream: TcpStream) -> impl Future<Output = Option<Self::Stream>>;

    /// Whether the stream is the socket itself, so that it can be handed over.
    const BARE: bool;

    /// The socket, where the stream is that.
    fn bare(stream: Self::Stream) -> Option<TcpStream>;

    /// Has a request answered that came in here.
    fn ask<S: Service>(
        &self,
        service: &S,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<AnyBody>>;
}

/// A door that lets everybody in as they are.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Door for Plain {
    type Stream = TcpStream;

    fn open(&self, stream: TcpStream) -> impl Future<Output = Option<TcpStream>> {
        future::ready(Some(stream))
    }

    const BARE: bool = true;

    fn bare(stream: TcpStream) -> Option<TcpStream> {
        Some(stream)
    }

    fn ask<S: Service>(
        &self,
        service: &S,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<AnyBody>> {
        service.call(request, peer)
    }
}

impl Door for Proxies {
    type Stream = TcpStream;

    fn open(&self, stream: TcpStream) -> impl Future<Output = Option<TcpStream>> {
        future::ready(Some(stream))
    }

    const BARE: bool = true;

    fn bare(stream: TcpStream) -> Option<TcpStream> {
        Some(stream)
    }

    fn ask<S: Service>(
        &self,
        service: &S,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<AnyBody>> {
        let caller = self.caller(peer, request.headers());
        ask_for(caller, service, request)
    }
}

/// Has a caller's request answered, in the way that suits how it came.
pub async fn ask_for<S: Service>(
    caller: Caller,
    service: &S,
    mut request: Request<Incoming>,
) -> Response<AnyBody> {
    if caller.https {
        tls::own_cookies(request.headers_mut());
    }
    let mut answer = service.call(request, caller.address).await;
    if caller.https {
        tls::over_https(answer.headers_mut());
    }
    answer
}

/// What a core's connections share.
struct House<S, D> {
    service: S,
    door: D,
}

/// Listeners on one address, one a core.
///
/// # Errors
/// If the address cannot be used: in words, with what to do.
pub fn listen(address: SocketAddr, count: usize) -> Result<Vec<TcpListener>, String> {
    let told = |why: io::Error| match why.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{address} is in use by another program; use --listen with another port")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{address}: {why}; ports below 1024 need a privilege; use --listen")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{address}: this machine has no such address; use --listen with one it has")
        }
        _ => format!("{address}: {why}"),
    };
    // Shared ports are shared silently, so a first, unshared try finds out who else is there.
    drop(open(address, false).map_err(told)?);
    let first = open(address, true).map_err(told)?;
    let address = first.local_addr().map_err(told)?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(open(address, true).map_err(told)?);
    }
    Ok(listeners)
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Allows as many open connections as the machine lets this process have.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Starts a thread for each listener, over plain HTTP and trusting nobody.
///
/// # Errors
/// If a thread cannot be started.
pub fn start<S: Service>(
    listeners: Vec<TcpListener>,
    make: impl Fn() -> S + Clone + Send + 'static,
    stop: &watch::Receiver<bool>,
) -> io::Result<Vec<JoinHandle<()>>> {
    start_behind(&Plain, listeners, make, stop)
}

/// Starts a thread for each listener, behind this door.
///
/// # Errors
/// If a thread cannot be started.
pub fn start_behind<S: Service, D: Door>(
    door: &D,
    listeners: Vec<TcpListener>,
    make: impl Fn() -> S + Clone + Send + 'static,
    stop: &watch::Receiver<bool>,
) -> io::Result<Vec<JoinHandle<()>>> {
    let thread = |(at, listener): (usize, TcpListener)| {
        let (make, door, stop) = (make.clone(), door.clone(), stop.clone());
        let body = move || {
            if let Err(why) = run(listener, House { service: make(), door }, stop) {
                tracing::error!(%why, "a listener ended");
            }
        };
        thread::Builder::new().name(format!("front-{at}")).spawn(body)
    };
    listeners.into_iter().enumerate().map(thread).collect()
}

fn run<S: Service, D: Door>(
    listener: TcpListener,
    house: House<S, D>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let ended = runtime.block_on(local.run_until(accept(listener, Rc::new(house), stop)));
    // A journal being read for somebody who is gone is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

async fn accept<S: Service, D: Door>(
    listener: TcpListener,
    house: Rc<House<S, D>>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let open = Rc::new(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let open = (open.clone(), open::Connection::opened());
                let (house, stop) = (house.clone(), stop.clone());
                tokio::task::spawn_local(async move {
                    if let Some(stream) = let_in(stream, &house.door, stop.clone()).await {
                        connection(stream, peer, house, stop).await;
                    }
                    drop(open);
                });
            }
            // Out of files or the like: others may leave in a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    drop(listener);
    let drained = async {
        while Rc::strong_count(&open) > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(DRAIN_WITHIN, drained).await;
    Ok(())
}

/// Opens the door, unless the server stops meanwhile.
async fn let_in<D: Door>(
    stream: TcpStream,
    door: &D,
    mut stop: watch::Receiver<bool>,
) -> Option<D::Stream> {
    tokio::select! {
        biased;
        opened = door.open(stream) => opened,
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

async fn connection<S: Service, D: Door>(
    stream: D::Stream,
    peer: SocketAddr,
    house: Rc<House<S, D>>,
    mut stop: watch::Receiver<bool>,
) {
    let (leaving, house) = (&Cell::new(None), &*house);
    let answer = service_fn(|request| async move {
        let may_leave = D::BARE && request.method() == Method::GET;
        let mut answer = house.door.ask(&house.service, request, peer).await;
        let taker = answer.extensions_mut().remove::<Handover>();
        if let Some(taker) = taker.filter(|_| may_leave) {
            leaving.set(Some((taker, handover::head(&answer))));
            drop(answer);
            // Never answered here. A request is read once all answers before it are out: nothing
            // stands in the connection's buffers that would be lost with them.
            return future::pending().await;
        }
        Ok::<_, Infallible>(answer)
    });
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let left = poll_fn(|context| match Pin::new(&mut served).poll(context) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => leaving.take().map_or(Poll::Pending, |taker| Poll::Ready(Some(taker))),
    });
    let left = tokio::select! {
        left = left => left,
        _ = stop.wait_for(|stop| *stop) => {
            Pin::new(&mut served).graceful_shutdown();
            let _ = served.await;
            return;
        }
    };
    let Some((taker, head)) = left else { return };
    let socket = D::bare(served.into_parts().io.into_inner());
    if let Some(Ok(socket)) = socket.map(TcpStream::into_std) {
        taker.take(socket, head);
    }
}
