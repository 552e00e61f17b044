//! A festival whose drops are on several journals, over HTTP: claims on each, restarts, a silent
//! journal, a lost one's restore, and a list that grows.

mod common;
#[path = "several/first.rs"]
mod first;
#[path = "several/out_of_reach.rs"]
mod out_of_reach;

use common::festival::{self, BOX};
use common::http::{Answer, number};
use common::postgres::Postgres;
use common::served::{Place, Served, verified, words};
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::token::Role;
use fanfare_engine::Fact;
use std::time::Duration;

const FILE: &str = "festival.toml";

/// Drops that are open since an hour ago.
fn drops(ids: &[&str]) -> String {
    let opens_ms = Clock::machine().now_ms() - 3_600_000;
    let terms = "open_for = \"10d\"\nhold = \"5d\"\nlimit = 2";
    let drop = |id: &&str| festival::drop(id, opens_ms, terms, 100);
    festival::text("several", &ids.iter().map(drop).collect::<String>())
}

fn place(ids: &[&str], journals: &[&String]) -> Place {
    let mut place = Place::new();
    place.journals = journals.iter().map(|url| (*url).clone()).collect();
    place.write(FILE, &drops(ids));
    place
}

fn homes(place: &Place) -> Vec<(String, usize)> {
    let lanes = place.journal().lanes().unwrap();
    lanes.into_iter().map(|record| (record.drop, record.home)).collect()
}

/// Claims until it is a claim; says how often that took.
fn claim_at_last(served: &Served, drop: &str, fan: u64) -> Answer {
    for _ in 0..120 {
        let answer = served.claim(drop, fan, BOX);
        if answer.status != 503 {
            assert!(matches!(answer.status, 200 | 201), "{answer:?}");
            return answer;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    panic!("drop {drop} does not come back: {}", served.said());
}

#[test]
fn drops_on_two_journals_are_served_and_stay_where_they_are() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let ids = ["a", "b", "c", "d"];
    let mut place = place(&ids, &[&first, &second]);
    let served = place.serve(Some(FILE));
    for fan in 1..=5 {
        for drop in ids {
            let made = served.claim(drop, fan, BOX);
            assert_eq!((made.status, number(&made)), (201, fan), "{drop}");
        }
    }
    let why = r#"{"why":"a look at the second"}"#;
    let paused = served.ask(("POST", "/api/v1/drops/b/pause"), 80, Role::Host, why);
    assert_eq!(paused.status, 200, "{paused:?}");
    served.end();
    let expected = [("a", 0), ("b", 1), ("c", 0), ("d", 1)];
    assert_eq!(homes(&place), expected.map(|(drop, home)| (drop.to_owned(), home)));
    // Words are kept beside the rows that name them; a division by nothing fails.
    Postgres::sql(&second, "SELECT 1 / COUNT(*) FROM reasons");
    Postgres::sql(&first, "SELECT 1 / (1 - COUNT(*)) FROM reasons");
    assert!(verified(&place).contains("holds: 4 lanes"));
    // The folder knows where they are.
    place.journals.clear();
    let served = place.serve(Some(FILE));
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    for drop in ["a", "c", "d"] {
        let (again, new) = (served.claim(drop, 2, BOX), served.claim(drop, 6, BOX));
        assert_eq!((again.status, number(&again)), (200, 2), "{drop}");
        assert_eq!((new.status, number(&new)), (201, 6), "{drop}");
    }
    assert_eq!(served.claim("b", 6, BOX).text_of("code"), "paused");
    served.end();
    verified(&place);
}

#[test]
fn a_journal_of_several_hosts_is_used_where_it_is_written() {
    let (read_only, written) = (Postgres::alone(), Postgres::alone());
    let [read_only, written] = [&read_only, &written].map(|server| {
        let url = server.database();
        Postgres::sql(&url, "CREATE DATABASE fans");
        url.rsplit_once('/').unwrap().0.to_owned() + "/fans"
    });
    let host = |url: &str| url.split(['@', '/']).nth(3).unwrap().to_owned();
    Postgres::sql(&read_only, "ALTER DATABASE fans SET default_transaction_read_only = on");
    // Nobody is at the first; the second answers first, and cannot be written.
    let hosts = format!("127.0.0.1:1,{},{}", host(&read_only), host(&written));
    let url = format!("postgres://fanfare@{hosts}/fans");
    let place = place(&["a"], &[&url]);
    let served = place.serve(Some(FILE));
    let made = served.claim("a", 1, BOX);
    assert_eq!((made.status, number(&made)), (201, 1), "{made:?}");
    served.end();
    assert!(verified(&place).contains("holds: 1 lane"));
    Postgres::sql(&written, "SELECT 1 / COUNT(*) FROM journal");
    let refused = place.run(&["serve", FILE, "--listen", "127.0.0.1:0", "--database", &url]);
    assert!(!refused.status.success() && words(&refused).contains("name one host"));
}

#[test]
fn a_dead_journal_holds_up_its_own_lanes_only_and_comes_back_by_itself() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    for drop in ["a", "b"] {
        assert_eq!(served.claim(drop, 1, BOX).status, 201);
    }
    dying.kill();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| served.claim("b", 2, BOX));
        let watch = Stopwatch::start();
        let mut fan = 2;
        while !waiting.is_finished() {
            let made = served.claim("a", fan, BOX);
            assert_eq!((made.status, number(&made)), (201, fan), "{made:?}");
            fan += 1;
            std::thread::sleep(Duration::from_millis(100));
        }
        let code = waiting.join().unwrap();
        assert!(["busy", "unsure"].contains(&code.text_of("code")), "{code:?}");
        assert!(fan > 5, "{fan} within {} s", watch.passed_s());
    });
    // What stands in the other is still checked, and what could not be is named.
    let output = place.run(&["verify"]);
    let said = words(&output);
    assert!(
        !output.status.success() && said.contains("lane 2 (drop b): its rows cannot"),
        "{said}"
    );
    assert!(!said.contains("lane 1"), "{said}");
    dying.start_again();
    assert_eq!(number(&claim_at_last(&served, "b", 2)), 2);
    assert_eq!(number(&served.claim("b", 3, BOX)), 3);
    served.end();
    verified(&place);

    // Started while it is dead: its own drop is shut, and opens once it answers.
    dying.kill();
    let served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 99, BOX).status, served.claim("b", 4, BOX).status), (201, 503));
    assert!(served.said().contains("it opens when that answers"), "{}", served.said());
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 503);
    dying.start_again();
    assert_eq!(number(&claim_at_last(&served, "b", 4)), 4);
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    served.end();
    verified(&place);
}

#[test]
fn while_the_first_journal_is_dead_claims_go_on_at_the_others() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let (first, second) = (dying.database(), shared.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    dying.kill();
    (1..=5).for_each(|fan| assert_eq!(number(&served.claim("b", fan, BOX)), fan));
    assert_eq!(served.claim("a", 1, BOX).status, 503);
    dying.start_again();
    assert_eq!(number(&claim_at_last(&served, "a", 1)), 1);
    served.end();
    verified(&place);
}

#[test]
fn a_journal_that_comes_back_older_keeps_its_lanes_shut_for_that() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("b", 1, BOX).status, 201);
    served.end();
    let newest = place.journal().newest_seq(2).unwrap();
    Postgres::sql(&second, &format!("DELETE FROM journal WHERE seq = {newest}"));
    dying.kill();
    let served = place.serve(Some(FILE));
    let opens = "it opens when that answers";
    let not_ready = || served.ask(("GET", "/readyz"), 1, Role::Fan, "").text;
    assert!(not_ready().contains(opens), "{}", not_ready());
    assert_eq!(served.claim("b", 2, BOX).status, 503);
    dying.start_again();
    let watch = Stopwatch::start();
    while not_ready().contains(opens) {
        assert!(watch.passed_s() < 30.0, "{}", not_ready());
        std::thread::sleep(Duration::from_millis(200));
    }
    // What keeps it shut now is what is told.
    assert!(not_ready().contains("went back in time"), "{}", not_ready());
    assert_eq!((served.claim("b", 2, BOX).status, served.claim("a", 1, BOX).status), (503, 201));
    served.end();
}

/// Rows cannot be read, though their numbers can.
const UNREADABLE: &str = "CREATE FUNCTION silent(BYTEA) RETURNS BYTEA LANGUAGE plpgsql STABLE AS
    $$ BEGIN RAISE 'not now' USING ERRCODE = '57014'; END $$;
    ALTER TABLE journal RENAME TO kept;
    CREATE VIEW journal AS SELECT lane, seq, hash, header, silent(facts) AS facts, seal FROM kept";
const UNREPLAYABLE: &str = "CASE WHEN seq = 1 THEN silent(facts) ELSE facts END";
const READABLE: &str = "DROP VIEW journal; ALTER TABLE kept RENAME TO journal";

/// A drop whose journal falls silent in this way while a start reads it, and then answers.
fn is_read_again(
    place: &Place,
    drop: &str,
    (url, silent): (&str, &str),
    meanwhile: impl Fn(&Served),
) {
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim(drop, 1, BOX).status, 201);
    served.end();
    Postgres::sql(url, silent);
    let served = place.serve(Some(FILE));
    let not_ready = served.ask(("GET", "/readyz"), 1, Role::Fan, "").text;
    assert!(not_ready.contains("it opens when that answers"), "{not_ready}");
    assert_eq!(served.claim(drop, 2, BOX).status, 503);
    meanwhile(&served);
    Postgres::sql(url, READABLE);
    assert_eq!(number(&claim_at_last(&served, drop, 2)), 2);
    served.end();
    verified(place);
}

#[test]
fn a_journal_that_falls_silent_while_its_rows_are_read_is_read_again() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    is_read_again(&place, "b", (&second, UNREADABLE), |served| {
        assert_eq!(served.claim("a", 1, BOX).status, 201);
    });
}

#[test]
fn an_only_journal_that_falls_silent_while_its_rows_are_read_is_read_again() {
    let server = Postgres::shared();
    let url = server.database();
    let place = place(&["a"], &[&url]);
    let silent = UNREADABLE.replace("silent(facts) AS", &format!("{UNREPLAYABLE} AS"));
    is_read_again(&place, "a", (&url, &silent), |_| ());
}

#[test]
fn a_slow_journal_holds_up_its_own_lanes_only() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("b", 1, BOX).status, 201);
    std::thread::scope(|scope| {
        // Nobody adds a row there meanwhile.
        let hold = "LOCK TABLE journal; SELECT pg_sleep(3)";
        scope.spawn(|| Postgres::sql(&second, hold));
        std::thread::sleep(Duration::from_millis(500));
        let waiting = scope.spawn(|| served.claim("b", 2, BOX));
        std::thread::sleep(Duration::from_millis(100));
        for fan in 1..=20 {
            let watch = Stopwatch::start();
            assert_eq!(number(&served.claim("a", fan, BOX)), fan);
            // The other journal stands still for three.
            assert!(watch.passed_s() < 1.0, "{} s", watch.passed_s());
        }
        assert!(!waiting.is_finished(), "it was slow all the while");
        assert_eq!(number(&waiting.join().unwrap()), 2);
    });
    served.end();
    verified(&place);
}

#[test]
fn a_lane_of_the_second_journal_goes_on_behind_lost_rows() {
    let server = Postgres::shared();
    let (first, second) = (server.database(), server.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    (1..=5).for_each(|fan| assert_eq!(number(&served.claim("b", fan, BOX)), fan));
    served.end();
    let newest = place.journal().newest_seq(2).unwrap();
    let served = place.serve(Some(FILE));
    (6..=9).for_each(|fan| assert_eq!(number(&served.claim("b", fan, BOX)), fan));
    served.end();
    Postgres::sql(&second, &format!("DELETE FROM journal WHERE seq > {newest}"));
    let served = place.serve(Some(FILE));
    assert_eq!((served.claim("a", 1, BOX).status, served.claim("b", 1, BOX).status), (201, 503));
    assert!(served.said().contains("went back in time"), "{}", served.said());
    served.end();
    let output = place.run(&["restore", FILE, "--accept-loss", "--why", "an old copy"]);
    let said = words(&output);
    assert!(output.status.success() && said.contains("the next claim is number 10"), "{said}");
    let served = place.serve(Some(FILE));
    let resume = ("POST", "/api/v1/drops/b/resumption");
    assert_eq!(served.ask(resume, 80, Role::Host, r#"{"why":"looked"}"#).status, 200);
    assert_eq!(number(&served.claim("b", 10, BOX)), 10);
    served.end();
    verified(&place);
    // Nor does a journal that is gone altogether take the others with it.
    Postgres::sql(&second, "DROP TABLE journal, lanes, keys, reasons, journal_version");
    let output = place.run(&["restore", FILE, "--accept-loss"]);
    let said = words(&output);
    assert!(output.status.success() && said.contains("the next claim is number 11"), "{said}");
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("a", 2, BOX).status, 201);
    assert_eq!(served.claim("b", 11, BOX).text_of("code"), "paused");
    served.end();
    assert_eq!(homes(&place)[1], ("b".to_owned(), 1));
}

#[test]
fn new_journals_come_behind_and_nothing_else_changes_the_list() {
    let server = Postgres::shared();
    let (first, second, dead) =
        (server.database(), server.database(), "postgres://x@127.0.0.1:1/x");
    let mut place = place(&["a", "b"], &[&first]);
    place.serve(Some(FILE)).end();
    place.write(FILE, &drops(&["a", "b", "c", "d"]));
    let refused = |place: &mut Place, journals: &[&str], what: &str| {
        place.journals = journals.iter().map(|&url| url.to_owned()).collect();
        let output = place.run(&["serve", FILE, "--listen", "127.0.0.1:0"]);
        let said = words(&output);
        assert!(!output.status.success() && said.contains(what), "{said}");
    };
    refused(&mut place, &[&first, dead], "127.0.0.1:1");
    let other_name = first.replace("127.0.0.1", "localhost");
    refused(&mut place, &[&first, &other_name], "it is journal 1 of this festival");
    refused(&mut place, &[&first, &first], "twice");
    refused(&mut place, &[&second], "keeps its journal at");
    // None of these was kept.
    place.journals = vec![first.clone(), second.clone()];
    let served = place.serve(Some(FILE));
    for drop in ["a", "b", "c", "d"] {
        assert_eq!(served.claim(drop, 1, BOX).status, 201);
    }
    served.end();
    let expected = [("a", 0), ("b", 0), ("c", 0), ("d", 1)];
    assert_eq!(homes(&place), expected.map(|(drop, home)| (drop.to_owned(), home)));
    refused(&mut place, &[&second, &first], "keeps its journal at");
    refused(&mut place, &[&first], "in this order");
    place.journals.clear();
    verified(&place);
}

/// How many connections the program has may be no more than this; a division by nothing fails.
fn connected_at_most(url: &str, most: u32) {
    let ours = "FROM pg_stat_activity WHERE application_name = 'fanfare'";
    Postgres::sql(url, &format!("SELECT 1 / (COUNT(*) <= {most})::INT {ours}"));
}

#[test]
fn a_crowd_that_repeats_old_claims_takes_few_of_a_databases_connections() {
    let server = Postgres::with(&["max_connections=40"]);
    let url = server.database();
    let place = place(&["a"], &[&url]);
    let served = place.serve(Some(FILE));
    (1..=64).for_each(|fan| assert_eq!(served.claim("a", fan, BOX).status, 201));
    served.end();
    // Of what was published before its start a server has the newest row only.
    let served = place.serve(Some(FILE));
    let with_receipt = std::thread::scope(|scope| {
        let fans = (1..=63).map(|fan| {
            let served = &served;
            scope.spawn(move || {
                let repeats = (0..6).map(|_| {
                    let again = served.claim("a", fan, BOX);
                    assert_eq!((again.status, number(&again)), (200, fan), "{again:?}");
                    u32::from(again.body["receipt"]["signature"].is_string())
                });
                repeats.sum::<u32>()
            })
        });
        let fans: Vec<_> = fans.collect();
        fans.into_iter().map(|fan| fan.join().unwrap()).sum::<u32>()
    });
    assert!(with_receipt > 0);
    // Writer, leases, projector, and the few that read for the crowd.
    connected_at_most(&url, 3 + 4);
    assert!(!served.said().contains("too many"), "{}", served.said());
    std::thread::sleep(Duration::from_secs(14));
    connected_at_most(&url, 3);
    served.end();
}

const OVER: &str = r#"{"why":"over"}"#;

/// The path of a fan's paid claim on a drop that was closed and is at rest since.
fn paid_at_rest(place: &Place, served: &Served, drop: &str, lane: u32) -> String {
    let claim = format!("/api/v1/claims/{}", served.claim(drop, 1, BOX).text_of("claim"));
    let host = |path: &str| served.ask(("POST", path), 80, Role::Host, OVER).status;
    assert_eq!(host(&format!("{claim}/settlement")), 200);
    assert_eq!(host(&format!("/api/v1/drops/{drop}/closing")), 200);
    let newest = || place.journal().rows(lane, 1, 100).unwrap().pop().unwrap().row.read_facts();
    let watch = Stopwatch::start();
    while !matches!(newest().unwrap().last(), Some(Fact::Rested(_))) {
        assert!(watch.passed_s() < 10.0, "drop {drop} does not go to rest");
        std::thread::sleep(Duration::from_millis(50));
    }
    claim
}

#[test]
fn a_return_to_a_drop_at_rest_is_answered_and_seen() {
    let server = Postgres::shared();
    let place = place(&["a"], &[&server.database()]);
    let served = place.serve(Some(FILE));
    let claim = paid_at_rest(&place, &served, "a", 1);
    // Housekeeping, which lets a lane rest, is done once a second.
    std::thread::sleep(Duration::from_millis(1_500));
    let back = served.ask(("POST", &format!("{claim}/return")), 80, Role::Host, "");
    assert_eq!((back.status, back.text_of("state")), (200, "returned"), "{back:?}");
    let seen = served.ask(("GET", &claim), 1, Role::Fan, "");
    assert_eq!((seen.status, seen.text_of("state")), (200, "returned"), "{seen:?}");
    served.end();
    verified(&place);
}

#[test]
fn a_drop_at_rest_that_cannot_be_read_now_is_read_later() {
    let (mut dying, shared) = (Postgres::alone(), Postgres::shared());
    let place = place(&["a", "b"], &[&dying.database(), &shared.database()]);
    let served = place.serve(Some(FILE));
    let claim = paid_at_rest(&place, &served, "b", 2);
    dying.kill();
    let back = || served.ask(("POST", &format!("{claim}/return")), 80, Role::Host, "");
    let meanwhile = back();
    assert!(matches!(meanwhile.status, 200 | 503), "{meanwhile:?}");
    dying.start_again();
    let watch = Stopwatch::start();
    while back().status != 200 {
        assert!(watch.passed_s() < 30.0, "{:?}: {}", back(), served.said());
        std::thread::sleep(Duration::from_millis(250));
    }
    // Nothing stopped for good.
    assert_eq!(served.drop_json("b")["stopped"], false);
    let ready = || served.ask(("GET", "/readyz"), 1, Role::Fan, "");
    while ready().status != 200 {
        assert!(watch.passed_s() < 30.0, "{}", ready().text);
        std::thread::sleep(Duration::from_millis(250));
    }
    served.end();
    verified(&place);
}

#[test]
fn it_ends_in_time_while_its_databases_stand_still() {
    let servers = [Postgres::alone(), Postgres::alone()];
    let urls = servers.each_ref().map(Postgres::database);
    let place = place(&["a", "b"], &urls.each_ref());
    let mut served = place.serve(Some(FILE));
    for drop in ["a", "b"] {
        assert_eq!(served.claim(drop, 1, BOX).status, 201);
    }
    servers.iter().for_each(|server| server.stands_still(true));
    std::thread::sleep(Duration::from_millis(700));
    let watch = Stopwatch::start();
    let code = served.program.end();
    let passed_s = watch.passed_s();
    servers.iter().for_each(|server| server.stands_still(false));
    // What systemd waits for before it kills: TimeoutStopSec in docs/operate/fanfare.service.
    assert!(passed_s < 18.0, "{passed_s} s, {code:?}");
    assert!(served.said().contains("without taking leave"), "{}", served.said());
    let served = place.serve(Some(FILE));
    assert_eq!(number(&served.claim("a", 2, BOX)), 2);
    served.end();
    verified(&place);
}
