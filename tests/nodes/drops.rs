//! Drops among nodes: new ones, ones at rest, and a folder that knows of none.

use super::common::festival::{self, BOX};
use super::common::http::Answer;
use super::common::postgres::Postgres;
use super::common::served::{Place, words};
use super::{FILE, Festival, claimed, number, read, secret};
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::token::Role;
use std::thread;
use std::time::Duration;

/// Asks while it is `busy`.
fn not_busy(ask: impl Fn() -> Answer) -> Answer {
    let watch = Stopwatch::start();
    loop {
        let answer = ask();
        if answer.text_of("code") != "busy" || watch.passed_s() > 20.0 {
            return answer;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// A folder whose festival file has a drop more, `g`.
fn with_one_more(festival: &Festival) -> Place {
    let place = festival.place();
    let opens_ms = Clock::machine().now_ms() - 3_600_000;
    let more = festival::drop("g", opens_ms, "open_for = \"1d\"\nhold = \"5h\"\nlimit = 2", 20);
    place.write(FILE, &format!("{}{more}", festival.text));
    place
}

/// The drop more has a number, and that node its lease; its first row is not there.
fn leased_to(festival: &Festival, node: &str) {
    let lane = "INSERT INTO lanes (lane, drop_id, home) VALUES (7, 'g', 0)";
    let lease = format!("INSERT INTO leases (lane, node, term) VALUES (7, {}, 1)", node.trim());
    Postgres::sql(&festival.journals[0], lane);
    Postgres::sql(&festival.journals[0], &lease);
}

#[test]
fn a_drop_that_another_node_is_to_open_is_awaited_not_missing() {
    let festival = Festival::new(20, 3_600_000);
    let [owner] = festival.nodes::<1>();
    // A node nobody reaches, which beats as often as others do.
    let beats = "INSERT INTO nodes (node, process, address, beat, draining)
            VALUES (999, 1, '127.0.0.1:9', 1, FALSE);
        CREATE FUNCTION beats() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
        UPDATE nodes SET beat = beat + 1 WHERE node = 999; RETURN NULL; END $$;
        CREATE TRIGGER beats AFTER UPDATE ON nodes FOR EACH ROW WHEN (NEW.node <> 999)
            EXECUTE FUNCTION beats()";
    Postgres::sql(&festival.journals[0], beats);
    leased_to(&festival, "999");
    let place = with_one_more(&festival);
    let other = festival.serve(&place);
    assert!(claimed(&other, "a", 1).status < 300);
    let asked = |path: &str| other.ask(("GET", path), 1, Role::Fan, "");
    for path in ["/api/v1/drops/g", "/api/v1/claims/7-2-0", "/api/v1/me/claims"] {
        let answer = asked(path);
        assert_eq!((answer.status, answer.text_of("code")), (503, "busy"), "{path}: {answer:?}");
    }
    assert_eq!(other.claim("g", 1, BOX).status, 503);
    assert_eq!(asked("/api/v1/claims/8-2-0").status, 404);
    // Who looks is told; proxies go on asking here; and it is no new drop.
    let ready = asked("/readyz");
    assert!(ready.status == 503 && ready.text.contains("no node has opened it yet"), "{ready:?}");
    assert_eq!(asked("/proxyz").status, 200);
    let said = other.said();
    assert!(said.contains("g: its lane is not open") && !said.contains("new drop"), "{said}");
    other.end();
    owner.1.end();
}

#[test]
fn a_lease_without_rows_goes_back_to_whoever_makes_its_drop() {
    let festival = Festival::new(20, 3_600_000);
    let [owner] = festival.nodes::<1>();
    // As it is where the maker paused before the first row, and this node took its leases over.
    leased_to(&festival, &read(&owner.0.data, "node"));
    let place = with_one_more(&festival);
    let maker = festival.serve(&place);
    let made = claimed(&maker, "g", 1);
    assert_eq!((made.status, number(&made)), (201, 1), "{made:?}");
    let asked = |path: &str| owner.1.ask(("GET", path), 1, Role::Fan, "");
    let seen = not_busy(|| asked(&format!("/api/v1/claims/{}", made.text_of("claim"))));
    assert_eq!((seen.status, seen.text_of("state")), (200, "held"), "{seen:?}");
    // What nobody made stays unknown.
    assert_eq!(asked("/api/v1/drops/h").status, 404);
    maker.end();
    owner.1.end();
}

#[test]
fn a_drop_nobody_told_of_is_busy_and_served_by_whoever_is_left() {
    let festival = Festival::new(20, 3_600_000);
    let [(_of_first, first)] = festival.nodes();
    assert_eq!(claimed(&first, "a", 1).status, 201);
    // The second's row says that it is where nobody listens, so the first never hears from it.
    let away = "CREATE FUNCTION away() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.node NOT IN (SELECT node FROM there) THEN NEW.address := '127.0.0.1:9'; END IF;
        RETURN NEW; END $$;
        CREATE TABLE there AS SELECT node FROM nodes;
        CREATE TRIGGER away BEFORE INSERT OR UPDATE ON nodes FOR EACH ROW EXECUTE FUNCTION away()";
    festival.journals.iter().for_each(|journal| Postgres::sql(journal, away));
    let place = with_one_more(&festival);
    let mut second = festival.serve(&place);
    let made = claimed(&second, "g", 1);
    assert_eq!((made.status, number(&made)), (201, 1), "{made:?}");
    let claim = format!("/api/v1/claims/{}", made.text_of("claim"));
    // The first reads what was made, and answers by nobody's word.
    let watch = Stopwatch::start();
    let asked = |path: &str| first.ask(("GET", path), 1, Role::Fan, "");
    while asked("/api/v1/drops/g").status == 404 {
        assert!(watch.passed_s() < 15.0, "{}", first.said());
        thread::sleep(Duration::from_millis(100));
    }
    assert_ne!(asked(&claim).status, 404);
    second.program.kill();
    let next = claimed(&first, "g", 2);
    assert_eq!((next.status, number(&next)), (201, 2), "{next:?}");
    assert_eq!(asked(&claim).text_of("state"), "held");
    first.end();
}

#[test]
fn a_new_folder_founds_no_second_journal_beside_tables_that_have_one() {
    let festival = Festival::new(20, 3_600_000);
    let tables = festival.server.database();
    let place = |journals: &[String]| {
        let mut place = festival.place();
        (place.database, place.journals) = (Some(tables.clone()), journals.to_vec());
        place
    };
    let first = place(&festival.journals);
    let served = festival.serve(&first);
    assert_eq!(claimed(&served, "a", 1).status, 201);
    served.end();
    Postgres::sql(&tables, "SELECT 1 / COUNT(*) FROM cursors");
    let key = secret(&festival.key);
    let key = key.to_str().unwrap();
    let new = place(&[]);
    let refused = |args: &[&str], what: &str| {
        let output = new.run(args);
        let said = words(&output);
        assert!(!output.status.success() && said.contains(what), "{said}");
        assert!(said.contains("--journal URL for each"), "{said}");
    };
    let serve = ["serve", FILE, "--listen", "127.0.0.1:0", "--node", "127.0.0.1:0", "--key", key];
    refused(&serve, "this festival's journal is elsewhere");
    refused(&["apply", FILE, "--yes"], "has no journal yet");
    refused(&["apply", FILE], "has no journal yet");
    for name in ["journals", "journal.sqlite"] {
        assert!(!new.data.join(name).exists(), "{name}");
    }
    // Nothing was founded where the tables are, and the right names are taken.
    Postgres::sql(&tables, "SELECT 1 / (TO_REGCLASS('journal') IS NULL)::INT");
    let new = place(&festival.journals);
    let served = festival.serve(&new);
    assert_eq!(number(&claimed(&served, "a", 1)), 1);
    served.end();
}

#[test]
fn a_return_to_a_drop_at_rest_is_answered_and_seen_at_every_node() {
    let festival = Festival::new(30, 3_600_000);
    let nodes: [_; 2] = festival.nodes();
    let over = r#"{"why":"over"}"#;
    let host = |path: &str| not_busy(|| nodes[0].1.ask(("POST", path), 80, Role::Host, over));
    let claims = ["a", "b", "c"].map(|drop| {
        let claim = format!("/api/v1/claims/{}", claimed(&nodes[1].1, drop, 1).text_of("claim"));
        assert_eq!(host(&format!("{claim}/settlement")).status, 200);
        assert_eq!(host(&format!("/api/v1/drops/{drop}/closing")).status, 200);
        claim
    });
    thread::sleep(Duration::from_millis(2_500));
    for claim in &claims {
        let back = host(&format!("{claim}/return"));
        assert_eq!((back.status, back.text_of("state")), (200, "returned"), "{claim}: {back:?}");
    }
    for (claim, (_, node)) in claims.iter().flat_map(|claim| nodes.each_ref().map(|n| (claim, n))) {
        let seen = not_busy(|| node.ask(("GET", claim), 1, Role::Fan, ""));
        assert_eq!((seen.status, seen.text_of("state")), (200, "returned"), "{claim}: {seen:?}");
    }
}
