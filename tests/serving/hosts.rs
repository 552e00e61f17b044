//! What hosts do by token, each with its reason; and commands that run beside a server.

use super::hall::boxes;
use crate::common::festival::BOX;
use crate::common::http::{Answer, Client};
use crate::common::served::{Place, Served, files, words};
use fanfare::kit::clock::Clock;
use fanfare::kit::token::Role;
use fanfare_engine::{Act, Fact};

pub fn open_place() -> (Place, Served) {
    let place = Place::new();
    place.write("festival.toml", &boxes(Clock::machine().now_ms() - 3_600_000, "2d"));
    let served = place.serve(Some("festival.toml"));
    (place, served)
}

/// A token as `fanfare session` prints it.
pub fn token(place: &Place, fan: &str, role: &str) -> String {
    let output = place.run(&["session", "--fan", fan, "--role", role]);
    let said = words(&output);
    let line = said.strip_suffix('\n').and_then(|line| line.split_once('\t'));
    let (named, token) = line.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(named, fan);
    token.to_owned()
}

fn act(served: &Served, token: &str, verb: &str, body: &str) -> Answer {
    let path = format!("/api/v1/drops/boxes/{verb}");
    Client::connect(served.address).unwrap().call(("POST", &path), token, None, body).unwrap()
}

/// Each act with its reason, as journal and reasons have it together.
fn acts(place: &Place) -> Vec<(String, String)> {
    let journal = rusqlite::Connection::open(place.data.join("journal.sqlite")).unwrap();
    let words = |why: u64| -> String {
        let query = "SELECT words FROM reasons WHERE why = ?1";
        journal.query_row(query, [why as i64], |row| row.get(0)).expect("a reason")
    };
    let told = |(verb, act): (&str, Act)| {
        assert_eq!(act.by.get(), 80);
        (verb.to_owned(), words(act.why))
    };
    let facts = place.facts(1).into_iter();
    facts
        .filter_map(|fact| match fact {
            Fact::Paused(act) => Some(told(("pause", act))),
            Fact::Resumed(act) => Some(told(("resumption", act))),
            Fact::Restocked { act, .. } => Some(told(("restock", act))),
            Fact::Withdrawn { act, .. } => Some(told(("withdrawal", act))),
            Fact::Closed(Some(act)) => Some(told(("closing", act))),
            _ => None,
        })
        .collect()
}

#[test]
fn a_host_acts_by_token_and_each_reason_is_kept() {
    let (place, served) = open_place();
    let (host, fan) = (token(&place, "80", "host"), token(&place, "81", "fan"));
    let held = served.claim("boxes", 1, BOX);
    assert_eq!(held.status, 201);
    for verb in ["pause", "resumption", "restock", "withdrawal", "closing"] {
        let body = r#"{"why":"mine","units":1}"#;
        assert_eq!(act(&served, &fan, verb, body).text_of("code"), "not_allowed", "{verb}");
        let silent = act(&served, &host, verb, r#"{"why":" ","units":1}"#);
        assert_eq!((silent.status, silent.text_of("field")), (422, "why"), "{verb}");
    }
    let paused = act(&served, &host, "pause", r#"{"why":"数错了 & <b>"}"#);
    assert_eq!((paused.status, paused.text_of("state")), (200, "paused"), "{paused:?}");
    assert_eq!(served.claim("boxes", 2, BOX).text_of("code"), "paused");
    // A hold goes on and can be paid.
    let path = format!("/api/v1/claims/{}/settlement", held.text_of("claim"));
    let paid = served.ask(("POST", &path), 70, Role::Cashier, "");
    assert_eq!(paid.text_of("state"), "settled");
    let resumed = act(&served, &host, "resumption", r#"{"why":"counted"}"#);
    assert_eq!(resumed.text_of("state"), "open");
    assert_eq!(served.claim("boxes", 2, BOX).status, 201);
    let more = act(&served, &host, "restock", r#"{"why":"a second van","units":50}"#);
    assert_eq!((&more.body["items"][0]["stock"], more.status), (&1_050.into(), 200));
    let much = act(&served, &host, "withdrawal", r#"{"why":"all","item":"box","units":1050}"#);
    assert_eq!((much.status, &much.body["possible"]), (422, &1_048.into()), "{much:?}");
    let fewer = act(&served, &host, "withdrawal", r#"{"why":"damaged","item":"box","units":1048}"#);
    assert_eq!((&fewer.body["items"][0]["free"], fewer.status), (&0.into(), 200));
    assert_eq!(fewer.text_of("state"), "sold_out");
    let closed = act(&served, &host, "closing", r#"{"why":"enough"}"#);
    assert_eq!((closed.status, closed.text_of("state")), (200, "closed"));
    assert_eq!(served.claim("boxes", 3, BOX).text_of("code"), "closed");
    let again = act(&served, &host, "pause", r#"{"why":"too late"}"#);
    assert_eq!((again.status, again.text_of("code")), (409, "closed"));
    served.end();
    let told = |verb: &str, why: &str| (verb.to_owned(), why.to_owned());
    let all = [
        told("pause", "数错了 & <b>"),
        told("resumption", "counted"),
        told("restock", "a second van"),
        told("withdrawal", "damaged"),
        told("closing", "enough"),
    ];
    assert_eq!(acts(&place), all);
    place.verified();
}

#[test]
fn session_and_verify_beside_a_server_write_nothing() {
    let (place, served) = open_place();
    for fan in 1..=20 {
        assert_eq!(served.claim("boxes", fan, BOX).status, 201);
    }
    // The witness is written within a second of the last row.
    std::thread::sleep(std::time::Duration::from_millis(1_300));
    let before = (files(&place.data), place.facts(1).len());
    for _ in 0..3 {
        let output = place.run(&["verify"]);
        assert!(output.status.success(), "{}", words(&output));
        assert!(words(&output).contains("20 claims"), "{}", words(&output));
        let output = place.run(&["session", "--fan", "1", "--count", "100"]);
        assert_eq!(words(&output).lines().count(), 100);
    }
    assert!((files(&place.data), place.facts(1).len()) == before, "something was written");
    assert_eq!(served.claim("boxes", 21, BOX).status, 201);
    served.end();
    place.verified();
}
