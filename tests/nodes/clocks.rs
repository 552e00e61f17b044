//! Nodes whose clocks differ: who takes a lane over opens no drop early, takes no hold and stops no
//! sale for a few seconds' difference; and a host confirms the time wherever the request lands.

use super::common::festival;
use super::common::served::{Place, Served, words};
use super::{DROPS, FILE, Festival, claimed, secret};
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::token::Role;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// A node whose wall clock the test sets.
struct Faked {
    offset: PathBuf,
    served: Served,
}

impl Faked {
    /// Starts with a clock that is so far ahead, seconds.
    fn serve(festival: &Festival, place: &Place, ahead_s: i64) -> Self {
        let offset = place.data.with_extension("offset");
        fs::write(&offset, format!("{ahead_s:+}\n")).unwrap();
        let key = secret(&festival.key);
        let key = key.to_str().unwrap();
        let flags = ["--listen", "127.0.0.1:0", "--node", "127.0.0.1:0", "--key", key];
        let mut command = place.command(&[&["serve", FILE][..], &flags[..]].concat());
        let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
        let library = libraries
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.exists())
            .expect("libfaketime: apt-get install libfaketime");
        command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &offset);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let served = place.serve_by(command);
        Self { offset, served }
    }

    fn step(&self, ahead_s: i64) {
        let beside = self.offset.with_extension("new");
        fs::write(&beside, format!("{ahead_s:+}\n")).unwrap();
        fs::rename(beside, &self.offset).unwrap();
    }
}

fn metric(served: &Served, name: &str) -> i64 {
    let metrics = served.ask(("GET", "/metrics"), 1, Role::Operator, "").text;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}: {metrics}")).parse().unwrap()
}

fn wait_for(what: &str, within_s: f64, done: impl Fn() -> bool) {
    let watch = Stopwatch::start();
    while !done() {
        assert!(watch.passed_s() < within_s, "not within {within_s} s: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Until each lane is served by this node, which follows all of them.
fn wait_until_served_by(served: &Served) {
    wait_for("the other node's lanes are taken over", 15.0, || {
        served.said().matches("this node serves the drop now").count() == DROPS.len()
    });
}

fn sleep_s(seconds: f64) {
    thread::sleep(Duration::from_secs_f64(seconds));
}

/// One serves every drop, and this many seconds ahead of it another follows; then the one is dead.
/// Gives that other, and what it needs.
fn taken_over(opens_ms_ago: i64, ahead_s: i64) -> (Festival, Place, Served) {
    let festival = Festival::new(30, opens_ms_ago);
    let [of_first, of_second] = [festival.place(), festival.place()];
    let mut first = festival.serve(&of_first);
    let second = Faked::serve(&festival, &of_second, ahead_s).served;
    sleep_s(2.0);
    for drop in DROPS.into_iter().filter(|_| opens_ms_ago > 0) {
        assert_eq!(claimed(&second, drop, 1).status, 201);
    }
    assert!(!second.said().contains("this node serves"), "{}", second.said());
    first.program.kill();
    wait_until_served_by(&second);
    (festival, of_second, second)
}

#[test]
fn a_host_confirms_the_time_of_the_owner_wherever_the_request_lands() {
    let mut festival = Festival::new(30, 3_600_000);
    festival.text = festival.text.replace("hold = \"5h\"", "hold = \"20s\"");
    let places = [festival.place(), festival.place()];
    let first = Faked::serve(&festival, &places[0], 0);
    let second = festival.serve(&places[1]);
    let held_until = |answer: &super::Answer| answer.body["held_until_ms"].as_i64().unwrap();
    let made = claimed(&second, "a", 1);
    assert_eq!(made.status, 201, "{made:?}");
    let other = claimed(&second, "b", 1);
    first.step(3_600);
    wait_for("the step is noticed", 5.0, || metric(&first.served, "fanfare_clock_stepped") == 1);
    let why = r#"{"why":"the clock is right"}"#;
    let resumed = second.ask(("POST", "/api/v1/drops/a/resumption"), 80, Role::Host, why);
    assert_eq!(resumed.status, 200, "{resumed:?}");
    let stepped = || metric(&first.served, "fanfare_clock_stepped") == 1;
    wait_for("the owner believes its clock", 5.0, || !stepped());
    // No hold is lost to the hour that was jumped over, of no drop of that node.
    sleep_s(1.5);
    for (drop, made) in [("a", &made), ("b", &other)] {
        let path = format!("/api/v1/claims/{}", made.text_of("claim"));
        let claim = second.ask(("GET", &path), 1, Role::Cashier, "");
        assert_eq!(claim.text_of("state"), "held", "{drop}: {claim:?}");
        let given_ms = held_until(&claim) - held_until(made);
        assert!((3_590_000..3_700_000).contains(&given_ms), "{drop}: {given_ms} ms more");
    }
    first.served.end();
    second.end();
    places[1].verified();
}

#[test]
fn a_node_whose_clock_is_far_ahead_takes_over_and_opens_no_drop_early() {
    let (_festival, _place, second) = taken_over(-1_200_000, 1_800);
    for drop in DROPS {
        let early = claimed(&second, drop, 3);
        assert!(matches!(early.text_of("code"), "paused" | "not_open"), "{drop}: {early:?}");
        assert_eq!(second.drop_json(drop)["time_in_doubt"], true, "{drop}");
    }
    let said = second.said();
    assert_eq!(said.matches("TIME IN DOUBT").count(), DROPS.len(), "{said}");
    assert_eq!(said.matches("CLOCKS DIFFER").count(), 1, "{said}");
    assert!(said.contains("1800.0 s ahead") || said.contains("1799.9 s ahead"), "{said}");
    second.end();
}

#[test]
fn a_node_whose_clock_is_a_little_ahead_takes_over_and_opens_no_drop_early() {
    let opens_ms = Clock::machine().now_ms() + 24_000;
    let (_festival, _place, second) = taken_over(-24_000, 7);
    assert!(!second.said().contains("TIME IN DOUBT"), "{}", second.said());
    let clock = Clock::machine();
    assert!(clock.now_ms() < opens_ms - 2_000, "this machine is too slow for this test");
    for drop in DROPS {
        loop {
            let made = claimed(&second, drop, 3);
            let now_ms = clock.now_ms();
            if made.status == 201 {
                assert!(now_ms > opens_ms - 1_500, "{} ms early", opens_ms - now_ms);
                break;
            }
            let code = made.text_of("code");
            assert!(matches!(code, "not_open" | "too_fast"), "{made:?}");
            assert!(now_ms < opens_ms + 4_000, "{} ms late", now_ms - opens_ms);
            sleep_s(0.4);
        }
    }
    second.end();
}

#[test]
fn a_node_whose_clock_is_a_little_behind_takes_over_and_goes_on_selling() {
    let (_festival, _place, second) = taken_over(3_600_000, -8);
    for drop in DROPS {
        let made = claimed(&second, drop, 3);
        assert_eq!(made.status, 201, "{drop}: {made:?}");
        assert_eq!(second.drop_json(drop)["time_in_doubt"], false, "{drop}");
    }
    let said = second.said();
    assert!(said.contains("CLOCKS DIFFER") && said.contains("behind every other"), "{said}");
    assert!(!said.contains("TIME IN DOUBT"), "{said}");
    second.end();
}

#[test]
fn a_node_whose_clock_is_far_behind_takes_over_and_says_that_time_is_in_doubt() {
    let (_festival, _place, second) = taken_over(3_600_000, -60);
    for drop in DROPS {
        assert_eq!(claimed(&second, drop, 3).text_of("code"), "paused", "{drop}");
    }
    let said = second.said();
    assert_eq!(said.matches("TIME IN DOUBT").count(), DROPS.len(), "{said}");
    second.end();
}

#[test]
fn a_clock_two_others_contradict_takes_nothing_over() {
    let festival = Festival::new(30, 3_600_000);
    let places = [festival.place(), festival.place(), festival.place()];
    let mut first = festival.serve(&places[0]);
    let second = festival.serve(&places[1]);
    let third = Faked::serve(&festival, &places[2], 1_800).served;
    for drop in DROPS {
        assert_eq!(claimed(&third, drop, 1).status, 201, "{drop}");
    }
    sleep_s(2.0);
    // Nor does it make drops, which it would open by that clock.
    let opens_ms = Clock::machine().now_ms() + 1_200_000;
    let more = festival::drop("g", opens_ms, "open_for = \"1d\"\nhold = \"5h\"\nlimit = 2", 20);
    let apply = |place: &Place| {
        place.write("more.toml", &format!("{}{more}", festival.text));
        words(&place.run(&["apply", "more.toml", "--yes"]))
    };
    let refused = apply(&places[2]);
    assert!(refused.contains("set it right, or ask another node"), "{refused}");
    let made = apply(&places[1]);
    assert_eq!(second.ask(("GET", "/api/v1/drops/g"), 1, Role::Fan, "").status, 200, "{made}");
    first.program.kill();
    wait_until_served_by(&second);
    for drop in DROPS {
        assert_eq!(claimed(&third, drop, 2).status, 201, "{drop}");
    }
    assert!(!third.said().contains("this node serves"), "{}", third.said());
    let ahead_ms = metric(&third, "fanfare_clock_differs_ms");
    assert!((1_799_000..1_801_000).contains(&ahead_ms), "{ahead_ms}");
    assert_eq!(second.said().matches("CLOCKS DIFFER").count(), 0, "{}", second.said());
    second.end();
    third.end();
}
