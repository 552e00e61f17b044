//! The client against the bare server.

use super::server::{Request, Server, answer, nap, sale};
use crate::rehearsal::over_http::{DropPlanned, DropRun, Target, Tokens, run_drops};
use crate::rehearsal::progress::Progress;
use crate::rehearsal::{Code, CrowdPlan, Load, Next, Traffic, Why};

/// Sends so many requests, one after the other on each connection, and counts what comes back.
#[derive(Default)]
struct Volley {
    left: u64,
    cut_every: u64,
    answered: Vec<(u64, u16, usize)>,
    lost: Vec<(u64, Why)>,
    /// Ask the lost ones again.
    again: bool,
}

impl Traffic for Volley {
    fn next(&mut self, _now_us: i64, request: &mut Vec<u8>) -> Next {
        if self.left == 0 {
            return Next::Done;
        }
        let tag = self.left;
        self.left -= 1;
        request.extend_from_slice(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        Next::Send { tag, cut: self.cut_every > 0 && tag.is_multiple_of(self.cut_every) }
    }

    fn response(&mut self, tag: u64, status: u16, body: &[u8], _now_us: i64) {
        self.answered.push((tag, status, body.len()));
    }

    fn lost(&mut self, tag: u64, why: Why, _now_us: i64) {
        self.lost.push((tag, why));
        self.left += u64::from(self.again);
    }
}

fn volley(server: &Server, connections: usize, mut volley: Volley) -> Volley {
    let mut load = Load::new(&[server.addr], connections).unwrap();
    load.run(&mut volley, &super::clock()).unwrap();
    volley
}

#[test]
fn connections_are_kept_and_answers_of_any_size_are_read() {
    let body = "x".repeat(200_000);
    let server = Server::start(move |request| {
        let size = if request.count.is_multiple_of(10) { body.len() } else { 10 };
        Some(answer(200, &body[..size]))
    });
    let done = volley(&server, 8, Volley { left: 500, ..Volley::default() });
    assert_eq!((done.answered.len(), done.lost.len()), (500, 0));
    assert_eq!(done.answered.iter().filter(|(_, _, bytes)| *bytes == 200_000).count(), 50);
    let connections = server.connections.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(connections, 8);
}

#[test]
fn a_cut_request_arrives_and_its_answer_is_lost() {
    let server = Server::start(|_| Some(answer(200, "ok")));
    let done = volley(&server, 4, Volley { left: 400, cut_every: 4, ..Volley::default() });
    assert_eq!((done.answered.len(), done.lost.len()), (300, 100));
    assert!(done.lost.iter().all(|&(tag, why)| tag % 4 == 0 && why == Why::Cut));
    assert!(server.connections.load(std::sync::atomic::Ordering::Relaxed) >= 100);
}

#[test]
fn a_server_that_closes_is_asked_on_a_new_connection() {
    let server = Server::start(|request| {
        if request.count.is_multiple_of(7) {
            return None;
        }
        let close = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        Some(close.as_bytes().to_vec())
    });
    let done = volley(&server, 4, Volley { left: 100, again: true, ..Volley::default() });
    assert_eq!(done.answered.len(), 100);
    assert!(done.lost.iter().all(|&(_, why)| why == Why::Broken), "{:?}", done.lost);
}

#[test]
fn garbage_is_told_apart_from_answers() {
    let server = Server::start(|request| {
        Some(match request.count % 3 {
            0 => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokok".to_vec(),
            1 => b"\x16\x03\x01\x02\x00\n\n".to_vec(),
            _ => answer(418, "teapot"),
        })
    });
    let done = volley(&server, 3, Volley { left: 99, ..Volley::default() });
    assert_eq!((done.answered.len(), done.lost.len()), (33, 66));
    assert!(done.lost.iter().all(|&(_, why)| why == Why::NotHttp));
}

#[test]
fn slow_answers_do_not_hold_up_other_connections() {
    let server = Server::start(|request| {
        nap(if request.count == 1 { 400 } else { 0 });
        Some(answer(200, "ok"))
    });
    let done = volley(&server, 2, Volley { left: 200, ..Volley::default() });
    // Either of the first two may be the one that was counted first.
    assert!(done.answered.last().is_some_and(|&(tag, ..)| tag >= 199), "the slow one comes last");
}

#[test]
fn where_nobody_is_the_crowd_gives_up_in_time() {
    struct Patient(i64);
    impl Traffic for Patient {
        fn next(&mut self, _now_us: i64, _request: &mut Vec<u8>) -> Next {
            unreachable!("no connection is ever free")
        }
        fn response(&mut self, _tag: u64, _status: u16, _body: &[u8], _now_us: i64) {}
        fn lost(&mut self, _tag: u64, _why: Why, _now_us: i64) {}
        fn gives_up(&mut self, now_us: i64) -> bool {
            now_us > self.0
        }
    }
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let clock = super::clock();
    let mut traffic = Patient(clock() + 300_000);
    Load::new(&[addr], 4).unwrap().run(&mut traffic, &clock).unwrap();
}

/// Whether a claim came as the API wants it.
fn is_well_formed(request: &Request) -> bool {
    let claims = request.method_and_path.ends_with("/claims");
    let body = if claims { &br#"{"item":"i","quantity":1}"#[..] } else { b"" };
    let key = request.key.as_ref().is_none_or(|key| claims && key.len() == 16);
    request.body == body && key && request.bearer.starts_with("fan-")
}

fn hold(plan: CrowdPlan, respond: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> DropRun {
    let server = Server::start(move |request| is_well_formed(request).then(|| respond(request)));
    let target = Target { addrs: vec![server.addr], connections: 32 };
    let drops = [DropPlanned { id: "d".into(), lines: vec![("i".into(), None)], plan }];
    let token = |fan: u64| format!("fan-{fan}");
    let tokens = Tokens { fan: &token, cashier: None };
    let mut progress = Progress::quiet();
    let runs = run_drops(&target, &drops, &tokens, &super::clock(), &mut progress);
    runs.unwrap().remove(0)
}

#[test]
fn a_whole_drop_over_http() {
    let plan = CrowdPlan {
        fans: 2_000,
        lines: vec![200],
        opens_at_ms: 1_000_000 + 300,
        lead_ms: 200,
        arrive_within_ms: 1_000,
        burst_within_ms: 200,
        pay_after_ms: (10, 20),
        asks_again_after_ms: vec![100, 200],
        bots: 2,
        ..CrowdPlan::default()
    };
    let memory = hold(plan, sale(200, 2_000_000)).memory;
    let counts = &memory.counts;
    assert_eq!((counts.fans_asked, counts.fans_unanswered), (2_000, 0));
    assert_eq!((counts.differing, counts.nonsense, counts.broken), (0, 0, 0), "{counts:?}");
    assert_eq!(memory.told.len(), 200);
    assert!((50..150).contains(&counts.cut), "{counts:?}");
    assert_eq!(counts.lost_unanswered, 0);
    assert!(counts.settled > 140 && counts.refused(Code::SoldOut) > 1_800, "{counts:?}");
    assert!((380..=400).contains(&counts.looks), "{counts:?}");
}

#[test]
fn two_drops_go_over_one_client() {
    let sales = [sale(10, 2_000_000), sale(20, 2_000_000)];
    let server = Server::start(move |request| {
        Some(sales[usize::from(request.method_and_path.contains("/two"))](request))
    });
    let plan = |first_fan| CrowdPlan {
        first_fan,
        fans: 300,
        opens_at_ms: 1_000_300,
        arrive_within_ms: 300,
        burst_within_ms: 100,
        lead_ms: 100,
        unpaid_share: 1_000_000,
        asks_again_share: 0,
        bots: 0,
        ..CrowdPlan::default()
    };
    let drop = |id: &str, first_fan| DropPlanned {
        id: id.into(),
        lines: vec![("i".into(), Some("red".into()))],
        plan: plan(first_fan),
    };
    let token = |fan: u64| fan.to_string();
    let tokens = Tokens { fan: &token, cashier: None };
    let target = Target { addrs: vec![server.addr], connections: 8 };
    let drops = [drop("one", 1), drop("two", 1_000)];
    let runs = run_drops(&target, &drops, &tokens, &super::clock(), &mut Progress::quiet());
    let told: Vec<usize> = runs.unwrap().iter().map(|run| run.memory.told.len()).collect();
    assert_eq!(told, [10, 20]);
}
