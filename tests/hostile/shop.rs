//! A real server on a real socket, on a clock turned by hand; and the checks every answer of it
//! has to pass.

use crate::common::festival::PINE;
use crate::common::http::{Answer, Client};
use crate::common::node::Door;
use crate::common::{self, festival, node};
use fanfare::app::{App, Mode};
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::hex;
use fanfare::kit::scratch::Scratch;
use fanfare::kit::token::Role;
use fanfare::verify;
use fanfare_lane::{Hash, Seal};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;

/// 2026-04-08 12:00 in Shanghai, ms since 1970: when `lamps` and `boxes` open, for 20 minutes.
pub const OPENS_MS: i64 = 1_775_620_800_000;
pub const CLOSES_MS: i64 = OPENS_MS + 20 * 60_000;

/// Two lamps in cloud and a thousand in pine, two a fan; three boxes, three a fan; and a drop
/// that opens an hour later.
pub const DROPS: &str = r#"
[[drops]]
id = "lamps"
kind = "sale"
name = { zh = "台灯", en = "Lamps" }
opens_at = 2026-04-08T12:00
open_for = "20m"
hold = "2m"
limit = 2
[[drops.items]]
good = "lamp"
price = "129.00"
stock = { cloud = 2, pine = 1000 }

[[drops]]
id = "boxes"
kind = "sale"
name = { zh = "礼盒", en = "Boxes" }
opens_at = 2026-04-08T12:00
open_for = "20m"
hold = "2m"
limit = 3
[[drops.items]]
good = "box"
price = "5.00"
stock = 3

[[drops]]
id = "later"
kind = "sale"
name = { zh = "晚场", en = "Later" }
opens_at = 2026-04-08T13:00
open_for = "20m"
hold = "2m"
[[drops.items]]
good = "box"
price = "5.00"
stock = 3
"#;

/// A fan whom no test uses.
const HONEST: u64 = 999_999;

/// A server that listens.
pub struct Shop {
    pub app: Arc<App>,
    pub address: SocketAddr,
    scratch: Scratch,
    door: Door,
}

impl Shop {
    /// A real festival, one second after the opening.
    pub fn open() -> Self {
        Self::open_at(Mode::Real, OPENS_MS + 1_000)
    }

    /// Serves at this moment.
    pub fn open_at(mode: Mode, now_ms: i64) -> Self {
        let scratch = Scratch::new(None, "hostile").unwrap();
        let festival = festival::read(&festival::text("hostile-day", DROPS));
        let data = scratch.path().join("data");
        let id = festival.id().as_str();
        let folder = DataFolder::serve(&data, id, mode == Mode::Rehearsal).unwrap();
        let node = node::on(folder, &festival, Clock::standing_at(now_ms)).unwrap();
        let app = App::new(node, festival, mode);
        let door = Door::open(&app, 2);
        Self { app, address: door.address, scratch, door }
    }

    /// Turns the clock and lets the lanes do what is due.
    pub fn turn_to(&self, now_ms: i64) {
        self.app.node.clock.turn_to(now_ms);
        self.app.node.quiet();
    }

    /// A connection of its own.
    pub fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// A session.
    pub fn token(&self, fan: u64, role: Role) -> String {
        common::token(&self.app.node.tokens, self.app.now_ms(), fan, role)
    }

    /// Asks once, on a connection of its own.
    pub fn ask(&self, call: (&str, &str), fan: u64, role: Role, body: &str) -> Answer {
        self.client().call(call, &self.token(fan, role), None, body).unwrap()
    }

    /// A fan's claim.
    pub fn claim(&self, drop: &str, fan: u64, key: Option<&str>, body: &str) -> Answer {
        let path = format!("/api/v1/drops/{drop}/claims");
        let token = self.token(fan, Role::Fan);
        self.client().call(("POST", &path), &token, key, body).unwrap()
    }

    /// A fan's claim that must be made.
    pub fn made(&self, drop: &str, fan: u64, key: Option<&str>, body: &str) -> Answer {
        let answer = self.claim(drop, fan, key, body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer
    }

    /// What becomes of a claim: `settlement`, `release`, `return`.
    pub fn change(&self, claim: &Answer, verb: &str, fan: u64, role: Role) -> Answer {
        let path = format!("/api/v1/claims/{}/{verb}", claim.text_of("claim"));
        self.ask(("POST", &path), fan, role, "")
    }

    /// What a host does.
    pub fn act(&self, drop: &str, verb: &str, body: &str) -> Answer {
        let path = format!("/api/v1/drops/{drop}/{verb}");
        self.ask(("POST", &path), 800, Role::Host, body)
    }

    /// A refusal: status, code, form; and at a conflict a head that the festival's key signed.
    pub fn refused(&self, answer: &Answer, status: u16, code: &str) {
        assert_eq!((answer.status, answer.text_of("code")), (status, code), "{answer:?}");
        assert!(answer.head.contains("content-type: application/problem+json\r\n"), "{answer:?}");
        assert!(answer.head.contains("cache-control: no-store\r\n"), "{answer:?}");
        assert_eq!(answer.body["status"], status, "{answer:?}");
        assert!(!answer.text_of("title").is_empty(), "{answer:?}");
        assert_eq!(matches!(status, 429 | 503), answer.head.contains("retry-after: "));
        if status == 409 {
            self.signed(&answer.body["head"]);
        }
    }

    /// A 422 that names this field and says why.
    pub fn invalid(&self, answer: &Answer, field: &str) {
        self.refused(answer, 422, "invalid");
        assert_eq!(answer.text_of("field"), field, "{answer:?}");
        assert!(!answer.text_of("why").is_empty(), "{answer:?}");
    }

    /// A head as the contract has it, signed by the festival.
    pub fn signed(&self, head: &Value) {
        assert!(head["lane"].is_u64() && head["seq"].is_u64() && head["time_ms"].is_i64());
        let hash: Hash = hex::from_hex(head["hash"].as_str().unwrap()).unwrap();
        assert!(seal_of(head).holds(&hash, &self.app.node.public_key), "{head}");
        let mut other = hash;
        other[0] ^= 1;
        assert!(!seal_of(head).holds(&other, &self.app.node.public_key), "{head}");
    }

    /// After an abuse: an honest claim still works.
    pub fn still_sells(&self) {
        self.made("lamps", HONEST, None, PINE);
        self.refused(
            &self.change(&self.made_before(), "return", HONEST, Role::Fan),
            403,
            "not_allowed",
        );
        assert_eq!(self.change(&self.made_before(), "release", HONEST, Role::Fan).status, 200);
    }

    fn made_before(&self) -> Answer {
        let again = self.claim("lamps", HONEST, None, PINE);
        assert_eq!(again.status, 200, "{again:?}");
        again
    }

    /// Stops the server; what it leaves behind must verify.
    pub fn close(mut self) {
        let ready = self.ask(("GET", "/readyz"), HONEST, Role::Fan, "");
        assert_eq!((ready.status, ready.text.as_str()), (200, "ready\n"));
        self.stop();
        let report = verify::folder(&self.scratch.path().join("data"), &mut |_| {}).unwrap();
        assert!(report.holds(), "{:#?}", report.broken);
    }

    fn stop(&mut self) {
        self.door.close();
        self.app.node.stop();
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The seal of a head or a short receipt.
pub fn seal_of(head: &Value) -> Seal {
    let bytes = |value: &Value| hex::from_base64(value.as_str().unwrap()).unwrap();
    let path = &head["path"];
    let number = |name: &str, alone: u32| path[name].as_u64().map_or(alone, |n| n as u32);
    let siblings = path["siblings"].as_array().into_iter().flatten();
    Seal {
        key: hex::from_hex(head["key"].as_str().unwrap()).unwrap(),
        signature: bytes(&head["signature"]).try_into().unwrap(),
        index: number("index", 0),
        count: number("count", 1),
        path: siblings.map(|sibling| bytes(sibling).try_into().unwrap()).collect(),
    }
}
