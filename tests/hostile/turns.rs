//! One connection, whose requests are read in two ways by turns: a crowd's from the bytes they come
//! in, all others by hyper. Nothing of one may be taken for the other's, whatever the order, and
//! however the bytes are cut.

use super::shop::Shop;
use crate::common::festival::PINE;
use crate::common::http::Client;
use fanfare::kit::token::Role;
use std::thread;
use std::time::Duration;

/// A request, the status it is answered with, and a word of the answer.
type Asked = (String, u16, String);

fn with_token(shop: &Shop, line: &str, fan: u64, more: &str, body: &str) -> String {
    let token = shop.token(fan, Role::Fan);
    format!(
        "{line} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n{more}\r\n{body}"
    )
}

/// The requests of these letters, each another fan's; a claim is answered with this status.
fn requests(shop: &Shop, letters: &str, (first_fan, claimed): (u64, u16)) -> Vec<Asked> {
    let path = "POST /api/v1/drops/lamps/claims";
    let length = format!("Content-Length: {}\r\n", PINE.len());
    let one = |(at, letter): (usize, char)| {
        let fan = first_fan + at as u64;
        let ask = |line: &str, more: &str, body: &str| with_token(shop, line, fan, more, body);
        match letter {
            'c' => (ask(path, &length, PINE), claimed, r#""claim":"#),
            's' => (ask("GET /api/v1/drops/lamps", "", ""), 200, r#""items":"#),
            // As hyper reads it: in chunks, and with a query.
            'C' => {
                let chunks = format!("{:x}\r\n{PINE}\r\n0\r\n\r\n", PINE.len());
                (ask(path, "Transfer-Encoding: chunked\r\n", &chunks), claimed, r#""claim":"#)
            }
            'q' => (ask("GET /api/v1/drops/lamps?a=b", "", ""), 200, r#""items":"#),
            'p' => (ask("GET /healthz", "", ""), 200, "ok"),
            // Its body looks like a claim.
            'b' => {
                let trap = ask(path, &length, PINE);
                let more = format!("Content-Length: {}\r\n", trap.len());
                (ask("POST /api/v1/me/session", &more, &trap), 200, r#""token":"#)
            }
            // A GET with a body nobody asked for, which looks like a claim too.
            _ => {
                let trap = ask(path, &length, PINE);
                let more = format!("Content-Length: {}\r\n", trap.len());
                (ask("GET /api/v1/now", &more, &trap), 200, "now_ms")
            }
        }
    };
    let asked = letters.chars().enumerate().map(one);
    asked.map(|(request, status, word)| (request, status, word.to_owned())).collect()
}

fn hear(client: &mut Client, asked: &[Asked], what: &str) {
    for (at, (_, status, word)) in asked.iter().enumerate() {
        let answer = client.answer().unwrap_or_else(|why| panic!("{what}, {at}: {why}"));
        assert_eq!(answer.status, *status, "{what}, {at}: {answer:?}");
        assert!(answer.text.contains(word), "{what}, {at}: {answer:?}");
    }
}

/// Every three of them in every order.
fn orders() -> impl Iterator<Item = String> {
    let letters = ['c', 's', 'C', 'q', 'p', 'b', 'g'];
    let three = letters.into_iter().flat_map(move |a| {
        letters.into_iter().flat_map(move |b| letters.into_iter().map(move |c| [a, b, c]))
    });
    three.map(|three| three.into_iter().collect())
}

#[test]
fn requests_of_both_ways_are_answered_in_any_order() {
    let shop = Shop::open();
    let mut fan = 1;
    for letters in orders() {
        let letters = letters + "c";
        // One behind the other; then the same fans again, all at once.
        for (at_once, claimed) in [(false, 201), (true, 200)] {
            let asked = requests(&shop, &letters, (fan, claimed));
            let mut client = shop.client();
            if at_once {
                let all: String = asked.iter().map(|(request, ..)| request.as_str()).collect();
                client.send(all.as_bytes()).unwrap();
                hear(&mut client, &asked, &letters);
                continue;
            }
            for one in &asked {
                client.send(one.0.as_bytes()).unwrap();
                hear(&mut client, std::slice::from_ref(one), &letters);
            }
        }
        fan += letters.len() as u64;
    }
    shop.still_sells();
    shop.close();
}

#[test]
fn requests_are_the_same_however_their_bytes_are_cut() {
    let shop = Shop::open();
    // Without bodies that nobody reads: while such a one still comes, hyper ends the connection.
    let letters = "cpsCqcspC";
    let mut fan = 1;
    for piece in [1, 7, 64, 300, 1_000] {
        let asked = requests(&shop, letters, (fan, 201));
        fan += letters.len() as u64;
        let all: String = asked.iter().map(|(request, ..)| request.as_str()).collect();
        let mut client = shop.client();
        for bytes in all.as_bytes().chunks(piece) {
            client.send(bytes).unwrap();
            thread::sleep(Duration::from_micros(200));
        }
        hear(&mut client, &asked, letters);
    }
    shop.still_sells();
    shop.close();
}
