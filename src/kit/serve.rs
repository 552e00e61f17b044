//! Serving HTTP: one listener and one single-threaded runtime a core. Nothing moves between
//! cores, and an answer costs no more than the request that carries it.
//!
//! A connection comes in by a `Door`. What a crowd sends is answered from the bytes it came in
//! (`quick`); anything else is hyper's to read and the router's to answer (`whole`), and behind an
//! answer to a request that was read to its end the connection is quick again. An answer that lasts
//! for hours may take the bare socket with it: see `Handover`.

mod door;
mod fields;
mod handover;
mod head;
mod idle;
mod open;
mod quick;
mod reply;
mod rewound;
mod sent;
mod whole;

pub use door::{Door, Plain};
pub use fields::Fields;
pub use handover::Handover;
pub use head::Head;
pub use idle::Idle;
pub use open::connections;
pub use quick::{Lacking, Quick};
pub use reply::Reply;
pub use sent::Sent;

use super::clock;
use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{Either, Full};
use socket2::{Domain, Socket, Type};
use std::cell::{Cell, RefCell};
use std::future::{self, Future};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;

/// How long connections get to finish when the server stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(4);

/// Connections waiting to be accepted, a listener.
const BACKLOG: i32 = 4_096;

/// A body made at once, or one of the router's.
pub type AnyBody = Either<Full<Bytes>, Body>;

/// What answers requests. One is made for each core.
pub trait Service: 'static {
    /// Where a quick request goes.
    type Place;

    /// A quick request that waits for its answer.
    type Waits;

    /// Answers a request from this address.
    fn call(
        &self,
        request: Request<Sent>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<AnyBody>>;

    /// Where a request goes if it is one of those that a crowd sends, which `quick` answers.
    fn place(&self, _: &Head<'_>) -> Option<Self::Place> {
        None
    }

    /// Answers such a request from this address, with its body or why it is not there.
    fn quick(
        &self,
        _: (Self::Place, &Head<'_>),
        _: Result<&[u8], Lacking>,
        _: SocketAddr,
    ) -> Quick<Self::Waits> {
        Quick::Not
    }

    /// Answers one that waits.
    fn later(&self, _: Self::Waits) -> impl Future<Output = Reply> {
        future::pending()
    }

    /// Who hears when the core has nothing to do.
    fn idle(&self) -> Option<Arc<dyn Idle>> {
        None
    }

    /// Goes on beside the connections of the core.
    fn tend(self: Rc<Self>) -> impl Future<Output = ()> {
        future::pending()
    }
}

/// What a core's connections share.
struct House<S, D> {
    service: Rc<S>,
    door: D,
    spare: quick::Spare,
    /// What the clock shows, as HTTP writes it.
    date: RefCell<String>,
    /// How often that was looked at.
    turn: Cell<u32>,
    /// Whether connections end behind the answer they wait for.
    stopping: Cell<bool>,
    /// Wakes those that wait for nothing, once that is so.
    closing: Notify,
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
            if let Err(why) = run(listener, House::new(make(), door), stop) {
                tracing::error!(%why, "a listener ended");
            }
        };
        thread::Builder::new().name(format!("front-{at}")).spawn(body)
    };
    listeners.into_iter().enumerate().map(thread).collect()
}

impl<S: Service, D: Door> House<S, D> {
    fn new(service: S, door: D) -> Self {
        Self {
            service: Rc::new(service),
            door,
            spare: quick::Spare::default(),
            date: RefCell::new(clock::http_date()),
            turn: Cell::new(0),
            stopping: Cell::new(false),
            closing: Notify::new(),
        }
    }
}

fn run<S: Service, D: Door>(
    listener: TcpListener,
    house: House<S, D>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    house.service.idle().into_iter().for_each(|idle| idle::tell(idle, &mut runtime));
    let runtime = runtime.enable_all().build()?;
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
    tokio::task::spawn_local(house.service.clone().tend());
    tokio::task::spawn_local(turn_date(house.clone()));
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
                    if let Some(stream) = let_in(stream, &house, stop.clone()).await {
                        connection(stream, peer, &house, stop).await;
                    }
                    drop(open);
                });
            }
            // Out of files or the like: others may leave in a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    drop(listener);
    house.stopping.set(true);
    house.closing.notify_waiters();
    let drained = async {
        while Rc::strong_count(&open) > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(DRAIN_WITHIN, drained).await;
    Ok(())
}

/// Keeps the date what it is.
async fn turn_date<S, D>(house: Rc<House<S, D>>) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        *house.date.borrow_mut() = clock::http_date();
        house.turn.set(house.turn.get().wrapping_add(1));
    }
}

/// Opens the door, unless the server stops meanwhile.
async fn let_in<S, D: Door>(
    stream: TcpStream,
    house: &House<S, D>,
    mut stop: watch::Receiver<bool>,
) -> Option<D::Stream> {
    tokio::select! {
        biased;
        opened = house.door.open(stream) => opened,
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

/// A connection, quick and whole by turns.
async fn connection<S: Service, D: Door>(
    stream: D::Stream,
    peer: SocketAddr,
    house: &House<S, D>,
    stop: watch::Receiver<bool>,
) {
    let mut next = Some((stream, Bytes::new()));
    while let Some(begun) = next {
        let Some(others) = quick::serve(begun, peer, house).await else { return };
        // Boxed: those who only ever ask quick questions need no room for it.
        next = Box::pin(whole::serve(others, peer, house, stop.clone())).await;
    }
}
