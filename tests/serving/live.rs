//! `/live`: totals of open drops, at most four a second, and nothing once the watcher has left.

use super::hall::{Hall, boxes};
use crate::common::festival::BOX;
use crate::common::served::Place;
use fanfare::kit::clock::Stopwatch;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
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

#[test]
fn totals_come_at_most_four_times_a_second_and_end_with_the_watcher() {
    let place = Place::new();
    let hall = Hall::open(&place.data, &boxes(OPENS_MS, "20m"), OPENS_MS);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let app = hall.app.clone();
    let totals = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.spawn(fanfare::live::run(app));
        let _ = runtime.block_on(ended);
    });

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
    drop(end);
    totals.join().unwrap();
    hall.close();
    place.verified();
}
