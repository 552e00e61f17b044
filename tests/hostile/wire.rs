//! What comes over the wire before it is a claim: no HTTP at all, heads and bodies too large, cut
//! off, too slow, many at once.

use super::shop::Shop;
use crate::common::festival::PINE;
use crate::common::http::{Answer, Client};
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::token::Role;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

/// A claim's head as far as its length.
fn head(shop: &Shop, fan: u64) -> String {
    let token = shop.token(fan, Role::Fan);
    format!(
        "POST /api/v1/drops/lamps/claims HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n"
    )
}

/// A whole claim.
fn claim(shop: &Shop, fan: u64) -> String {
    format!("{}Content-Length: {}\r\n\r\n{PINE}", head(shop, fan), PINE.len())
}

fn answer(shop: &Shop, request: &str) -> Answer {
    let mut client = shop.client();
    client.send(request.as_bytes()).unwrap();
    client.answer().unwrap()
}

/// Sends bytes and reads until the server closes; what it said, at most a little.
fn said(shop: &Shop, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(shop.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // The server may have closed before everything was sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut said = Vec::new();
    let _ = stream.take(65_536).read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn what_is_no_http_is_not_answered_as_if_it_were() {
    let shop = Shop::open();
    let zeros = vec![0; 100_000];
    let newlines = vec![b'\n'; 100_000];
    for bytes in [
        &b""[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\xff\xfe\xfd\xfc\r\n\r\n",
        &zeros,
        &newlines,
    ] {
        let said = said(&shop, bytes);
        let status = said.split(' ').nth(1).unwrap_or_default();
        let clear = said.is_empty() || matches!(status, "400" | "431");
        assert!(clear, "{:?}: {said}", bytes.escape_ascii().to_string().get(..40));
    }
    shop.still_sells();
    shop.close();
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let shop = Shop::open();
    let long = format!("{}X: {}\r\n\r\n", head(&shop, 1), "x".repeat(20_000));
    let many = format!("{}{}\r\n", head(&shop, 1), "A: b\r\n".repeat(2_000));
    let endless = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(70_000));
    for request in [long, many, endless] {
        let said = said(&shop, request.as_bytes());
        let status = said.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "431" | "414"), "{said}");
    }
    shop.still_sells();
    shop.close();
}

#[test]
fn a_body_that_says_it_is_huge_is_refused_at_once() {
    let shop = Shop::open();
    for length in ["104857600", "16385", "9223372036854775807"] {
        let watch = Stopwatch::start();
        let refused = answer(&shop, &format!("{}Content-Length: {length}\r\n\r\n", head(&shop, 1)));
        shop.refused(&refused, 413, "too_large");
        assert_eq!(refused.body["bytes_max"], 16_384);
        assert!(watch.passed_s() < 5.0, "not even one byte of it is waited for");
    }
    for length in ["-1", "1e3", "18446744073709551616", "x", "5, 6", "5\r\nContent-Length: 6"] {
        let request = format!("{}Content-Length: {length}\r\n\r\n{PINE}", head(&shop, 1));
        assert!(said(&shop, request.as_bytes()).starts_with("HTTP/1.1 400 "), "{length}");
    }
    shop.still_sells();
    shop.close();
}

#[test]
fn chunks_are_read_up_to_the_bound() {
    let shop = Shop::open();
    let chunked = |fan: u64| format!("{}Transfer-Encoding: chunked\r\n\r\n", head(&shop, fan));
    let (a, b) = PINE.split_at(7);
    let whole = format!("{:x}\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n", a.len(), b.len());
    assert_eq!(answer(&shop, &format!("{}{whole}", chunked(1))).status, 201);
    let spaces = format!("1000\r\n{}\r\n", " ".repeat(4_096)).repeat(5);
    shop.refused(&answer(&shop, &format!("{}{spaces}", chunked(2))), 413, "too_large");
    let huge = format!("{}ffffffff\r\n{}", chunked(2), " ".repeat(20_000));
    shop.refused(&answer(&shop, &huge), 413, "too_large");
    shop.invalid(&answer(&shop, &format!("{}zz\r\n{PINE}\r\n", chunked(3))), "body");
    // Two lengths for one body could be read as two requests by two programs: if it is answered
    // at all, then as one, and nothing after it is taken for its rest.
    let both = format!("{}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", head(&shop, 4));
    let mut client = shop.client();
    client.send(format!("{both}{whole}{}", claim(&shop, 5)).as_bytes()).unwrap();
    let first = client.answer().unwrap();
    assert!(matches!(first.status, 201 | 400), "{first:?}");
    assert!(client.answer().is_err() || first.status == 201);
    drop(client);
    shop.still_sells();
    shop.close();
}

#[test]
fn a_body_cut_in_the_middle_makes_no_claim() {
    let shop = Shop::open();
    for cut in [0, 1, 10, PINE.len() - 1] {
        let request = format!("{}Content-Length: {}\r\n\r\n", head(&shop, 1), PINE.len());
        let said = said(&shop, format!("{request}{}", &PINE[..cut]).as_bytes());
        let clear = said.is_empty() || said.starts_with("HTTP/1.1 422 ");
        assert!(clear, "{said}");
    }
    // A head cut off, and a chunk that never ends.
    said(&shop, &claim(&shop, 1).as_bytes()[..60]);
    let chunk = format!("{}Transfer-Encoding: chunked\r\n\r\n20\r\n{PINE}", head(&shop, 1));
    said(&shop, chunk.as_bytes());
    let own = shop.ask(("GET", "/api/v1/me/claims"), 1, Role::Fan, "");
    assert_eq!(own.text, r#"{"claims":[]}"#);
    shop.still_sells();
    shop.close();
}

#[test]
fn a_fan_who_hangs_up_may_ask_again() {
    let shop = Shop::open();
    for fan in 1..=40 {
        let mut stream = TcpStream::connect(shop.address).unwrap();
        stream.write_all(claim(&shop, fan).as_bytes()).unwrap();
    }
    for fan in 1..=40 {
        let (first, again) =
            (shop.claim("lamps", fan, None, PINE), shop.claim("lamps", fan, None, PINE));
        assert!(matches!(first.status, 200 | 201), "{first:?}");
        assert_eq!((again.status, again.text_of("claim")), (200, first.text_of("claim")));
    }
    shop.close();
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let shop = Shop::open();
    let mut client = shop.client();
    let claims: String = (1..=50).map(|fan| claim(&shop, fan)).collect();
    client.send(claims.as_bytes()).unwrap();
    let numbers = |client: &mut Client, status: u16| -> Vec<u64> {
        let one = |_| {
            let answer = client.answer().unwrap();
            assert_eq!(answer.status, status, "{answer:?}");
            answer.body["number"].as_u64().unwrap()
        };
        (0..50).map(one).collect()
    };
    let first = numbers(&mut client, 201);
    assert!(first.is_sorted_by(|a, b| a < b), "{first:?}");
    client.send(claims.as_bytes()).unwrap();
    assert_eq!(numbers(&mut client, 200), first);
    // One that is refused does not take the next one with it.
    let wrong = claim(&shop, 60).replace("pine", "gold");
    client.send(format!("{wrong}{}", claim(&shop, 61)).as_bytes()).unwrap();
    shop.refused(&client.answer().unwrap(), 404, "no_such_item");
    assert_eq!(client.answer().unwrap().status, 201);
    drop(client);
    shop.close();
}

#[test]
fn other_methods_are_refused_in_words() {
    let shop = Shop::open();
    for (method, path) in [
        ("DELETE", "/api/v1/drops/lamps"),
        ("PUT", "/api/v1/drops/lamps/pause"),
        ("GET", "/api/v1/drops/lamps/pause"),
        ("GET", "/api/v1/claims/1-1-0/settlement"),
        ("POST", "/api/v1/now"),
        ("PATCH", "/api/v1/claims/1-1-0"),
        ("BREW", "/api/v1/festival"),
    ] {
        let answer = shop.ask((method, path), 1, Role::Fan, "");
        shop.refused(&answer, 405, "wrong_method");
        assert!(answer.head.contains("allow: "), "{answer:?}");
    }
    for method in ["GET", "PUT", "DELETE"] {
        let answer = shop.ask((method, "/api/v1/drops/lamps/claims"), 1, Role::Fan, PINE);
        shop.refused(&answer, 405, "wrong_method");
        assert!(answer.head.contains("allow: post"), "{answer:?}");
    }
    shop.still_sells();
    shop.close();
}

/// One byte a second until the server closes or answers; how long that took, seconds.
fn drip(shop: &Shop, first: &str, then: &str) -> (f64, String) {
    let watch = Stopwatch::start();
    let mut stream = TcpStream::connect(shop.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    let (mut said, mut bytes) = (String::new(), [0; 4_096]);
    for byte in then.bytes().cycle().take(20) {
        if stream.write_all(&[byte]).is_err() {
            break;
        }
        match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => said += &String::from_utf8_lossy(&bytes[..count]),
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        if !said.is_empty() {
            break;
        }
    }
    (watch.passed_s(), said)
}

/// Takes ten seconds of waiting and no work.
#[test]
fn one_byte_a_second_is_not_waited_for_longer_than_ten_seconds() {
    let shop = Shop::open();
    let slow = [
        (String::new(), claim(&shop, 1)),
        ("GET / HTTP/1.1\r\nX: ".to_owned(), "x".to_owned()),
        (format!("{}Content-Length: 1000\r\n\r\n", head(&shop, 2)), " ".to_owned()),
    ];
    let dripped: Vec<(f64, String)> = thread::scope(|scope| {
        let one = |(first, then): &'_ (String, String)| drip(&shop, first, then);
        let slow: Vec<_> = slow.iter().map(|slow| scope.spawn(move || one(slow))).collect();
        // Meanwhile nobody else waits.
        let watch = Stopwatch::start();
        (10..40).for_each(|fan| drop(shop.made("lamps", fan, None, PINE)));
        assert!(watch.passed_s() < 5.0);
        slow.into_iter().map(|slow| slow.join().unwrap()).collect()
    });
    for (seconds, said) in &dripped {
        assert!((8.0..14.0).contains(seconds), "{seconds} s: {said}");
    }
    let (_, said) = &dripped[2];
    assert!(said.starts_with("HTTP/1.1 422 ") && said.contains("10 s"), "{said}");
    shop.still_sells();
    shop.close();
}
