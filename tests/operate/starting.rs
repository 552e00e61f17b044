//! What a server answers while its lanes open.

use super::shop::{FILE, claim, place};
use crate::common::http::{Answer, Client};
use crate::common::program::Program;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    Client::connect(address).ok()?.call(("GET", path), "", None, "").ok()
}

#[test]
fn while_lanes_open_it_lives_and_is_not_ready() {
    let place = place(None);
    let served = place.serve(Some(FILE));
    claim(&served, 1..=3);
    served.end();
    // The lanes' first rows have to wait for somebody who writes: a journal that takes a while.
    let mut journal = rusqlite::Connection::open(place.data.join("journal.sqlite")).unwrap();
    let busy = journal.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
    let busy = busy.unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut serving = place.command(&["serve", FILE, "--listen", &free.to_string()]);
    let mut program = Program::start(&mut serving);
    let mut lives = None;
    for _ in 0..100 {
        lives = get(free, "/healthz");
        if lives.is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let lives = lives.expect("it lives");
    assert_eq!((lives.status, lives.text.as_str()), (200, "ok\n"));
    let ready = get(free, "/readyz").unwrap();
    assert_eq!(ready.status, 503);
    assert!(ready.text.starts_with("opening: "), "{ready:?}");
    assert_eq!(get(free, "/api/v1/now").unwrap().status, 503);
    busy.rollback().unwrap();
    assert_eq!(program.address(), free);
    let ready = get(free, "/readyz").unwrap();
    assert_eq!((ready.status, ready.text.as_str()), (200, "ready\n"));
    assert_eq!(program.end(), Some(0));
}
