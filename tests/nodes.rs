//! Several nodes on two PostgreSQL journals, over HTTP: whoever is asked, the answer is the same;
//! a node that is killed, paused, stopped or new loses nothing and gives nothing twice.

mod common;

#[path = "nodes/clocks.rs"]
mod clocks;
#[path = "nodes/drops.rs"]
mod drops;
#[path = "nodes/histories.rs"]
mod histories;

use common::festival::{self, BOX};
use common::http::{Answer, Client, number};
use common::postgres::Postgres;
use common::served::{Place, Served, words};
use common::token_now;
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::keys::Keys;
use fanfare::kit::token::{Role, Tokens};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const FILE: &str = "festival.toml";
const DROPS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A festival's databases, and what every node of it is given.
struct Festival {
    journals: [String; 2],
    text: String,
    key: Place,
    server: Arc<Postgres>,
}

impl Festival {
    fn new(stock: u32, opened_ms_ago: i64) -> Self {
        let server = Postgres::shared();
        let opens_ms = Clock::machine().now_ms() - opened_ms_ago;
        let terms = "open_for = \"1d\"\nhold = \"5h\"\nlimit = 2";
        let drop = |id: &str| festival::drop(id, opens_ms, terms, stock);
        let text = festival::text("nodes", &DROPS.map(drop).concat());
        let key = Place::new();
        key.write("secret", &"5e".repeat(32));
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(secret(&key), mode).unwrap();
        Self { journals: [server.database(), server.database()], text, key, server }
    }

    fn place(&self) -> Place {
        let mut place = Place::new();
        place.write(FILE, &self.text);
        place.database = Some(self.journals[0].clone());
        place.journals = self.journals.to_vec();
        place
    }

    fn serve(&self, place: &Place) -> Served {
        let key = secret(&self.key);
        place.serve_with(FILE, &["--node", "127.0.0.1:0", "--key", key.to_str().unwrap()])
    }

    fn nodes<const N: usize>(&self) -> [(Place, Served); N] {
        std::array::from_fn(|_| {
            let place = self.place();
            let served = self.serve(&place);
            (place, served)
        })
    }
}

fn secret(key: &Place) -> PathBuf {
    key.data.parent().unwrap().join("secret")
}

/// Asks until it is answered; what comes meanwhile must be `busy`, `unsure`, or that it was asked
/// too often.
fn claimed(node: &Served, drop: &str, fan: u64) -> Answer {
    let watch = Stopwatch::start();
    while watch.passed_s() < 20.0 {
        let answer = node.claim(drop, fan, BOX);
        if !matches!(answer.status, 429 | 503) {
            return answer;
        }
        assert!(matches!(answer.text_of("code"), "busy" | "unsure" | "too_fast"), "{answer:?}");
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{drop} is not answered: {}", node.said());
}

fn signal(node: &Served, signal: Signal) {
    kill_process(Pid::from_raw(node.program.child.id() as i32).unwrap(), signal).unwrap();
}

#[test]
fn every_node_answers_for_every_drop() {
    let festival = Festival::new(3, 3_600_000);
    let nodes: [_; 3] = festival.nodes();
    for drop in DROPS {
        let mut numbers = Vec::new();
        for (fan, (_, node)) in nodes.iter().enumerate() {
            let made = claimed(node, drop, fan as u64 + 1);
            assert_eq!(made.status, 201, "{made:?}");
            assert!(made.body["receipt"]["signature"].is_string(), "{made:?}");
            numbers.push(number(&made));
        }
        assert_eq!(numbers, [1, 2, 3], "{drop}");
        for (_, node) in &nodes {
            // A repeat is the same claim whoever is asked; a stranger hears the same refusal.
            let again = claimed(node, drop, 2);
            assert_eq!((again.status, number(&again)), (200, 2), "{drop}");
            let refused = claimed(node, drop, 9);
            assert_eq!(refused.text_of("code"), "sold_out", "{refused:?}");
        }
    }
    // One process's session, claims and receipts are every process's.
    let token = nodes[0].1.token(1, Role::Fan);
    for (_, node) in &nodes {
        let mut client = Client::connect(node.address).unwrap();
        let own = client.call(("GET", "/api/v1/me/claims"), &token, None, "").unwrap();
        assert_eq!(own.body["claims"].as_array().map(Vec::len), Some(6), "{own:?}");
    }
    let id = claimed(&nodes[1].1, "a", 1).text_of("claim").to_owned();
    let released =
        nodes[2].1.ask(("POST", &format!("/api/v1/claims/{id}/release")), 1, Role::Fan, "");
    assert_eq!(released.text_of("state"), "released", "{released:?}");
    // The unit is free for whoever asks next, wherever.
    let next = claimed(&nodes[0].1, "a", 9);
    assert_eq!((next.status, number(&next)), (201, 4));
    for (_, node) in nodes {
        node.end();
    }
}

/// No row gets into the journals for so long, s.
fn held_up(festival: &Festival, seconds: f64) {
    let hold = format!("LOCK TABLE journal IN SHARE MODE; SELECT pg_sleep({seconds})");
    thread::scope(|scope| {
        for journal in &festival.journals {
            scope.spawn(|| Postgres::sql(journal, &hold));
        }
    });
}

/// A fan's claim is decided at the owner and its row held up; then the fan asks at the follower,
/// and a stranger right after. Says whether the stranger was refused from memory: if not, nothing
/// is shown.
fn asked_elsewhere(festival: &Festival, drop: &str, owner: &Served, other: &Served) -> bool {
    let claim = |fan| claimed(owner, drop, fan).text_of("claim").to_owned();
    let (back, paid) = (claim(1), claim(8));
    thread::sleep(Duration::from_millis(600));
    assert_eq!(claimed(other, drop, 9).text_of("code"), "sold_out");
    let settle = format!("/api/v1/claims/{paid}/settlement");
    let release = format!("/api/v1/claims/{back}/release");
    let path = format!("/api/v1/drops/{drop}/claims");
    let keyed = |node: &Served| {
        let mut client = Client::connect_within(node.address, Duration::from_secs(15)).unwrap();
        client.call(("POST", &path), &node.token(2, Role::Fan), Some("k"), BOX).unwrap()
    };
    let after = |ms| thread::sleep(Duration::from_millis(ms));
    thread::scope(|scope| {
        scope.spawn(|| held_up(festival, 0.9));
        after(200);
        // While this row is under way, the two below wait to be decided together.
        scope.spawn(|| owner.ask(("POST", &settle), 8, Role::Cashier, ""));
        after(100);
        scope.spawn(|| held_up(festival, 1.5));
        after(300);
        scope.spawn(|| owner.ask(("POST", &release), 1, Role::Fan, ""));
        after(20);
        let lost = scope.spawn(|| keyed(owner));
        after(350);
        let asked = scope.spawn(|| keyed(other));
        after(30);
        let watch = Stopwatch::start();
        let refused = other.claim(drop, 9, BOX).text_of("code") == "sold_out";
        let from_memory = refused && watch.passed_s() < 0.3;
        let (lost, asked) = (lost.join().unwrap(), asked.join().unwrap());
        assert_eq!(number(&lost), 3, "{lost:?}");
        assert_eq!((asked.status, number(&asked)), (200, 3), "{asked:?}");
        from_memory
    })
}

#[test]
fn whose_claim_is_on_its_way_is_refused_by_no_node() {
    let festival = Festival::new(2, 3_600_000);
    let [(_, owner), (_, other)] = festival.nodes::<2>();
    let shown = DROPS.iter().position(|drop| asked_elsewhere(&festival, drop, &owner, &other));
    assert!(shown.is_some(), "nobody was refused from memory meanwhile: nothing is shown");
    eprintln!("shown by drop {shown:?}");
    owner.end();
    other.end();
}

#[test]
fn a_node_that_is_told_to_stop_tells_proxies_so_while_it_still_answers() {
    let festival = Festival::new(50, 3_600_000);
    let [mut leaves, stays] = festival.nodes::<2>();
    let asked = |path: &str| leaves.1.ask(("GET", path), 1, Role::Fan, "").status;
    assert_eq!((asked("/proxyz"), asked("/readyz")), (200, 200));
    signal(&leaves.1, Signal::TERM);
    let watch = Stopwatch::start();
    let mut looks = 0;
    while watch.passed_s() < 1.8 {
        // What a proxy asks every second, and what it may send until it has asked twice.
        if watch.passed_s() > 0.3 {
            assert_eq!((asked("/proxyz"), asked("/readyz")), (404, 503));
        }
        let made = claimed(&leaves.1, DROPS[looks % DROPS.len()], looks as u64 + 1);
        assert_eq!(made.status, 201, "{made:?}");
        looks += 1;
        thread::sleep(Duration::from_millis(100));
    }
    assert!(looks > 3, "{looks}");
    let code = leaves.1.program.child.wait().unwrap().code();
    assert_eq!(code, Some(0), "{}", leaves.1.said());
    assert!(watch.passed_s() < 10.0, "{}", watch.passed_s());
    assert_eq!(stays.1.ask(("GET", "/proxyz"), 1, Role::Fan, "").status, 200);
    stays.1.end();
}

#[test]
fn keys_are_made_anew_for_all_nodes_or_for_none() {
    let festival = Festival::new(20, 3_600_000);
    let [mut one, two] = festival.nodes::<2>();
    let key = secret(&festival.key);
    let key = key.to_str().unwrap();
    let keys = |place: &Place| {
        ["festival.key", "token.key", "repeat.key"].map(|name| read(&place.data, name))
    };
    let made = claimed(&one.1, "a", 1);
    let before = keys(&one.0);
    assert_eq!(before, keys(&two.0));
    let rotate = ["key", "rotate", "--signing", "--tokens", "--key", key];
    let refused = |place: &Place, args: &[&str], why: &str| {
        let output = place.run(args);
        let said = words(&output);
        assert!(!output.status.success() && said.contains(why), "{said}");
        assert!(said.contains("nothing was changed") && keys(place) == before, "{said}");
    };
    one.1.end();
    refused(&one.0, &rotate, "stop every node first");
    two.1.end();
    refused(&one.0, &rotate[..4], "--key FILE");
    let database = one.0.database.take();
    refused(&one.0, &rotate, "--database URL");
    let said = words(&one.0.run(&["doctor"]));
    assert!(said.contains("tables are elsewhere") && !said.contains("behind"), "{said}");
    one.0.database = database;

    let output = one.0.run(&rotate);
    assert!(output.status.success(), "{}", words(&output));
    let new = keys(&one.0);
    assert!(new[0] != before[0] && new[1] != before[1] && new[2] == before[2]);
    assert_eq!(keys(&two.0), before, "its node takes them when it starts");
    let said = words(&two.0.run(&["doctor"]));
    assert!(said.contains("token.key was made anew elsewhere"), "{said}");
    for place in [&two.0, &one.0] {
        let node = festival.serve(place);
        assert_eq!(keys(place), new);
        let again = claimed(&node, "a", 1);
        assert_eq!((again.status, number(&again)), (200, number(&made)));
        assert_eq!(claimed(&node, "b", 7).text_of("state"), "held");
        node.end();
    }
    let output = one.0.run(&["verify"]);
    assert!(output.status.success(), "{}", words(&output));

    // A key that never was the festival's is nobody's to take or to give.
    std::fs::write(two.0.data.join("token.key"), "77".repeat(32)).unwrap();
    let said = words(&two.0.run(&["doctor"]));
    assert!(said.contains("stops keys_differ: token.key"), "{said}");
    let args = ["serve", FILE, "--listen", "127.0.0.1:0", "--node", "127.0.0.1:0", "--key", key];
    let said = words(&two.0.run(&args));
    assert!(said.contains("is not the key the other nodes use, and never was"), "{said}");
}

#[test]
fn a_node_takes_a_key_that_it_lost_and_gives_none_that_is_not_the_journals() {
    let festival = Festival::new(20, 3_600_000);
    let [one, two] = festival.nodes::<2>();
    let key = secret(&festival.key);
    let key = key.to_str().unwrap();
    claimed(&one.1, "a", 1);
    one.1.end();
    two.1.end();
    let (one, two) = (one.0, two.0);
    let signing = read(&one.data, "festival.key");
    std::fs::remove_file(one.data.join("festival.key")).unwrap();
    let node = festival.serve(&one);
    assert_eq!(read(&one.data, "festival.key"), signing, "the others have it");
    node.end();
    // A new database has none of them, and a folder that lost its own has none to give.
    Postgres::sql(one.database.as_ref().unwrap(), "DELETE FROM festival_keys");
    std::fs::remove_file(one.data.join("festival.key")).unwrap();
    let args = ["serve", FILE, "--listen", "127.0.0.1:0", "--node", "127.0.0.1:0", "--key", key];
    let said = words(&one.run(&args));
    assert!(said.contains("festival.key: it is missing"), "{said}");
    assert!(!one.data.join("festival.key").exists());
    // Nor has it made another the festival's: the node that has the key gives it.
    let node = festival.serve(&two);
    node.end();
    let node = festival.serve(&one);
    assert_eq!(read(&one.data, "festival.key"), signing);
    assert_eq!(claimed(&node, "a", 2).text_of("state"), "held");
    node.end();
}

fn read(data: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(data.join(name)).unwrap()
}

/// Of each drop: enough that claims are made all through the test, and sold out at its end.
const STOCK: u32 = 500;

/// What the crowd was told: for each fan of a drop, its key's number.
type Told = BTreeMap<(usize, u64), u64>;

/// One of the crowd: claims at whichever node, asks again what it was told, never believes twice.
struct Asker {
    at: u64,
    told: Told,
    refused: u64,
    unanswered: u64,
    doubts: u64,
}

impl Asker {
    fn new(number: u64) -> Self {
        Self { at: number << 20, told: Told::new(), refused: 0, unanswered: 0, doubts: 0 }
    }

    /// The next of a fixed row of choices, so that a run can be told from another only by time.
    fn pick(&mut self, of: usize) -> usize {
        self.at = self.at.wrapping_add(1);
        let mixed = (self.at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as usize;
        mixed % of
    }

    fn go(&mut self, nodes: &Directory, until: &AtomicBool) {
        while !until.load(Ordering::Acquire) || self.refused < 50 {
            thread::sleep(Duration::from_millis(15));
            let fan = self.at + 1;
            let drop = self.pick(DROPS.len());
            if let Some(number) = self.answered(nodes, drop, fan) {
                self.told.insert((drop, fan), number);
            }
            let count = self.told.len();
            if count > 0 {
                let at = self.pick(count);
                let ((drop, fan), number) =
                    self.told.iter().nth(at).map(|(k, v)| (*k, *v)).unwrap();
                let again = self.answered(nodes, drop, fan);
                assert_eq!(again, Some(number), "drop {drop}, fan {fan}: another answer");
            }
        }
    }

    /// A claim with a key, asked until it is answered; none where it is refused.
    fn answered(&mut self, nodes: &Directory, drop: usize, fan: u64) -> Option<u64> {
        let path = format!("/api/v1/drops/{}/claims", DROPS[drop]);
        let watch = Stopwatch::start();
        loop {
            assert!(watch.passed_s() < 30.0, "drop {drop}, fan {fan}: never answered");
            let open = nodes.lock().unwrap().clone();
            let (address, token) = &open[self.pick(open.len())];
            let token = token_now(token, fan, Role::Fan);
            let asked = Client::connect_within(*address, Duration::from_secs(8))
                .and_then(|mut client| client.call(("POST", &path), &token, Some("k"), BOX));
            match asked {
                Err(_) => self.unanswered += 1,
                Ok(answer) if answer.status == 503 => self.doubts += 1,
                Ok(answer) if matches!(answer.status, 200 | 201) => return Some(number(&answer)),
                Ok(answer) => {
                    assert_eq!(answer.text_of("code"), "sold_out", "{answer:?}");
                    self.refused += 1;
                    return None;
                }
            }
            thread::sleep(Duration::from_millis(30));
        }
    }
}

/// The nodes a crowd may ask now.
type Directory = Mutex<Vec<(SocketAddr, Arc<Tokens>)>>;

#[test]
fn a_node_killed_paused_new_or_stopped_loses_nothing_and_gives_nothing_twice() {
    let festival = Festival::new(STOCK, 3_600_000);
    let [mut killed, paused, stopped] = festival.nodes::<3>();
    let tokens = Arc::new(Tokens::new(Keys::open(&killed.0.data).unwrap().tokens));
    let at = |node: &Served| (node.address, tokens.clone());
    let nodes = Mutex::new(vec![at(&killed.1), at(&paused.1), at(&stopped.1)]);
    let until = AtomicBool::new(false);
    let wait = |seconds| thread::sleep(Duration::from_secs(seconds));
    let (askers, new) = thread::scope(|scope| {
        let crowd: Vec<_> = (1..=6)
            .map(|number| {
                let (nodes, until) = (&nodes, &until);
                scope.spawn(move || {
                    let mut asker = Asker::new(number);
                    asker.go(nodes, until);
                    asker
                })
            })
            .collect();
        wait(2);
        killed.1.program.kill();
        wait(6);
        signal(&paused.1, Signal::STOP);
        wait(6);
        signal(&paused.1, Signal::CONT);
        wait(2);
        let place = festival.place();
        let new = festival.serve(&place);
        nodes.lock().unwrap()[0] = at(&new);
        wait(3);
        nodes.lock().unwrap().remove(2);
        let took_s = stopped.1.end();
        assert!(took_s < 10.0, "it takes {took_s} s to stop");
        wait(3);
        until.store(true, Ordering::Release);
        let crowd: Vec<Asker> = crowd.into_iter().map(|one| one.join().unwrap()).collect();
        (crowd, (place, new))
    });
    let sum = |of: fn(&Asker) -> u64| askers.iter().map(of).sum::<u64>();
    let claims = sum(|one| one.told.len() as u64);
    eprintln!(
        "claims {claims}, refused {}, unanswered {}, busy or unsure {}",
        sum(|one| one.refused),
        sum(|one| one.unanswered),
        sum(|one| one.doubts)
    );
    assert_eq!(claims, u64::from(STOCK) * DROPS.len() as u64, "everything is given, once");
    let mut numbers: BTreeMap<(usize, u64), u64> = BTreeMap::new();
    for ((drop, fan), number) in askers.iter().flat_map(|one| &one.told) {
        let other = numbers.insert((*drop, *number), *fan);
        assert_eq!(other, None, "drop {drop}: number {number} is given twice");
    }
    let output = new.0.run(&["verify"]);
    assert!(output.status.success(), "{}", words(&output));
    assert!(!new.1.said().contains("ERROR"), "{}", new.1.said());
    assert!(number_of_claims(&new.0) == claims, "nobody has a claim that was not told");
}

/// The claims in all journals.
fn number_of_claims(place: &Place) -> u64 {
    let lanes = place.journal().lanes().unwrap();
    let claims = |lane| place.state("nodes", lane).claims().count();
    lanes.iter().map(|record| u64::from(claims(record.lane))).sum()
}

/// Asks the same act until it is known what came of it; the stock then, and whether it was ever
/// not known.
fn restocked(node: &Served, (drop, host): (&str, u64), key: &str) -> (i64, bool) {
    let path = format!("/api/v1/drops/{drop}/restock");
    let token = node.token(host, Role::Host);
    let (watch, mut unsure) = (Stopwatch::start(), false);
    while watch.passed_s() < 30.0 {
        let mut client = Client::connect(node.address).unwrap();
        let body = r#"{"why":"a van","units":10}"#;
        let answer = client.call(("POST", &path), &token, Some(key), body).unwrap();
        if answer.status == 200 {
            return (answer.body["items"][0]["stock"].as_i64().unwrap(), unsure);
        }
        assert!(matches!(answer.status, 503 | 429), "{answer:?}");
        unsure |= answer.text_of("code") == "unsure";
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{drop} is not answered: {}", node.said());
}

#[test]
fn a_restock_whose_owner_died_is_done_once() {
    let festival = Festival::new(3, 3_600_000);
    let [mut killed, asked, other] = festival.nodes::<3>();
    let held = "BEGIN; LOCK TABLE journal IN SHARE MODE; SELECT pg_sleep(7); COMMIT";
    let done = thread::scope(|scope| {
        // No row goes in while acts are decided, and nobody waits longer than five seconds.
        for journal in &festival.journals {
            scope.spawn(|| Postgres::sql(journal, held));
        }
        thread::sleep(Duration::from_millis(500));
        let hosts = DROPS.iter().zip(80..).map(|(drop, host)| {
            let asked = &asked.1;
            scope.spawn(move || restocked(asked, (drop, host), "van"))
        });
        let hosts: Vec<_> = hosts.collect();
        thread::sleep(Duration::from_millis(5_800));
        killed.1.program.kill();
        hosts.into_iter().map(|host| host.join().unwrap()).collect::<Vec<(i64, bool)>>()
    });
    eprintln!("stock, and whether it was unsure, by drop: {done:?}");
    assert!(done.iter().any(|(_, unsure)| *unsure), "nobody was in doubt");
    for (drop, host) in DROPS.iter().zip(80..) {
        // Whoever is asked: it is done, and nothing else is.
        for node in [&asked.1, &other.1] {
            assert_eq!(restocked(node, (drop, host), "van").0, 13, "{drop}");
        }
    }
    asked.1.end();
    other.1.end();
}
