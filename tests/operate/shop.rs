//! A shop with boxes for everybody, and a crowd that comes to it.

use crate::common::festival::{BOX, boxes, open_boxes};
use crate::common::http::Client;
use crate::common::postgres::Postgres;
use crate::common::served::{Place, Served, words};
use crate::common::token_now;
use fanfare::drops::wake::festival_number;
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Tokens};
use fanfare::transfer::{Sum, sums};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

pub const FILE: &str = "festival.toml";
const TERMS: &str = "open_for = \"2d\"\nhold = \"30m\"\nlimit = 2";

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A place for it, its tables and its journal where they are said to be.
pub fn place(database: Option<String>) -> Place {
    let mut place = Place::new();
    place.database = database;
    place.write(FILE, &open_boxes("shop", TERMS, 1_000_000));
    place
}

/// The same with a second drop, that has not opened.
pub fn two_drops(place: &Place) {
    let first = open_boxes("shop", TERMS, 1_000_000);
    let later = boxes("shop", 4_000_000_000_000, TERMS, 5);
    let second = later.find("[[drops]]").map(|at| later[at..].replace("\"boxes\"", "\"later\""));
    place.write(FILE, &format!("{first}\n{}", second.unwrap_or_default()));
}

/// Fans' claims one after the other, all of them answered.
pub fn claim(served: &Served, fans: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    let number = |fan| {
        let answer = served.claim("boxes", fan, BOX);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["number"].as_u64().unwrap()
    };
    fans.map(number).collect()
}

/// What a journal holds.
pub fn held(place: &Place) -> Vec<Sum> {
    sums(&place.journal(), festival_number("shop"), &mut |_, _, _| {}).unwrap()
}

/// Runs a command that must go well; what it said.
pub fn done(place: &Place, args: &[&str]) -> String {
    let output = place.run(args);
    let said = words(&output);
    assert!(output.status.success(), "{args:?}: {said}");
    said
}

/// Runs a command that must be refused; what it said.
pub fn refused(place: &Place, args: &[&str]) -> String {
    let output = place.run(args);
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    said
}

/// Fans who claim one after the other on connections of their own, until they are sent home.
pub struct Crowd {
    leave: &'static AtomicBool,
    waiting_ms: Vec<JoinHandle<Vec<f64>>>,
}

static NEXT_FAN: AtomicU64 = AtomicU64::new(1_000);

impl Crowd {
    pub fn comes(place: &Place, address: SocketAddr, many: usize) -> Self {
        let leave: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
        let data = place.data.clone();
        let fans = (0..many).map(|_| {
            let data = data.clone();
            std::thread::spawn(move || {
                let tokens = Tokens::new(Keys::open(&data).unwrap().tokens);
                let mut client = Client::connect(address).unwrap();
                let mut waited_ms = Vec::new();
                while !leave.load(Ordering::Relaxed) {
                    let fan = NEXT_FAN.fetch_add(1, Ordering::Relaxed);
                    let token = token_now(&tokens, fan, Role::Fan);
                    let watch = Stopwatch::start();
                    let call = ("POST", "/api/v1/drops/boxes/claims");
                    let answer = client.call(call, &token, None, BOX).unwrap();
                    assert_eq!(answer.status, 201, "{answer:?}");
                    waited_ms.push(watch.passed_us() as f64 / 1_000.0);
                }
                waited_ms
            })
        });
        Self { leave, waiting_ms: fans.collect() }
    }

    /// Sends them home; how long each waited for each answer, ms, in order.
    pub fn goes(self) -> Vec<f64> {
        self.leave.store(true, Ordering::Relaxed);
        let waited = self.waiting_ms.into_iter().flat_map(|fan| fan.join().unwrap());
        let mut waited: Vec<f64> = waited.collect();
        waited.sort_by(f64::total_cmp);
        waited
    }
}

/// The wait that all but one in a hundred keep below.
pub fn p99(waited_ms: &[f64]) -> f64 {
    waited_ms[(waited_ms.len() * 99 / 100).min(waited_ms.len() - 1)]
}

/// An empty database of the tests' server, which lasts as long as what comes with it.
pub fn database() -> (String, std::sync::Arc<Postgres>) {
    let server = Postgres::shared();
    (server.database(), server)
}
