//! What crowd and client cost by themselves. Run by hand, in a release build:
//! `cargo test --release -p fanfare --lib -- --ignored --nocapture --test-threads 1 _cost`.

use super::server::answer;
use crate::rehearsal::over_http::{DropPlanned, Target, Tokens, run_drops};

use crate::rehearsal::in_process::{Served, run_served};
use crate::rehearsal::progress::Progress;
use crate::rehearsal::{
    Answer, Ask, CONNECTIONS_DEFAULT, ClaimPlace, Code, Crowd, CrowdPlan, Kind, State, Told,
};

/// Gives what it has to whoever comes first, and forgets it.
struct Counter {
    left: u32,
    given: u32,
    out: Vec<(usize, u64, Answer)>,
}

impl Counter {
    fn told(number: u32, state: State) -> Answer {
        let place = ClaimPlace { seq: number / 4_096, index: (number % 4_096) as u16 };
        let held_until_ms = i64::MAX / 2;
        Answer::Claim(Told { place, number, units: 1, state, held_until_ms })
    }
}

impl Served for Counter {
    fn turn(&mut self, _now_ms: i64) {}

    fn ask(&mut self, drop: usize, asks: &[Ask]) {
        for ask in asks {
            let answer = match ask.kind {
                Kind::Look => Answer::Looked,
                Kind::Claim { .. } if self.left == 0 => Answer::Refused(Code::SoldOut),
                Kind::Claim { .. } => {
                    (self.left, self.given) = (self.left - 1, self.given + 1);
                    Self::told(self.given, State::Held)
                }
                Kind::Settle { number, .. } => Self::told(number, State::Settled),
                Kind::Release { number, .. } => Self::told(number, State::Released),
            };
            self.out.push((drop, ask.id, answer));
        }
    }

    fn answers(&mut self, out: &mut Vec<(usize, u64, Answer)>) -> bool {
        out.append(&mut self.out);
        true
    }
}

#[test]
#[ignore = "prints figures; run by hand"]
fn crowd_cost() {
    let clock = super::clock();
    let before_us = clock();
    let plan = CrowdPlan { fans: 3_000_000, lines: vec![1_000_000], ..CrowdPlan::default() };
    let crowd = Crowd::new(plan);
    let made_us = clock();
    let mut served = Counter { left: 1_000_000, given: 0, out: Vec::new() };
    let crowds = vec![("drop".to_owned(), crowd)];
    let runs = run_served(&mut served, crowds, &clock, &mut Progress::quiet());
    let (ran_us, requests) = (clock() - made_us, runs[0].memory.counts.requests);
    println!(
        "3,000,000 fans made in {} ms; {requests} asks in {} ms: {} ns an ask with its answer",
        (made_us - before_us) / 1_000,
        ran_us / 1_000,
        ran_us * 1_000 / requests as i64,
    );
    assert!(requests > 3_000_000);
}

/// CPU time of this thread and of the whole process, µs.
fn cpu_us() -> [i64; 2] {
    use rustix::time::{ClockId, clock_gettime};
    [ClockId::ThreadCPUTime, ClockId::ProcessCPUTime].map(|clock| {
        let time = clock_gettime(clock);
        time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    })
}

#[test]
#[ignore = "prints figures; run by hand"]
fn client_cost() {
    let body = format!(r#"{{"code":"sold_out","x":"{}"}}"#, "y".repeat(400));
    let addr = super::bare::start(answer(409, &body));
    let clock = super::clock();
    let plan = CrowdPlan {
        fans: 400_000,
        opens_at_ms: clock() / 1_000 + 200,
        lead_ms: 200,
        arrive_within_ms: 10_000,
        burst_within_ms: 1_600,
        asks_again_after_ms: vec![500],
        ..CrowdPlan::default()
    };
    let drops = [DropPlanned { id: "d".into(), lines: vec![("i".into(), None)], plan }];
    let token = |fan: u64| format!("token-of-a-usual-length-for-fan-{fan:09}");
    let tokens = Tokens { fan: &token, cashier: None };
    let target = Target { addrs: vec![addr], connections: CONNECTIONS_DEFAULT };
    let (began_us, before) = (clock(), cpu_us());
    let mut progress = Progress::to_stderr();
    let runs = run_drops(&target, &drops, &tokens, &clock, &mut progress).unwrap();
    let (took_us, after) = (clock() - began_us, cpu_us());
    let counts = &runs[0].memory.counts;
    println!(
        "{} requests in {} ms, {} cut: {} requests/s, client CPU {:.2} µs a request, \
         client and server {:.2} µs",
        counts.requests,
        took_us / 1_000,
        counts.cut,
        counts.requests * 1_000_000 / took_us as u64,
        (after[0] - before[0]) as f64 / counts.requests as f64,
        (after[1] - before[1]) as f64 / counts.requests as f64,
    );
    let memory = &runs[0].memory;
    println!("waits: p50 {} ms, p99 {} ms", memory.wait_ms(50.0), memory.wait_ms(99.0));
}
