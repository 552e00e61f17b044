//! A process has its node's place at each journal, or takes it when a journal comes back: after a
//! restart, after deaths, after a journal went back in time; but never beside a copy of its folder.

mod common;
#[path = "rejoin/copies.rs"]
mod copies;
#[path = "rejoin/new_drops.rs"]
mod new_drops;

use common::festival::{self, BOX};
use common::http::{Answer, number};
use common::postgres::Postgres;
use common::served::{Place, Served, verified};
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::token::Role;
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

const FILE: &str = "festival.toml";

/// Drops that are open since an hour ago.
fn drops(ids: &[&str]) -> String {
    let opens_ms = Clock::machine().now_ms() - 3_600_000;
    let terms = "open_for = \"10d\"\nhold = \"5d\"\nlimit = 2";
    let drop = |id: &&str| festival::drop(id, opens_ms, terms, 100);
    festival::text("rejoin", &ids.iter().map(drop).collect::<String>())
}

fn place(ids: &[&str], journals: &[&String]) -> Place {
    let mut place = Place::new();
    place.journals = journals.iter().map(|url| (*url).clone()).collect();
    place.write(FILE, &drops(ids));
    place
}

/// How a process has ended, if it has.
fn ended(served: &mut Served) -> Option<ExitStatus> {
    served.program.child.try_wait().unwrap()
}

fn ready(served: &Served) -> Answer {
    served.ask(("GET", "/readyz"), 1, Role::Fan, "")
}

/// Claims until it is a claim; what comes meanwhile must be `busy` or `unsure`.
fn claimed(served: &mut Served, drop: &str, fan: u64) -> Answer {
    let watch = Stopwatch::start();
    while watch.passed_s() < 30.0 {
        assert_eq!(ended(served), None, "{}", served.said());
        let answer = served.claim(drop, fan, BOX);
        if matches!(answer.status, 200 | 201) {
            return answer;
        }
        assert!(matches!(answer.text_of("code"), "busy" | "unsure"), "{answer:?}");
        sleep(Duration::from_millis(100));
    }
    panic!("drop {drop} does not come back: {}", served.said());
}

/// Everything is served again, for longer than a look at another's beat takes.
fn stays(mut served: Served, place: &Place) {
    let watch = Stopwatch::start();
    while ready(&served).status != 200 {
        assert!(watch.passed_s() < 30.0, "{}\n{}", ready(&served).text, served.said());
        sleep(Duration::from_millis(100));
    }
    sleep(Duration::from_secs(2));
    assert_eq!((ended(&mut served), ready(&served).status), (None, 200), "{}", served.said());
    served.end();
    verified(place);
}

#[test]
fn restarted_while_a_journal_is_dead_it_serves_that_too_once_it_is_back() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("b", 1, BOX).status, 201);
    // Its row there cannot be taken away.
    dying.kill();
    served.end();
    let mut served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 1, BOX).status, ready(&served).status), (201, 503));
    dying.start_again();
    assert_eq!(number(&claimed(&mut served, "b", 2)), 2);
    assert_eq!(number(&claimed(&mut served, "a", 2)), 2);
    stays(served, &place);
}

#[test]
fn after_both_died_and_the_journal_comes_back_later_it_serves_that_too() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let mut served = place.serve(Some(FILE));
    for drop in ["a", "b"] {
        assert_eq!(served.claim(drop, 1, BOX).status, 201);
    }
    dying.kill();
    served.program.kill();
    let mut served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 2, BOX).status, served.claim("b", 2, BOX).status), (201, 503));
    dying.start_again();
    assert_eq!(number(&claimed(&mut served, "b", 2)), 2);
    stays(served, &place);
}

/// The second journal goes back to when it had one claim of its drop; the process that serves knows
/// of three, and may be another than the one that the journal knows then.
fn went_back(restarted: bool) -> ([Arc<Postgres>; 2], Place, Served) {
    let (shared, mut server) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let mut served = place.serve(Some(FILE));
    assert_eq!(number(&served.claim("b", 1, BOX)), 1);
    server.kill();
    server.keep_copy();
    server.start_again();
    if restarted {
        claimed(&mut served, "b", 1);
        served.end();
        served = place.serve(Some(FILE));
    }
    for fan in 2..=3 {
        assert_eq!(number(&claimed(&mut served, "b", fan)), fan);
    }
    server.kill();
    server.put_copy_back();
    server.start_again();
    ([shared, Arc::new(server)], place, served)
}

#[test]
fn a_journal_that_goes_back_is_made_whole_by_the_process_it_knows() {
    let (_servers, place, mut served) = went_back(false);
    for fan in 1..=4 {
        assert_eq!(number(&claimed(&mut served, "b", fan)), fan);
    }
    stays(served, &place);
}

#[test]
fn a_journal_that_goes_back_to_an_earlier_process_stops_its_own_lanes_only() {
    let (_servers, place, mut served) = went_back(true);
    let watch = Stopwatch::start();
    // Its rows are not all of this process: it says so, and gives nothing twice.
    while !served.said().contains("the journal forgot rows") {
        assert!(watch.passed_s() < 30.0, "{}", served.said());
        assert_eq!((ended(&mut served), served.claim("b", 4, BOX).status), (None, 503));
        sleep(Duration::from_millis(100));
    }
    for fan in 1..=20 {
        assert_eq!((number(&claimed(&mut served, "a", fan)), ended(&mut served)), (fan, None));
        sleep(Duration::from_millis(200));
    }
    assert!(served.said().contains("an earlier process had this node's place"));
    assert_eq!((ready(&served).status, served.claim("b", 4, BOX).status), (503, 503));
    served.end();
    // And so it stays, until somebody looks.
    let served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 21, BOX).status, served.claim("b", 4, BOX).status), (201, 503));
    assert!(served.said().contains("went back in time"), "{}", served.said());
    served.end();
}
