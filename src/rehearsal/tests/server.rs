//! A bare HTTP server on threads, with habits a client must live with.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with a request: the bytes of the answer, or none to close.
pub(super) type Respond = dyn Fn(&Request) -> Option<Vec<u8>> + Send + Sync;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method_and_path: String,
    pub(super) bearer: String,
    pub(super) key: Option<String>,
    pub(super) body: Vec<u8>,
    /// Counted over all connections, from 1.
    pub(super) count: u64,
}

/// A server that runs as long as the test does.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    pub(super) connections: Arc<AtomicU64>,
}

impl Server {
    pub(super) fn start(
        respond: impl Fn(&Request) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicU64::new(0));
        let counted = connections.clone();
        let respond: Arc<Respond> = Arc::new(respond);
        let requests = Arc::new(AtomicU64::new(0));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                let (respond, requests) = (respond.clone(), requests.clone());
                thread::spawn(move || serve(stream, &*respond, &requests));
            }
        });
        Self { addr, connections }
    }
}

fn serve(mut stream: TcpStream, respond: &Respond, requests: &AtomicU64) -> Option<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let whole = loop {
            if let Some(whole) = request(&bytes) {
                break whole;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(more) => bytes.extend_from_slice(&buffer[..more]),
            }
        };
        let (mut request, length) = whole;
        assert_eq!(bytes.len(), length, "one request under way, no more");
        bytes.clear();
        request.count = requests.fetch_add(1, Ordering::Relaxed) + 1;
        stream.write_all(&respond(&request)?).ok()?;
    }
}

fn request(bytes: &[u8]) -> Option<(Request, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let header =
        |name: &str| head.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    let length: usize = header("Content-Length:").map_or(0, |length| length.parse().unwrap());
    let request = Request {
        method_and_path: head.split(" HTTP/1.1\r\n").next().unwrap().to_owned(),
        bearer: header("Authorization: Bearer").unwrap_or_default(),
        key: header("Idempotency-Key:"),
        body: bytes.get(end..end + length)?.to_vec(),
        count: 0,
    };
    Some((request, end + length))
}

/// An answer with a body.
pub(super) fn answer(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Word\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// A sale of some units as the API words it: one claim a fan, paid or given back.
pub(super) fn sale(units: u64, hold_until_ms: i64) -> impl Fn(&Request) -> Vec<u8> {
    let claims: Mutex<Vec<(String, &'static str)>> = Mutex::default();
    move |request| {
        let mut claims = claims.lock().unwrap();
        let parts: Vec<&str> = request.method_and_path.split('/').collect();
        let at = match parts[..] {
            ["GET ", ..] => return answer(200, r#"{"id":"d","state":"open"}"#),
            [.., "drops", _, "claims"] => {
                let own = claims.iter().position(|(fan, _)| *fan == request.bearer);
                if own.is_none() && claims.len() as u64 >= units {
                    return answer(409, r#"{"code":"sold_out","head":{"lane":1}}"#);
                }
                own.unwrap_or_else(|| {
                    claims.push((request.bearer.clone(), "held"));
                    claims.len() - 1
                })
            }
            [.., id, verb] => {
                let at = id.rsplit('-').next().unwrap().parse::<usize>().unwrap();
                claims[at].1 = if verb == "settlement" { "settled" } else { "released" };
                at
            }
            _ => return answer(404, r#"{"code":"not_found"}"#),
        };
        let (number, state) = (at + 1, claims[at].1);
        answer(
            201,
            &format!(
                r#"{{"claim":"1-2-{at}","drop":"d","item":"i","variant":null,"quantity":1,
            "number":{number},"state":"{state}","held_until_ms":{hold_until_ms},"receipt":{{}}}}"#
            ),
        )
    }
}

/// Sleeps a little in a server's thread.
pub(super) fn nap(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}
