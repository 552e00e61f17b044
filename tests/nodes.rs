//! Several nodes on two PostgreSQL journals, over HTTP: whoever is asked, the answer is the same;
//! a node that is killed, paused, stopped or new loses nothing and gives nothing twice.

mod common;

use common::festival::{self, BOX};
use common::http::Answer;
use common::postgres::Postgres;
use common::served::{Place, Served};
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::token::Role;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const FILE: &str = "festival.toml";
const DROPS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A festival's databases, and what every node of it is given.
struct Festival {
    journals: [String; 2],
    text: String,
    key: Place,
    _server: Arc<Postgres>,
}

impl Festival {
    fn new(stock: u32, opened_ms_ago: i64) -> Self {
        let server = Postgres::shared();
        let opens_ms = Clock::machine().now_ms() - opened_ms_ago;
        let opens = jiff::Timestamp::from_millisecond(opens_ms).unwrap();
        let opens = opens.strftime("%Y-%m-%dT%H:%M:%SZ");
        let drop = |id: &str| {
            format!(
                r#"
[[drops]]
id = "{id}"
kind = "sale"
name = {{ zh = "礼盒", en = "Boxes" }}
opens_at = {opens}
open_for = "1d"
hold = "5h"
limit = 2
[[drops.items]]
good = "box"
price = "5.00"
stock = {stock}
"#
            )
        };
        let text = festival::text("nodes", &DROPS.map(drop).concat());
        let key = Place::new();
        key.write("secret", &"5e".repeat(32));
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(secret(&key), mode).unwrap();
        Self { journals: [server.database(), server.database()], text, key, _server: server }
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

/// Asks until it is answered; what comes meanwhile must be `busy` or `unsure`.
fn claimed(node: &Served, drop: &str, fan: u64) -> Answer {
    let watch = Stopwatch::start();
    while watch.passed_s() < 20.0 {
        let answer = node.claim(drop, fan, BOX);
        if answer.status != 503 {
            return answer;
        }
        assert!(matches!(answer.text_of("code"), "busy" | "unsure"), "{answer:?}");
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{drop} is not answered: {}", node.said());
}

fn number(answer: &Answer) -> u64 {
    answer.body["number"].as_u64().unwrap_or_else(|| panic!("{answer:?}"))
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
        let mut client = common::http::Client::connect(node.address).unwrap();
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
