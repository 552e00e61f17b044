//! A crowd that watches the live board's stream, for `acceptance/2-05`: it connects from several
//! loopback addresses, so that ports suffice, stays until it is told to go, and says when each
//! watcher saw a drop sold out.

use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::serve::raise_file_limit;
use socket2::{Domain, Socket, Type};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Watchers an address; fewer than a machine has ports for it.
const EACH: u32 = 5_000;

/// Connections before the others get a moment to be answered.
const AT_ONCE: u32 = 50;

/// The longest a crowd stays, seconds.
const STAYS_S: f64 = 600.0;

/// What the crowd has seen.
#[derive(Default)]
struct Seen {
    /// Watchers that got an event.
    watching: u32,
    /// Watchers whose stream ended or broke.
    lost: u32,
    /// For each moment something sold out: who saw it, and the longest delay, ms.
    sold: BTreeMap<i64, (u32, i64)>,
}

fn wanted(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: see acceptance/2-05"))
}

#[test]
#[ignore = "a crowd for a server that runs: acceptance/2-05 starts both"]
fn watchers() {
    let server: SocketAddr = wanted("FANFARE_WATCHED").parse().expect("ADDRESS:PORT");
    let count: u32 = wanted("FANFARE_WATCHERS").parse().expect("a number");
    let until = PathBuf::from(wanted("FANFARE_UNTIL"));
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen = Rc::new(RefCell::new(Seen::default()));
    let local = LocalSet::new();
    runtime.block_on(local.run_until(async {
        for number in 0..count {
            let stream = connect(server, number);
            tokio::task::spawn_local(watch(stream, seen.clone()));
            if number % AT_ONCE == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        let clock = Stopwatch::start();
        let mut told = false;
        while !until.exists() && clock.passed_s() < STAYS_S {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if !told && seen.borrow().watching == count {
                println!("watching {count}");
                told = true;
            }
        }
    }));
    let seen = seen.borrow();
    println!("watchers_lost {}", seen.lost);
    for (at_ms, (saw, slowest_ms)) in &seen.sold {
        println!("sold_out {at_ms} seen_by {saw} slowest_ms {slowest_ms}");
    }
    assert_eq!((seen.watching, seen.lost), (count, 0));
}

/// From an address of its own for every [`EACH`] watchers.
fn connect(server: SocketAddr, number: u32) -> TcpStream {
    let from = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 2)) + number / EACH);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("files: ulimit -n");
    socket.bind(&SocketAddr::from((from, 0)).into()).expect("a port");
    socket.connect(&server.into()).expect("the server");
    socket.set_nonblocking(true).unwrap();
    TcpStream::from_std(socket.into()).unwrap()
}

async fn watch(mut stream: TcpStream, seen: Rc<RefCell<Seen>>) {
    let request = b"GET /api/v1/live HTTP/1.1\r\nHost: board\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let (mut held, mut known, mut first) = (Vec::new(), 0, true);
    let mut piece = [0; 4_096];
    loop {
        match stream.read(&mut piece).await {
            Ok(bytes) if bytes > 0 => held.extend_from_slice(&piece[..bytes]),
            _ => break,
        }
        if !held.windows(3).any(|end| end == b"}\n\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&held).into_owned();
        held.clear();
        let mut seen = seen.borrow_mut();
        seen.watching += u32::from(std::mem::take(&mut first));
        let Some(at_ms) = sold_out(&text).filter(|at_ms| *at_ms != known) else { continue };
        known = at_ms;
        let late_ms = Clock::machine().now_ms() - at_ms;
        let (saw, slowest_ms) = seen.sold.entry(at_ms).or_default();
        (*saw, *slowest_ms) = (*saw + 1, late_ms.max(*slowest_ms));
    }
    seen.borrow_mut().lost += 1;
}

/// When the drop of an event sold out, ms since 1970.
fn sold_out(event: &str) -> Option<i64> {
    let number = |name: &str| {
        let (_, rest) = event.rsplit_once(&format!("\"{name}\":"))?;
        rest.split([',', '}']).next()?.parse::<i64>().ok()
    };
    Some(number("opens_at_ms")? + number("sold_out_after_ms")?)
}

#[test]
fn an_event_is_read() {
    let event =
        r#"data: {"drops":[{"opens_at_ms":5000,"sold_out_after_ms":1500,"state":"sold_out"}]}"#;
    assert_eq!(sold_out(event), Some(6_500));
    assert_eq!(sold_out(&event.replace("1500", "null")), None);
}
