//! Kept connections between nodes: one from each node to each other, made again when it breaks.
//! Whoever dialled asks and follows; whoever was dialled owns lanes and answers.

use super::frame::{FRAME_BYTES_MAX, Frame, NodeId, ProcessId};
use super::tls::{self, Ends};
use fanfare_lane::FestivalId;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::ServerName;

/// How long a connection may take until both have said who they are.
const MEET_WITHIN: Duration = Duration::from_secs(3);

/// How long until a node that cannot be reached is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// A side that is silent for so long is gone: word is asked for several times a second.
const SILENT_FOR: Duration = Duration::from_secs(5);

/// One connection.
pub type Conn = u64;

/// Where frames for the other side go in.
pub type Sender = mpsc::UnboundedSender<Frame>;

/// What happens on connections.
pub enum Event {
    /// Another node came: it asks and follows.
    Came(Conn, ProcessId, Sender),
    /// This node reached another one, to ask and follow it.
    Reached(Conn, NodeId, ProcessId, Sender),
    /// The other side says something.
    Said(Conn, Frame),
    /// The connection is no more.
    Ended(Conn),
}

/// Who this node is.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// The node.
    pub node: NodeId,
    /// Its process.
    pub process: ProcessId,
    /// Whose festival.
    pub festival: FestivalId,
}

/// The other nodes to be connected with, and where each listens.
pub type Others = BTreeMap<NodeId, SocketAddr>;

/// A node's connections.
pub struct Links {
    others: watch::Sender<Others>,
    thread: Option<JoinHandle<()>>,
}

impl Links {
    /// Listens for other nodes and tells of what happens.
    ///
    /// # Errors
    /// If the listener or a thread cannot be had, in words.
    pub fn start(
        own: Own,
        secret: &[u8; 32],
        listener: StdListener,
        tell: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let ends = tls::ends(secret)?;
        let (others, followed) = watch::channel(Others::new());
        listener.set_nonblocking(true).map_err(|why| why.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| why.to_string())?;
        let shared = Arc::new(Shared { own, ends, tell: Box::new(tell), next: AtomicU64::new(1) });
        let body = move || {
            runtime.block_on(async {
                match TcpListener::from_std(listener) {
                    Ok(listener) => drop(tokio::spawn(accept(shared.clone(), listener))),
                    Err(why) => tracing::error!(%why, "other nodes cannot come"),
                }
                dial(shared, followed).await;
            });
        };
        let thread = crate::kit::vital::spawn("nodes", body).map_err(|why| why.to_string())?;
        Ok(Self { others, thread: Some(thread) })
    }

    /// From now on, these are the others.
    pub fn meet(&self, others: Others) {
        self.others.send_if_modified(|known| {
            let new = *known != others;
            *known = others;
            new
        });
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        // Without a sender the thread ends, and its connections with it.
        self.others = watch::channel(Others::new()).0;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Shared {
    own: Own,
    ends: Ends,
    tell: Box<dyn Fn(Event) + Send + Sync>,
    next: AtomicU64,
}

impl Shared {
    fn hello(&self) -> Frame {
        let Own { node, process, festival } = self.own;
        Frame::Hello { node, process, festival }
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(AGAIN).await;
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let met = timeout(MEET_WITHIN, async {
                let mut stream = shared.ends.acceptor.accept(stream).await?;
                let met = meet(&shared, &mut stream).await?;
                Ok::<_, io::Error>((stream, met))
            });
            if let Ok(Ok((stream, (_, process)))) = met.await {
                keep(&shared, stream, |conn, sender| Event::Came(conn, process, sender)).await;
            }
        });
    }
}

/// Keeps one dialler for each other node.
async fn dial(shared: Arc<Shared>, mut followed: watch::Receiver<Others>) {
    let mut diallers = BTreeMap::new();
    loop {
        let others = followed.borrow_and_update().clone();
        diallers.retain(|other: &(NodeId, SocketAddr), task: &mut tokio::task::JoinHandle<()>| {
            let known = others.get(&other.0) == Some(&other.1);
            if !known {
                task.abort();
            }
            known
        });
        for (&node, &address) in &others {
            if node != shared.own.node {
                let dialler = || tokio::spawn(keep_dialling(shared.clone(), node, address));
                diallers.entry((node, address)).or_insert_with(dialler);
            }
        }
        if followed.changed().await.is_err() {
            return;
        }
    }
}

async fn keep_dialling(shared: Arc<Shared>, node: NodeId, address: SocketAddr) {
    loop {
        let met = timeout(MEET_WITHIN, async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let name = ServerName::from(address.ip());
            let mut stream = shared.ends.connector.connect(name, stream).await?;
            let met = meet(&shared, &mut stream).await?;
            Ok::<_, io::Error>((stream, met))
        });
        match met.await {
            Ok(Ok((stream, (other, process)))) if other == node => {
                let reached = |conn, sender| Event::Reached(conn, node, process, sender);
                keep(&shared, stream, reached).await;
            }
            Ok(Ok(_)) => tracing::warn!(%address, "another node than was thought listens there"),
            Ok(Err(why)) => tracing::debug!(%address, %why, "a node cannot be reached"),
            Err(_) => tracing::debug!(%address, "a node does not answer"),
        }
        sleep(AGAIN).await;
    }
}

/// Both say who they are.
async fn meet<S>(shared: &Shared, stream: &mut S) -> io::Result<(NodeId, ProcessId)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&shared.hello().write()).await?;
    stream.flush().await?;
    match read(stream).await? {
        Frame::Hello { node, process, festival } if festival == shared.own.festival => {
            Ok((node, process))
        }
        _ => Err(io::Error::other("another festival's node, or another version's")),
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Frame> {
    let length = stream.read_u32().await? as usize;
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::other("a frame that is too long"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Frame::read(&bytes).ok_or_else(|| io::Error::other("a frame that cannot be read"))
}

/// Carries frames until the connection ends, either way.
async fn keep<S>(shared: &Arc<Shared>, stream: S, met: impl FnOnce(Conn, Sender) -> Event)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let conn = shared.next.fetch_add(1, Ordering::Relaxed);
    let (sender, receiver) = mpsc::unbounded_channel();
    let (half, writes) = tokio::io::split(stream);
    let _ended = Ended(shared, conn);
    (shared.tell)(met(conn, sender));
    let mut half = BufReader::with_capacity(64 * 1_024, half);
    let hear = async {
        while let Ok(Ok(frame)) = timeout(SILENT_FOR, read(&mut half)).await {
            (shared.tell)(Event::Said(conn, frame));
        }
    };
    tokio::select! {
        () = hear => {}
        () = write(writes, receiver) => {}
    }
}

/// Says that a connection ended, also where its task is aborted.
struct Ended<'a>(&'a Shared, Conn);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        (self.0.tell)(Event::Ended(self.1));
    }
}

/// Writes what has gathered in one piece.
async fn write(mut stream: impl AsyncWrite + Unpin, mut frames: mpsc::UnboundedReceiver<Frame>) {
    let mut bytes = Vec::new();
    while let Some(frame) = frames.recv().await {
        bytes.clear();
        bytes.extend(frame.write());
        while bytes.len() < FRAME_BYTES_MAX
            && let Ok(more) = frames.try_recv()
        {
            bytes.extend(more.write());
        }
        let written = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        if !matches!(timeout(SILENT_FOR, written).await, Ok(Ok(()))) {
            return;
        }
    }
}
