//! One name leads from the answer somebody got, through the log, to the row in the journal.

use crate::common::festival::{self, BOX};
use crate::common::http::{Answer, Client};
use crate::common::served::{Place, Served};
use fanfare::kit::token::Role;
use fanfare_engine::Fact;
use std::thread;
use std::time::Duration;

const NAME: &str = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";

fn serve(place: &Place, log: &str) -> Served {
    let terms = "open_for = \"2d\"\nhold = \"10m\"\nlimit = 3";
    place.write("day.toml", &festival::open_boxes("followed-day", terms, 50));
    place.serve_with("day.toml", &["--log", log])
}

/// Asks with one more header.
fn ask(served: &Served, path: &str, who: (u64, Role), more: &str, body: &str) -> Answer {
    let token = served.token(who.0, who.1);
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: fans.example\r\nAuthorization: Bearer {token}\r\n{more}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut client = Client::connect(served.address).unwrap();
    client.send(request.as_bytes()).unwrap();
    client.answer().unwrap()
}

/// The name an answer carries.
fn name_of(answer: &Answer) -> Option<&str> {
    answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: "))
}

/// The first line of the log that has all of this; it may come a little after the answer.
fn line(served: &Served, parts: &[&str]) -> String {
    for _ in 0..200 {
        let said = served.said();
        if let Some(line) = said.lines().find(|line| parts.iter().all(|part| line.contains(part))) {
            return line.to_owned();
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("no line has {parts:?}: {}", served.said());
}

/// A number in a line.
fn number(line: &str, name: &str) -> u32 {
    let start = format!(" {name}=");
    let rest = line.split_once(&start).unwrap_or_else(|| panic!("{name}: {line}")).1;
    rest.split(' ').next().unwrap().parse().unwrap()
}

/// The facts of a row.
fn facts(place: &Place, lane: u32, seq: u32) -> Vec<Fact> {
    place.journal().rows(lane, seq, 1).unwrap()[0].row.read_facts().unwrap()
}

#[test]
fn a_claims_name_leads_from_its_answer_to_its_fact() {
    let place = Place::new();
    let served = serve(&place, "fanfare=debug");
    let path = "/api/v1/drops/boxes/claims";
    let answer = ask(&served, path, (7, Role::Fan), &format!("X-Request-Id: {NAME}\r\n"), BOX);
    assert_eq!((answer.status, name_of(&answer)), (201, Some(NAME)), "{answer:?}");

    let name = format!("request{{id={NAME}}}");
    let decided = line(&served, &[&name, "decided", "what=\"claim\"", " fan=7 "]);
    let [lane, seq, index] = ["lane", "seq", "index"].map(|field| number(&decided, field));
    assert_eq!(answer.text_of("claim"), format!("{lane}-{seq}-{index}"), "{decided}");
    assert_eq!(number(&decided, "row"), seq);
    let row = format!(" lane={lane} seq={seq} ");
    let answered = line(&served, &["answered", &row]);
    let appended = line(&served, &["appended", &row]);
    assert_eq!([number(&answered, "commands"), number(&answered, "facts")], [1, 1]);
    assert_eq!(number(&appended, "facts"), 1);
    assert!(number(&appended, "append_us") > 0 && appended.contains("durable=true"), "{appended}");
    let after_us = answered.split_once("after_us=").unwrap().1.trim();
    assert!(after_us.parse::<u32>().unwrap() >= number(&appended, "append_us"), "{answered}");

    let said = answer.body["number"].as_u64().unwrap();
    let facts = facts(&place, lane, seq);
    let fact = &facts[index as usize];
    let its = |number: u32, fan: u64| u64::from(number) == said && fan == 7;
    assert!(
        matches!(fact, Fact::Claimed { number, fan, .. } if its(number.get(), fan.get())),
        "{fact:?}"
    );
    served.end();
    place.verified();
}

#[test]
fn acts_and_refusals_are_followed_by_the_names_they_were_given() {
    let place = Place::new();
    let served = serve(&place, "info,fanfare::drops::trail=debug");
    let claimed = served.claim("boxes", 7, BOX);
    let claim = claimed.text_of("claim");

    // A name that was made for it, and stands in the answer.
    let settle = format!("/api/v1/claims/{claim}/settlement");
    let settled = ask(&served, &settle, (50, Role::Cashier), "", "");
    assert_eq!(settled.status, 200, "{settled:?}");
    let name = name_of(&settled).unwrap();
    assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    let line_of = |name: &str, parts: &[&str]| {
        let id = format!("request{{id={name}}}");
        line(&served, &[&[id.as_str()], parts].concat())
    };
    let decided = line_of(name, &["decided", "what=\"settle\"", " fan=7 "]);
    let found = facts(&place, number(&decided, "lane"), number(&decided, "row"));
    assert!(found.iter().any(|fact| matches!(fact, Fact::Settled(_))), "{found:?}");

    // The trace's.
    let trace = NAME.replace('-', "");
    let parent = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n");
    let pause = "/api/v1/drops/boxes/pause";
    let paused = ask(&served, pause, (900, Role::Host), &parent, r#"{"why":"lunch"}"#);
    assert_eq!((paused.status, name_of(&paused)), (200, Some(trace.as_str())), "{paused:?}");
    let decided = line_of(&trace, &["decided", "what=\"pause\"", " fan=900 "]);
    let found = facts(&place, number(&decided, "lane"), number(&decided, "row"));
    assert!(found.iter().any(|fact| matches!(fact, Fact::Paused(_))), "{found:?}");

    let id = "X-Request-Id: 00c0ffee\r\n";
    let path = "/api/v1/drops/boxes/claims";
    let refused = ask(&served, path, (8, Role::Fan), id, BOX);
    assert_eq!((refused.status, name_of(&refused)), (409, Some("00c0ffee")));
    line_of("00c0ffee", &["refused at the gate", " fan=8 ", "refused=\"paused\""]);
    // What is always logged has the name, too.
    let id = "X-Request-Id: 0badcafe\r\n";
    let refused = ask(&served, pause, (8, Role::Fan), id, "{}");
    assert_eq!(refused.status, 403);
    line_of("0badcafe", &["WARN", "not allowed", " fan=8 "]);
    served.end();
}

#[test]
fn a_crowds_claims_have_no_name_unless_they_brought_one() {
    let place = Place::new();
    let served = serve(&place, "info");
    let path = "/api/v1/drops/boxes/claims";
    let fan = (7, Role::Fan);
    let key = |key: &str| format!("Idempotency-Key: {key}\r\n");
    let plain = ask(&served, path, fan, &key("a"), BOX);
    assert_eq!((plain.status, name_of(&plain)), (201, None));
    let foul = "X-Request-Id: Zaphod-Beeblebrox\r\n".to_owned() + &key("b");
    let foul = ask(&served, path, fan, &foul, BOX);
    assert_eq!((foul.status, name_of(&foul)), (201, None));
    let named = format!("X-Request-Id: {NAME}\r\n{}", key("c"));
    let named = ask(&served, path, fan, &named, BOX);
    assert_eq!((named.status, name_of(&named)), (201, Some(NAME)));
    let now = served.ask(("GET", "/api/v1/now"), 7, Role::Fan, "");
    assert!(name_of(&now).is_some(), "whatever is no crowd's has one: {now:?}");
    assert!(!served.said().contains("decided"), "{}", served.said());
    served.end();
}
