//! The machine's clock steps, while serving and between runs: no hold is lost unfairly, no drop
//! opens early, and the host is told. The program runs under a clock of the tests' own.

mod common;

use common::festival::{self, BOX};
use common::served::{Place, Served};
use fanfare::kit::clock::Clock;
use fanfare::kit::token::Role;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

const FILE: &str = "festival.toml";

/// A festival with a drop that is open and one that opens in half an hour.
struct World {
    place: Place,
    offset: PathBuf,
    library: PathBuf,
}

impl World {
    fn new() -> Self {
        let now_ms = Clock::machine().now_ms();
        let terms = "open_for = \"30d\"\nhold = \"10m\"\nlimit = 2";
        let drop = |id: &str, opens_ms: i64| festival::drop(id, opens_ms, terms, 100);
        let drops = drop("boxes", now_ms - 3_600_000) + &drop("later", now_ms + 1_800_000);
        let place = Place::new();
        place.write(FILE, &festival::text("clock", &drops));
        let offset = place.data.with_extension("offset");
        let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
        let library = libraries
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.exists())
            .expect("libfaketime: apt-get install libfaketime");
        let world = Self { place, offset, library };
        world.step(0);
        world
    }

    /// The program's wall clock is so far off from now on.
    fn step(&self, seconds: i64) {
        let beside = self.offset.with_extension("new");
        fs::write(&beside, format!("{seconds:+}\n")).unwrap();
        fs::rename(beside, &self.offset).unwrap();
    }

    fn serve(&self) -> Served {
        let mut command = self.place.command(&["serve", FILE, "--listen", "127.0.0.1:0"]);
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", &self.offset);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.place.serve_by(command)
    }
}

/// Whether the program says that its clock stands where it cannot have come by itself.
fn stepped(served: &Served) -> bool {
    let metrics = served.ask(("GET", "/metrics"), 1, Role::Operator, "").text;
    metrics.lines().any(|line| line == "fanfare_clock_stepped 1")
}

fn state(served: &Served, claim: &str) -> String {
    let path = format!("/api/v1/claims/{claim}");
    let answer = served.ask(("GET", &path), 1, Role::Cashier, "");
    answer.text_of("state").to_owned()
}

/// A fan's claim, and its name.
fn held(served: &Served, fan: u64) -> String {
    let made = served.claim("boxes", fan, BOX);
    assert_eq!(made.status, 201, "{made:?}");
    made.text_of("claim").to_owned()
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    for _ in 0..100 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("not within 5 s: {what}");
}

#[test]
fn a_step_while_serving_takes_no_hold_and_opens_no_drop() {
    let world = World::new();
    let served = world.serve();
    let mut claims = vec![held(&served, 1)];
    let to_1970 = -Clock::machine().now_ms() / 1_000 + 100;
    for (fan, seconds) in [(2, 3_600), (3, -3_600), (4, to_1970), (5, 2 * 86_400)] {
        world.step(seconds);
        wait_for("the step is noticed", || stepped(&served));
        // Housekeeping looks once a second: what would run out has run out by then.
        thread::sleep(Duration::from_millis(1_500));
        assert_eq!(served.claim("later", fan, BOX).text_of("code"), "not_open", "{seconds} s");
        claims.push(held(&served, fan));
        for claim in &claims {
            assert_eq!(state(&served, claim), "held", "{seconds} s");
        }
        world.step(0);
        wait_for("the clock is right again", || {
            served.said().matches("the clock is right again").count() as u64 == fan - 1
        });
    }
    let told = served.said().matches("THE CLOCK STEPPED").count();
    assert_eq!(told, 4, "{}", served.said());
    for claim in &claims {
        assert_eq!(state(&served, claim), "held");
    }
    served.end();
    world.place.verified();
}

#[test]
fn a_clock_that_is_wrong_at_a_start_is_not_believed_before_a_host_says_so() {
    let world = World::new();
    let served = world.serve();
    let claim = held(&served, 1);
    served.end();
    for (fan, seconds) in [(2, -7_200), (3, 2 * 86_400)] {
        world.step(seconds);
        let served = world.serve();
        thread::sleep(Duration::from_millis(1_500));
        assert_eq!(served.claim("boxes", fan, BOX).text_of("code"), "paused", "{seconds} s");
        let early = served.claim("later", fan, BOX);
        assert!(matches!(early.text_of("code"), "paused" | "not_open"), "{early:?}");
        assert_eq!(state(&served, &claim), "held", "{seconds} s");
        assert_eq!(served.drop_json("boxes")["time_in_doubt"], true);
        assert!(served.said().contains("TIME IN DOUBT"), "{}", served.said());
        served.end();
    }
    // Two days really went by, a host says: whoever held has a minute at the least.
    let served = world.serve();
    let why = r#"{"why":"it is the day after tomorrow"}"#;
    let resumed = served.ask(("POST", "/api/v1/drops/boxes/resumption"), 80, Role::Host, why);
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert_eq!(state(&served, &claim), "held");
    assert_eq!(served.claim("boxes", 4, BOX).status, 201);
    assert_eq!(served.claim("later", 4, BOX).text_of("code"), "not_open", "nobody resumed it");
    served.end();
    world.place.verified();
}

#[test]
fn an_hour_switched_off_takes_nothing_from_a_hold() {
    let world = World::new();
    let served = world.serve();
    let claim = held(&served, 1);
    served.end();
    world.step(3_600);
    let served = world.serve();
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(state(&served, &claim), "held");
    let path = format!("/api/v1/claims/{claim}/settlement");
    let paid = served.ask(("POST", &path), 1, Role::Cashier, "");
    assert_eq!(paid.text_of("state"), "settled", "{paid:?}");
    served.end();
    world.place.verified();
}
