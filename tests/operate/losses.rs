//! A journal put back to an older state under a running server, and under one that starts again.

use super::shop::{FILE, claim, database, done, held, place, refused, setting};
use crate::common::festival::BOX;
use crate::common::http::{Answer, Client};
use crate::common::postgres::Postgres;
use crate::common::served::{Place, Served};
use crate::common::token_now;
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Tokens};
use fanfare_engine::{Fan, Number};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const NAMES: [&str; 3] = ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"];

fn ready(served: &Served) -> Answer {
    served.ask(("GET", "/readyz"), 1, Role::Fan, "")
}

/// Deletes the newest rows, as a server that went back in time would have lost them.
fn forget(url: &str, rows: u32) {
    let newest = "(SELECT MAX(seq) FROM journal WHERE lane = 1)";
    // Nobody appends meanwhile: a server that went back has lost an end, never a row in between.
    // That they are gone is asked there and then: a tally alone has them appended again.
    let sql = format!(
        "LOCK TABLE journal; WITH gone AS
            (DELETE FROM journal WHERE lane = 1 AND seq > {newest} - {rows} RETURNING 1)
        SELECT 1 / (COUNT(*) = {rows})::INT FROM gone"
    );
    Postgres::sql(url, &sql);
}

/// Whatever was answered 201 is in the journal as it was answered.
fn stands(place: &Place, told: &[(u64, u64)]) {
    let state = place.state("shop", 1);
    for &(fan, number) in told {
        let claim = Number::new(number as u32).and_then(|number| state.claims().get(number));
        let claim = claim.unwrap_or_else(|| panic!("claim {number} is gone"));
        assert_eq!(claim.fan, Fan::new(fan).unwrap(), "claim {number}");
    }
}

#[test]
fn rows_that_a_running_server_kept_are_appended_again() {
    let (url, _server) = database();
    let place = place(Some(url.clone()));
    let served = place.serve(Some(FILE));
    let mut told: Vec<(u64, u64)> = (1..=6).zip(claim(&served, 1..=6)).collect();
    for (rows, fan) in [(1, 7), (3, 8), (6, 9)] {
        let before = held(&place)[0].clone();
        forget(&url, rows);
        // Who asks again meanwhile hears what is true, and will stand again.
        let again = served.claim("boxes", 6, BOX);
        assert_eq!((again.status, again.body["number"].as_u64()), (200, Some(6)), "{again:?}");
        let watch = fanfare::kit::clock::Stopwatch::start();
        told.extend([(fan, claim(&served, fan..=fan)[0])]);
        println!("claim_behind_a_loss_ms {:.0}", watch.passed_s() * 1_000.0);
        let stands = place.journal().rows(1, before.rows, 1).unwrap();
        assert_eq!(stands[0].row.hash, before.newest, "the lost rows, byte for byte");
    }
    assert_eq!(ready(&served).status, 200);
    served.end();
    stands(&place, &told);
    done(&place, &["verify"]);
}

#[test]
fn under_load_every_claim_answered_stands_however_often_rows_are_forgotten() {
    let (url, _server) = database();
    let place = place(Some(url.clone()));
    let served = place.serve(Some(FILE));
    claim(&served, 1..=5);
    let (leave, next) = (AtomicBool::new(false), AtomicU64::new(10_000));
    let rounds = setting("LOSSES", 6);
    let (mut told, mut unsure) = (Vec::new(), 0);
    thread::scope(|scope| {
        let one = || {
            let tokens = Tokens::new(Keys::open(&place.data).unwrap().tokens);
            let mut client = Client::connect(served.address).unwrap();
            let (mut told, mut unsure) = (Vec::new(), 0_u64);
            while !leave.load(Ordering::Relaxed) {
                let fan = next.fetch_add(1, Ordering::Relaxed);
                let token = token_now(&tokens, fan, Role::Fan);
                loop {
                    let path = "/api/v1/drops/boxes/claims";
                    let answer = client.call(("POST", path), &token, None, BOX).unwrap();
                    match answer.status {
                        200 | 201 => {
                            told.push((fan, answer.body["number"].as_u64().unwrap()));
                            break;
                        }
                        503 => unsure += 1,
                        _ => panic!("{answer:?}"),
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            }
            (told, unsure)
        };
        let fans: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        for nth in 0..rounds {
            thread::sleep(Duration::from_millis(300));
            forget(&url, 1 + (nth as u32 * 7) % 20);
        }
        thread::sleep(Duration::from_secs(1));
        leave.store(true, Ordering::Relaxed);
        for fan in fans {
            let (more, waits) = fan.join().unwrap();
            told.extend(more);
            unsure += waits;
        }
    });
    println!("losses_while_running {rounds}");
    println!("claims_answered {}", told.len());
    println!("busy_or_unsure {unsure}");
    assert_eq!(ready(&served).status, 200, "{}", served.said());
    served.end();
    stands(&place, &told);
    let mut numbers: Vec<u64> = told.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), told.len(), "no number twice");
    done(&place, &["verify"]);
}

/// The drop is closed and everybody who asks says why; an operator accepts, a host resumes, and no
/// number and no unit that was given is given again.
fn closed_until_accepted(place: &Place, given: u64) {
    let served = place.serve(Some(FILE));
    let said = ready(&served);
    assert!(said.status == 503 && said.text.contains("went back in time"), "{said:?}");
    assert!(served.said().contains("went back in time"));
    let asked = served.claim("boxes", 500, BOX);
    assert_eq!((asked.status, asked.text_of("code")), (503, "busy"), "{asked:?}");
    served.end();
    let said = refused(place, &["verify"]);
    assert!(said.contains("went back in time"), "{said}");
    let said = refused(place, &["doctor", "--stopped"]);
    assert!(said.contains("went back in time"), "{said}");
    done(place, &["restore", FILE, "--accept-loss"]);
    let served = place.serve(Some(FILE));
    assert_eq!(ready(&served).status, 200);
    let why = r#"{"why":"looked at it"}"#;
    let resumed = served.ask(("POST", "/api/v1/drops/boxes/resumption"), 80, Role::Host, why);
    assert!(resumed.status < 300, "{resumed:?}");
    assert_eq!(claim(&served, 501..=502), [given + 1, given + 2]);
    let stock = served.drop_json("boxes")["items"][0].clone();
    // Two a fan may have been in each lost claim; what is free was never anybody's.
    assert!(stock["free"].as_u64().unwrap() <= 1_000_000 - given - 2, "{stock}");
    served.end();
    done(place, &["verify"]);
}

#[test]
fn rows_that_nobody_kept_stop_the_lane_and_keep_it_closed() {
    let (url, _server) = database();
    let place = place(Some(url.clone()));
    let served = place.serve(Some(FILE));
    claim(&served, 1..=5);
    served.end();
    // What came before its own first row a process has not kept.
    let served = place.serve(Some(FILE));
    claim(&served, 6..=7);
    forget(&url, 5);
    let answer = served.claim("boxes", 8, BOX);
    assert_eq!(answer.status, 503, "{answer:?}");
    let said = ready(&served);
    assert!(said.status == 503 && said.text.contains("the journal forgot rows"), "{said:?}");
    assert!(served.said().contains("LANE STOPPED"));
    assert_eq!(served.claim("boxes", 9, BOX).status, 503);
    served.end();
    closed_until_accepted(&place, 7);
}

#[test]
fn a_whole_server_put_back_keeps_the_lane_closed_after_a_restart() {
    let mut server = Postgres::alone();
    let place = place(Some(server.database()));
    let served = place.serve(Some(FILE));
    claim(&served, 1..=4);
    served.end();
    server.kill();
    server.keep_copy();
    server.start_again();
    let served = place.serve(Some(FILE));
    claim(&served, 5..=7);
    served.end();
    // Tables, leases and nodes go back with the rows.
    server.kill();
    server.put_copy_back();
    server.start_again();
    closed_until_accepted(&place, 7);
}

/// The journal's files by other names.
fn aside(place: &Place, to: &str) -> PathBuf {
    let folder = place.data.with_file_name(to);
    fs::create_dir_all(&folder).unwrap();
    for name in NAMES {
        let _ = fs::rename(place.data.join(name), folder.join(name));
    }
    folder
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for name in NAMES {
        let _ = fs::copy(from.join(name), to.join(name));
    }
}

#[test]
fn a_file_that_is_changed_for_an_older_one_stops_the_lane_before_anything_false_is_said() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=4);
    served.end();
    let older = place.data.with_file_name("older");
    fs::create_dir(&older).unwrap();
    copy(&place.data, &older);
    let served = place.serve(Some(FILE));
    claim(&served, 5..=7);
    aside(&place, "newer");
    copy(&older, &place.data);
    let answer = served.claim("boxes", 8, BOX);
    assert_eq!(answer.status, 503, "{answer:?}");
    let said = ready(&served);
    assert!(said.status == 503 && said.text.contains("the journal forgot rows"), "{said:?}");
    let log = served.said();
    assert!(
        log.contains("THE JOURNAL'S FILE WAS CHANGED") && log.contains("LANE STOPPED"),
        "{log}"
    );
    served.end();
    closed_until_accepted(&place, 7);
}

#[test]
fn while_the_file_is_away_fans_hear_unsure_and_afterwards_it_goes_on() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=4);
    let away = aside(&place, "away");
    let answer = served.claim("boxes", 5, BOX);
    assert_eq!((answer.status, answer.text_of("code")), (503, "unsure"), "{answer:?}");
    copy(&away, &place.data);
    let mut tries = 0;
    let answer = loop {
        let answer = served.claim("boxes", 5, BOX);
        tries += 1;
        if answer.status < 300 || tries > 100 {
            break answer;
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(answer.body["number"], 5, "{answer:?}");
    assert_eq!(ready(&served).status, 200);
    assert_eq!(claim(&served, 6..=6), [6]);
    served.end();
    stands(&place, &[(1, 1), (5, 5), (6, 6)]);
    done(&place, &["verify"]);
}
