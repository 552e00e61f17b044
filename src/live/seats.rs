//! Those who watch: how each is reached, and what of it is still to be sent.

use axum::body::Bytes;
use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use tokio::sync::watch;

/// What the machine keeps for a watcher that reads slowly, bytes; it doubles the figure itself.
const SEND_BYTES: usize = 32 * 1024;

/// What it keeps of what a watcher sends, which nobody reads.
const RECEIVE_BYTES: usize = 4 * 1024;

/// A watcher that took nothing for so many rounds is given up.
const STUCK_ROUNDS_MAX: u8 = 120;

/// One who watches.
pub enum Seat {
    /// At the bare socket: all it costs is this.
    Socket {
        /// Where events are written, without waiting.
        socket: TcpStream,
        /// What of the last event the socket did not take yet.
        rest: Bytes,
        /// For how many rounds it has taken nothing.
        stuck: u8,
    },
    /// At a body that somebody else sends: a connection that shakes hands keeps its own buffers.
    Body(watch::Sender<Bytes>),
    /// Gone.
    Gone,
}

impl Seat {
    /// At this socket, which is first sent the head of its answer.
    pub fn at(socket: TcpStream, head: Bytes) -> Self {
        let sized = socket2::SockRef::from(&socket);
        let _ = sized.set_send_buffer_size(SEND_BYTES);
        let _ = sized.set_recv_buffer_size(RECEIVE_BYTES);
        let mut seat = Self::Socket { socket, rest: Bytes::new(), stuck: 0 };
        seat.give(&head);
        seat
    }

    /// Gives an event, or as much as is taken at once. Who is still busy with an earlier one
    /// misses this one: the next says how everything is then. Gone is who has left, or takes
    /// nothing for long.
    pub fn give(&mut self, event: &Bytes) {
        let stays = match self {
            Self::Socket { socket, rest, stuck } => give(socket, rest, stuck, event),
            Self::Body(body) => !body.is_closed() && body.send(event.clone()).is_ok(),
            Self::Gone => true,
        };
        if !stays {
            *self = Self::Gone;
        }
    }

    /// Whether it is empty.
    pub fn gone(&self) -> bool {
        matches!(self, Self::Gone)
    }
}

/// Sends what is left and then the event; false where that cannot be.
fn give(socket: &mut TcpStream, rest: &mut Bytes, stuck: &mut u8, event: &Bytes) -> bool {
    let left = rest.len();
    if !push(socket, rest) {
        return false;
    }
    if rest.is_empty() {
        *stuck = 0;
        *rest = event.clone();
        return push(socket, rest);
    }
    *stuck = if rest.len() < left { 0 } else { *stuck + 1 };
    *stuck < STUCK_ROUNDS_MAX
}

/// Writes until nothing is left or the socket takes no more; false once it is broken.
fn push(socket: &mut TcpStream, rest: &mut Bytes) -> bool {
    while !rest.is_empty() {
        match socket.write(rest) {
            Ok(0) => return false,
            Ok(bytes) => drop(rest.split_to(bytes)),
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            Err(why) => return why.kind() == ErrorKind::WouldBlock,
        }
    }
    // An event everybody has got is kept by nobody.
    *rest = Bytes::new();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    const HEAD: &[u8] = b"head\n";

    fn pair() -> (Seat, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let watcher = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        watcher.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        (Seat::at(socket, Bytes::from_static(HEAD)), watcher)
    }

    /// An event large enough that few fit a socket.
    fn event(of: u8) -> Bytes {
        let mut event = vec![of; 100_000];
        event.push(b'\n');
        event.into()
    }

    #[test]
    fn who_reads_slowly_misses_whole_events_and_gets_no_half_one() {
        let (mut seat, watcher) = pair();
        for number in 0..100 {
            seat.give(&event(b'A' + number % 26));
        }
        assert!(!seat.gone());
        let (mut all, mut piece) = (Vec::new(), [0; 8_192]);
        // As it reads, what was left comes, and then the newest.
        let newest = loop {
            let bytes = (&watcher).read(&mut piece).unwrap_or(0);
            all.extend_from_slice(&piece[..bytes]);
            if let Some(at) = all.windows(2).position(|end| end == b"!\n") {
                break at + 2;
            }
            // Nothing is on its way any more: another round.
            if bytes == 0 {
                seat.give(&event(b'!'));
                assert!(!seat.gone());
            }
        };
        all.truncate(newest);
        let events: Vec<&[u8]> = all.strip_prefix(HEAD).unwrap().split(|b| *b == b'\n').collect();
        let (last, whole) = events.split_last().unwrap();
        assert!(last.is_empty());
        assert!(whole.len() > 1 && whole.len() < 100, "{}", whole.len());
        for event in whole {
            assert_eq!(event.len(), 100_000);
            assert!(event.iter().all(|byte| byte == &event[0]));
        }
    }

    #[test]
    fn who_left_or_reads_nothing_for_long_is_given_up() {
        let (mut seat, watcher) = pair();
        drop(watcher);
        let mut rounds = 0;
        while !seat.gone() && rounds < 1_000 {
            seat.give(&event(b'x'));
            rounds += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(rounds < 100, "{rounds}");
        let (mut seat, _asleep) = pair();
        let mut rounds = 0_u32;
        while !seat.gone() && rounds < 1_000 {
            seat.give(&event(b'x'));
            rounds += 1;
        }
        assert!((100..200).contains(&rounds), "{rounds}");
        let mut body = Seat::Body(watch::Sender::new(Bytes::new()));
        body.give(&event(b'x'));
        assert!(body.gone());
    }
}
