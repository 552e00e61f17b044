//! A real festival on a real socket beside a database, and people of every role in it.

use super::table::Row;
use crate::common::node::Door;
use crate::common::{festival, node};
use fanfare::app::{App, ColdSide, Mode};
use fanfare::fans::{self, Name};
use fanfare::kit::clock::Clock;
use fanfare::kit::db::{Cold, Database, MIGRATIONS};
use fanfare::kit::scratch::Scratch;
use fanfare::kit::token::Role;
use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// 2026-11-21, noon in Beijing: when the only drop opens.
const OPENS_MS: i64 = 1_795_233_600_000;

/// Somebody, and the cookies they carry.
pub struct Person {
    pub name: &'static str,
    cookies: String,
}

/// An answer: its status, its cookies, where it leads, what it says.
struct Told {
    status: u16,
    cookies: String,
    location: String,
    text: String,
}

/// A server that listens.
pub struct Hall {
    app: Arc<App>,
    cold: Arc<Cold>,
    door: Door,
    /// The claim that the owner holds.
    claim: String,
    fresh: Cell<u32>,
    _scratch: Scratch,
}

impl Hall {
    /// A real festival just after the opening, where the owner holds a claim.
    pub fn open() -> Self {
        let scratch = Scratch::new(None, "roles").unwrap();
        let terms = "open_for = \"1h\"\nhold = \"10m\"\nlimit = 3";
        let festival = festival::read(&festival::boxes("roles", OPENS_MS, terms, 100));
        let now_ms = OPENS_MS + 1_000;
        let node = node::start(scratch.path(), &festival, Clock::standing_at(now_ms));
        let place = Database::File(node.folder.cold());
        let cold = Arc::new(Cold::open(&place, MIGRATIONS, now_ms).unwrap());
        let side = ColdSide::new(cold.clone(), Arc::default(), &node);
        let app = App::beside(node, festival, Mode::Real, Some(side));
        let door = Door::open(&app, 1);
        let (claim, fresh) = (String::new(), Cell::new(0));
        let mut hall = Self { app, cold, door, claim, fresh, _scratch: scratch };
        let owner = hall.signed("/sign-up", "owner");
        let row = Row { method: "POST", path: "/drops/{drop}/claims", ..super::TABLE[0] };
        let told = hall.tell(&Row { body: "line=box&key={new}", ..row }, &owner);
        told.location.strip_prefix("/claims/").expect("a claim").clone_into(&mut hall.claim);
        hall
    }

    /// Signs up or in with a name; the cookies that brings.
    fn signed(&self, how: &'static str, name: &'static str) -> String {
        let body = format!("name={name}&password=correct+horse+battery");
        let told = self.send("POST", how, &body, "");
        assert_eq!(told.status, 303, "{how} {name}: {}", told.text);
        told.cookies
    }

    /// One of each: a stranger, a guest, the owner, another fan, and everybody who works here.
    pub async fn people(&self) -> Vec<Person> {
        let guest = self.send("POST", "/guest", "", "").cookies;
        let mut people = vec![
            Person { name: "stranger", cookies: String::new() },
            Person { name: "guest", cookies: guest },
            Person { name: "owner", cookies: self.signed("/sign-in", "owner") },
            Person { name: "fan", cookies: self.signed("/sign-up", "fan") },
        ];
        let roles =
            [("cashier", Role::Cashier), ("host", Role::Host), ("operator", Role::Operator)];
        for (name, role) in roles {
            self.signed("/sign-up", name);
            let (db, now_ms) = (self.cold.db(), self.app.now_ms());
            let raised = Name::new(name).unwrap();
            let made = async move { Ok(fans::make_role(db, raised, role, now_ms).await) };
            assert_eq!(self.cold.run(made).await.unwrap(), Ok(()));
            people.push(Person { name, cookies: self.signed("/sign-in", name) });
        }
        people
    }

    /// The drop as everybody sees it, and its claim as its owner's page has it.
    pub fn stands(&self) -> String {
        let festival = self.app.node.directory();
        let drop = festival.named("boxes").unwrap();
        let face = &drop.published.front().face;
        format!("{:?} {:?}", face.lines, drop.published.front().head.sealed.row.header.seq)
    }

    /// Asks as somebody; the answer's status. Who asks too fast asks again.
    pub fn ask(&self, row: &Row, person: &Person) -> u16 {
        self.tell(row, &person.cookies).status
    }

    fn tell(&self, row: &Row, cookies: &str) -> Told {
        self.fresh.set(self.fresh.get() + 1);
        let new = format!("new{}", self.fresh.get());
        let file = self.app.look.script.trim_start_matches("/assets/");
        let path = row.path.replace("{drop}", "boxes").replace("{claim}", &self.claim);
        let path =
            path.replace("{file}", file).replace("{session}", "1").replace("{act}", "restock");
        let path = path.replace("{secret}", "not-a-secret-of-ours");
        let path = path.replace("{page}", "drop").replace("{state}", "open");
        assert!(!path.contains('{'), "{path}: say what stands for it");
        let body = row.body.replace("{new}", &new);
        loop {
            let told = self.send(row.method, &path, &body, cookies);
            if told.status != 429 || told.text.contains("sign-too-fast") {
                return told;
            }
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// One request on a connection of its own, as a page of ours or a program sends it.
    fn send(&self, method: &str, path: &str, body: &str, cookies: &str) -> Told {
        let (kind, accept) = if path.starts_with("/api/") {
            ("application/json", "application/json")
        } else {
            ("application/x-www-form-urlencoded", "text/html")
        };
        let mut stream = TcpStream::connect(self.door.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: fans.example\r\naccept: {accept}\r\n\
             accept-language: en\r\nsec-fetch-site: same-origin\r\ncontent-type: {kind}\r\n\
             cookie: {cookies}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        read(BufReader::new(stream))
    }
}

fn read(mut answer: BufReader<TcpStream>) -> Told {
    let mut line = String::new();
    answer.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let (mut cookies, mut location, mut length) = (Vec::new(), String::new(), 0);
    loop {
        line.clear();
        answer.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name {
            "set-cookie" => cookies.push(value.split(';').next().unwrap().to_owned()),
            "location" => value.clone_into(&mut location),
            "content-length" => length = value.parse().unwrap(),
            _ => (),
        }
    }
    // A stream of events has no length, and no end that anybody waits for.
    let mut body = vec![0; length];
    answer.read_exact(&mut body).unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    Told { status, cookies: cookies.join("; "), location, text }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.door.close();
        self.app.node.stop();
    }
}
