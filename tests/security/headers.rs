//! Every kind of answer is guarded; what is somebody's own is kept nowhere; cookies over https are
//! the host's own.

use super::{FORM, ask, cookies, day};
use crate::common::served::{Place, Served};
use fanfare::kit::token::Role;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// The value of a header in a head of small letters.
fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let start = format!("{name}: ");
    head.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
}

/// What holds of every answer there is.
fn guarded(head: &str, what: &str) {
    let policy = header(head, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {head}");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {head}");
    assert!(!policy.contains("script-src 'unsafe") && !policy.contains('*'), "{what}: {policy}");
    assert_eq!(header(head, "x-content-type-options"), "nosniff", "{what}: {head}");
    let referrer = header(head, "referrer-policy");
    assert!(["no-referrer", "same-origin"].contains(&referrer), "{what}: {head}");
    assert!(policy.contains("base-uri 'none'"), "{what}: {policy}");
    let kind = header(head, "content-type");
    assert!(
        !kind.starts_with("text/")
            || kind.contains("charset=utf-8")
            || kind.contains("event-stream"),
        "{what}: {kind}"
    );
    assert!(!head.contains("access-control-"), "{what}: {head}");
    assert!(!head.contains("\nserver:") && !head.contains("x-powered-by"), "{what}: {head}");
}

/// Every kind of answer, by what asks for it.
const ASKED: [(&str, &str, &str, u16); 19] = [
    ("GET", "/", "Accept: text/html\r\n", 200),
    ("GET", "/drops/boxes", "Accept: text/html\r\n", 200),
    ("GET", "/nothing", "Accept: text/html\r\n", 404),
    ("GET", "/nothing", "", 404),
    ("DELETE", "/", "Accept: text/html\r\n", 405),
    ("GET", "/sign-in", "Accept: text/html\r\n", 200),
    ("GET", "/claims/1-1-1", "Accept: text/html\r\n", 401),
    ("GET", "/claims/1-1-1/settlement", "Accept: text/html\r\n", 303),
    ("POST", "/guest", "Accept: text/html\r\n", 403),
    ("GET", "/assets/none.css", "", 404),
    ("GET", "/api/v1/now", "", 200),
    ("GET", "/api/v1/festival", "", 200),
    ("GET", "/api/v1/drops/boxes", "", 200),
    ("GET", "/api/v1/drops/none", "", 404),
    ("GET", "/api/v1/openapi.json", "", 200),
    ("POST", "/api/v1/drops/boxes/claims", "", 401),
    ("GET", "/api/v1/me/claims", "", 401),
    ("GET", "/healthz", "", 200),
    ("GET", "/metrics", "", 200),
];

#[test]
fn every_kind_of_answer_is_guarded() {
    let place = Place::new();
    place.write("day.toml", &day());
    let served = place.serve(Some("day.toml"));
    for (method, path, headers, status) in ASKED {
        let answer = ask(served.address, method, path, headers, "");
        let what = format!("{method} {path} {headers:?}");
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        let named = !header(&answer.head, "content-type").is_empty();
        assert!(named || answer.text.is_empty(), "{what}: of which type? {}", answer.text);
        guarded(&answer.head, &what);
    }
    let claim = served.claim("boxes", 7, r#"{"item":"box"}"#);
    assert_eq!(claim.status, 201);
    guarded(&claim.head, "a claim");
    let refused = served.claim("boxes", 7, r#"{"item":"box","quantity":9}"#);
    guarded(&refused.head, "a refusal");
    let page = ask(served.address, "GET", "/", "Accept: text/html\r\n", "");
    let style = page.text.split('"').find(|text| text.starts_with("/assets/")).unwrap();
    let asset = ask(served.address, "GET", style, "", "");
    assert_eq!(asset.status, 200);
    guarded(&asset.head, style);
    guarded(&watching(&served), "who watches");
    served.end();
}

/// The head of what a watcher gets.
fn watching(served: &Served) -> String {
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.write_all(b"GET /api/v1/live HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

#[test]
fn what_is_somebodys_own_is_kept_nowhere() {
    let place = Place::new();
    place.write("day.toml", &day());
    let served = place.serve(Some("day.toml"));
    let claim = served.claim("boxes", 7, r#"{"item":"box"}"#);
    let id = claim.text_of("claim").to_owned();
    let bearer = format!("Authorization: Bearer {}\r\n", served.token(7, Role::Fan));
    let cookie = format!("Cookie: fanfare-session={}\r\n", served.token(7, Role::Fan));
    let own = [
        ("/me".to_owned(), &cookie),
        (format!("/claims/{id}"), &cookie),
        (format!("/claims/{id}/receipt"), &cookie),
        ("/drops/boxes".to_owned(), &cookie),
        ("/api/v1/me/claims".to_owned(), &bearer),
        (format!("/api/v1/claims/{id}"), &bearer),
        (format!("/api/v1/claims/{id}/receipt"), &bearer),
    ];
    for (path, who) in own {
        let accept = if path.starts_with("/api") { "" } else { "Accept: text/html\r\n" };
        let answer = ask(served.address, "GET", &path, &format!("{who}{accept}"), "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(header(&answer.head, "cache-control"), "no-store", "{path}");
    }
    assert_eq!(header(&claim.head, "cache-control"), "no-store");
    served.end();
}

#[test]
fn behind_a_proxy_that_speaks_https_cookies_are_the_hosts_own() {
    let place = Place::new();
    place.write("day.toml", &day());
    let mut command = place.command(&["serve", "day.toml", "--listen", "127.0.0.1:0"]);
    command.args(["--trusted-proxy", "127.0.0.1/32"]).stderr(std::process::Stdio::null());
    let mut program = crate::common::program::Program::start(&mut command);
    let server = program.address();
    let https = format!("X-Forwarded-Proto: https\r\n{FORM}");
    let entered = cookies(server, "/guest", &https, "back=/me");
    assert_eq!(entered.len(), 2, "{entered:?}");
    assert!(entered.iter().all(|cookie| cookie.starts_with("__Host-fanfare-")), "{entered:?}");
    let status = |cookie: &str| {
        let headers =
            format!("X-Forwarded-Proto: https\r\nAccept: text/html\r\nCookie: {cookie}\r\n");
        let answer = ask(server, "GET", "/claims/1-1-1", &headers, "");
        let strictly = header(&answer.head, "strict-transport-security");
        assert_eq!(strictly, "max-age=31536000", "{}", answer.head);
        answer.status
    };
    assert_eq!(status(&entered.join("; ")), 404, "a guest has no such claim");
    // What a neighbouring host, or a page over plain http, could set is not read.
    assert_eq!(status(&entered.join("; ").replace("__Host-", "")), 401);
    let plain = cookies(server, "/guest", FORM, "back=/me");
    assert!(plain.iter().all(|cookie| cookie.starts_with("fanfare-")), "{plain:?}");
    assert_eq!(program.end(), Some(0));
}

#[test]
fn an_error_gives_nothing_away() {
    let place = Place::new();
    place.write("day.toml", &day());
    let served = place.serve(Some("day.toml"));
    let paths = ["/%ff", "/drops/%00", "/claims/9999999999-1-1", "/assets/..%2f..%2fetc%2fpasswd"];
    for path in paths {
        for accept in ["Accept: text/html\r\n", ""] {
            let answer = ask(served.address, "GET", path, accept, "");
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
            for inner in ["src/", ".rs:", "sqlite", "panicked", "rusqlite", "/tmp/", "fanfare-data"]
            {
                assert!(!answer.text.contains(inner), "{path}: {}", answer.text);
            }
        }
    }
    let bodies = ["{", "[]", "{\"item\":1}", "{\"item\":\"\\ud800\"}"];
    for body in bodies {
        let answer = served.claim("boxes", 3, body);
        assert!((400..500).contains(&answer.status), "{body}: {}", answer.text);
        assert!(!answer.text.contains(".rs") && !answer.text.contains("serde"), "{}", answer.text);
    }
    served.end();
}
