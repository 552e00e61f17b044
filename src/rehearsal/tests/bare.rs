//! The barest server there can be, on one thread: every request gets the same answer. It shows
//! what the client costs when nothing else is slow.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::thread;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);

/// Starts it; gives its address. A request that comes in two reads counts as two, which on this
/// machine's loopback does not happen.
pub(super) fn start(answer: Vec<u8>) -> SocketAddr {
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut poll = Poll::new().unwrap();
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
    let named = thread::Builder::new().name("bare".into());
    let serve = move || {
        let mut events = Events::with_capacity(1024);
        let (mut streams, mut next) = (HashMap::<usize, TcpStream>::new(), 0);
        let mut buffer = [0; 4_096];
        while poll.poll(&mut events, None).is_ok() {
            for event in &events {
                if event.token() == LISTENER {
                    while let Ok((mut stream, _)) = listener.accept() {
                        let registry = poll.registry();
                        registry.register(&mut stream, Token(next), Interest::READABLE).unwrap();
                        streams.insert(next, stream);
                        next += 1;
                    }
                } else if let Some(stream) = streams.get_mut(&event.token().0) {
                    let read = stream.read(&mut buffer).unwrap_or(0);
                    if read == 0 || stream.write_all(&answer).is_err() || event.is_read_closed() {
                        streams.remove(&event.token().0);
                    }
                }
            }
        }
    };
    named.spawn(serve).unwrap();
    addr
}
