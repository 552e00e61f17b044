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

use common::http::Client;
use common::postgres::Postgres;
use common::token_now;
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Tokens};
use fanfare::verify;
use fanfare_engine::ClaimState;
use memory::{Ask, Memory, Told};
use place::{DROP, Place, first_key};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Clients at once.
const CLIENTS: usize = 24;

/// The newest claims are asked for over HTTP after each start, and some of all others. Every one
/// is looked up in the journal.
const NEWEST: usize = 400;
const SAMPLE: usize = 20;

/// Once in so many rounds the server is also killed while it starts.
const ALSO_STARTING: u64 = 3;

fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn below(bound: u64) -> u64 {
    getrandom::u64().unwrap() % bound
}

/// What the rounds took.
#[derive(Default)]
struct Figures {
    /// Milliseconds to the first correct answer, and how much of it was processor time.
    first_answers: Vec<(f64, f64)>,
    verify_s: Vec<f64>,
    unheard: usize,
    unheard_done: usize,
    killed_starting: u64,
    killed_database: u64,
}

/// A sale that is killed again and again.
struct Sale {
    place: Place,
    /// What the journal is on, if it is a server.
    database: Option<Postgres>,
    tokens: Tokens,
    next_fan: AtomicU64,
    memory: Memory,
    figures: Figures,
}

impl Sale {
    fn new(claims: u64) -> Self {
        Self::on(None, claims)
    }

    /// With the journal on this server.
    fn on(database: Option<Postgres>, claims: u64) -> Self {
        let place = Place::new(database.as_ref().map(Postgres::database));
        let first = place.fill(claims);
        let tokens = Tokens::new(Keys::open(&place.data()).unwrap().tokens);
        let memory = Memory { first, ..Memory::default() };
        let next_fan = AtomicU64::new(claims + 1);
        Self { place, database, tokens, next_fan, memory, figures: Figures::default() }
    }

    /// Starts the server, checks everything, lets the crowd in, and kills it.
    fn round(&mut self, nth: u64) {
        if nth % ALSO_STARTING == ALSO_STARTING - 1 {
            let mut server = self.place.serve();
            thread::sleep(Duration::from_millis(below(400)));
            server.kill();
            self.figures.killed_starting += 1;
        }
        let mut server = self.place.serve();
        let address = server.address();
        self.first_answer(address);
        self.figures.first_answers.push((server.passed_ms(), server.cpu_ms()));
        self.check(nth);
        self.ask_again(address);
        self.look(address);
        let (tokens, next_fan) = (&self.tokens, &self.next_fan);
        let memories: Vec<Memory> = thread::scope(|scope| {
            let buyers: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| crowd::buy(address, tokens, next_fan)))
                .collect();
            thread::sleep(Duration::from_millis(100 + below(500)));
            if let Some(database) = self.database.as_mut().filter(|_| nth % 3 == 1) {
                database.kill();
                self.figures.killed_database += 1;
                thread::sleep(Duration::from_millis(below(1_000)));
                database.start_again();
                thread::sleep(Duration::from_millis(200 + below(1_000)));
            }
            server.kill();
            buyers.into_iter().map(|buyer| buyer.join().unwrap()).collect()
        });
        memories.into_iter().for_each(|memory| self.memory.add(memory));
    }

    /// The first answers after a start: an old claim is still known, and a new one is made.
    fn first_answer(&mut self, address: SocketAddr) {
        let mut client = Client::connect(address).unwrap();
        let claims = self.memory.first.len() as u64;
        let fan = 2 * (1 + below(claims / 2));
        let known = self.memory.first[fan as usize - 1];
        let told = Told {
            ask: Ask { fan, key: first_key(fan) },
            id: fanfare::drops::answers::claim_id(place::LANE, known.place),
            number: known.number.get().into(),
            state: known.state,
            asked: None,
        };
        let again = crowd::claim(&mut client, &self.tokens, &told.ask).unwrap();
        crowd::same(&told, &again);
        let fan = self.next_fan.fetch_add(1, Ordering::Relaxed);
        let ask = Ask { fan, key: Some("first-after-start".to_owned()) };
        let made = crowd::claim(&mut client, &self.tokens, &ask).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        self.memory.told.push(crowd::told(&ask, &made));
    }

    /// The journal holds, and says what everybody was told.
    fn check(&mut self, nth: u64) {
        let watch = Stopwatch::start();
        let report = verify::folder(&self.place.data(), &mut |_| {}).unwrap();
        self.figures.verify_s.push(watch.passed_s());
        assert!(report.holds(), "start {nth}: {:#?}", report.broken);
        let state = self.place.state().unwrap();
        let faults = self.memory.faults(&state);
        assert!(faults.is_empty(), "start {nth}: {:#?}", &faults[..faults.len().min(20)]);
        self.memory.learn(&state);
    }

    /// Whoever got no answer asks the same again, twice, and hears of one claim.
    fn ask_again(&mut self, address: SocketAddr) {
        let mut client = Client::connect(address).unwrap();
        for ask in std::mem::take(&mut self.memory.unheard) {
            self.figures.unheard += 1;
            let answer = crowd::claim(&mut client, &self.tokens, &ask).unwrap();
            self.figures.unheard_done += usize::from(answer.status == 200);
            let told = crowd::told(&ask, &answer);
            crowd::same(&told, &crowd::claim(&mut client, &self.tokens, &ask).unwrap());
            self.memory.told.push(told);
        }
    }

    /// The newest claims, and some of all others, asked for by their fans.
    fn look(&self, address: SocketAddr) {
        let mut client = Client::connect(address).unwrap();
        let known = &self.memory.told;
        let newest = known.len().saturating_sub(NEWEST)..known.len();
        let sample = (0..known.len().min(SAMPLE)).map(|_| below(known.len() as u64) as usize);
        for told in newest.chain(sample).map(|at| &known[at]) {
            let token = token_now(&self.tokens, told.ask.fan, Role::Fan);
            let path = format!("/api/v1/claims/{}", told.id);
            crowd::same(told, &client.call(("GET", &path), &token, None, "").unwrap());
        }
    }
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
        sale.round(nth);
    }
    // Once more, to see what the last kill left; and then everything, asked for by its fan.
    let mut server = sale.place.serve();
    let address = server.address();
    sale.first_answer(address);
    sale.figures.first_answers.push((server.passed_ms(), server.cpu_ms()));
    sale.check(kills);
    sale.ask_again(address);
    let mut client = Client::connect(address).unwrap();
    for told in &sale.memory.told {
        let token = token_now(&sale.tokens, told.ask.fan, Role::Fan);
        let path = format!("/api/v1/claims/{}", told.id);
        crowd::same(told, &client.call(("GET", &path), &token, None, "").unwrap());
    }
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
