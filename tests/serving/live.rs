//! `/live`: totals of open drops, at most four a second, and nothing once the watcher has left.
//! The socket is taken from its connection, whatever came over it before.

use super::hall::{Hall, boxes};
use crate::common::festival::BOX;
use crate::common::served::Place;
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::token::Role;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

const OPENS_MS: i64 = 1_775_620_800_000;

/// One who watches.
struct Watching(BufReader<TcpStream>);

impl Watching {
    fn start(hall: &Hall) -> Self {
        let mut stream = TcpStream::connect(hall.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(b"GET /api/v1/live HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        Self(BufReader::new(stream))
    }

    /// The next event's data.
    fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

fn held(event: &Value) -> u64 {
    event["drops"][0]["items"][0]["held"].as_u64().unwrap()
}

/// Waits until so many watch.
fn watched_by(hall: &Hall, watchers: usize) {
    let watch = Stopwatch::start();
    while hall.app.live.watchers() != watchers {
        assert!(watch.passed_s() < 5.0, "{} still watch", hall.app.live.watchers());
        thread::sleep(Duration::from_millis(10));
    }
}

/// The program's own walk past its watchers, until it is ended.
struct Walk(tokio::sync::oneshot::Sender<()>, thread::JoinHandle<()>);

impl Walk {
    fn start(hall: &Hall) -> Self {
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let app = hall.app.clone();
        let walk = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.unwrap();
            runtime.spawn(fanfare::live::run(app));
            let _ = runtime.block_on(ended);
        });
        Self(end, walk)
    }

    fn end(self) {
        drop(self.0);
        self.1.join().unwrap();
    }
}

#[test]
fn totals_come_at_most_four_times_a_second_and_end_with_the_watcher() {
    let place = Place::new();
    let hall = Hall::open(&place.data, &boxes(OPENS_MS, "20m"), OPENS_MS);
    let walk = Walk::start(&hall);

    let mut first = Watching::start(&hall);
    assert_eq!(held(&first.next()), 0);
    let mut second = Watching::start(&hall);
    watched_by(&hall, 2);
    let watch = Stopwatch::start();
    let mut seen = Vec::new();
    for fan in 1..=8 {
        assert_eq!(hall.claim("boxes", fan, "k", BOX).status, 201);
        seen.push(held(&first.next()));
    }
    let seconds = watch.passed_s();
    // The first of them may have been under way already.
    assert!(seconds > 7.0 * 0.25 - 0.05, "8 events in {seconds} s");
    assert!(seconds < 6.0, "8 events in {seconds} s");
    assert!(seen.is_sorted() && seen[7] >= 7, "{seen:?}");
    let event = first.next();
    assert_eq!(event["drops"].as_array().unwrap().len(), 1);
    assert_eq!((&event["drops"][0]["id"], held(&event)), (&"boxes".into(), 8));
    assert_eq!(event["now_ms"], OPENS_MS);
    assert!(event["drops"][0]["head"]["signature"].is_string());
    assert!(held(&second.next()) <= 8);

    drop(first);
    watched_by(&hall, 1);
    drop(second);
    watched_by(&hall, 0);
    // Whoever comes later is not shown what it was then, and a drop that is over is not live.
    thread::sleep(Duration::from_millis(600));
    hall.turn_to(OPENS_MS + 20 * 60_000);
    let event = Watching::start(&hall).next();
    assert_eq!(
        (&event["now_ms"], &event["drops"]),
        (&(OPENS_MS + 1_200_000).into(), &Value::Array(vec![]))
    );
    watched_by(&hall, 0);
    walk.end();
    hall.close();
    place.verified();
}

/// An answer's head, and the whole of its body where its length is told.
fn answer(from: &mut BufReader<TcpStream>) -> (String, usize) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(from.read_line(&mut head).unwrap() > 0, "the connection ended");
    }
    let length = head.split_once("content-length: ").map(|(_, rest)| {
        let (length, _) = rest.split_once("\r\n").unwrap();
        length.parse::<usize>().unwrap()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body).unwrap();
    (head, body.len())
}

#[test]
fn whatever_was_asked_before_on_the_connection_is_answered_whole() {
    // More than the machine keeps for who does not read.
    const BEFORE: usize = 6_000;
    let place = Place::new();
    let hall = Hall::open(&place.data, &boxes(OPENS_MS, "20m"), OPENS_MS);
    let walk = Walk::start(&hall);
    let mut stream = TcpStream::connect(hall.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let asking = thread::spawn(move || {
        for _ in 0..BEFORE {
            writer.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        }
        writer.write_all(b"GET /api/v1/live HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    });
    // It sleeps while all of it is asked, and is then not all answered.
    thread::sleep(Duration::from_millis(500));
    stream.flush().unwrap();
    let mut reader = BufReader::new(stream);
    let mut bytes = 0;
    for _ in 0..BEFORE {
        let (head, body) = answer(&mut reader);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body > 500, "{head} {body}");
        bytes += body;
    }
    assert!(bytes > 5_000_000, "{bytes}");
    asking.join().unwrap();
    let (head, _) = answer(&mut reader);
    for line in [
        "HTTP/1.1 200 OK\r\n",
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
        "connection: close\r\n",
        "date: Wed, 08 Apr 2026 04:00:00 GMT\r\n",
    ] {
        assert!(head.contains(line), "{line} {head}");
    }
    assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
    let mut watching = Watching(reader);
    assert_eq!(held(&watching.next()), 0);
    drop(watching);
    watched_by(&hall, 0);
    walk.end();
    hall.close();
}

#[test]
fn who_only_asks_for_the_head_watches_nothing_and_keeps_the_connection() {
    let place = Place::new();
    let hall = Hall::open(&place.data, &boxes(OPENS_MS, "20m"), OPENS_MS);
    let stream = TcpStream::connect(hall.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream);
    for call in ["HEAD /api/v1/live", "GET /healthz"] {
        let asked = format!("{call} HTTP/1.1\r\nHost: a\r\n\r\n");
        reader.get_mut().write_all(asked.as_bytes()).unwrap();
        let (head, _) = answer(&mut reader);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(!head.contains("connection: close"), "{head}");
        assert_eq!(hall.app.live.watchers(), 0);
    }
    hall.close();
}

#[test]
fn the_description_names_everything_an_event_carries() {
    let place = Place::new();
    let hall = Hall::open(&place.data, &boxes(OPENS_MS, "20m"), OPENS_MS);
    let walk = Walk::start(&hall);
    let described = hall.ask(("GET", "/api/v1/openapi.json"), 1, Role::Fan, "").body;
    let answers = &described["paths"]["/api/v1/live"]["get"]["responses"];
    let told = answers["200"]["description"].as_str().unwrap();
    let event = Watching::start(&hall).next();
    let pace = event["claims_per_s"].as_object().unwrap();
    for name in event.as_object().unwrap().keys().chain(pace.keys()) {
        let mut words = told.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        assert!(words.any(|word| word == name), "{name} is not described");
    }
    let one = hall.ask(("GET", "/api/v1/drops/boxes"), 1, Role::Fan, "").body;
    let keys = |drop: &Value| drop.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&event["drops"][0]), keys(&one), "a drop is told as it is elsewhere");
    walk.end();
    hall.close();
}
