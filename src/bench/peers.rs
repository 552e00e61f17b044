//! The servers a bench talks to: this same program, pinned to the first core.

use crate::kit::guard;
use crate::kit::program;
use crate::kit::serve::{self, AnyBody, Head, Lacking, Quick, Reply, Sent, Service};
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use std::convert::Infallible;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::watch;

/// A server of the bench; it ends when this is dropped.
pub struct Peer {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A festival with one unit in one drop and very many in another.
pub const FESTIVAL: &str = include_str!("festival.toml");

/// The names of so many drops.
pub fn drops(count: u32) -> Vec<String> {
    (1..=count).map(|at| format!("many-{at}")).collect()
}

/// A festival of these drops, with more units each than anybody will ask for.
pub fn festival_of(drops: &[String]) -> String {
    const DROP: &str = "[[drops]]";
    let house = FESTIVAL.split(DROP).next().unwrap_or_default();
    let plenty = FESTIVAL.rsplit(DROP).next().unwrap_or_default().replace("50000000", "500000");
    let one = |id: &String| {
        let named = plenty.replace(r#"id = "plenty""#, &format!(r#"id = "{id}""#));
        format!("{DROP}{named}\n")
    };
    house.to_owned() + &drops.iter().map(one).collect::<String>()
}

impl Peer {
    /// A rehearsal's server of this festival over a fresh folder.
    ///
    /// # Errors
    /// If it does not start.
    pub fn server(folder: &Path, festival: &str) -> Result<Self, String> {
        let file = folder.join("bench.toml");
        fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        fs::write(&file, festival).map_err(|why| format!("{}: {why}", file.display()))?;
        let mut command = program::again()?;
        command.args(["serve", "--rehearsal", "--fronts", "1", "--core", "0"]);
        command.args(["--listen", "127.0.0.1:0", "--data"]);
        Self::start(command.arg(folder.join("data")).arg(file))
    }

    /// A bare server that answers bodies of this length.
    ///
    /// # Errors
    /// If it does not start.
    pub fn bare(bytes: usize, status: &str) -> Result<Self, String> {
        let mut command = program::again()?;
        Self::start(command.args(["bare", "--bytes", &bytes.to_string(), "--status", status]))
    }

    fn start(command: &mut Command) -> Result<Self, String> {
        command.env("FANFARE_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|why| why.to_string())?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let address = line.trim().strip_prefix("listening on http://");
        match address.and_then(|address| address.parse().ok()) {
            Some(address) => Ok(Self { child, address }),
            None => {
                let _ = child.kill();
                Err("a server of the bench did not come up; see above".to_owned())
            }
        }
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one request and reads its answer.
///
/// # Errors
/// If none comes.
pub fn ask_once(address: SocketAddr, request: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let told = |why: std::io::Error| why.to_string();
    let mut stream = TcpStream::connect(address).map_err(told)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(told)?;
    stream.write_all(request).map_err(told)?;
    let mut answer = Vec::new();
    let mut some = [0; 4_096];
    loop {
        let read = stream.read(&mut some).map_err(told)?;
        answer.extend(&some[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return Err("the server hung up".to_owned());
            }
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let (Some(length), Some(status)) = (length, status) else {
            return Err("that was no HTTP answer".to_owned());
        };
        if body.len() >= length || read == 0 {
            return Ok((status, body.as_bytes().to_vec()));
        }
    }
}

/// The bare server: reads a request whole and answers a fixed body, under every answer's headers.
struct Bare {
    status: StatusCode,
    body: Bytes,
}

impl Service for Bare {
    type Place = ();
    type Waits = Infallible;

    async fn call(&self, request: Request<Sent>, _: SocketAddr) -> Response<AnyBody> {
        let _ = request.into_body().collect().await;
        let mut response = Response::new(Either::Left(Full::new(self.body.clone())));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let kind = if self.status.is_success() {
            HeaderValue::from_static("application/json")
        } else {
            HeaderValue::from_static("application/problem+json")
        };
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        guard::guard(headers);
        response
    }

    fn place(&self, _: &Head<'_>) -> Option<()> {
        Some(())
    }

    fn quick(
        &self,
        _: ((), &Head<'_>),
        _: Result<&[u8], Lacking>,
        _: SocketAddr,
    ) -> Quick<Self::Waits> {
        let fine = self.status.is_success();
        let kind = if fine { "application/json" } else { "application/problem+json" };
        Quick::Now(Reply::new(self.status, kind, self.body.clone()))
    }
}

/// Serves bare answers on the first core until the process is ended.
///
/// # Errors
/// If it cannot listen.
pub fn serve_bare(bytes: usize, status: u16) -> Result<(), String> {
    super::machine::pin_to_core(0)?;
    serve::raise_file_limit();
    let listeners = serve::listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1)?;
    let address = listeners[0].local_addr().map_err(|why| why.to_string())?;
    let status = StatusCode::from_u16(status).map_err(|why| why.to_string())?;
    let (_stopper, stop) = watch::channel(false);
    let make = move || Bare { status, body: Bytes::from(vec![b'x'; bytes]) };
    let fronts = serve::start(listeners, make, &stop).map_err(|why| why.to_string())?;
    println!("listening on http://{address}");
    for front in fronts {
        let _ = front.join();
    }
    Ok(())
}
