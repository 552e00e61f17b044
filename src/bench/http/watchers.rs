//! People with an open live stream. They are read in a thread of their own on the crowd's core, so
//! that what they cost the server is the server's part only.

use crate::kit::clock::Stopwatch;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many come in before the others are read again.
const AT_ONCE: usize = 50;

/// How long they are waited for: each has to have seen an event, seconds.
const COME_S: f64 = 60.0;

const REQUEST: &[u8] = b"GET /api/v1/live HTTP/1.1\r\nHost: bench\r\n\r\n";

/// What they have seen so far.
#[derive(Default)]
struct Seen {
    /// Who has seen an event.
    watching: AtomicUsize,
    /// Events that came whole. Two that come together may count as one.
    events: AtomicU64,
    /// Whether a stream ended or broke.
    lost: AtomicBool,
    /// Whether they are to go.
    enough: AtomicBool,
}

/// All who watch; they go when this is dropped.
pub struct Watchers {
    count: usize,
    seen: Arc<Seen>,
    /// Events before the measurement, and when last looked at.
    before: u64,
    looked: u64,
    thread: Option<JoinHandle<()>>,
}

impl Watchers {
    /// That many, each of whom has seen an event.
    ///
    /// # Errors
    /// If they do not come in.
    pub fn of(server: SocketAddr, count: usize) -> Result<Self, String> {
        let seen = Arc::new(Seen::default());
        let (of, come) = (seen.clone(), Stopwatch::start());
        let body = move || {
            if watch(server, count, &of).is_err() {
                of.lost.store(true, Ordering::Relaxed);
            }
        };
        let thread = thread::Builder::new().name("watchers".to_owned()).spawn(body);
        let thread = Some(thread.map_err(|why| why.to_string())?);
        let mut all = Self { count, seen, before: 0, looked: 0, thread };
        while all.seen.watching.load(Ordering::Relaxed) < count {
            all.stay()?;
            if come.passed_s() > COME_S {
                let watching = all.seen.watching.load(Ordering::Relaxed);
                return Err(format!("{watching} of {count} who watch have seen an event"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        all.before = all.seen.events.load(Ordering::Relaxed);
        all.looked = all.before;
        Ok(all)
    }

    /// Looks whether they are still sent events.
    ///
    /// # Errors
    /// If there was none since the last time, or a stream has ended.
    pub fn look(&mut self) -> Result<(), String> {
        self.stay()?;
        let events = self.seen.events.load(Ordering::Relaxed);
        if self.count > 0 && events == self.looked {
            return Err("nobody who watches was sent an event".to_owned());
        }
        self.looked = events;
        Ok(())
    }

    /// How many events they were sent up to the last look.
    pub fn events(&self) -> u64 {
        self.looked - self.before
    }

    fn stay(&self) -> Result<(), String> {
        let lost = self.seen.lost.load(Ordering::Relaxed);
        if lost { Err("the stream of one who watches ended".to_owned()) } else { Ok(()) }
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.seen.enough.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// Lets them come in, a few at a time, and reads what they are sent until it is enough.
fn watch(server: SocketAddr, count: usize, seen: &Seen) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let (mut streams, mut events) = (Vec::new(), Events::with_capacity(1_024));
    let mut piece = vec![0; 64 << 10];
    while !seen.enough.load(Ordering::Relaxed) {
        for at in streams.len()..count.min(streams.len() + AT_ONCE) {
            let mut stream = enter(server)?;
            poll.registry().register(&mut stream, Token(at), Interest::READABLE)?;
            streams.push((stream, false));
        }
        match poll.poll(&mut events, Some(Duration::from_millis(10))) {
            Err(why) if why.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            let (stream, watching) = &mut streams[event.token().0];
            let came = read(stream, &mut piece)?;
            seen.events.fetch_add(came, Ordering::Relaxed);
            if came > 0 && !std::mem::replace(watching, true) {
                seen.watching.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

fn enter(server: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = std::net::TcpStream::connect(server)?;
    stream.write_all(REQUEST)?;
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream))
}

/// Reads all there is; gives how many events ended in it. An event ends in an empty line.
fn read(stream: &mut TcpStream, piece: &mut [u8]) -> io::Result<u64> {
    let mut came = 0;
    loop {
        match stream.read(piece) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => came += u64::from(piece[..bytes].ends_with(b"\n\n")),
            Err(why) if why.kind() == ErrorKind::WouldBlock => return Ok(came),
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn who_is_sent_nothing_more_is_noticed_and_so_is_a_stream_that_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let mut streams = [listener.accept().unwrap().0, listener.accept().unwrap().0];
            streams.iter_mut().for_each(|to| to.write_all(b"head\r\n\r\ndata: 1\n\n").unwrap());
            streams
        });
        let mut watchers = Watchers::of(address, 2).unwrap();
        let mut streams = server.join().unwrap();
        assert!(watchers.look().unwrap_err().contains("nobody"));
        streams[0].write_all(b"data: 2\n\n").unwrap();
        let clock = Stopwatch::start();
        while watchers.look().is_err() && clock.passed_s() < 10.0 {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(watchers.events(), 1);
        drop(streams);
        while watchers.stay().is_ok() && clock.passed_s() < 10.0 {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(watchers.look().unwrap_err().contains("ended"));
    }
}
