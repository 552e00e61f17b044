//! A host's act whose outcome was not known is asked again, and is done once: while the journal was
//! held up, and where the process was killed.

use super::hosts::{open_place, token};
use crate::common::festival::BOX;
use crate::common::http::{Answer, Client};
use crate::common::served::{Place, Served};
use fanfare_engine::Fact;
use rusqlite::Connection;
use std::time::Duration;

const MORE: &str = r#"{"why":"a second van","units":10}"#;
const FEWER: &str = r#"{"why":"damaged","units":7}"#;

fn act(served: &Served, token: &str, verb: &str, key: Option<&str>, body: &str) -> Answer {
    let path = format!("/api/v1/drops/boxes/{verb}");
    Client::connect(served.address).unwrap().call(("POST", &path), token, key, body).unwrap()
}

/// Rows that are to be appended are refused from now on, or taken again.
fn hold_up(place: &Place, yes: bool) {
    let journal = Connection::open(place.data.join("journal.sqlite")).unwrap();
    journal.busy_timeout(Duration::from_secs(5)).unwrap();
    let held = "CREATE TRIGGER held BEFORE INSERT ON journal
                BEGIN SELECT RAISE(ABORT, 'held up by a test'); END";
    journal.execute_batch(if yes { held } else { "DROP TRIGGER held" }).unwrap();
}

fn stock(answer: &Answer) -> (u16, i64) {
    (answer.status, answer.body["items"][0]["stock"].as_i64().unwrap_or(-1))
}

/// Asks until it is known what came of it.
fn at_last(ask: impl Fn() -> Answer) -> Answer {
    for _ in 0..100 {
        let answer = ask();
        if answer.status != 503 {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("never known: {:?}", ask());
}

/// Units that were added and taken away, as the journal has it.
fn moved(place: &Place) -> Vec<i64> {
    let units = |fact| match fact {
        Fact::Restocked { units, .. } => Some(i64::from(units)),
        Fact::Withdrawn { units, .. } => Some(-i64::from(units)),
        _ => None,
    };
    place.facts(1).into_iter().filter_map(units).collect()
}

#[test]
fn an_act_nobody_knew_the_outcome_of_is_done_once() {
    let (place, served) = open_place();
    let host = token(&place, "80", "host");
    for (verb, body, then) in [("restock", MORE, 1_010), ("withdrawal", FEWER, 1_003)] {
        let ask = || act(&served, &host, verb, Some(verb), body);
        hold_up(&place, true);
        let first = ask();
        assert_eq!((first.status, first.text_of("code")), (503, "unsure"), "{first:?}");
        assert!(first.body.get("idempotency_key").is_none(), "the host knows it: {first:?}");
        let still = ask();
        assert_eq!(still.status, 503, "{still:?}");
        hold_up(&place, false);
        assert_eq!(stock(&at_last(ask)), (200, then), "{verb}");
        assert_eq!(stock(&ask()), (200, then), "{verb}");
    }
    // With a claim between, and after the next start: still the same act.
    assert_eq!(served.claim("boxes", 1, BOX).status, 201);
    served.end();
    assert_eq!(moved(&place), [10, -7]);
    let served = place.serve(Some("festival.toml"));
    assert_eq!(stock(&act(&served, &host, "restock", Some("restock"), MORE)), (200, 1_003));
    assert_eq!(stock(&act(&served, &host, "restock", Some("a third"), MORE)), (200, 1_013));
    served.end();
    assert_eq!(moved(&place), [10, -7, 10]);
    place.verified();
}

#[test]
fn who_sent_no_key_is_told_one() {
    let (place, served) = open_place();
    let host = token(&place, "80", "host");
    hold_up(&place, true);
    let first = act(&served, &host, "restock", None, MORE);
    assert_eq!((first.status, first.text_of("code")), (503, "unsure"), "{first:?}");
    assert!(first.text_of("title").contains("with this Idempotency-Key"), "{first:?}");
    hold_up(&place, false);
    let key = first.text_of("idempotency_key");
    let again = at_last(|| act(&served, &host, "restock", Some(key), MORE));
    assert_eq!(stock(&again), (200, 1_010));
    // Without a key two that are alike are two.
    assert_eq!(stock(&act(&served, &host, "restock", None, MORE)), (200, 1_020));
    assert_eq!(stock(&act(&served, &host, "restock", None, MORE)), (200, 1_030));
    served.end();
    assert_eq!(moved(&place), [10; 3]);
    place.verified();
}

#[test]
fn a_killed_server_knows_afterwards_what_it_did() {
    let (place, mut served) = open_place();
    let host = token(&place, "80", "host");
    let mut then = 1_000;
    for (round, stands) in [true, false, true, false].into_iter().enumerate() {
        let key = format!("van {round}");
        if !stands {
            hold_up(&place, true);
        }
        let first = act(&served, &host, "restock", Some(&key), MORE);
        assert_eq!(first.status, if stands { 200 } else { 503 }, "{first:?}");
        served.program.child.kill().unwrap();
        served.program.child.wait().unwrap();
        drop(served);
        if !stands {
            hold_up(&place, false);
        }
        served = place.serve(Some("festival.toml"));
        then += 10;
        for _ in 0..2 {
            let again = at_last(|| act(&served, &host, "restock", Some(&key), MORE));
            assert_eq!(stock(&again), (200, then), "round {round}");
        }
    }
    served.end();
    assert_eq!(moved(&place), [10; 4]);
    place.verified();
}

#[test]
fn a_key_of_another_act_is_refused_and_says_so() {
    let (place, served) = open_place();
    let (host, other) = (token(&place, "80", "host"), token(&place, "81", "host"));
    assert_eq!(stock(&act(&served, &host, "restock", Some("k"), MORE)), (200, 1_010));
    let more = |why: &str, units: u32| format!(r#"{{"why":"{why}","units":{units}}}"#);
    for (verb, body) in [
        ("restock", more("a second van", 11)),
        ("restock", more("a third van", 10)),
        ("withdrawal", more("a second van", 10)),
        ("pause", r#"{"why":"a second van"}"#.to_owned()),
    ] {
        let said = act(&served, &host, verb, Some("k"), &body);
        assert_eq!((said.status, said.text_of("code")), (422, "key_reused"), "{verb} {said:?}");
    }
    // Another host's key is another key, however it reads.
    assert_eq!(stock(&act(&served, &other, "restock", Some("k"), MORE)), (200, 1_020));
    for bad in ["", &"x".repeat(65)] {
        let said = act(&served, &host, "restock", Some(bad), MORE);
        let field = said.text_of("field");
        assert_eq!((said.status, field), (422, "Idempotency-Key"), "{said:?}");
    }
    // What was refused was not done: the same key may ask for what is possible.
    let much = act(&served, &host, "withdrawal", Some("w"), &more("all", 5_000));
    assert_eq!(much.body["possible"], 1_020, "{much:?}");
    assert_eq!(stock(&act(&served, &host, "withdrawal", Some("w"), &more("all", 1_020))), (200, 0));
    served.end();
    assert_eq!(moved(&place), [10, 10, -1_020]);
    place.verified();
}

#[test]
fn a_pause_that_arrives_a_second_time_late_stops_nobody() {
    let (place, served) = open_place();
    let host = token(&place, "80", "host");
    let state = |verb: &str, key: &str| {
        let said = act(&served, &host, verb, Some(key), r#"{"why":"a queue"}"#);
        assert_eq!(said.status, 200, "{said:?}");
        said.text_of("state").to_owned()
    };
    assert_eq!(state("pause", "one"), "paused");
    assert_eq!(state("resumption", "two"), "open");
    assert_eq!(state("pause", "one"), "open");
    assert_eq!(served.claim("boxes", 1, BOX).status, 201);
    assert_eq!(state("pause", "three"), "paused");
    served.end();
    place.verified();
}
