//! Tokens, and the whole claim route: `kit::serve` with its HTTP, the front, the gate, and for
//! claims the lanes and a journal on a disk.

use crate::Times;
use crate::crowd::Crowd;
use fanfare::app::{App, Mode};
use fanfare::drops::node::Node;
use fanfare::drops::plan;
use fanfare::festivals;
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::scratch::Scratch;
use fanfare::kit::serve;
use fanfare::kit::token::{Role, Session, Tokens, Use};
use fanfare::routes::Front;
use fanfare_engine::{Command, Fan, Line, Quantity};
use fanfare_lane::{LaneConfig, Reply};
use std::hint::black_box;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A festival with one unit in one drop, `gone`, and very many in another, `plenty`.
const FESTIVAL: &str = include_str!("../../../src/bench/festival.toml");

const BODY: &str = r#"{"item":"unit","quantity":1}"#;

/// Connections that claim at once: what they ask is decided in batches, as from a crowd.
const CLAIMING: usize = 256;

/// The longest a run may take, even where each instruction takes a hundred.
const WITHIN: Duration = Duration::from_mins(5);

fn session_of(tokens: &Tokens, nth: usize) -> String {
    let fan = Fan::new(nth as u64 + 1_000).expect("a fan's number");
    tokens.make(&Session { fan, role: Role::Fan, until_s: u32::MAX }, Use::Session)
}

/// Checks tokens, each so often.
pub fn token(times: Times, each: usize) {
    let tokens = Tokens::new([3; 32]);
    let made: Vec<String> = (0..times.made).map(|nth| session_of(&tokens, nth)).collect();
    for token in &made[..times.done] {
        for _ in 0..each {
            assert!(tokens.check(black_box(token), Use::Session, 0).is_ok());
        }
    }
}

/// Asks for a drop that is sold out, over one connection; `again`: each token is checked twice.
pub fn refusal(times: Times, again: bool) {
    let site = Site::start();
    site.sell("gone");
    let again = again.then(|| site.app.node.tokens.clone());
    site.visit(("gone", b"HTTP/1.1 409 "), 1, times, again);
}

/// Claims, each by a fan of its own, over many connections.
pub fn claim(times: Times) {
    let site = Site::start();
    site.visit(("plenty", b"HTTP/1.1 201 "), CLAIMING, times, None);
}

/// A server in this process.
struct Site {
    app: Arc<App>,
    _scratch: Scratch,
}

impl Site {
    fn start() -> Self {
        let scratch = Scratch::new(None, "counted").expect("a folder");
        let festival = festivals::read("festival.toml", FESTIVAL).expect("a festival");
        let folder = DataFolder::serve(scratch.path(), festival.id().as_str(), false);
        let folder = folder.expect("a data folder");
        let clock = Arc::new(Clock::machine());
        let now_ms = clock.now_ms();
        let mut specs = plan::specs(&festival, &folder, now_ms).expect("drops");
        for spec in &mut specs {
            spec.terms.opens_at_ms = now_ms - 3_600_000;
            spec.terms.closes_at_ms = now_ms + 86_400_000;
        }
        let node = Node::start(folder, clock, LaneConfig::default(), specs).expect("a node");
        Self { app: App::new(node, festival, Mode::Real), _scratch: scratch }
    }

    /// Sells the only unit of a drop.
    fn sell(&self, drop: &str) {
        let lane = self.app.node.directory().named(drop).expect("a drop").lane;
        let (fan, line, quantity) = (Fan::FIRST, Line(0), Quantity::MIN);
        let command = Command::Claim { fan, line, quantity, key: None };
        let reply = self.app.node.asked_blocking(lane, command).reply;
        assert!(matches!(reply, Reply::Claim { fresh: true, .. }), "{reply:?}");
    }

    /// Has a crowd ask, so many times in all, and waits until all were answered.
    fn visit(
        &self,
        (drop, answer): (&str, &'static [u8]),
        connections: usize,
        times: Times,
        again: Option<Tokens>,
    ) {
        assert_eq!((times.done % connections, times.made % connections), (0, 0));
        let made: Vec<Vec<u8>> = (0..times.made).map(|nth| self.request(drop, nth)).collect();
        let lists = made.chunks(times.made / connections).map(<[_]>::to_vec).collect();
        let (crowd, hearing) = Crowd::new((lists, times.done / connections), answer, again);
        let listeners = serve::listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1).expect("a port");
        let address = listeners[0].local_addr().expect("an address");
        let (stopper, stop) = watch::channel(false);
        let app = self.app.clone();
        let make = move || Front::new(app.clone());
        let fronts = serve::start_behind(&crowd, listeners, make, &stop).expect("a front");
        let connect = |_| TcpStream::connect(address).expect("a connection");
        let _sockets: Vec<TcpStream> = (0..connections).map(connect).collect();
        for _ in 0..connections {
            let heard = hearing.recv_timeout(WITHIN).expect("an answer to every request");
            heard.expect("the right answer");
        }
        let _ = stopper.send(true);
        fronts.into_iter().for_each(|front| front.join().expect("a front"));
    }

    fn request(&self, drop: &str, nth: usize) -> Vec<u8> {
        let (length, token) = (BODY.len(), session_of(&self.app.node.tokens, nth));
        let text = format!(
            "POST /api/v1/drops/{drop}/claims HTTP/1.1\r\nHost: fans.example\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Authorization: Bearer {token}\r\n\r\n{BODY}"
        );
        text.into_bytes()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.app.node.stop();
    }
}
