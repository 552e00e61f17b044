//! Journals that are not what nodes saw of them: they went back, went on without a node, or moved.

use super::common::festival::BOX;
use super::common::postgres::Postgres;
use super::common::served::{Place, words};
use super::{DROPS, FILE, Festival, claimed, read, secret};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::heads;
use fanfare::kit::token::Role;
use std::thread;
use std::time::Duration;

#[test]
fn a_lane_whose_journal_went_back_is_kept_by_the_node_that_noticed() {
    let festival = Festival::new(50, 3_600_000);
    let [mut died, left] = festival.nodes::<2>();
    for drop in DROPS {
        for fan in 1..=3 {
            assert_eq!(claimed(&died.1, drop, fan).status, 201);
            assert_eq!(claimed(&left.1, drop, fan).status, 200);
        }
    }
    died.1.program.kill();
    let node = read(&died.0.data, "node");
    let newest = "(SELECT MAX(seq) FROM journal others WHERE others.lane = journal.lane)";
    for journal in &festival.journals {
        Postgres::sql(
            journal,
            &format!(
                "DELETE FROM journal USING leases WHERE leases.lane = journal.lane
                     AND leases.node = {} AND seq = {newest}",
                node.trim()
            ),
        );
    }
    let watch = Stopwatch::start();
    while left.1.said().matches("LANE STOPPED").count() < DROPS.len() {
        assert!(watch.passed_s() < 20.0, "{}", left.1.said());
        thread::sleep(Duration::from_millis(100));
    }
    let said = left.1.said();
    assert!(said.contains("went back in time") && said.contains("three-nodes.md"), "{said}");
    // A node that comes takes none of them, however long it looks.
    let place = festival.place();
    let new = festival.serve(&place);
    thread::sleep(Duration::from_secs(4));
    let own = read(&left.0.data, "node");
    for journal in &festival.journals {
        let sql = format!("SELECT 1 / (COUNT(*) = 3)::INT FROM leases WHERE node = {}", own.trim());
        Postgres::sql(journal, &sql);
    }
    for node in [&left.1, &new] {
        let refused = DROPS.map(|drop| node.claim(drop, 9, BOX).status);
        assert!(refused.iter().all(|status| *status == 503), "{refused:?}");
    }
    let asked = |path: &str| left.1.ask(("GET", path), 1, Role::Fan, "").status;
    assert_eq!((asked("/readyz"), asked("/proxyz")), (503, 200));
    // Going on without them is for when no node serves, and the others follow who went on.
    let accept = ["restore", FILE, "--accept-loss"];
    left.1.end();
    let output = left.0.run(&accept);
    let said = words(&output);
    assert!(!output.status.success() && said.contains("stop every node first"), "{said}");
    new.end();
    let output = left.0.run(&accept);
    let said = words(&output);
    assert!(output.status.success() && said.contains("the next claim is number 4"), "{said}");
    for (_, node) in [&left.0, &died.0, &place].map(|place| (place, festival.serve(place))) {
        assert_eq!(node.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200, "{}", node.said());
        assert!(DROPS.iter().all(|drop| node.claim(drop, 9, BOX).text_of("code") == "paused"));
        node.end();
    }
}

#[test]
fn a_node_that_saw_another_history_does_not_follow_it() {
    let festival = Festival::new(50, 3_600_000);
    let [(place, mut saw)] = festival.nodes();
    for fan in 1..=3 {
        assert_eq!(claimed(&saw, "a", fan).status, 201);
    }
    // The witness is written once a second, and behind the claims may come rows that count
    // refusals: what is lost are the row it saw last and whatever came after.
    thread::sleep(Duration::from_millis(1_500));
    saw.program.kill();
    let heads = heads::read(&place.data.join("heads")).unwrap();
    let (lane, seen) = heads.iter().find(|(_, head)| head.drop == "a").unwrap();
    let lost = format!("DELETE FROM journal WHERE lane = {lane} AND seq >= {}", seen.seq);
    festival.journals.iter().for_each(|journal| Postgres::sql(journal, &lost));
    // The tables went back with it.
    for table in ["cursors", "claims", "rights", "drop_lines", "drops"] {
        let forget = format!("DELETE FROM {table} WHERE lane = {lane}");
        Postgres::sql(&festival.journals[0], &forget);
    }
    // Who never saw the row goes on without it.
    let [(_new, other)] = festival.nodes();
    for fan in 4..=6 {
        assert_eq!(claimed(&other, "a", fan).status, 201);
    }
    // The tables have its rows too: what they know is newer than what the first saw.
    let newer = format!(
        "DO $$ BEGIN
            FOR tries IN 1..200 LOOP
                IF EXISTS (SELECT 1 FROM cursors WHERE lane = {lane} AND seq > {})
                THEN RETURN; END IF;
                PERFORM pg_sleep(0.1);
            END LOOP;
            RAISE 'the tables do not have the rows';
        END $$",
        seen.seq
    );
    Postgres::sql(&festival.journals[0], &newer);
    let served = festival.serve(&place);
    assert_eq!(claimed(&served, "b", 1).status, 201);
    let ready = || served.ask(("GET", "/readyz"), 1, Role::Fan, "").text;
    let watch = Stopwatch::start();
    while !ready().contains("is not the one that was durable") {
        assert!(watch.passed_s() < 20.0, "{}", ready());
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(served.claim("a", 1, BOX).text_of("code"), "busy");
    served.end();
    other.end();
}

#[test]
fn journals_that_one_node_moved_are_found_by_the_others_without_their_note_of_the_old_ones() {
    let mut festival = Festival::new(1_000, 3_600_000);
    let [mut one, mut two] = festival.nodes::<2>().map(|(place, served)| {
        assert_eq!(claimed(&served, "a", 1).body["number"], 1);
        served.end();
        place
    });
    let new = [(), ()].map(|()| festival.server.database());
    let moved = one.run(&["move", "--to", &new[0], "--to", &new[1]]);
    assert!(moved.status.success(), "{}", words(&moved));
    let key = secret(&festival.key);
    let start = |place: &Place| {
        let flags = ["--node", "127.0.0.1:0", "--key", key.to_str().unwrap()];
        words(&place.run(&[&["serve", FILE, "--listen", "127.0.0.1:0"][..], &flags].concat()))
    };
    let said = start(&two);
    assert!(said.contains("was moved to ") && said.contains("`journals`"), "{said}");
    festival.journals = new;
    for place in [&mut one, &mut two] {
        place.journals = festival.journals.to_vec();
    }
    let said = start(&two);
    assert!(said.contains("keeps its journal at") && said.contains("`journals`"), "{said}");
    let left = festival.serve(&one);
    let number = read(&two.data, "node");
    std::fs::rename(two.data.join("journals"), two.data.join("journals.old")).unwrap();
    let right = festival.serve(&two);
    assert_eq!(read(&two.data, "node"), number);
    for (nth, node) in (2..).zip([&left, &right]) {
        assert_eq!(claimed(node, "a", 1).body["number"], 1);
        assert_eq!(claimed(node, "a", nth).body["number"], nth);
    }
    left.end();
    right.end();
    let verified = two.run(&["verify"]);
    assert!(verified.status.success(), "{}", words(&verified));
}
