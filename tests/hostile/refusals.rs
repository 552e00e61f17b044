//! Claims too early, too late, of nothing left; what hosts ask too much of; and the same answer to
//! the same request, whatever has happened since.

use super::shop::{CLOSES_MS, OPENS_MS, Shop, seal_of};
use crate::common::festival::{BOX, CLOUD, PINE};
use crate::common::http::Answer;
use fanfare::app::Mode;
use fanfare::kit::hex;
use fanfare::kit::token::Role;
use fanfare::verify;
use fanfare_engine::{Fact, wire};
use fanfare_lane::Header;

#[test]
fn before_the_opening_nobody_and_from_its_first_moment_everybody() {
    let shop = Shop::open_at(Mode::Real, OPENS_MS - 1);
    let early = shop.claim("lamps", 1, Some("early"), PINE);
    shop.refused(&early, 409, "not_open");
    assert_eq!(early.body["opens_at_ms"], OPENS_MS);
    shop.turn_to(OPENS_MS);
    // A refusal is not remembered: the same key is as good as new.
    shop.made("lamps", 1, Some("early"), PINE);
    shop.refused(&shop.claim("later", 1, None, BOX), 409, "not_open");
    shop.close();
}

#[test]
fn after_the_closing_nobody() {
    let shop = Shop::open_at(Mode::Real, CLOSES_MS - 1);
    shop.made("lamps", 1, None, PINE);
    shop.turn_to(CLOSES_MS);
    shop.refused(&shop.claim("lamps", 2, None, PINE), 409, "closed");
    shop.refused(&shop.claim("lamps", 1, Some("another"), PINE), 409, "closed");
    shop.close();
}

#[test]
fn unknown_drops_and_items_are_named_as_such() {
    let shop = Shop::open();
    for drop in ["gone", "LAMPS", "lamps%20", "%6camps", "lamps-1", "..", "", "%00", "%ff"] {
        shop.refused(&shop.claim(drop, 1, None, PINE), 404, "no_such_drop");
    }
    let long = "x".repeat(8_000);
    shop.refused(&shop.claim(&long, 1, None, PINE), 404, "no_such_drop");
    for path in ["/api/v1/drops/gone", "/api/v1/drops/gone/proof"] {
        shop.refused(&shop.ask(("GET", path), 1, Role::Fan, ""), 404, "no_such_drop");
    }
    shop.refused(&shop.act("gone", "pause", r#"{"why":"x"}"#), 404, "no_such_drop");
    for path in ["/api/v1/", "/api/v2/drops", "/api/v1/drops/lamps/claims/x", "/api/v1//now"] {
        shop.refused(&shop.ask(("GET", path), 1, Role::Fan, ""), 404, "not_found");
    }
    shop.close();
}

#[test]
fn sold_out_says_whether_something_may_come_back() {
    let shop = Shop::open();
    let all = r#"{"item":"box","quantity":3}"#;
    let held = shop.made("boxes", 1, None, all);
    let refused = shop.claim("boxes", 2, None, BOX);
    shop.refused(&refused, 409, "sold_out");
    assert_eq!(refused.body["may_return"], true);
    assert_eq!(shop.change(&held, "settlement", 700, Role::Cashier).status, 200);
    let refused = shop.claim("boxes", 2, None, BOX);
    shop.refused(&refused, 409, "sold_out");
    assert_eq!(refused.body["may_return"], false);
    let state = shop.ask(("GET", "/api/v1/drops/boxes"), 1, Role::Fan, "");
    assert_eq!(state.text_of("state"), "sold_out");
    // Whoever has some has the limit, which is said first.
    shop.refused(&shop.claim("boxes", 1, Some("more"), BOX), 409, "limit_reached");
    shop.close();
}

#[test]
fn what_is_no_longer_held_is_refused_with_its_state() {
    let shop = Shop::open();
    let given_back = shop.made("lamps", 1, None, PINE);
    assert_eq!(shop.change(&given_back, "release", 1, Role::Fan).text_of("state"), "released");
    // Asking for the state it has is no fault.
    assert_eq!(shop.change(&given_back, "release", 1, Role::Fan).status, 200);
    let not_held = |answer: &Answer, state: &str| {
        shop.refused(answer, 409, "not_held");
        assert_eq!(answer.text_of("state"), state);
    };
    not_held(&shop.change(&given_back, "settlement", 700, Role::Cashier), "released");
    not_held(&shop.change(&given_back, "return", 700, Role::Cashier), "released");
    let paid = shop.made("lamps", 2, None, PINE);
    shop.change(&paid, "settlement", 700, Role::Cashier);
    assert_eq!(shop.change(&paid, "settlement", 700, Role::Cashier).status, 200);
    not_held(&shop.change(&paid, "release", 2, Role::Fan), "settled");
    let lapsed = shop.made("lamps", 3, None, PINE);
    shop.turn_to(lapsed.body["held_until_ms"].as_i64().unwrap());
    not_held(&shop.change(&lapsed, "release", 3, Role::Fan), "expired");
    // Late money is never turned away, and without a reserve goes back.
    let late = shop.change(&lapsed, "settlement", 700, Role::Cashier);
    assert_eq!((late.status, late.text_of("state")), (200, "refund_due"));
    shop.close();
}

/// The same request again: the same claim, whatever its state now.
fn same(shop: &Shop, first: &Answer, fan: u64, key: Option<&str>, body: &str) {
    let drop = first.text_of("drop");
    let again = shop.claim(drop, fan, key, body);
    assert_eq!(again.status, 200, "{again:?}");
    for name in ["claim", "number", "item", "variant", "quantity"] {
        assert_eq!(again.body[name], first.body[name], "{again:?}");
    }
    receipt(shop, &again, fan);
}

/// A 201's receipt: small, signed by the festival, and of this fan's claim.
fn receipt(shop: &Shop, claim: &Answer, fan: u64) {
    let receipt = &claim.body["receipt"];
    let bytes = |name: &str| hex::from_base64(receipt[name].as_str().unwrap()).unwrap();
    let header = Header::from_bytes(&bytes("row")).unwrap();
    let seal = seal_of(receipt);
    assert!(seal.holds(&header.hash(), &shop.app.node.public_key), "{receipt}");
    if seal.count == 1 {
        assert!(receipt.to_string().len() <= 400, "{receipt}");
    }
    let fact = wire::read_fact(&bytes("fact")).unwrap();
    let Fact::Claimed { number, fan: of, .. } = fact else { panic!("{fact:?}") };
    assert_eq!((u64::from(number.get()), of.get()), (claim.body["number"].as_u64().unwrap(), fan));
}

#[test]
fn repeats_hear_the_same_after_selling_out_pausing_closing_and_resting() {
    let shop = Shop::open();
    let keyed = shop.made("boxes", 1, Some("mine"), BOX);
    let keyless = shop.made("boxes", 2, None, BOX);
    receipt(&shop, &keyed, 1);
    let both = || {
        same(&shop, &keyed, 1, Some("mine"), BOX);
        same(&shop, &keyless, 2, None, BOX);
    };
    both();
    shop.made("boxes", 3, None, BOX);
    shop.refused(&shop.claim("boxes", 4, None, BOX), 409, "sold_out");
    both();
    assert_eq!(shop.act("boxes", "pause", r#"{"why":"a queue"}"#).text_of("state"), "paused");
    shop.refused(&shop.claim("boxes", 4, None, BOX), 409, "paused");
    both();
    assert_eq!(shop.act("boxes", "closing", r#"{"why":"the end"}"#).text_of("state"), "closed");
    shop.refused(&shop.claim("boxes", 4, None, BOX), 409, "closed");
    both();
    // Both lapse; then the lane rests, and the keyed request still finds its claim.
    shop.turn_to(CLOSES_MS);
    same(&shop, &keyed, 1, Some("mine"), BOX);
    shop.refused(&shop.claim("boxes", 2, None, BOX), 409, "closed");
    shop.refused(&shop.claim("boxes", 4, None, BOX), 409, "closed");
    let own = shop.ask(("GET", "/api/v1/me/claims"), 1, Role::Fan, "");
    assert_eq!(own.body["claims"][0]["state"], "expired", "{}", own.text);
    shop.close();
}

#[test]
fn a_held_claim_is_repeated_without_a_key_and_a_second_one_takes_a_key() {
    let shop = Shop::open();
    let first = shop.made("lamps", 1, None, PINE);
    same(&shop, &first, 1, None, PINE);
    let second = shop.made("lamps", 1, Some("second"), PINE);
    assert_ne!(first.text_of("claim"), second.text_of("claim"));
    shop.refused(&shop.claim("lamps", 1, Some("third"), PINE), 409, "limit_reached");
    shop.refused(&shop.claim("lamps", 1, None, CLOUD), 409, "limit_reached");
    // Given back, the same words without a key ask anew; with the key they find the old one.
    shop.change(&second, "release", 1, Role::Fan);
    same(&shop, &second, 1, Some("second"), PINE);
    shop.made("lamps", 1, None, CLOUD);
    shop.close();
}

#[test]
fn the_receipt_one_keeps_and_the_proof_are_checked_without_the_server() {
    let shop = Shop::open();
    let claim = shop.made("lamps", 1, None, PINE);
    let path = format!("/api/v1/claims/{}/receipt", claim.text_of("claim"));
    let receipt = shop.ask(("GET", &path), 1, Role::Fan, "");
    let proof = shop.ask(("GET", "/api/v1/drops/lamps/proof"), 1, Role::Fan, "");
    let key = shop.app.node.public_key.fingerprint();
    for bundle in [&receipt, &proof] {
        let found = verify::bundle(bundle.text.as_bytes(), Some(&key), None).unwrap();
        assert!(found.holds(), "{}", found.table());
        let found = verify::bundle(bundle.text.as_bytes(), Some(&[7; 32]), None).unwrap();
        assert!(!found.holds(), "another festival's key");
    }
    let festival = shop.ask(("GET", "/api/v1/festival"), 1, Role::Fan, "");
    assert_eq!(festival.body["key"], hex::hex(&key));
    for drop in festival.body["drops"].as_array().unwrap() {
        shop.signed(&drop["head"]);
    }
    shop.close();
}

#[test]
fn hosts_are_told_what_is_possible() {
    let shop = Shop::open();
    shop.made("lamps", 1, None, CLOUD);
    let units = |variant: &str, units: &str| {
        format!(r#"{{"why":"stock","item":"lamp","variant":"{variant}","units":{units}}}"#)
    };
    let possible = |answer: &Answer, possible: u64| {
        shop.invalid(answer, "units");
        assert_eq!(answer.body["possible"], possible, "{answer:?}");
    };
    possible(&shop.act("lamps", "withdrawal", &units("cloud", "2")), 1);
    possible(&shop.act("lamps", "withdrawal", &units("cloud", "9223372036854775808")), 1);
    possible(&shop.act("lamps", "restock", &units("cloud", "999999999")), 999_999_998);
    possible(&shop.act("lamps", "restock", &units("cloud", "4294967296")), 999_999_998);
    for odd in ["0", "-1", "1.5", "\"2\"", "null", "18446744073709551616"] {
        shop.invalid(&shop.act("lamps", "restock", &units("cloud", odd)), "units");
    }
    let lamps = shop.act("lamps", "withdrawal", &units("cloud", "1"));
    assert_eq!(lamps.body["items"][0]["free"], 0, "{}", lamps.text);
    possible(&shop.act("lamps", "withdrawal", &units("cloud", "1")), 0);
    let lamps = shop.act("lamps", "restock", &units("cloud", "5"));
    assert_eq!(lamps.body["items"][0]["free"], 5, "{}", lamps.text);
    shop.refused(&shop.act("lamps", "restock", &units("gold", "5")), 404, "no_such_item");
    shop.invalid(&shop.act("lamps", "restock", r#"{"why":"x","units":1}"#), "item");
    shop.close();
}

#[test]
fn hosts_say_why_and_nothing_unknown() {
    let shop = Shop::open();
    shop.invalid(&shop.act("lamps", "pause", "{}"), "why");
    shop.invalid(&shop.act("lamps", "pause", r#"{"why":""}"#), "why");
    shop.invalid(&shop.act("lamps", "pause", r#"{"why":"  "}"#), "why");
    shop.invalid(&shop.act("lamps", "pause", r#"{"why":5}"#), "why");
    shop.invalid(&shop.act("lamps", "pause", r#"["because"]"#), "body");
    shop.invalid(&shop.act("lamps", "pause", r#"{"why":"x","until":1}"#), "until");
    let long = format!(r#"{{"why":"{}"}}"#, "x".repeat(501));
    shop.invalid(&shop.act("lamps", "pause", &long), "why");
    shop.refused(&shop.act("lamps", "pause", "why"), 415, "not_json");
    let state = shop.ask(("GET", "/api/v1/drops/lamps"), 5, Role::Fan, "");
    assert_eq!(state.text_of("state"), "open");
    shop.still_sells();
    shop.act("lamps", "closing", r#"{"why":"the end"}"#);
    for verb in ["pause", "restock"] {
        let body = r#"{"why":"too late","item":"lamp","variant":"pine","units":1}"#;
        shop.refused(&shop.act("lamps", verb, body), 409, "closed");
    }
    shop.close();
}
