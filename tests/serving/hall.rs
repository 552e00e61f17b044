//! A server in this process, on a socket, with a clock turned by hand.

use crate::common::http::{Answer, Client};
use crate::common::node::Door;
use crate::common::{self, festival, node};
use fanfare::app::{App, Mode};
use fanfare::kit::clock::Clock;
use fanfare::kit::journal::JournalReader;
use fanfare::kit::token::Role;
use fanfare_engine::Fact;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// One drop of boxes, two a fan, held for two minutes; when it opens and for how long is told.
pub fn boxes(opens_ms: i64, open_for: &str) -> String {
    let terms = format!("open_for = \"{open_for}\"\nhold = \"2m\"\nlimit = 2");
    festival::boxes("serving-day", opens_ms, &terms, 1_000)
}

/// The server.
pub struct Hall {
    pub app: Arc<App>,
    pub address: SocketAddr,
    door: Door,
}

impl Hall {
    /// Serves a festival from a folder at this moment.
    pub fn open(data: &Path, text: &str, now_ms: i64) -> Self {
        let festival = festival::read(text);
        let mode = if festival.is_demo() { Mode::Demo } else { Mode::Real };
        let node = node::start(data, &festival, Clock::standing_at(now_ms));
        let app = App::new(node, festival, mode);
        let door = Door::open(&app, 1);
        Self { app, address: door.address, door }
    }

    /// Turns the clock and lets the lanes do what is due.
    pub fn turn_to(&self, now_ms: i64) {
        self.app.node.clock.turn_to(now_ms);
        self.app.node.quiet();
    }

    pub fn token(&self, fan: u64, role: Role) -> String {
        common::token(&self.app.node.tokens, self.app.now_ms(), fan, role)
    }

    pub fn ask(&self, call: (&str, &str), fan: u64, role: Role, body: &str) -> Answer {
        let mut client = Client::connect(self.address).unwrap();
        client.call(call, &self.token(fan, role), None, body).unwrap()
    }

    /// A claim with a key.
    pub fn claim(&self, drop: &str, fan: u64, key: &str, body: &str) -> Answer {
        let path = format!("/api/v1/drops/{drop}/claims");
        let token = self.token(fan, Role::Fan);
        let mut client = Client::connect(self.address).unwrap();
        client.call(("POST", &path), &token, Some(key), body).unwrap()
    }

    /// What becomes of a claim: `settlement`, `return`.
    pub fn change(&self, claim: &Answer, verb: &str) -> Answer {
        let path = format!("/api/v1/claims/{}/{verb}", claim.text_of("claim"));
        self.ask(("POST", &path), 700, Role::Cashier, "")
    }

    /// A claim as its fan reads it.
    pub fn read(&self, claim: &Answer, fan: u64) -> Answer {
        let path = format!("/api/v1/claims/{}", claim.text_of("claim"));
        self.ask(("GET", &path), fan, Role::Fan, "")
    }

    /// A drop as the programme has it now.
    pub fn drop_json(&self, drop: &str) -> Value {
        let festival = self.ask(("GET", "/api/v1/festival"), 1, Role::Fan, "");
        let drops = festival.body["drops"].as_array().unwrap();
        drops.iter().find(|other| other["id"] == drop).expect("a drop").clone()
    }

    /// A lane's rows, as facts.
    pub fn rows(&self, drop: &str) -> Vec<Vec<Fact>> {
        let lane = self.app.node.directory().named(drop).unwrap().lane;
        let reader = JournalReader::open(&self.app.node.folder.journals()).unwrap();
        let rows = reader.rows(lane, 1, usize::MAX >> 1).unwrap();
        rows.iter().map(|sealed| sealed.row.read_facts().unwrap()).collect()
    }

    /// Whether a drop's state is in memory.
    pub fn in_memory(&self, drop: &str) -> bool {
        let directory = self.app.node.directory();
        directory.named(drop).unwrap().published.read(0, |_| ()).is_some()
    }

    /// Stops and lets go of the folder.
    pub fn close(mut self) {
        self.door.close();
        self.app.node.stop();
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.app.node.stop();
    }
}
