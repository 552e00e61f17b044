//! Claims whose body is wrong in one way or another: each is told which field and why, and
//! nothing is sold by it.

use super::shop::Shop;
use crate::common::festival::PINE;
use fanfare::kit::token::Role;

/// Body, status, code, field.
type Case<'a> = (&'a str, u16, &'a str, &'a str);

const WRONG: [Case; 48] = [
    ("", 415, "not_json", ""),
    (" ", 415, "not_json", ""),
    ("{", 415, "not_json", ""),
    ("{\"item\":\"lamp\"", 415, "not_json", ""),
    ("{\"item\":\"lamp\"} x", 415, "not_json", ""),
    ("{item:\"lamp\"}", 415, "not_json", ""),
    ("{\"item\":\"lamp\",}", 415, "not_json", ""),
    ("{\"item\":\"\\ud800\"}", 415, "not_json", ""),
    ("item=lamp", 415, "not_json", ""),
    ("<item>lamp</item>", 415, "not_json", ""),
    ("\u{feff}{}", 415, "not_json", ""),
    ("null", 422, "invalid", "body"),
    ("7", 422, "invalid", "body"),
    ("\"lamp\"", 422, "invalid", "body"),
    ("[]", 422, "invalid", "body"),
    ("[\"lamp\",\"pine\",1,null]", 422, "invalid", "body"),
    ("{}", 422, "invalid", "item"),
    ("{\"item\":null}", 422, "invalid", "item"),
    ("{\"item\":7}", 422, "invalid", "item"),
    ("{\"item\":[\"lamp\"]}", 422, "invalid", "item"),
    ("{\"item\":{\"id\":\"lamp\"}}", 422, "invalid", "item"),
    ("{\"item\":\"lamp\"}", 422, "invalid", "variant"),
    ("{\"item\":\"lamp\",\"variant\":1}", 422, "invalid", "variant"),
    ("{\"item\":\"lamp\",\"item\":\"lamp\",\"variant\":\"pine\"}", 422, "invalid", "item"),
    ("{\"item\":\"lamp\",\"variant\":\"pine\",\"price\":1}", 422, "invalid", "price"),
    ("{\"item\":\"lamp\",\"variant\":\"pine\",\"fan\":1}", 422, "invalid", "fan"),
    ("{\"item\":\"lamp\",\"variant\":\"pine\",\"pass\":1}", 422, "invalid", "pass"),
    ("{\"Item\":\"lamp\"}", 422, "invalid", "Item"),
    ("{\"item\":\"lamp\",\"variant\":\"gold\"}", 404, "no_such_item", ""),
    ("{\"item\":\"box\"}", 404, "no_such_item", ""),
    ("{\"item\":\"\"}", 404, "no_such_item", ""),
    ("{\"item\":\"lamp\\u0000\"}", 404, "no_such_item", ""),
    ("{\"item\":\"' OR 1=1 --\"}", 404, "no_such_item", ""),
    ("0", 422, "invalid", "quantity"),
    ("-1", 422, "invalid", "quantity"),
    ("-0", 422, "invalid", "quantity"),
    ("1.5", 422, "invalid", "quantity"),
    ("1.0", 422, "invalid", "quantity"),
    ("65536", 422, "invalid", "quantity"),
    ("9223372036854775808", 422, "invalid", "quantity"),
    ("18446744073709551616", 422, "invalid", "quantity"),
    ("-9223372036854775808", 422, "invalid", "quantity"),
    ("1e400", 422, "invalid", "quantity"),
    ("\"2\"", 422, "invalid", "quantity"),
    ("true", 422, "invalid", "quantity"),
    ("[1]", 422, "invalid", "quantity"),
    ("{}", 422, "invalid", "quantity"),
    ("01", 415, "not_json", ""),
];

/// The first of the cases that is a quantity and no whole body.
const QUANTITIES_FROM: usize = 33;

#[test]
fn every_wrong_body_is_told_what_is_wrong() {
    let shop = Shop::open();
    for (at, (body, status, code, field)) in WRONG.into_iter().enumerate() {
        let quantity = format!("{{\"item\":\"lamp\",\"variant\":\"pine\",\"quantity\":{body}}}");
        let body = if at < QUANTITIES_FROM { body } else { &quantity };
        let answer = shop.claim("lamps", 1_000 + at as u64, None, body);
        assert_eq!((answer.status, answer.text_of("code")), (status, code), "{body}: {answer:?}");
        shop.refused(&answer, status, code);
        if status == 422 {
            assert_eq!(answer.text_of("field"), field, "{body}: {answer:?}");
            shop.invalid(&answer, field);
        }
    }
    let drop = shop.ask(("GET", "/api/v1/drops/lamps"), 1, Role::Fan, "");
    assert_eq!(drop.body["items"][1]["free"], 1_000, "{}", drop.text);
    shop.still_sells();
    shop.close();
}

#[test]
fn null_and_nothing_mean_one_unit_and_no_variant() {
    let shop = Shop::open();
    let body = r#"{"item":"box","variant":null,"quantity":null,"pass":null}"#;
    let claim = shop.made("boxes", 1, None, body);
    assert_eq!((&claim.body["quantity"], &claim.body["variant"]), (&1.into(), &().into()));
    shop.close();
}

#[test]
fn more_than_the_limit_and_more_than_there_is_are_told_apart() {
    let shop = Shop::open();
    let lamps = |variant: &str, quantity: u32| {
        format!(r#"{{"item":"lamp","variant":"{variant}","quantity":{quantity}}}"#)
    };
    // The lane says which; what nobody could have the gate refuses by itself, as sold out.
    shop.refused(&shop.claim("lamps", 1, None, &lamps("pine", 3)), 409, "limit_reached");
    shop.refused(&shop.claim("lamps", 1, None, &lamps("pine", 65_535)), 409, "sold_out");
    shop.made("lamps", 2, None, &lamps("cloud", 1));
    shop.refused(&shop.claim("lamps", 3, None, &lamps("cloud", 2)), 409, "sold_out");
    shop.close();
}

#[test]
fn deep_and_long_json_is_refused_and_cheap() {
    let shop = Shop::open();
    let deep = |open: &str, close: &str, levels: usize| {
        format!("{{\"item\":{}{}}}", open.repeat(levels), close.repeat(levels))
    };
    shop.invalid(&shop.claim("lamps", 1, None, &deep("[", "]", 5_000)), "item");
    shop.invalid(&shop.claim("lamps", 1, None, &deep("{\"a\":", "}", 2_000)), "item");
    let unknown = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    shop.invalid(&shop.claim("lamps", 1, None, &unknown), "a");
    let long = format!("{{\"item\":\"{}\"}}", "x".repeat(16_000));
    shop.refused(&shop.claim("lamps", 1, None, &long), 404, "no_such_item");
    let too_long = format!("{{\"item\":\"{}\"}}", "x".repeat(16_384));
    let answer = shop.claim("lamps", 1, None, &too_long);
    shop.refused(&answer, 413, "too_large");
    assert_eq!(answer.body["bytes_max"], 16_384);
    let spaces = format!("{PINE}{}", " ".repeat(16_384 - PINE.len()));
    shop.made("lamps", 1, None, &spaces);
    shop.still_sells();
    shop.close();
}

#[test]
fn only_json_is_read() {
    let shop = Shop::open();
    let sent = |kind: &str, fan: u64| {
        let token = shop.token(fan, Role::Fan);
        let request = format!(
            "POST /api/v1/drops/lamps/claims HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \
             {token}\r\n{kind}Content-Length: {}\r\n\r\n{PINE}",
            PINE.len()
        );
        let mut client = shop.client();
        client.send(request.as_bytes()).unwrap();
        client.answer().unwrap()
    };
    for wrong in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: \r\n",
        "Content-Type: text/plain; application/json\r\n",
    ] {
        shop.refused(&sent(wrong, 1), 415, "not_json");
    }
    assert_eq!(sent("Content-Type: Application/JSON; charset=utf-8\r\n", 2).status, 201);
    // Hosts' acts are read by the same rules.
    let act = "POST /api/v1/drops/lamps/pause HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
    let request = format!("{act}Authorization: Bearer {}\r\n\r\n{{}}", shop.token(800, Role::Host));
    let mut client = shop.client();
    client.send(request.as_bytes()).unwrap();
    shop.refused(&client.answer().unwrap(), 415, "not_json");
    drop(client);
    shop.close();
}

#[test]
fn an_idempotency_key_has_1_to_64_bytes_of_any_kind() {
    let shop = Shop::open();
    let made = |fan: u64, key: &str| shop.claim("lamps", fan, Some(key), PINE);
    assert_eq!(made(1, &"k".repeat(64)).status, 201);
    shop.invalid(&made(2, &"k".repeat(65)), "Idempotency-Key");
    shop.invalid(&made(2, &"k".repeat(8_000)), "Idempotency-Key");
    shop.invalid(&made(2, ""), "Idempotency-Key");
    assert_eq!(made(3, "clé-密钥").status, 201);
    assert_eq!(made(3, "clé-密钥").status, 200);
    // A key is the fan's own: another fan's same key is another key.
    assert_eq!(made(4, "clé-密钥").status, 201);
    shop.close();
}

#[test]
fn a_key_with_other_fields_is_refused_and_makes_nothing() {
    let shop = Shop::open();
    let first = shop.made("lamps", 1, Some("once"), PINE);
    for other in
        [r#"{"item":"lamp","variant":"cloud"}"#, r#"{"item":"lamp","variant":"pine","quantity":2}"#]
    {
        shop.refused(&shop.claim("lamps", 1, Some("once"), other), 422, "key_reused");
    }
    let again = shop.claim("lamps", 1, Some("once"), PINE);
    assert_eq!((again.status, again.text_of("claim")), (200, first.text_of("claim")));
    // In another drop it is another key.
    shop.made("boxes", 1, Some("once"), crate::common::festival::BOX);
    shop.close();
}
