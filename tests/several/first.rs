//! The first journal, which says where each drop is, is silent when processes start: what the
//! others have is served, nothing is made twice, and all is made good when it comes back.

use super::{FILE, claim_at_last, drops, homes, number, place, verified};
use crate::common::festival::BOX;
use crate::common::postgres::Postgres;
use crate::common::served::{Place, Served, words};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::token::Role;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

fn ready(served: &Served) -> (u16, String) {
    let answer = served.ask(("GET", "/readyz"), 1, Role::Fan, "");
    (answer.status, answer.text)
}

/// Waits until `/readyz` says something; gives all that it then says.
fn ready_says(served: &Served, what: &str) -> String {
    let watch = Stopwatch::start();
    loop {
        let (_, said) = ready(served);
        if said.contains(what) {
            return said;
        }
        assert!(watch.passed_s() < 40.0, "never {what}: {said}\n{}", served.said());
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn busy(served: &Served, drops: &[&str]) {
    for drop in drops {
        let answer = served.claim(drop, 77, BOX);
        assert_eq!((answer.status, answer.text_of("code")), (503, "busy"), "{drop}: {answer:?}");
    }
}

#[test]
fn what_the_others_have_is_served_and_the_rest_opens_when_it_answers() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let mut served = place.serve(Some(FILE));
    for fan in 1..=3 {
        assert_eq!(served.claim("a", fan, BOX).status, 201);
        assert_eq!(served.claim("b", fan, BOX).status, 201);
    }
    // The witness is written each second.
    std::thread::sleep(Duration::from_millis(1_500));
    dying.kill();
    // It leaves nothing in order, least of all its place among the nodes.
    served.program.kill();
    place.write(FILE, &drops(&["a", "b", "c", "d"]));
    for fan in 4..=5 {
        let mut served = place.serve(Some(FILE));
        let again = served.claim("b", 2, BOX);
        assert_eq!((again.status, number(&again)), (200, 2), "{again:?}");
        assert!(again.body["receipt"]["signature"].is_string(), "{again:?}");
        let made = served.claim("b", fan, BOX);
        assert_eq!((made.status, number(&made)), (201, fan), "{made:?}");
        // Also those that are new: only the first journal may give them a lane.
        busy(&served, &["a", "c", "d"]);
        let (status, said) = ready(&served);
        assert!(status == 503 && said.contains("journal 1"), "{said}");
        assert!(said.contains("drop c: ") && said.contains("drop d: "), "{said}");
        assert!(!said.contains("drop b"), "{said}");
        assert_eq!(served.ask(("GET", "/proxyz"), 1, Role::Fan, "").status, 200);
        assert!(!place.run(&["verify"]).status.success(), "not all can be read");
        served.program.kill();
    }
    let served = place.serve(Some(FILE));
    assert_eq!(number(&served.claim("b", 6, BOX)), 6);
    busy(&served, &["a", "c", "d"]);
    dying.start_again();
    assert_eq!(number(&claim_at_last(&served, "a", 4)), 4);
    for drop in ["c", "d"] {
        assert_eq!(number(&claim_at_last(&served, drop, 1)), 1, "{drop}");
    }
    assert_eq!(number(&served.claim("b", 7, BOX)), 7);
    assert_eq!((served.claim("e", 1, BOX).status, ready(&served).0), (404, 200));
    served.end();
    let expected = [("a", 0), ("b", 1), ("c", 0), ("d", 1)];
    assert_eq!(homes(&place), expected.map(|(drop, home)| (drop.to_owned(), home)));
    verified(&place);
}

#[test]
fn a_folder_that_was_never_served_with_it_is_refused() {
    let (server, dead) = (Postgres::shared(), "postgres://x@127.0.0.1:1/x".to_owned());
    let second = server.database();
    let place = place(&["a"], &[&dead, &second]);
    let refused = place.run(&["serve", FILE, "--listen", "127.0.0.1:0"]);
    let said = words(&refused);
    assert!(!refused.status.success() && said.contains("the first of several"), "{said}");
    Postgres::sql(&second, "SELECT 1 / (to_regclass('journal') IS NULL)::INT");
}

/// Exchanges the key in a folder; gives the one before.
fn exchanged(place: &Place, key: Option<&str>) -> String {
    let path = place.data.join("festival.key");
    let before = std::fs::read_to_string(&path).unwrap();
    match key {
        Some(key) => std::fs::write(&path, key).unwrap(),
        None => std::fs::remove_file(&path).unwrap(),
    }
    before
}

#[test]
fn no_key_is_made_or_taken_that_the_others_do_not_know_or_that_the_first_knows_better() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 1, BOX).status, served.claim("b", 1, BOX).status), (201, 201));
    served.end();
    dying.kill();
    let refused = |what: &str| {
        let said = words(&place.run(&["serve", FILE, "--listen", "127.0.0.1:0"]));
        assert!(said.contains("festival.key: ") && said.contains(what), "{said}");
        Postgres::sql(&second, "SELECT 1 / (COUNT(*) = 1)::INT FROM keys");
    };
    let own = exchanged(&place, None);
    refused("it is missing");
    assert!(!place.data.join("festival.key").exists(), "none is made");
    std::fs::write(place.data.join("festival.key"), &own).unwrap();
    let path = place.data.join("festival.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    exchanged(&place, Some(&format!("{}\n", "5e".repeat(32))));
    refused("signed with another");
    exchanged(&place, Some(&own));
    // Where nobody can be asked, nothing is said of the key.
    let name = named(&second).0;
    let allow = |allowed: bool| {
        let sql = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        Postgres::sql(&named(&second).1, &sql);
    };
    allow(false);
    let said = words(&place.run(&["serve", FILE, "--listen", "127.0.0.1:0"]));
    assert!(said.contains("no journal answers") && !said.contains("festival.key"), "{said}");
    allow(true);

    // One made anew that only the first has rows of: a start without it cannot know.
    dying.start_again();
    let output = place.run(&["key", "rotate", "--signing"]);
    assert!(output.status.success(), "{}", words(&output));
    allow(false);
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("a", 2, BOX).status, 201);
    served.end();
    allow(true);
    dying.kill();
    let new = exchanged(&place, Some(&own));
    let served = place.serve(Some(FILE));
    assert_eq!(number(&served.claim("b", 2, BOX)), 2);
    dying.start_again();
    let said = ready_says(&served, "it signed this journal once");
    assert!(said.contains("another was made in its place"), "{said}");
    busy(&served, &["a"]);
    served.end();
    exchanged(&place, Some(&new));
    let served = place.serve(Some(FILE));
    assert_eq!((number(&served.claim("a", 3, BOX)), number(&served.claim("b", 3, BOX))), (3, 3));
    served.end();
    verified(&place);
}

#[test]
fn a_first_journal_that_comes_back_older_keeps_its_lanes_shut() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 1, BOX).status, served.claim("b", 1, BOX).status), (201, 201));
    served.end();
    // A copy of before these lanes: it knows neither.
    Postgres::sql(&first, "TRUNCATE lanes CASCADE");
    dying.kill();
    place.write(FILE, &drops(&["new", "a", "b"]));
    let served = place.serve(Some(FILE));
    assert_eq!(number(&served.claim("b", 2, BOX)), 2);
    busy(&served, &["a", "new"]);
    dying.start_again();
    let said = ready_says(&served, "went back in time");
    assert!(said.contains("lane 1") && !said.contains("journal 1"), "{said}");
    // A number that was ever a lane's is not the new one's, and nothing moved.
    assert_eq!(number(&claim_at_last(&served, "new", 1)), 1);
    assert!(matches!(served.claim("a", 2, BOX).status, 404 | 503));
    assert_eq!(number(&served.claim("b", 3, BOX)), 3);
    served.end();
    let expected = [("a", 0), ("b", 1), ("new", 0)];
    assert_eq!(homes(&place), expected.map(|(drop, home)| (drop.to_owned(), home)));
}

/// The name of a URL's database, and a URL of another on its server.
fn named(url: &str) -> (&str, String) {
    let (server, name) = url.rsplit_once('/').unwrap();
    (name, format!("{server}/postgres"))
}

#[test]
fn another_festivals_journal_in_its_place_opens_nothing_and_harms_nothing() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 1, BOX).status, served.claim("b", 1, BOX).status), (201, 201));
    served.end();
    let (name, admin) = named(&first);
    Postgres::sql(&admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    let served = place.serve(Some(FILE));
    assert_eq!(number(&served.claim("b", 2, BOX)), 2);
    busy(&served, &["a"]);
    let other = server.database();
    let (put, _) = named(&other);
    Postgres::sql(&admin, &format!("DROP DATABASE {put}"));
    Postgres::sql(&admin, &format!("CREATE DATABASE {put} TEMPLATE {name}"));
    let festival = |id| format!("UPDATE journal_version SET festival = '{id}'");
    Postgres::sql(&other, &festival("another"));
    Postgres::sql(&admin, &format!("DROP DATABASE {name} WITH (FORCE)"));
    Postgres::sql(&admin, &format!("ALTER DATABASE {put} RENAME TO {name}"));
    ready_says(&served, "of the festival `another`");
    busy(&served, &["a"]);
    assert_eq!(number(&served.claim("b", 3, BOX)), 3);
    Postgres::sql(&first, "SELECT 1 / (COUNT(*) = 0)::INT FROM nodes");

    // Nor one in which the lanes are called otherwise.
    let swap = "UPDATE lanes SET drop_id = drop_id || drop_id";
    Postgres::sql(&first, &format!("{swap}; {}", festival("several")));
    ready_says(&served, "knows the lane or the drop otherwise");
    busy(&served, &["a"]);
    Postgres::sql(&first, "UPDATE lanes SET drop_id = left(drop_id, 1)");
    assert_eq!(number(&claim_at_last(&served, "a", 2)), 2);
    assert_eq!((number(&served.claim("b", 4, BOX)), ready(&served).0), (4, 200));
    served.end();
    verified(&place);
}

const DROPS: [&str; 4] = ["a", "b", "c", "d"];

/// A place of one of several nodes, and their secret.
fn node(journals: &[&String]) -> (Place, PathBuf) {
    let mut place = place(&DROPS, journals);
    place.database = Some(journals[1].clone());
    place.write("secret", &"5e".repeat(32));
    let key = place.data.parent().unwrap().join("secret");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    (place, key)
}

fn serve((place, key): &(Place, PathBuf)) -> Served {
    place.serve_with(FILE, &["--node", "127.0.0.1:0", "--key", key.to_str().unwrap()])
}

/// A claim at each of these nodes in turn, by fans of this number and those behind it.
fn claims(nodes: &[&Served], drops: &[&str], fan: u64) {
    for drop in drops {
        for (at, node) in nodes.iter().enumerate() {
            let fan = fan + at as u64;
            assert_eq!(number(&claim_at_last(node, drop, fan)), fan, "{drop}");
        }
    }
}

#[test]
fn two_nodes_start_without_it_one_after_the_other_and_join_when_it_is_back() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let [one, two] = [(), ()].map(|()| node(&[&first, &second]));
    let (mut left, mut right) = (serve(&one), serve(&two));
    claims(&[&left, &right], &DROPS, 1);
    // Until the tables, which are a witness of both, have it all.
    std::thread::sleep(Duration::from_millis(1_500));
    dying.kill();
    left.program.kill();
    for (place, _) in [&one, &two] {
        place.write(FILE, &drops(&[&DROPS[..], &["new"]].concat()));
    }
    let mut left = serve(&one);
    busy(&left, &["a", "c", "new"]);
    claims(&[&left, &right], &["b", "d"], 3);
    right.program.kill();
    let right = serve(&two);
    for node in [&left, &right] {
        assert!(ready(node).1.contains("journal 1"), "{}", ready(node).1);
    }
    claims(&[&left, &right], &["b", "d"], 5);
    busy(&right, &["a", "c"]);
    // One that comes new has never seen it.
    let new = node(&[&first, &second]);
    let key = new.1.to_str().unwrap();
    let args = ["serve", FILE, "--listen", "127.0.0.1:0", "--node", "127.0.0.1:0", "--key", key];
    let refused = new.0.run(&args);
    assert!(words(&refused).contains("the first of several"), "{}", words(&refused));
    left.program.kill();
    let left = serve(&one);
    claims(&[&right, &left], &["b", "d"], 7);

    dying.start_again();
    claims(&[&left, &right], &["a", "c"], 3);
    claims(&[&left, &right], &["b", "d"], 9);
    claims(&[&right, &left], &["a", "c"], 5);
    claims(&[&left, &right], &["new"], 1);
    for node in [left, right] {
        ready_says(&node, "ready\n");
        assert!(!node.said().contains("ANOTHER PROCESS"), "{}", node.said());
        node.end();
    }
    verified(&one.0);
}

#[test]
fn a_machine_that_swallows_what_it_is_sent_holds_up_the_start_and_nothing_after_it() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let mut served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 1, BOX).status, served.claim("b", 1, BOX).status), (201, 201));
    std::thread::sleep(Duration::from_millis(1_500));
    served.program.kill();
    dying.kill();
    let at = first.split(['@', '/']).nth(3).unwrap();
    let swallows = TcpListener::bind(at).unwrap();
    let watch = Stopwatch::start();
    let served = place.serve(Some(FILE));
    eprintln!("started within {} s", watch.passed_s());
    assert!((5.0..40.0).contains(&watch.passed_s()), "{} s", watch.passed_s());
    for fan in 2..=20 {
        let watch = Stopwatch::start();
        assert_eq!(number(&served.claim("b", fan, BOX)), fan);
        busy(&served, &["a"]);
        assert!(watch.passed_s() < 1.0, "{} s", watch.passed_s());
    }
    // Once somebody has found where a lane's rows are, nobody looks for them there again.
    for most_s in [9.0, 1.0, 1.0] {
        let watch = Stopwatch::start();
        let again = served.claim("b", 1, BOX);
        assert!(again.body["receipt"]["signature"].is_string(), "{again:?}");
        assert!(watch.passed_s() < most_s, "{} s", watch.passed_s());
    }
    drop(swallows);
    dying.start_again();
    assert_eq!(number(&claim_at_last(&served, "a", 2)), 2);
    served.end();
    verified(&place);
}
