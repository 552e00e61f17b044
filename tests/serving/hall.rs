//! A server in this process, on a socket, with a clock turned by hand.

use super::http::{Answer, Client};
use fanfare::app::{App, Mode};
use fanfare::drops::node::Node;
use fanfare::drops::plan;
use fanfare::festivals;
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::serve;
use fanfare::kit::sqlite::JournalReader;
use fanfare::kit::token::{Role, Session, Use};
use fanfare::routes::Front;
use fanfare_engine::{Fact, Fan};
use fanfare_lane::LaneConfig;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;

/// One drop of boxes, two a fan, held for two minutes; when it opens and for how long is told.
pub fn boxes(opens_ms: i64, open_for: &str) -> String {
    let opens = jiff::Timestamp::from_millisecond(opens_ms).unwrap();
    format!(
        r#"
[festival]
id = "serving-day"
name = {{ zh = "营业日", en = "Serving day" }}
zone = "Asia/Shanghai"
currency = "CNY"

[[goods]]
id = "box"
name = {{ zh = "礼盒", en = "Box" }}
maker.name = {{ zh = "某厂", en = "A maker" }}
maker.address = {{ zh = "某路 1 号", en = "1 Some Road" }}
certificate = "TEST-0002"

[[drops]]
id = "boxes"
kind = "sale"
name = {{ zh = "礼盒", en = "Boxes" }}
opens_at = {}
open_for = "{open_for}"
hold = "2m"
limit = 2
[[drops.items]]
good = "box"
price = "5.00"
stock = 1000
"#,
        opens.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
}

pub const BOX: &str = r#"{"item":"box"}"#;

/// The server.
pub struct Hall {
    pub app: Arc<App>,
    pub address: SocketAddr,
    stopper: watch::Sender<bool>,
    fronts: Vec<JoinHandle<()>>,
}

impl Hall {
    /// Serves a festival from a folder at this moment.
    pub fn open(data: &Path, text: &str, now_ms: i64) -> Self {
        let festival = festivals::read("serving.toml", text);
        let festival = festival.unwrap_or_else(|faults| panic!("{faults}"));
        let folder = DataFolder::serve(data, festival.id().as_str(), false).unwrap();
        let mode = if festival.is_demo() { Mode::Demo } else { Mode::Real };
        let specs = plan::specs(&festival, &folder, now_ms).unwrap();
        let clock = Arc::new(Clock::standing_at(now_ms));
        let node = Node::start(folder, clock, LaneConfig::default(), specs).unwrap();
        let app = App::new(node, festival, mode);
        let listeners = serve::listen(SocketAddr::from(([127, 0, 0, 1], 0)), 1).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stopper, stop) = watch::channel(false);
        let served = app.clone();
        let fronts = serve::start(listeners, move || Front::new(served.clone()), &stop).unwrap();
        Self { app, address, stopper, fronts }
    }

    /// Turns the clock and lets the lanes do what is due.
    pub fn turn_to(&self, now_ms: i64) {
        self.app.node.clock.turn_to(now_ms);
        self.app.node.quiet();
    }

    pub fn token(&self, fan: u64, role: Role) -> String {
        let until_s = (self.app.now_ms() / 1_000 + 900) as u32;
        let session = Session { fan: Fan::new(fan).unwrap(), role, until_s };
        self.app.node.tokens.make(&session, Use::Session)
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
        let reader = JournalReader::open(&self.app.node.folder.journal()).unwrap();
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
        let _ = self.stopper.send(true);
        for front in self.fronts.drain(..) {
            let _ = front.join();
        }
        self.app.node.stop();
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        let _ = self.stopper.send(true);
        self.app.node.stop();
    }
}
