//! The power goes during a sale, again and again, at any write or sync, also while the server
//! starts and as it ends: after each cut every claim that was ever answered is there as it was
//! answered, every journal verifies, and every fan who asks again hears the same.
//!
//! `CUTS` times (40), on a new folder each `CUTS_A_FOLDER` (50). `acceptance/3-02` does it 2,000
//! times, and lets it fail on a server that syncs too little and on one that answers too early.

#[path = "../../../tests/common/mod.rs"]
mod common;
#[path = "../../../tests/kill/crowd.rs"]
mod crowd;
#[path = "../../../tests/kill/memory.rs"]
mod memory;
#[allow(dead_code, reason = "shared with the test of kills, which needs the rest")]
#[path = "../../../tests/kill/place.rs"]
mod place;
#[allow(dead_code, reason = "as above")]
#[path = "../../../tests/kill/sale.rs"]
mod sale;
#[path = "shaken/mod.rs"]
mod shaken;

use common::http::Client;
use fanfare::kit::keys::Keys;
use fanfare::kit::token::Tokens;
use fanfare::verify;
use fanfare_powercut::CUT;
use memory::Ask;
use place::{Place, Server};
use sale::{below, setting};
use shaken::Shaken;
use std::collections::BTreeMap;
use std::fs;

/// Writes and syncs until the cut, at most: some twenty commits of a crowd.
const STEPS_MAX: u64 = 260;

/// The same while the server starts.
const STEPS_MAX_STARTING: u64 = 60;

/// The same while it starts for the first time and makes its tables.
const STEPS_FIRST_START: u64 = 400;

/// Once in so many rounds the power also goes while the server starts, or right when it has ended.
const ALSO_STARTING: u64 = 4;

/// What the cuts took.
#[derive(Default)]
struct Cuts {
    during: u64,
    starting: u64,
    ended: u64,
    lost_bytes: u64,
    lost_names: u64,
    steps: Vec<u64>,
    bytes: u64,
    ways: BTreeMap<String, u64>,
    starts: u64,
}

impl Cuts {
    /// Reads what the disk says of a cut.
    fn learn(&mut self, shaken: &Shaken) {
        let said = shaken.report().expect("the disk tells of its cut");
        let number = |name: &str| said[name].parse::<u64>().unwrap();
        self.steps.push(number("steps"));
        self.bytes += number("lost");
        self.lost_bytes += u64::from(number("lost") > 0);
        self.lost_names += u64::from(number("names") > 0);
        *self.ways.entry(said["way"].clone()).or_default() += 1;
    }

    /// Cuts at a write or sync, whichever it was. Right after an orderly end there is nothing left
    /// to write: those are made besides.
    fn all(&self) -> u64 {
        self.during + self.starting
    }
}

/// The power goes while the server starts; or if it has come so far, right when it has ended.
fn start_and_cut(shaken: &Shaken, cuts: &mut Cuts) {
    let (steps, seed) = (1 + below(STEPS_MAX_STARTING), below(u64::MAX));
    let starting = if below(2) == 0 { format!("cut {steps} {seed}\n") } else { String::new() };
    shaken.orders().give(&format!("{starting}exit {seed}"));
    let mut server = shaken.serve();
    cuts.starts += 1;
    let code = if server.program.listens() {
        server.program.end()
    } else {
        server.program.child.wait().unwrap().code()
    };
    match code {
        Some(CUT) => cuts.starting += 1,
        Some(0) => cuts.ended += 1,
        other => panic!("it ended with {other:?}: {}", shaken.said()),
    }
    cuts.learn(shaken);
}

/// Holds what the last cut left against what was answered, lets the crowd in, and cuts.
fn round(shaken: &mut Shaken, nth: u64, cuts: &mut Cuts) {
    if nth % ALSO_STARTING == ALSO_STARTING - 1 {
        start_and_cut(shaken, cuts);
    }
    let orders = shaken.orders();
    orders.give("");
    shaken.sale.check(nth);
    let mut server = shaken.serve_and_ask();
    cuts.starts += 1;
    let cut = format!("cut {} {}", 1 + below(STEPS_MAX), below(u64::MAX));
    shaken.sale.sell(server.address(), |_, _| orders.give(&cut));
    let code = server.program.child.wait().unwrap().code();
    assert_eq!(code, Some(CUT), "it ended otherwise than by the cut: {}", shaken.said());
    cuts.during += 1;
    cuts.learn(shaken);
}

/// Prints figures, a name and a value a line.
fn print(cuts: &mut Cuts, sales: &[Shaken]) {
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let figures = || sales.iter().map(|shaken| &shaken.sale.figures);
    let first = figures().flat_map(|figures| figures.first_answers.iter().map(|(ms, _)| *ms));
    let ms = sorted(first.collect());
    cuts.steps.sort_unstable();
    println!("\ncuts {}", cuts.all());
    println!("cuts_during_the_sale {}", cuts.during);
    println!("cuts_while_starting {}", cuts.starting);
    println!("cuts_after_an_orderly_end {}", cuts.ended);
    println!("cuts_that_lost_bytes {}", cuts.lost_bytes);
    println!("cuts_that_lost_names {}", cuts.lost_names);
    println!("bytes_lost {}", cuts.bytes);
    for (way, many) in &cuts.ways {
        println!("cuts_by_{way} {many}");
    }
    println!("writes_and_syncs_a_run_median {}", cuts.steps[cuts.steps.len() / 2]);
    println!("writes_and_syncs_a_run_most {}", cuts.steps[cuts.steps.len() - 1]);
    let told = sales.iter().map(|shaken| shaken.sale.memory.told.len());
    println!("answers_remembered {}", told.sum::<usize>());
    println!("requests_without_answer {}", figures().map(|f| f.unheard).sum::<usize>());
    println!("of_these_done {}", figures().map(|f| f.unheard_done).sum::<usize>());
    println!("starts {}", cuts.starts);
    println!("first_answer_ms_median {:.0}", ms[ms.len() / 2]);
    println!("first_answer_ms_worst {:.0}", ms[ms.len() - 1]);
}

#[test]
fn what_was_answered_survives_every_power_cut() {
    let (all, a_folder) = (setting("CUTS", 40_u64), setting("CUTS_A_FOLDER", 50_u64));
    let (mut cuts, mut done) = (Cuts::default(), Vec::new());
    while cuts.all() < all {
        let mut shaken = Shaken::new();
        let first = cuts.all();
        for nth in 0.. {
            if cuts.all() - first >= a_folder || cuts.all() >= all {
                break;
            }
            round(&mut shaken, nth, &mut cuts);
        }
        // Once more, to see what the last cut left.
        shaken.orders().give("");
        shaken.sale.check(a_folder);
        let mut server = shaken.serve_and_ask();
        cuts.starts += 1;
        assert_eq!(server.program.end(), Some(0));
        shaken.sale.check(a_folder);
        done.push(shaken);
    }
    print(&mut cuts, &done);
    assert!(cuts.lost_bytes > 0, "no cut lost anything: the disk is no test");
}

/// The very first start, of which nothing is promised yet: cut anywhere, it is simply begun again.
#[test]
fn a_first_start_that_is_cut_is_begun_again() {
    let mut cut = 0;
    for _ in 0..setting("FIRST_STARTS", 16_u64) {
        let place = Place::new(None);
        let mut command = place.command();
        let (orders, report) = shaken::on_the_disk(&mut command, place.data().parent().unwrap());
        orders.give(&format!("cut {} {}", 1 + below(STEPS_FIRST_START), below(u64::MAX)));
        let mut server = Server::start(&mut command);
        if !server.program.listens() {
            assert_eq!(server.program.child.wait().unwrap().code(), Some(CUT));
            cut += 1;
        }
        drop(server);
        orders.give("");
        let mut server = Server::start(&mut command);
        let told = fs::read_to_string(&report);
        assert!(server.program.listens(), "after {told:?}");
        let tokens = Tokens::new(Keys::open(&place.data()).unwrap().tokens);
        let mut client = Client::connect(server.address()).unwrap();
        let ask = Ask { fan: 1, key: Some("first".to_owned()) };
        let answer = crowd::claim(&mut client, &tokens, &ask).unwrap();
        assert_eq!(answer.status, 201, "after {told:?}: {answer:?}");
        assert_eq!(server.program.end(), Some(0));
        let verified = verify::folder(&place.data(), &mut |_| {}).unwrap();
        assert!(verified.holds(), "after {told:?}: {:#?}", verified.broken);
    }
    println!("\nfirst_starts_cut {cut}");
    assert!(cut > 0);
}
