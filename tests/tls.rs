//! HTTPS by the program itself: real handshakes, a claim through one, and callers who shake no
//! hands.

#[path = "tls/cert.rs"]
mod cert;
mod common;

use cert::Pair;
use common::program::Program;
use common::{festival, program};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::keys::Keys;
use fanfare::kit::proxy::Proxies;
use fanfare::kit::scratch::Scratch;
use fanfare::kit::serve::{self, AnyBody, Sent, Service};
use fanfare::kit::tls::{self, Tls};
use fanfare::kit::token::{Role, Tokens};
use http_body_util::Either;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version,
};

fn command(folder: &Path, flags: &[&str]) -> Command {
    let terms = "open_for = \"2d\"\nhold = \"2m\"";
    let text = festival::open_boxes("tls-day", terms, 10);
    let mut command = program::serve(folder, Some(&text));
    command.args(["--fronts", "1"]).args(flags).stderr(Stdio::piped());
    command
}

/// A server, and where it listens.
struct Server {
    program: Program,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Path, flags: &[&str], scheme: &str) -> Self {
        let mut program = Program::start(&mut command(folder, flags));
        assert!(program.url().starts_with(scheme));
        let address = program.address();
        Self { program, address }
    }
}

/// Asks once over TLS; the protocol agreed on and all that came back.
async fn ask(
    server: SocketAddr,
    trusted: &Pair,
    speaks: &'static SupportedProtocolVersion,
    request: &str,
) -> std::io::Result<(ProtocolVersion, String)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.der.clone())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[speaks])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = tokio::net::TcpStream::connect(server).await?;
    let name = "localhost".try_into().unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let (_, state) = stream.get_ref();
    assert_eq!(state.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let agreed = state.protocol_version().unwrap();
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    // A server that only hung up, without a word that it was done, would be a fault here.
    stream.read_to_string(&mut answer).await?;
    Ok((agreed, answer))
}

const GUEST: &str = "POST /guest HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\
                     Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\
                     Connection: close\r\n\r\nback=/me";

#[tokio::test]
async fn a_claim_over_https_is_made_and_cookies_are_secure() {
    let scratch = Scratch::new(None, "tls").unwrap();
    let pair = Pair::make(scratch.path(), "own", [1; 32]);
    let (cert, key) = (pair.cert.to_str().unwrap(), pair.key.to_str().unwrap());
    let flags = ["--tls-cert", cert, "--tls-key", key];
    let server = Server::start(scratch.path(), &flags, "https://");
    let tokens = Tokens::new(Keys::open(&scratch.path().join("data")).unwrap().tokens);
    for (fan, speaks) in [(1, &version::TLS13), (2, &version::TLS12)] {
        let token = common::token_now(&tokens, fan, Role::Fan);
        let request = format!(
            "POST /api/v1/drops/boxes/claims HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: 14\r\nConnection: close\r\n\r\n{{\"item\":\"box\"}}"
        );
        let (agreed, answer) = ask(server.address, &pair, speaks, &request).await.unwrap();
        assert_eq!(agreed, speaks.version);
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    }
    let (_, entered) = ask(server.address, &pair, &version::TLS13, GUEST).await.unwrap();
    let cookies: Vec<_> = entered.lines().filter(|l| l.starts_with("set-cookie: ")).collect();
    assert_eq!(cookies.len(), 2, "{entered}");
    let own = |cookie: &&str| {
        cookie.starts_with("set-cookie: __Host-") && cookie.ends_with("; SameSite=Lax; Secure")
    };
    assert!(cookies.iter().all(own), "{cookies:?}");

    let other = Pair::make(scratch.path(), "other", [2; 32]);
    let refused = ask(server.address, &other, &version::TLS13, GUEST).await;
    assert!(refused.unwrap_err().to_string().contains("certificate"), "another's is not taken");
}

#[tokio::test]
async fn who_watches_over_https_gets_events_until_the_server_stops() {
    let scratch = Scratch::new(None, "tls-live").unwrap();
    let pair = Pair::make(scratch.path(), "own", [1; 32]);
    let (cert, key) = (pair.cert.to_str().unwrap(), pair.key.to_str().unwrap());
    let flags = ["--tls-cert", cert, "--tls-key", key];
    let mut server = Server::start(scratch.path(), &flags, "https://");
    let watch = "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let seen = ask(server.address, &pair, &version::TLS13, watch);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        tokio::task::spawn_blocking(move || server.program.end()).await.unwrap()
    };
    let (seen, code) = tokio::join!(seen, stop);
    assert_eq!(code, Some(0));
    let (_, answer) = seen.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("strict-transport-security: "), "{answer}");
    let events = answer.matches("event: totals\ndata: {").count();
    assert!((2..=6).contains(&events), "{events} events: {answer}");
}

/// All that comes back for these bytes, until the server closes.
fn said_to(server: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("closed in order");
    answer
}

#[tokio::test]
async fn plain_http_to_the_https_port_is_closed_and_others_are_served() {
    let scratch = Scratch::new(None, "tls-plain").unwrap();
    let pair = Pair::make(scratch.path(), "own", [1; 32]);
    let (cert, key) = (pair.cert.to_str().unwrap(), pair.key.to_str().unwrap());
    let flags = ["--tls-cert", cert, "--tls-key", key];
    let server = Server::start(scratch.path(), &flags, "https://");
    for bytes in [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), &[0; 100], &[0x16; 100]] {
        let answer = said_to(server.address, bytes);
        assert!(answer.first().is_none_or(|first| *first == 21), "at most an alert: {answer:?}");
    }
    let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (_, answer) = ask(server.address, &pair, &version::TLS13, health).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// A client's first words in an old version of TLS (RFC 4346, 7.4.1.2): it offers what servers of
/// its day took.
fn old_hello(version: u8) -> Vec<u8> {
    let suites = [0x00, 0x2f, 0x00, 0x35, 0xc0, 0x13, 0xc0, 0x14];
    let mut hello = vec![3, version];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, suites.len() as u8]);
    hello.extend(suites);
    hello.extend([1, 0]);
    let mut shake = vec![1, 0, 0, hello.len() as u8];
    shake.extend(hello);
    let mut record = vec![0x16, 3, 1, 0, shake.len() as u8];
    record.extend(shake);
    record
}

#[tokio::test]
async fn versions_before_1_2_are_refused() {
    let scratch = Scratch::new(None, "tls-old").unwrap();
    let pair = Pair::make(scratch.path(), "own", [1; 32]);
    let (cert, key) = (pair.cert.to_str().unwrap(), pair.key.to_str().unwrap());
    let server = Server::start(scratch.path(), &["--tls-cert", cert, "--tls-key", key], "https://");
    for version in [0, 1, 2] {
        let answer = said_to(server.address, &old_hello(version));
        let alert = answer.first() == Some(&21) && answer.get(5) == Some(&2);
        assert!(alert, "3.{version} gets a fatal alert: {answer:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_without_a_start() {
    let scratch = Scratch::new(None, "tls-new").unwrap();
    let pair = Pair::make(scratch.path(), "own", [1; 32]);
    let next = Pair::make(scratch.path(), "next", [2; 32]);
    let (cert, key) = (pair.cert.to_str().unwrap(), pair.key.to_str().unwrap());
    let server = Server::start(scratch.path(), &["--tls-cert", cert, "--tls-key", key], "https://");
    let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let shown =
        async |pair: &Pair| ask(server.address, pair, &version::TLS13, health).await.is_ok();
    assert!(shown(&pair).await && !shown(&next).await);
    // Half a pair is no pair: the old one is shown until the other half is there.
    std::fs::copy(&next.cert, &pair.cert).unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(shown(&pair).await);
    std::fs::copy(&next.key, &pair.key).unwrap();
    let watch = Stopwatch::start();
    while !shown(&next).await {
        assert!(watch.passed_s() < 20.0, "it still shows the old one");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!shown(&pair).await);
}

/// Answers that all is well.
struct Well;

impl Service for Well {
    type Place = std::convert::Infallible;
    type Waits = std::convert::Infallible;

    async fn call(
        &self,
        _: axum::http::Request<Sent>,
        _: SocketAddr,
    ) -> axum::http::Response<AnyBody> {
        axum::http::Response::new(Either::Left("well".into()))
    }
}

#[test]
fn a_handshake_that_takes_too_long_is_closed() {
    let scratch = Scratch::new(None, "tls-slow").unwrap();
    let pair = Pair::make(scratch.path(), "own", [1; 32]);
    let acceptor = tls::acceptor(&pair.cert, &pair.key).unwrap();
    assert_eq!(tls::HANDSHAKE_WITHIN, Duration::from_secs(10));
    let handshake_within = Duration::from_millis(300);
    let door = Tls { acceptor, proxies: Proxies::default(), handshake_within };
    let listeners = serve::listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1).unwrap();
    let address = listeners[0].local_addr().unwrap();
    let (stopper, stop) = watch::channel(false);
    let fronts = serve::start_behind(&door, listeners, || Well, &stop).unwrap();
    // The first bytes of a hello that never ends, and nothing at all.
    for hello in [&[0x16, 3, 1, 2, 0, 1][..], &[]] {
        let watch = Stopwatch::start();
        assert!(said_to(address, hello).is_empty());
        assert!((0.2..4.0).contains(&watch.passed_s()), "{} s", watch.passed_s());
    }
    // Who is still shaking hands when the server stops does not keep it.
    let _waiting = TcpStream::connect(address).unwrap();
    let watch = Stopwatch::start();
    stopper.send(true).unwrap();
    fronts.into_iter().for_each(|front| front.join().unwrap());
    assert!(watch.passed_s() < 3.0, "{} s", watch.passed_s());
}

#[test]
fn what_is_wrong_with_a_pair_is_said_before_anything_is_touched() {
    let scratch = Scratch::new(None, "tls-pairs").unwrap();
    let (own, other) =
        (Pair::make(scratch.path(), "own", [1; 32]), Pair::make(scratch.path(), "other", [2; 32]));
    let rubbish = scratch.path().join("rubbish.pem");
    std::fs::write(&rubbish, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
        .unwrap();
    let said = |cert: Option<&Path>, key: Option<&Path>| {
        let mut command = command(scratch.path(), &[]);
        for (flag, path) in [("--tls-cert", cert), ("--tls-key", key)] {
            path.into_iter().for_each(|path| {
                command.arg(flag).arg(path);
            });
        }
        let Output { status, stderr, .. } = command.output().unwrap();
        assert_eq!(status.code(), Some(1));
        String::from_utf8(stderr).unwrap()
    };
    let gone = scratch.path().join("gone.pem");
    for (cert, key, words) in [
        (Some(&own.cert), None, "--tls-cert is there without --tls-key"),
        (None, Some(&own.key), "--tls-key is there without --tls-cert"),
        (Some(&gone), Some(&own.key), "gone.pem, named by --tls-cert: No such file"),
        (Some(&own.cert), Some(&gone), "gone.pem, named by --tls-key: No such file"),
        (Some(&rubbish), Some(&own.key), "rubbish.pem: there is no certificate in it"),
        (Some(&own.key), Some(&own.key), "own.key: there is no certificate in it"),
        (Some(&own.cert), Some(&own.cert), "own.crt: there is no private key in it"),
        (Some(&own.cert), Some(&other.key), "does not belong to the first certificate in"),
    ] {
        let said = said(cert.map(|path| &**path), key.map(|path| &**path));
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!scratch.path().join("data").exists());
}

#[test]
fn a_trusted_proxy_says_that_its_caller_came_by_https() {
    let scratch = Scratch::new(None, "tls-proxy").unwrap();
    let trust = ["--trusted-proxy", "192.0.2.0/24", "--trusted-proxy", "127.0.0.0/8"];
    for (flags, proto, secure) in [
        (&trust[..], "https", true),
        (&trust[..], "http", false),
        (&trust[..2], "https", false),
        (&[], "https", false),
    ] {
        let server = Server::start(scratch.path(), flags, "http://");
        let proto = format!("Host: localhost\r\nX-Forwarded-Proto: {proto}\r\n");
        let request = GUEST.replacen("Host: localhost\r\n", &proto, 1);
        let answer = String::from_utf8(said_to(server.address, request.as_bytes())).unwrap();
        let name = if secure { "__Host-fanfare-session=" } else { "fanfare-session=" };
        assert!(answer.contains(&format!("set-cookie: {name}")), "{answer}");
        assert_eq!(answer.matches("; Secure\r\n").count(), if secure { 2 } else { 0 }, "{answer}");
        assert_eq!(answer.contains("strict-transport-security"), secure, "{answer}");
    }
}

#[test]
fn callers_behind_a_trusted_proxy_are_counted_each_by_itself() {
    let scratch = Scratch::new(None, "tls-rates").unwrap();
    let trust = ["--trusted-proxy", "127.0.0.0/8"];
    let server = Server::start(scratch.path(), &trust, "http://");
    let from = |client: &str, last: bool| {
        let client = format!("Host: localhost\r\nX-Forwarded-For: 6.6.6.6, {client}\r\n");
        let request = GUEST.replacen("Host: localhost\r\n", &client, 1);
        if last { request } else { request.replacen("Connection: close\r\n", "", 1) }
    };
    // Over one connection, faster than a network's rate grows back.
    let many = |client: &str, count: usize| {
        let requests = from(client, false).repeat(count) + &from(client, true);
        let mut stream = TcpStream::connect(server.address).unwrap();
        let mut writer = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(requests.as_bytes()).unwrap());
            let mut answers = String::new();
            stream.read_to_string(&mut answers).unwrap();
            answers
        })
    };
    assert!(many("1.2.3.4", 1_200).contains("HTTP/1.1 429 "), "nobody was slowed down");
    let other = many("1.2.9.4", 0);
    assert!(other.starts_with("HTTP/1.1 303 "), "another network is: {other}");
    let same = many("1.2.3.9, 127.0.0.9", 300);
    assert!(same.contains("HTTP/1.1 429 "), "the same network is not");
}
