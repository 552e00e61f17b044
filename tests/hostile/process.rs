//! The program as it is started: a port in use, a signal during claims; and what everybody may
//! ask of it.

use super::shop::{DROPS, Shop};
use crate::common::festival::PINE;
use crate::common::http::Client;
use crate::common::program::{self, Program};
use crate::common::{self, festival};
use fanfare::drops::wake;
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::journal::JournalReader;
use fanfare::kit::keys::Keys;
use fanfare::kit::scratch::Scratch;
use fanfare::kit::token::{Role, Tokens};
use fanfare::verify;
use fanfare_engine::Number;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// A festival with one drop of lamps, open since an hour ago.
fn sale() -> String {
    let opens_at = jiff::Timestamp::from_millisecond(Clock::machine().now_ms() - 3_600_000);
    let opens_at = opens_at.unwrap().strftime("%Y-%m-%dT%H:%M:%SZ");
    let drops = DROPS
        .replacen("opens_at = 2026-04-08T12:00", &format!("opens_at = {opens_at}"), 1)
        .replacen("open_for = \"20m\"", "open_for = \"2d\"", 1)
        .replace("pine = 1000", "pine = 1000000");
    festival::text("hostile-day", &drops)
}

/// The program, told to listen there; of a flag given twice the last counts.
fn serve(folder: &Path, listen: &str) -> Command {
    program::serve_at(listen, folder, Some(&sale()))
}

#[test]
fn a_port_in_use_is_said_and_nothing_is_touched() {
    let scratch = Scratch::new(None, "port").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let output = serve(scratch.path(), &address).output().unwrap();
    let words = format!("fanfare: {address} is in use by another program; use --listen");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with(&words), "{}", said(&output));
    assert!(output.stdout.is_empty() && !scratch.path().join("data").exists());
    // Another fanfare is another program, although it could share the port.
    let mut server = Program::start(&mut serve(scratch.path(), "127.0.0.1:0"));
    let address = server.address();
    let other = Scratch::new(None, "port").unwrap();
    let output = serve(other.path(), &address.to_string()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is in use by another program"), "{}", said(&output));
    // And its folder is its own.
    let output = serve(scratch.path(), "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is in use by another fanfare"), "{}", said(&output));
    for (listen, words) in [("192.0.2.1:80", "no such address"), ("nowhere", "--listen")] {
        let output = serve(other.path(), listen).output().unwrap();
        assert!(!output.status.success() && said(&output).contains(words), "{}", said(&output));
    }
    drop(server);
}

/// Claims until the server has gone; the claims answered.
fn buy(server: SocketAddr, tokens: &Tokens, next_fan: &AtomicU64) -> Vec<(u64, u32)> {
    let mut made = Vec::new();
    let Ok(mut client) = Client::connect(server) else { return made };
    loop {
        let fan = next_fan.fetch_add(1, Ordering::Relaxed);
        let token = common::token_now(tokens, fan, Role::Fan);
        let answer = client.call(("POST", "/api/v1/drops/lamps/claims"), &token, None, PINE);
        let Ok(answer) = answer else { return made };
        match answer.status {
            201 => made.push((fan, answer.body["number"].as_u64().unwrap() as u32)),
            503 => {}
            _ => panic!("{answer:?}"),
        }
    }
}

#[test]
fn a_signal_during_claims_ends_it_in_order_and_every_201_stands() {
    let scratch = Scratch::new(None, "signal").unwrap();
    let mut server = Program::start(&mut serve(scratch.path(), "127.0.0.1:0"));
    let address = server.address();
    let data = scratch.path().join("data");
    let tokens = Tokens::new(Keys::open(&data).unwrap().tokens);
    let next_fan = AtomicU64::new(1);
    // Somebody watches, and somebody has begun a request and gone to sleep.
    let mut watching = Client::connect(address).unwrap();
    watching.send(b"GET /api/v1/live HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut sleeping = Client::connect(address).unwrap();
    sleeping.send(b"POST /api/v1/drops/lamps/claims HTTP/1.1\r\nHost: a\r\nContent-").unwrap();
    let (made, seconds) = thread::scope(|scope| {
        let buyers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| buy(address, &tokens, &next_fan))).collect();
        thread::sleep(Duration::from_millis(700));
        let watch = Stopwatch::start();
        assert_eq!(server.end(), Some(0));
        let seconds = watch.passed_s();
        let made: Vec<_> = buyers.into_iter().flat_map(|buyer| buyer.join().unwrap()).collect();
        (made, seconds)
    });
    assert!(seconds < 10.0, "{seconds} s");
    assert!(made.len() > 20, "{} claims", made.len());
    let report = verify::folder(&data, &mut |_| {}).unwrap();
    assert!(report.holds(), "{:#?}", report.broken);
    let reader = JournalReader::open(&data.join("journal.sqlite").into()).unwrap();
    let replay = wake::replay(&reader, wake::festival_number("hostile-day"), 1).unwrap();
    let state = replay.into_state().unwrap();
    for (fan, number) in made {
        let claim = state.claims().get(Number::new(number).unwrap());
        assert_eq!(claim.map(|claim| claim.fan.get()), Some(fan), "claim {number}");
    }
    assert!(!data.join("apply.sock").exists(), "it takes its socket away");
}

#[test]
fn the_description_lists_every_route_for_programs() {
    let shop = Shop::open();
    let described = shop.ask(("GET", "/api/v1/openapi.json"), 1, Role::Fan, "");
    let listed = described.body["paths"].as_object().expect("paths");
    let source = include_str!("../../src/routes.rs");
    let routes = source.split(".route(").skip(1).map(|route| {
        let mut parts = route.splitn(3, '"');
        (parts.nth(1).unwrap(), parts.next().unwrap().split(".route(").next().unwrap())
    });
    let mut known = vec!["/api/v1/drops/{drop}/claims".to_owned()];
    for (path, rest) in routes.filter(|(path, _)| path.starts_with("/api/v1/")) {
        known.push(path.to_owned());
        if path == "/api/v1/openapi.json" {
            continue;
        }
        let method = if rest.contains("post(") { "post" } else { "get" };
        assert!(listed.get(path).is_some_and(|p| p.get(method).is_some()), "{method} {path}");
    }
    assert!(listed["/api/v1/drops/{drop}/claims"].get("post").is_some());
    assert!(known.len() >= 20, "{known:?}");
    for path in listed.keys() {
        assert!(known.contains(path), "{path} is described and not there");
    }
    shop.close();
}

#[test]
fn what_everybody_may_ask_is_answered_in_the_midst_of_abuse() {
    let shop = Shop::open();
    for fan in 1..=20 {
        shop.claim("lamps", fan, None, "{");
        shop.made("lamps", fan, None, PINE);
    }
    let get = |path: &str| {
        let answer = shop.ask(("GET", path), 1, Role::Fan, "");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer
    };
    assert_eq!(get("/healthz").text, "ok\n");
    assert_eq!(get("/readyz").text, "ready\n");
    let metrics = get("/metrics").text;
    assert!(metrics.contains("not_json") && metrics.contains("lamps"), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    assert_eq!(get("/api/v1/now").body["now_ms"], shop.app.now_ms());
    let drop = get("/api/v1/drops/lamps");
    shop.signed(&drop.body["head"]);
    let festival = get("/api/v1/festival");
    assert_eq!(festival.body["id"], "hostile-day");
    assert_eq!(festival.body["drops"].as_array().unwrap().len(), 3);
    shop.close();
}
