//! `kill -9` during a sale, again and again: after each start every journal verifies, every claim
//! that was ever answered is there as it was answered, and a request without an answer leaves one
//! claim at the most.
//!
//! `KILLS` times (4), on a folder that starts with `CLAIMS` claims (20,000). `acceptance/1-04`
//! does it 100 times with a million. With the journal on PostgreSQL every third time its server is
//! killed first, and fans go on asking while it is gone.

mod common;
#[path = "kill/crowd.rs"]
mod crowd;
#[path = "kill/memory.rs"]
mod memory;
#[path = "kill/place.rs"]
mod place;
#[path = "kill/sale.rs"]
mod sale;

use common::http::Client;
use common::postgres::Postgres;
use fanfare_engine::ClaimState;
use memory::Told;
use place::{DROP, Place};
use sale::{Figures, Sale, below, setting};
use std::thread;
use std::time::Duration;

/// Once in so many rounds the server is also killed while it starts.
const ALSO_STARTING: u64 = 3;

/// Starts the server, checks everything, lets the crowd in, and kills it.
fn round(sale: &mut Sale, nth: u64) {
    if nth % ALSO_STARTING == ALSO_STARTING - 1 {
        let mut server = sale.place.serve();
        thread::sleep(Duration::from_millis(below(400)));
        server.kill();
        sale.figures.killed_starting += 1;
    }
    let mut server = sale.place.serve();
    let address = server.address();
    sale.first_answer(address);
    sale.figures.first_answers.push((server.passed_ms(), server.cpu_ms()));
    sale.check(nth);
    sale.ask_again(address);
    sale.look(address);
    sale.sell(address, |database, figures| {
        thread::sleep(Duration::from_millis(100 + below(500)));
        if let Some(database) = database.filter(|_| nth % 3 == 1) {
            database.kill();
            figures.killed_database += 1;
            // Now and then for so long that whoever waits is told that nobody knows.
            let gone_ms = if nth % 9 == 1 { 7_000 } else { below(1_000) };
            thread::sleep(Duration::from_millis(gone_ms));
            database.start_again();
            thread::sleep(Duration::from_millis(200 + below(1_000)));
        }
        server.kill();
    });
}

/// Prints figures, a name and a value a line.
fn print(sale: &Sale, kills: u64, claims: u64) {
    let Figures { first_answers, verify_s, unheard, unheard_done, .. } = &sale.figures;
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let ms = sorted(first_answers.iter().map(|(ms, _)| *ms).collect());
    let cpu = sorted(first_answers.iter().map(|(_, cpu)| *cpu).collect());
    let s = sorted(verify_s.clone());
    println!("kills {kills}");
    println!("kills_while_starting {}", sale.figures.killed_starting);
    println!("kills_of_the_database {}", sale.figures.killed_database);
    println!("claims_at_start {claims}");
    println!("claims_remembered {}", sale.memory.told.len());
    println!("requests_without_answer {unheard}");
    println!("of_these_done {unheard_done}");
    println!("heard_busy {}", sale.memory.busy);
    println!("heard_unsure {}", sale.memory.unsure);
    println!("first_answer_ms_median {:.0}", ms[ms.len() / 2]);
    println!("first_answer_ms_worst {:.0}", ms[ms.len() - 1]);
    println!("first_answer_ms_worst_but_five {:.0}", ms[ms.len().saturating_sub(6)]);
    println!("cpu_ms_median {:.0}", cpu[cpu.len() / 2]);
    println!("cpu_ms_worst {:.0}", cpu[cpu.len() - 1]);
    println!("verify_s_median {:.2}", s[s.len() / 2]);
}

#[test]
fn what_was_answered_survives_every_kill() {
    let (kills, claims) = (setting("KILLS", 4_u64), setting("CLAIMS", 20_000_u64));
    survives(Sale::new(claims), kills, claims);
}

#[test]
fn on_postgresql_no_answer_is_lost_whichever_is_killed() {
    let (kills, claims) = (setting("KILLS", 4_u64), setting("CLAIMS", 2_000_u64));
    survives(Sale::on(Some(Postgres::alone()), claims), kills, claims);
}

fn survives(mut sale: Sale, kills: u64, claims: u64) {
    for nth in 0..kills {
        round(&mut sale, nth);
    }
    // Once more, to see what the last kill left; and then everything, asked for by its fan.
    let mut server = sale.place.serve();
    let address = server.address();
    sale.first_answer(address);
    sale.figures.first_answers.push((server.passed_ms(), server.cpu_ms()));
    sale.check(kills);
    sale.ask_again(address);
    sale.ask_all(address);
    print(&sale, kills, claims);
}

/// A folder with a few claims and one claim made over HTTP, its server killed.
fn one_told() -> Sale {
    let mut sale = Sale::new(50);
    let mut server = sale.place.serve();
    let address = server.address();
    sale.first_answer(address);
    server.kill();
    sale
}

#[test]
fn a_lost_row_is_seen() {
    let mut sale = one_told();
    assert!(sale.memory.faults(&sale.place.state().unwrap()).is_empty());
    let number = sale.memory.told[0].number;
    // Somebody forgets the newest rows, from the one with the claim on, and their witness too.
    let row: u32 = sale.memory.told[0].id.split('-').nth(1).unwrap().parse().unwrap();
    let journal = rusqlite::Connection::open(sale.place.data().join("journal.sqlite")).unwrap();
    let gone = journal.execute("DELETE FROM journal WHERE lane = 1 AND seq >= $1", [row]).unwrap();
    assert!(gone > 0);
    drop(journal);
    let _ = std::fs::remove_file(sale.place.data().join("heads"));
    let mut server = sale.place.serve();
    let address = server.address();
    let faults = sale.memory.faults(&sale.place.state().unwrap());
    let lost = format!("claim {number} of fan 51 is lost");
    assert!(faults.contains(&lost), "{faults:?}");
    // The next fan gets its number: two claims of one number, which is seen as well.
    sale.first_answer(address);
    let faults = sale.memory.faults(&sale.place.state().unwrap());
    assert!(faults.contains(&format!("number {number} was given twice")), "{faults:?}");
}

#[test]
fn a_forged_memory_is_seen() {
    let mut sale = one_told();
    let state = sale.place.state().unwrap();
    let honest = sale.memory.told[0].clone();
    let mut forged: Vec<Told> = vec![honest.clone(); 6];
    forged[0].number += 1;
    forged[1].number -= 1;
    forged[2].ask.fan += 1;
    forged[3].id = "1-1-1".to_owned();
    forged[4].state = ClaimState::Settled;
    (forged[5].state, forged[5].asked) = (ClaimState::Settled, Some(ClaimState::Released));
    for told in forged {
        sale.memory.told[0] = told;
        assert!(!sale.memory.faults(&state).is_empty(), "{:?}", sale.memory.told);
    }
    sale.memory.told[0] = Told { asked: Some(ClaimState::Settled), ..honest.clone() };
    assert!(sale.memory.faults(&state).is_empty(), "a change that was not made");
    sale.memory.told[0] = honest;
    sale.memory.first[0].state = ClaimState::Expired;
    assert!(!sale.memory.faults(&state).is_empty(), "a first claim in another state");
    sale.memory.first.pop();
    assert!(!sale.memory.faults(&state).is_empty(), "a claim nobody was told of");
}

#[test]
fn the_drop_is_the_one_the_file_names() {
    let place = Place::new(None);
    place.fill(10);
    let mut server = place.serve();
    let mut client = Client::connect(server.address()).unwrap();
    let drop = client.call(("GET", &format!("/api/v1/drops/{DROP}")), "", None, "").unwrap();
    let festival = client.call(("GET", "/api/v1/festival"), "", None, "").unwrap();
    assert_eq!(festival.body["drops"].as_array().unwrap().len(), 1, "{}", festival.text);
    let item = &drop.body["items"][0];
    // A quarter is paid for, a twentieth given back: two of ten, and none.
    assert_eq!((&item["held"], &item["settled"]), (&8.into(), &2.into()), "{}", drop.text);
}
