//! The end of a serving process during claims, and the next start; one server a folder.

use super::hall::boxes;
use crate::common::festival::BOX;
use crate::common::http::Client;
use crate::common::served::{Place, Served, words};
use fanfare::kit::clock::Clock;
use fanfare::kit::token::Role;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Claims with a key until the server has gone: fan and claim of each 201.
fn buy(server: (std::net::SocketAddr, &[String]), next: &AtomicU64) -> Vec<(u64, String)> {
    let (address, tokens) = server;
    let mut made = Vec::new();
    let Ok(mut client) = Client::connect(address) else { return made };
    loop {
        let fan = next.fetch_add(1, Ordering::Relaxed);
        let Some(token) = tokens.get(fan as usize) else { return made };
        let call = ("POST", "/api/v1/drops/boxes/claims");
        let Ok(answer) = client.call(call, token, Some("k"), BOX) else { return made };
        match answer.status {
            201 => made.push((fan + 1, answer.text_of("claim").to_owned())),
            503 => {}
            _ => panic!("{answer:?}"),
        }
    }
}

#[test]
fn a_signal_during_claims_and_every_201_is_there_after_the_restart() {
    let place = Place::new();
    let text = boxes(Clock::machine().now_ms() - 3_600_000, "2d");
    place.write("festival.toml", &text.replace("stock = 1000", "stock = 100000"));
    let served = place.serve(Some("festival.toml"));
    let tokens: Vec<String> = (1..=20_000).map(|fan| served.token(fan, Role::Fan)).collect();
    let (next, address) = (AtomicU64::new(0), served.address);
    let (made, seconds) = thread::scope(|scope| {
        let buyers: Vec<_> =
            (0..6).map(|_| scope.spawn(|| buy((address, &tokens), &next))).collect();
        thread::sleep(Duration::from_millis(500));
        let seconds = served.end();
        let made: Vec<_> = buyers.into_iter().flat_map(|buyer| buyer.join().unwrap()).collect();
        (made, seconds)
    });
    assert!(seconds < 10.0, "{seconds} s");
    assert!(made.len() > 20, "{} claims", made.len());
    place.verified();

    let served = place.serve(Some("festival.toml"));
    let settled = served.drop_json("boxes");
    let held = settled["items"][0]["held"].as_u64().unwrap();
    assert!(held >= made.len() as u64, "{held} of {}", made.len());
    let mut client = Client::connect(served.address).unwrap();
    for (fan, claim) in made.iter().step_by(1 + made.len() / 300) {
        let token = served.token(*fan, Role::Fan);
        let read = client.call(("GET", &format!("/api/v1/claims/{claim}")), &token, None, "");
        let read = read.unwrap();
        assert_eq!((read.status, read.text_of("state")), (200, "held"), "{read:?}");
        let path = "/api/v1/drops/boxes/claims";
        let again = client.call(("POST", path), &token, Some("k"), BOX).unwrap();
        assert_eq!((again.status, again.text_of("claim")), (200, claim.as_str()), "{again:?}");
    }
    served.end();
    place.verified();
}

#[test]
fn a_signal_at_the_first_moment_ends_it_in_order_too() {
    let place = Place::new();
    place.write("festival.toml", &boxes(Clock::machine().now_ms() - 3_600_000, "2d"));
    for start in 0..12 {
        let served = place.serve(Some("festival.toml"));
        // Its exit code is looked at.
        assert!(served.end() < 10.0, "start {start}");
        assert!(!place.data.join("apply.sock").exists());
    }
    place.verified();
}

/// What a start that must fail says.
fn refused(place: &Place, festival: &str) -> String {
    let output = place.run(&["serve", festival, "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "it never listened");
    words(&output)
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let place = Place::new();
    let text = boxes(Clock::machine().now_ms() - 3_600_000, "2d");
    place.write("festival.toml", &text);
    place.write("other.toml", &text.replace("serving-day", "other-day"));
    let served: Served = place.serve(Some("festival.toml"));
    assert!(refused(&place, "festival.toml").contains("is in use by another fanfare"));
    assert!(refused(&place, "other.toml").contains("is in use by another fanfare"));
    assert_eq!(served.claim("boxes", 1, BOX).status, 201);
    // The first one's socket is still its own.
    let output = place.run(&["apply", "festival.toml"]);
    assert_eq!(words(&output), "nothing differs from the festival as journalled\n");
    served.end();
    let said = refused(&place, "other.toml");
    assert!(said.contains("belongs to the festival `serving-day`, not to `other-day`"), "{said}");
    place.verified();
}
