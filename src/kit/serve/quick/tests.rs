//! What a connection may cost whose peer asks and does not read.

use super::*;
use crate::kit::process::resident_bytes;
use crate::kit::serve::{AnyBody, Head, Sent, listen, start};
use axum::http::{Request, Response, StatusCode};
use std::future;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use tokio::sync::watch;

/// Bytes of an answer, and answers that are asked for in one buffer.
const ANSWER: usize = 60_000;
const ASKED: usize = 200;
const CONNECTIONS: usize = 8;

/// Answers each request with the number it asks for, at length.
struct Echo;

impl Service for Echo {
    type Place = usize;
    type Waits = ();

    fn call(&self, _: Request<Sent>, _: SocketAddr) -> impl Future<Output = Response<AnyBody>> {
        future::pending()
    }

    fn place(&self, head: &Head<'_>) -> Option<usize> {
        head.target.trim_start_matches('/').parse().ok()
    }

    fn quick(
        &self,
        (number, _): (usize, &Head<'_>),
        _: Result<&[u8], Lacking>,
        _: SocketAddr,
    ) -> Quick<()> {
        let body = format!("{number:08}").repeat(ANSWER / 8);
        Quick::Now(Reply::new(StatusCode::OK, "text/plain", body.into_bytes()))
    }
}

/// Reads one answer and gives its number.
fn answered(stream: &mut TcpStream) -> usize {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    let mut body = vec![0; ANSWER];
    stream.read_exact(&mut body).expect("a body");
    assert!(body.chunks(8).all(|one| one == &body[..8]), "one answer's bytes in another's");
    std::str::from_utf8(&body[..8]).expect("digits").parse().expect("a number")
}

#[test]
fn who_asks_much_and_reads_nothing_is_held_by_the_socket_and_then_answered_in_order() {
    let listeners = listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1).expect("a port");
    let address = listeners[0].local_addr().expect("an address");
    let (stopper, stop) = watch::channel(false);
    let fronts = start(listeners, || Echo, &stop).expect("a front");
    let all: Vec<String> = (0..ASKED).map(|at| format!("GET /{at} HTTP/1.1\r\n\r\n")).collect();
    let all = all.concat();
    assert!(all.len() <= BUFFER_BYTES, "they stand in one buffer");
    let before = resident_bytes();
    let connect = |_| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream.write_all(all.as_bytes()).expect("room for it");
        stream
    };
    let mut streams: Vec<TcpStream> = (0..CONNECTIONS).map(connect).collect();
    // Long enough for all of them to be answered, if nothing held that back.
    std::thread::sleep(Duration::from_millis(500));
    let grown = resident_bytes().saturating_sub(before);
    let all_of_it = (CONNECTIONS * ASKED * ANSWER) as u64;
    assert!(grown < all_of_it / 4, "{grown} bytes more");
    for stream in &mut streams {
        assert!((0..ASKED).all(|at| answered(stream) == at));
    }
    drop(streams);
    let _ = stopper.send(true);
    fronts.into_iter().for_each(|front| front.join().expect("a front that ends"));
}
