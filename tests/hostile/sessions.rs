//! Sessions that are forged, over, another festival's or another fan's, and roles that are too
//! low.

use super::shop::{OPENS_MS, Shop};
use crate::common::festival::PINE;
use fanfare::app::Mode;
use fanfare::kit::token::{Role, Session, Tokens, Use};
use fanfare_engine::Fan;

const CLAIMS: (&str, &str) = ("POST", "/api/v1/drops/lamps/claims");

fn session(fan: u64, role: Role, until_s: i64) -> Session {
    Session { fan: Fan::new(fan).unwrap(), role, until_s: until_s as u32 }
}

#[test]
fn only_a_whole_live_session_of_this_festival_is_one() {
    let shop = Shop::open();
    let tokens = &shop.app.node.tokens;
    let soon = OPENS_MS / 1_000 + 60;
    let good = tokens.make(&session(1, Role::Fan, soon), Use::Session);
    let other = Tokens::new([9; 32]).make(&session(1, Role::Operator, soon), Use::Session);
    let over = tokens.make(&session(1, Role::Fan, OPENS_MS / 1_000), Use::Session);
    let guest = tokens.make(&session(1, Role::Fan, soon), Use::Guest);
    let mut raised = good.clone().into_bytes();
    raised[2] ^= 1;
    let raised = String::from_utf8(raised).unwrap();
    let (cut, twice, long) = (&good[..39], format!("{good}{good}"), "A".repeat(9_000));
    for wrong in ["", "x", "null", &other, &over, &guest, &raised, cut, &twice, &long, "é-ü-密"]
    {
        let answer = shop.client().call(CLAIMS, wrong, None, PINE).unwrap();
        shop.refused(&answer, 401, "no_session");
    }
    assert_eq!(shop.client().call(CLAIMS, &good, None, PINE).unwrap().status, 201);
    shop.close();
}

#[test]
fn a_session_comes_as_bearer_or_cookie_and_in_no_other_way() {
    let shop = Shop::open();
    let (token, other) = (shop.token(1, Role::Fan), shop.token(2, Role::Fan));
    let sent = |headers: &str| {
        let request = format!(
            "POST /api/v1/drops/lamps/claims?token={token} HTTP/1.1\r\nHost: a\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{PINE}",
            PINE.len()
        );
        let mut client = shop.client();
        client.send(request.as_bytes()).unwrap();
        client.answer().unwrap()
    };
    for headers in [
        String::new(),
        format!("Authorization: Basic {token}\r\n"),
        format!("Authorization: {token}\r\n"),
        format!("X-Token: {token}\r\n"),
        format!("Cookie: session={token}\r\n"),
        format!("Cookie: fanfare-session=x{token}\r\n"),
        // A bearer token that is wrong is not made good by a cookie.
        format!("Authorization: Bearer x\r\nCookie: fanfare-session={token}\r\n"),
    ] {
        shop.refused(&sent(&headers), 401, "no_session");
    }
    assert_eq!(sent(&format!("Cookie: a=b; fanfare-session={other}; c=d\r\n")).status, 201);
    assert_eq!(sent(&format!("Authorization: Bearer {token}\r\n")).status, 201);
    shop.close();
}

#[test]
fn another_sites_page_does_not_act_with_a_fans_cookie() {
    let shop = Shop::open();
    let token = shop.token(1, Role::Fan);
    let claim = shop.made("lamps", 1, None, PINE);
    let sent = |headers: &str| {
        let request = format!(
            "POST /api/v1/claims/{}/release HTTP/1.1\r\nHost: a\r\n{headers}\
             Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
            claim.text_of("claim")
        );
        let mut client = shop.client();
        client.send(request.as_bytes()).unwrap();
        client.answer().unwrap()
    };
    let cookie = format!("Cookie: fanfare-session={token}\r\n");
    for from in ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://b"] {
        shop.refused(&sent(&format!("{cookie}{from}\r\n")), 403, "not_allowed");
    }
    // A program, and one of our own pages.
    assert_eq!(sent(&format!("{cookie}Sec-Fetch-Site: same-origin\r\n")).status, 200);
    assert_eq!(sent(&cookie).status, 200);
    shop.close();
}

#[test]
fn every_call_that_needs_a_session_says_so() {
    let shop = Shop::open();
    let claim = shop.made("lamps", 1, None, PINE);
    let id = claim.text_of("claim");
    let mut client = shop.client();
    for (method, path) in [
        ("GET", "/api/v1/me/claims".to_owned()),
        ("POST", "/api/v1/me/session".to_owned()),
        ("GET", format!("/api/v1/claims/{id}")),
        ("GET", format!("/api/v1/claims/{id}/receipt")),
        ("POST", format!("/api/v1/claims/{id}/settlement")),
        ("POST", format!("/api/v1/claims/{id}/release")),
        ("POST", format!("/api/v1/claims/{id}/return")),
        ("POST", "/api/v1/drops/lamps/pause".to_owned()),
        ("POST", "/api/v1/drops/lamps/resumption".to_owned()),
        ("POST", "/api/v1/drops/lamps/restock".to_owned()),
        ("POST", "/api/v1/drops/lamps/withdrawal".to_owned()),
        ("POST", "/api/v1/drops/lamps/closing".to_owned()),
    ] {
        let answer = client.call((method, &path), "forged", None, "{}").unwrap();
        shop.refused(&answer, 401, "no_session");
    }
    drop(client);
    shop.close();
}

#[test]
fn another_fans_claim_is_no_claim() {
    let shop = Shop::open();
    let claim = shop.made("lamps", 1, None, PINE);
    let id = claim.text_of("claim");
    for path in [format!("/api/v1/claims/{id}"), format!("/api/v1/claims/{id}/receipt")] {
        shop.refused(&shop.ask(("GET", &path), 2, Role::Fan, ""), 404, "no_such_claim");
        assert_eq!(shop.ask(("GET", &path), 1, Role::Fan, "").status, 200);
    }
    shop.refused(&shop.change(&claim, "release", 2, Role::Fan), 404, "no_such_claim");
    // A cashier may see a claim, but only its fan gives it back.
    shop.refused(&shop.change(&claim, "release", 2, Role::Cashier), 404, "no_such_claim");
    let others = shop.ask(("GET", "/api/v1/me/claims"), 2, Role::Fan, "");
    assert_eq!(others.text, r#"{"claims":[]}"#);
    for odd in [
        "0-0-0",
        "1-1-0",
        "1-1-1",
        "1-2-1",
        "9-1-0",
        "1-2",
        "1-2-0-0",
        "-1-2-0",
        "1-2-65536",
        "+1-2-0",
        "1-4294967296-0",
        "1-99999999999-0",
        "%20",
        "%31-2",
        "x",
        "1-2-0%00",
        "%ff",
    ] {
        let answer = shop.ask(("GET", &format!("/api/v1/claims/{odd}")), 3, Role::Fan, "");
        let code = if odd == "%ff" { "not_found" } else { "no_such_claim" };
        shop.refused(&answer, 404, code);
    }
    shop.close();
}

#[test]
fn a_fan_settles_only_where_paying_is_pretended() {
    let shop = Shop::open();
    let claim = shop.made("lamps", 1, None, PINE);
    let answer = shop.change(&claim, "settlement", 1, Role::Fan);
    shop.refused(&answer, 403, "not_allowed");
    assert_eq!(answer.text_of("role"), "cashier");
    assert_eq!(shop.change(&claim, "settlement", 700, Role::Cashier).text_of("state"), "settled");
    let answer = shop.change(&claim, "return", 1, Role::Fan);
    shop.refused(&answer, 403, "not_allowed");
    assert_eq!(answer.text_of("role"), "cashier");
    assert_eq!(shop.change(&claim, "return", 700, Role::Cashier).text_of("state"), "returned");
    shop.close();

    let shop = Shop::open_at(Mode::Rehearsal, OPENS_MS + 1_000);
    let claim = shop.made("lamps", 1, None, PINE);
    shop.refused(&shop.change(&claim, "settlement", 2, Role::Fan), 404, "no_such_claim");
    assert_eq!(shop.change(&claim, "settlement", 1, Role::Fan).text_of("state"), "settled");
    shop.close();
}

#[test]
fn only_hosts_run_drops() {
    let shop = Shop::open();
    for verb in ["pause", "resumption", "restock", "withdrawal", "closing"] {
        let path = format!("/api/v1/drops/lamps/{verb}");
        for role in [Role::Fan, Role::Cashier] {
            let answer = shop.ask(("POST", &path), 5, role, r#"{"why":"I can"}"#);
            shop.refused(&answer, 403, "not_allowed");
            assert_eq!(answer.text_of("role"), "host");
        }
    }
    let state = shop.ask(("GET", "/api/v1/drops/lamps"), 5, Role::Fan, "");
    assert_eq!(state.text_of("state"), "open");
    shop.still_sells();
    shop.close();
}

#[test]
fn a_session_is_renewed_but_never_raised() {
    let shop = Shop::open();
    let mut client = shop.client();
    let renew = ("POST", "/api/v1/me/session");
    let renewed = client.call(renew, &shop.token(1, Role::Fan), None, "").unwrap();
    let token = renewed.text_of("token").to_owned();
    let tokens = &shop.app.node.tokens;
    let session = tokens.check(&token, Use::Session, shop.app.now_ms()).unwrap();
    assert_eq!((session.fan.get(), session.role), (1, Role::Fan));
    assert_eq!(renewed.body["expires_at_ms"], i64::from(session.until_s) * 1_000);
    // When it is over it cannot be renewed any more.
    shop.turn_to(i64::from(session.until_s) * 1_000);
    shop.refused(&client.call(renew, &token, None, "").unwrap(), 401, "no_session");
    drop(client);
    shop.close();
}

#[test]
fn who_asks_too_fast_waits_and_nobody_else() {
    let shop = Shop::open();
    let token = shop.token(1, Role::Fan);
    let mut client = shop.client();
    let answers: Vec<_> =
        (0..60).map(|_| client.call(CLAIMS, &token, None, PINE).unwrap()).collect();
    let fast = answers.iter().find(|answer| answer.status == 429).expect("60 at once");
    shop.refused(fast, 429, "too_fast");
    let wait = fast.head.split("retry-after: ").nth(1).unwrap().lines().next().unwrap();
    assert!((1..=5).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert!(answers[..30].iter().all(|answer| answer.status < 300), "a burst is allowed");
    // Neither another fan nor the same fan's claim suffers.
    shop.made("lamps", 2, None, PINE);
    drop(client);
    shop.close();
}

#[test]
fn whoever_has_no_session_is_counted_at_the_claims_too() {
    let shop = Shop::open();
    let over = shop.token(1, Role::Fan);
    shop.turn_to(shop.app.now_ms() + 900_000);
    let mut client = shop.client();
    let forged = "A".repeat(40);
    let answers: Vec<_> = (0..3_000)
        .map(|n| client.call(CLAIMS, if n % 2 == 0 { &over } else { &forged }, None, PINE).unwrap())
        .collect();
    shop.refused(&answers[0], 401, "no_session");
    shop.refused(&answers[1], 401, "no_session");
    let fast = answers.iter().find(|answer| answer.status == 429).expect("3,000 at once");
    shop.refused(fast, 429, "too_fast");
    // A fan at the same address has a rate of their own.
    shop.made("lamps", 2, None, PINE);
    drop(client);
    shop.close();
}
