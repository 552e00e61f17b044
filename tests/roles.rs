//! Who may do what: every address and method of the server, asked by a stranger, a guest, fans, a
//! cashier, a host and an operator over a real socket. What is not listed here fails: the list is
//! compared with the routes themselves.

mod common;
#[path = "roles/hall.rs"]
mod hall;
#[path = "roles/table.rs"]
mod table;

use hall::{Hall, Person};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use table::{METHODS, Row, TABLE, Who};

/// The file all routes are in.
const ROUTES: &str = include_str!("../src/routes.rs");

/// Every method and path that the router is given.
fn routed(routes: &str) -> BTreeSet<(String, String)> {
    let body = routes.split_once(".with_state").unwrap().0;
    let mut all = BTreeSet::new();
    for chunk in body.split(".route(").skip(1) {
        let chunk = chunk.split(".fallback").next().unwrap();
        let (_, rest) = chunk.split_once('"').unwrap();
        let (path, handlers) = rest.split_once('"').unwrap();
        for method in METHODS {
            let call = format!("{}(", method.to_lowercase());
            let word = |at: usize| {
                !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c))
            };
            if handlers.match_indices(&call).any(|(at, _)| word(at)) {
                all.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    all
}

/// Every Rust file below a folder, as text, with its path.
fn sources(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            all.push((path.to_string_lossy().replace('\\', "/"), text));
        }
    }
}

#[test]
fn the_table_has_every_route_and_no_other() {
    let listed: BTreeSet<(String, String)> =
        TABLE.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    assert_eq!(listed.len(), TABLE.len(), "a line stands there twice");
    let routed = routed(ROUTES);
    let missing: Vec<_> = routed.difference(&listed).collect();
    assert!(missing.is_empty(), "say in tests/roles/table.rs who may ask for {missing:?}");
    let gone: Vec<_> = listed.difference(&routed).collect();
    assert!(gone.is_empty(), "no route any more: {gone:?}");
    // Routes come in by one door, so that reading that file is enough.
    for merged in ROUTES.split(".merge(").skip(1) {
        let name = merged.split('(').next().unwrap();
        assert!(ROUTES.contains(&format!("\nfn {name}()")), "{name} is not in src/routes.rs");
    }
    for other in ["any(", ".nest", "route_service(", "fallback_service(", " on("] {
        assert!(!ROUTES.contains(other), "this test cannot read {other} in src/routes.rs");
    }
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    for (path, text) in all {
        let routes = path.ends_with("src/routes.rs") || !text.contains(".route(\"");
        assert!(routes, "{path} has routes of its own");
    }
}

#[test]
fn a_route_that_is_added_is_seen() {
    let more = ".route(\"/unlisted\", get(pages::me).post(pages::enter))\n        .fallback(";
    let added = routed(&ROUTES.replacen(".fallback(", more, 1));
    let more: Vec<_> = added.difference(&routed(ROUTES)).cloned().collect();
    let line = |method: &str| (method.to_owned(), "/unlisted".to_owned());
    assert_eq!(more, [line("GET"), line("POST")]);
}

/// How an answer has to look to somebody who may not.
fn refusal(row: &Row, person: &Person) -> u16 {
    match row.who {
        Who::Nobody(status) => status,
        Who::HostPage if ["stranger", "guest"].contains(&person.name) => match row.method {
            "GET" => 303,
            _ => 401,
        },
        _ if person.name == "stranger" => 401,
        Who::Account => 401,
        Who::Owner | Who::OwnerOrStaff => 404,
        _ => 403,
    }
}

#[tokio::test]
async fn nobody_reaches_what_is_not_theirs() {
    let hall = Hall::open();
    let people = hall.people().await;
    let (mut refused, mut reached) = (0, 0);
    let before = hall.stands();
    for row in &TABLE {
        for person in people.iter().filter(|person| !row.who.may(person.name)) {
            let status = hall.ask(row, person);
            let wanted = refusal(row, person);
            assert_eq!(status, wanted, "{} {} as {}", row.method, row.path, person.name);
            refused += 1;
        }
    }
    assert_eq!(hall.stands(), before, "what is refused changes nothing");
    // Acts that close or leave come after those that need what is then gone.
    let mut order = TABLE;
    order.sort_by_key(|row| match row.path {
        "/sign-out" => 2,
        path => u8::from(path.ends_with("/closing")),
    });
    for row in &order {
        for person in people.iter().filter(|person| row.who.may(person.name)) {
            let status = hall.ask(row, person);
            let works = matches!(status, 200..=399 | 409);
            assert!(works, "{} {} as {}: {status}", row.method, row.path, person.name);
            reached += 1;
        }
    }
    assert_ne!(hall.stands(), before, "what is allowed does something");
    println!("role_rows {}", TABLE.len());
    println!("role_refused {refused}");
    println!("role_reached {reached}");
}

#[tokio::test]
async fn other_methods_and_addresses_are_nobodys() {
    let hall = Hall::open();
    let people = hall.people().await;
    let operator = people.iter().find(|person| person.name == "operator").unwrap();
    let listed: BTreeSet<(&str, &str)> = TABLE.iter().map(|row| (row.method, row.path)).collect();
    let mut asked = 0;
    for row in &TABLE {
        for method in METHODS.into_iter().filter(|method| !listed.contains(&(*method, row.path))) {
            let other = Row { method, ..*row };
            let status = hall.ask(&other, operator);
            assert_eq!(status, 405, "{method} {}", row.path);
            asked += 1;
        }
    }
    for path in ["/hosts", "/api/v1/accounts", "/api/v1/fans/1", "/cold.sqlite", "/../Cargo.toml"] {
        let row = Row { method: "GET", path, ..TABLE[0] };
        assert_eq!(hall.ask(&row, operator), 404, "{path}");
    }
    println!("role_other_methods {asked}");
}
