//! A journal goes back in time under a program that has answered from the rows it lost: nothing
//! is served from what is left until an operator accepts the loss, and then no number and no unit
//! is given twice.

mod common;

use common::festival::{BOX, open_boxes};
use common::http::Answer;
use common::postgres::Postgres;
use common::served::{Place, Served, words};
use fanfare::kit::heads::{self, Head, Heads};
use fanfare::kit::journal::LaneRecord;
use fanfare::kit::token::Role;
use fanfare_engine::{Fact, WitnessedLine};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const FILE: &str = "festival.toml";
const TERMS: &str = "open_for = \"2d\"\nhold = \"10m\"\nlimit = 2";
const RESTORE: [&str; 2] = ["restore", FILE];
const ACCEPT: [&str; 5] = ["restore", FILE, "--accept-loss", "--why", "the disk died"];

/// Twenty boxes, two a fan.
fn place(database: Option<String>) -> Place {
    let mut place = Place::new();
    place.database = database;
    place.write(FILE, &open_boxes("loss", TERMS, 20));
    place
}

/// A claim of a fan: its number.
fn claim(served: &Served, fan: u64) -> u64 {
    let answer = served.claim("boxes", fan, BOX);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["number"].as_u64().unwrap()
}

fn claims(served: &Served, fans: std::ops::RangeInclusive<u64>) -> Vec<Answer> {
    fans.map(|fan| served.claim("boxes", fan, BOX)).collect()
}

/// A journal as it was once.
enum Copy {
    /// Its files that hold rows.
    Files(Vec<(PathBuf, Vec<u8>)>),
    /// How far each lane had come, in a database whose rows are only ever added.
    Rows(String, Vec<LaneRecord>),
}

/// The journal as it is now.
fn journal(place: &Place) -> Copy {
    if let Some(url) = &place.database {
        return Copy::Rows(url.clone(), place.journal().lanes().unwrap());
    }
    let paths = ["journal.sqlite", "journal.sqlite-wal"].map(|name| place.data.join(name));
    let read = |path: PathBuf| Some((path.clone(), fs::read(path).ok()?));
    Copy::Files(paths.into_iter().filter_map(read).collect())
}

/// Puts the journal back to what it was; no files for one that is gone.
fn put_back(place: &Place, copy: &Copy) {
    match copy {
        Copy::Files(files) => {
            for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
                let _ = fs::remove_file(place.data.join(name));
            }
            for (path, bytes) in files {
                fs::write(path, bytes).unwrap();
            }
        }
        Copy::Rows(url, lanes) => {
            for LaneRecord { lane, newest_seq, .. } in lanes {
                let gone =
                    format!("DELETE FROM journal WHERE lane = {lane} AND seq > {newest_seq}");
                Postgres::sql(url, &gone);
            }
        }
    }
}

/// Five claims, a copy of the journal, then four more and a payment; the copy comes back.
/// Gives the claims of the lost rows as they were answered.
fn went_back(place: &Place, gone_altogether: bool) -> Vec<Answer> {
    let served = place.serve(Some(FILE));
    let first = claims(&served, 1..=5);
    assert!(first.iter().all(|answer| answer.status == 201), "{first:?}");
    served.end();
    let copy = if gone_altogether { Copy::Files(Vec::new()) } else { journal(place) };
    let served = place.serve(Some(FILE));
    let lost = claims(&served, 6..=9);
    assert!(lost.iter().all(|answer| answer.status == 201), "{lost:?}");
    let paid = served.ask(
        ("POST", &format!("/api/v1/claims/{}/settlement", id(&first[0]))),
        90,
        Role::Cashier,
        r#"{"paid":"500"}"#,
    );
    assert!(paid.status < 300, "{paid:?}");
    served.end();
    put_back(place, &copy);
    lost
}

fn id(answer: &Answer) -> String {
    answer.body["claim"].as_str().unwrap().to_owned()
}

/// What the tables alone still know, as it was written down.
fn written_down(data: &Path) -> String {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("lost-");
    let mut found: Vec<PathBuf> = entries.filter(name).collect();
    fs::read_to_string(found.pop().expect("a list of what is lost")).unwrap()
}

fn stock(served: &Served) -> Value {
    served.drop_json("boxes")["items"][0].clone()
}

fn accepted(place: &Place) -> String {
    let output = place.run(&ACCEPT);
    let said = words(&output);
    assert!(output.status.success(), "{said}");
    said
}

fn resume(served: &Served) {
    let why = r#"{"why":"looked at it"}"#;
    let done = served.ask(("POST", "/api/v1/drops/boxes/resumption"), 80, Role::Host, why);
    assert!(done.status < 300, "{done:?}");
}

/// What the witness knows of the one lane.
fn witness_of(place: &Place) -> Head {
    heads::read(&place.data.join("heads")).unwrap()[&1].clone()
}

/// The whole way, with tables on either database.
fn goes_on(place: &Place) {
    let lost = went_back(place, false);
    let before = place.facts(1);
    // Served as it is, the drop stays shut, and says so.
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("boxes", 20, BOX).text_of("code"), "busy");
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 503);
    let said = served.said();
    assert!(said.contains("went back in time") && said.contains("fanfare restore"), "{said}");
    served.end();
    // Shown only.
    let shown = place.run(&RESTORE);
    let said = words(&shown);
    assert!(!shown.status.success(), "{said}");
    assert!(said.contains("4 of 9 claims are lost"), "{said}");
    assert!(said.contains("gone is what happened between 20"), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    assert_eq!(place.facts(1), before);
    // Accepted: four lost claims of at most two each, of nine units that were out.
    let said = accepted(place);
    assert!(said.contains("the next claim is number 10"), "{said}");
    assert!(said.contains("8 units left the stock"), "{said}");
    assert!(said.contains("settle it anew before a host resumes"), "{said}");
    let list = written_down(&place.data);
    let numbers: Vec<&str> = list.lines().skip(1).map(|l| l.split(',').next().unwrap()).collect();
    assert_eq!(numbers, ["1", "6", "7", "8", "9"], "{list}");
    assert!(list.lines().nth(1).unwrap().contains("settled"), "{list}");
    assert!(words(&place.run(&RESTORE)).contains("nothing is lost"));
    let served = place.serve(Some(FILE));
    assert_eq!(served.ask(("GET", "/readyz"), 1, Role::Fan, "").status, 200);
    assert_eq!(served.claim("boxes", 20, BOX).body["code"], "paused");
    resume(&served);
    assert_eq!(stock(&served)["free"], 20 - 5 - 8);
    let again = served.claim("boxes", 2, BOX);
    assert_eq!((again.status, &again.body["number"]), (200, &Value::from(2)), "{again:?}");
    assert_eq!(claim(&served, 20), 10, "behind every lost claim");
    assert_eq!(claim(&served, 6), 11, "whose claim was lost may claim");
    let gone = served.ask(("GET", &format!("/api/v1/claims/{}", id(&lost[3]))), 9, Role::Fan, "");
    assert_eq!(gone.status, 404, "{gone:?}");
    served.end();
    let verified = words(&place.run(&["verify"]));
    assert!(verified.contains("lost: 4 claims of boxes"), "{verified}");
    assert!(verified.contains("\nholds: "), "{verified}");
}

#[test]
fn a_drop_goes_on_behind_the_rows_its_journal_lost() {
    goes_on(&place(None));
}

#[test]
fn a_drop_goes_on_with_journal_and_tables_on_postgresql() {
    goes_on(&place(Some(Postgres::shared().database())));
}

#[test]
fn a_drop_goes_on_of_which_no_row_is_left() {
    let place = place(None);
    went_back(&place, true);
    let said = accepted(&place);
    assert!(said.contains("the next claim is number 10"), "{said}");
    assert!(said.contains("9 units left the stock"), "{said}");
    assert_eq!(written_down(&place.data).lines().count(), 10);
    let served = place.serve(Some(FILE));
    resume(&served);
    assert_eq!(stock(&served)["free"], 11);
    assert_eq!(claim(&served, 1), 10);
    served.end();
    place.verified();
}

#[test]
fn a_restore_that_broke_off_is_done_again_and_sets_nothing_aside_twice() {
    let place = place(None);
    went_back(&place, false);
    let witness = |name: &str| place.data.join(name);
    let heads = ["heads", "heads.before"].map(|name| (witness(name), fs::read(witness(name))));
    let said = accepted(&place);
    let after = place.facts(1);
    for (path, bytes) in heads {
        fs::write(path, bytes.unwrap()).unwrap();
    }
    let again = accepted(&place);
    let done = |said: &str| {
        let told = |line: &&str| line.contains("next claim") || line.contains("left the stock");
        said.lines().filter(told).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(done(&said).len(), 2, "{said}");
    assert_eq!(done(&again), done(&said));
    assert_eq!(place.facts(1), after, "no row more");
    place.verified();
}

/// The lists of what only the tables know: how many claims each has.
fn lists(data: &Path) -> Vec<usize> {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("lost-");
    let mut found: Vec<PathBuf> = entries.filter(name).collect();
    found.sort();
    found.iter().map(|path| fs::read_to_string(path).unwrap().lines().count() - 1).collect()
}

#[test]
fn a_journal_begun_anew_keeps_its_drops_under_the_numbers_they_had() {
    let place = place(None);
    went_back(&place, true);
    // Meanwhile the festival file has a new drop, and names it first.
    let file = open_boxes("loss", TERMS, 20);
    let (goods, boxes) = file.split_at(file.find("[[drops]]").unwrap());
    let other = boxes.replace("\"boxes\"", "\"other\"");
    assert_ne!(other, boxes);
    place.write(FILE, &format!("{goods}{other}\n{boxes}"));
    let served = place.serve(Some(FILE));
    let asked = served.claim("boxes", 1, BOX);
    assert_eq!(asked.status, 503, "its stock is not sold anew: {asked:?}");
    assert_eq!(served.claim("other", 1, BOX).status, 201);
    served.end();
    let said = accepted(&place);
    assert!(said.contains("drop boxes goes on paused; the next claim is number 10"), "{said}");
    assert_eq!((place.lane("boxes"), place.lane("other")), (1, 2));
    place.verified();
}

#[test]
fn a_receipt_of_a_lost_row_is_told_from_a_forged_history() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claims(&served, 1..=2);
    served.end();
    let copy = journal(&place);
    let served = place.serve(Some(FILE));
    let path = format!("/api/v1/claims/{}/receipt", id(&claims(&served, 3..=4)[0]));
    let receipt = served.ask(("GET", &path), 3, Role::Fan, "").body.to_string();
    served.end();
    place.write("receipt.json", &receipt);
    put_back(&place, &copy);
    let checked = || words(&place.run(&["verify", "--bundle", "receipt.json"]));
    assert!(!checked().contains("make good"), "nobody has given it up yet");
    accepted(&place);
    let said = checked();
    assert!(said.contains("BROKEN: kept") && said.contains("the host's to make good"), "{said}");
}

#[test]
fn a_drop_that_cannot_go_on_keeps_no_other_from_it() {
    let place = place(None);
    let file = open_boxes("loss", TERMS, 20);
    let (goods, boxes) = file.split_at(file.find("[[drops]]").unwrap());
    let gone = boxes.replace("\"boxes\"", "\"a-gone\"");
    place.write(FILE, &format!("{goods}{gone}\n{boxes}"));
    let served = place.serve(Some(FILE));
    claims(&served, 1..=2);
    served.end();
    put_back(&place, &Copy::Files(Vec::new()));
    place.write(FILE, &file);
    let output = place.run(&ACCEPT);
    let said = words(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("drop a-gone does NOT go on: no row is left"), "{said}");
    assert!(said.contains("drop boxes goes on paused; the next claim is number 3"), "{said}");
    assert!(said.contains("1 of 2 drops stay shut"), "{said}");
    place.write(FILE, &format!("{goods}{gone}\n{boxes}"));
    assert!(accepted(&place).contains("drop a-gone goes on paused"));
    place.verified();
}

#[test]
fn a_line_that_was_added_in_lost_rows_is_named_with_what_was_out_of_it() {
    let place = place(None);
    went_back(&place, false);
    let mut head = witness_of(&place);
    head.lines.push(WitnessedLine { out: 7, free: 0 });
    head.seq += 1;
    heads::write(&place.data.join("heads"), &Heads::from([(1, head)])).unwrap();
    let said = accepted(&place);
    assert!(said.contains("line 1 was added in lost rows, and 7 of its units were out"), "{said}");
    assert!(said.contains("Before the next `fanfare apply`"), "{said}");
}

#[test]
fn a_restore_that_broke_off_with_its_witness_behind_the_tables_is_done_again() {
    let place = place(None);
    went_back(&place, false);
    // The witness is a second old, the tables, which were newer, are emptied.
    let mut head = witness_of(&place);
    (head.seq, head.next_number) = (head.seq - 2, head.next_number - 1);
    head.lines = vec![WitnessedLine { out: 8, free: 12 }];
    let lags = || {
        let heads = Heads::from([(1, head.clone())]);
        (0..2).for_each(|_| heads::write(&place.data.join("heads"), &heads).unwrap());
    };
    lags();
    assert!(accepted(&place).contains("the next claim is number 10"));
    let after = place.facts(1);
    lags();
    assert!(accepted(&place).contains("the next claim is number 10"));
    assert_eq!(place.facts(1), after, "nothing is set aside twice");
    place.verified();
}

#[test]
fn a_second_loss_is_not_taken_for_the_first() {
    let place = place(None);
    went_back(&place, false);
    accepted(&place);
    let copy = journal(&place);
    let served = place.serve(Some(FILE));
    resume(&served);
    let numbers = [21, 22, 23].map(|fan| claim(&served, fan));
    assert_eq!(numbers, [10, 11, 12]);
    served.end();
    put_back(&place, &copy);
    let said = accepted(&place);
    assert!(said.contains("the next claim is number 13"), "{said}");
    place.verified();
}

#[test]
fn a_lost_claims_name_is_never_another_claims() {
    let place = place(None);
    let lost: Vec<String> = went_back(&place, false).iter().map(id).collect();
    accepted(&place);
    let served = place.serve(Some(FILE));
    resume(&served);
    for fan in 20..25 {
        let given = served.claim("boxes", fan, BOX);
        assert!(given.status == 201 && !lost.contains(&id(&given)), "{given:?}");
    }
    for name in &lost {
        let path = format!("/api/v1/claims/{name}/settlement");
        let paid = served.ask(("POST", &path), 90, Role::Cashier, r#"{"paid":"500"}"#);
        assert_eq!(paid.status, 404, "money for a lost claim settles nobody else's: {paid:?}");
    }
    served.end();
}

#[test]
fn the_same_old_copy_put_back_twice_gives_no_unit_twice() {
    let place = place(None);
    went_back(&place, false);
    let copy = journal(&place);
    accepted(&place);
    let served = place.serve(Some(FILE));
    resume(&served);
    let free = stock(&served)["free"].as_u64().unwrap();
    assert_eq!(free, 7);
    claims(&served, 30..=33);
    served.end();
    put_back(&place, &copy);
    accepted(&place);
    let served = place.serve(Some(FILE));
    resume(&served);
    let free = stock(&served)["free"].as_u64().unwrap();
    assert!(free <= 3, "no unit that was with a fan or set aside is free again: {free}");
    served.end();
    place.verified();
}

/// Whether the lane's newest owner lets its time stand still.
fn time_stands_still(place: &Place) -> bool {
    let rows = place.journal().rows(1, 1, 1_000).unwrap();
    let facts = rows.iter().flat_map(|sealed| sealed.row.read_facts().unwrap());
    let opened = |fact| match fact {
        Fact::Opened { doubtful_time, .. } => Some(doubtful_time),
        _ => None,
    };
    facts.filter_map(opened).next_back().unwrap()
}

#[test]
fn no_hold_runs_out_until_a_host_has_looked() {
    let place = place(None);
    place.write(FILE, &open_boxes("loss", "open_for = \"2d\"\nhold = \"1s\"\nlimit = 2", 20));
    let served = place.serve(Some(FILE));
    let held = served.claim("boxes", 1, BOX);
    served.end();
    let copy = journal(&place);
    let served = place.serve(Some(FILE));
    claims(&served, 2..=3);
    served.end();
    put_back(&place, &copy);
    accepted(&place);
    for _ in 0..2 {
        let served = place.serve(Some(FILE));
        assert!(served.said().contains("ROWS WERE LOST"), "{}", served.said());
        assert!(time_stands_still(&place), "at each start");
        served.end();
    }
    let served = place.serve(Some(FILE));
    let path = format!("/api/v1/claims/{}/settlement", id(&held));
    let paid = served.ask(("POST", &path), 90, Role::Cashier, r#"{"paid":"500"}"#);
    assert_eq!(paid.status, 200, "{paid:?}");
    resume(&served);
    served.end();
    place.verified();
}

#[test]
fn the_same_old_copy_come_back_twice_keeps_both_lists() {
    let place = place(None);
    let lost = went_back(&place, false);
    let copy = journal(&place);
    accepted(&place);
    let served = place.serve(Some(FILE));
    resume(&served);
    assert_eq!(claim(&served, 20), lost.len() as u64 + 6);
    served.end();
    put_back(&place, &copy);
    let said = accepted(&place);
    assert!(said.contains("the next claim is number 11"), "{said}");
    assert_eq!(lists(&place.data), [1, 5], "{said}");
}

#[test]
fn a_restore_that_forgot_where_the_tables_are_still_writes_down_what_they_know() {
    let postgres = Postgres::shared();
    let mut place = place(Some(postgres.database()));
    went_back(&place, false);
    let url = place.database.take();
    let _ = accepted(&place);
    assert_eq!(lists(&place.data), [0; 0]);
    place.database = url;
    let before = place.facts(1);
    assert!(accepted(&place).contains("its tables are made anew"));
    assert_eq!((lists(&place.data), place.facts(1)), (vec![5], before));
    place.verified();
}

#[test]
fn a_folder_that_lost_nothing_or_is_served_is_left_alone() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claims(&served, 1..=2);
    let said = words(&place.run(&ACCEPT));
    assert!(said.contains("in use by another fanfare"), "{said}");
    served.end();
    let before = place.facts(1);
    assert!(accepted(&place).contains("nothing is lost"));
    assert_eq!(place.facts(1), before);
}
