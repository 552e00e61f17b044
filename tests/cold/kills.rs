//! The projector killed at any point: `kill -9` of a server that has facts to make rows of, over
//! and over. `KILLS` says how often on each database.

use super::{Base, compared, project};
use crate::common::program::{self, Program};
use crate::common::world::Temp;
use crate::common::{festival, node};
use fanfare::drops::cold;
use fanfare::drops::ticket::Ticket;
use fanfare::festivals::Festival;
use fanfare::kit::clock::{Clock, Stopwatch};
use fanfare::kit::db::Database;
use fanfare::kit::journal::JournalReader;
use fanfare_engine::{Command, Fan, Line, Number, Quantity};
use std::path::PathBuf;
use std::time::Duration;

/// Claims made before each kill; most of them are paid, some given back.
const CLAIMS: u32 = 1_500;

/// Three kills in four come at most so long after the server says where it listens, ms; the
/// projector starts a moment before. The others come at most so long after the process starts.
const KILL_WITHIN_MS: u64 = 300;

/// Kills between two comparisons.
const COMPARE_EVERY: u32 = 10;

struct Shop {
    temp: Temp,
    text: String,
    festival: Festival,
    made: u32,
}

impl Shop {
    /// One drop, open since an hour ago for ten days.
    fn new(name: &str) -> Self {
        let temp = Temp::new(name);
        let terms = "open_for = \"10d\"\nhold = \"20d\"\nlimit = 2";
        let text = festival::open_boxes("kill-day", terms, 90_000_000);
        let festival = festival::read(&text);
        Self { temp, text, festival, made: 0 }
    }

    fn data(&self) -> PathBuf {
        self.temp.data()
    }

    /// A few thousand facts while nobody serves: the projector has not seen them.
    fn fill(&mut self) {
        let node = node::start(&self.data(), &self.festival, Clock::machine());
        let numbers = self.made + 1..=self.made + CLAIMS;
        let ask = |command| (1, command, Ticket::Nobody);
        let claims = numbers.clone().map(|number| {
            let fan = Fan::new(u64::from(number)).unwrap();
            let (line, quantity) = (Line(0), Quantity::MIN);
            ask(Command::Claim { fan, line, quantity, key: None })
        });
        node.ask_many(claims.collect());
        node.quiet();
        let ended = |number: u32| {
            let number = Number::new(number)?;
            // Few stay held: each start extends every hold, and that is a row each.
            match number.get() % 16 {
                0..10 => Some(Command::Settle { number }),
                10..15 => Some(Command::Release { number }),
                _ => None,
            }
        };
        let returned = |number: u32| Number::new(number).map(|number| Command::Return { number });
        // Older claims too: they are in the tables already.
        let older = (1..=self.made).rev().step_by(7).take(500);
        let later = numbers.filter_map(ended).chain(older.filter_map(returned)).map(ask);
        node.ask_many(later.collect());
        node.quiet();
        node.stop();
        self.made += CLAIMS;
    }

    fn serve(&self, base: &Base) -> Program {
        let mut command = program::serve(self.temp.path(), Some(&self.text));
        command.args(["--fronts", "1"]);
        if let Database::Url(url) = &base.place {
            command.args(["--database", url]);
        }
        Program::start(&mut command)
    }

    /// How many rows of the journal are not yet in the tables, and at which row these stand; none
    /// if there are no tables.
    fn behind(&self, base: &Base) -> Option<(u32, u32)> {
        if matches!(&base.place, Database::File(path) if !path.exists()) {
            return None;
        }
        let side = fanfare::kit::db::Cold::look(&base.place).unwrap();
        let db = side.db();
        let cursors = side.wait(async move { cold::cursors(&db).await }).ok()?;
        let newest = JournalReader::open(&self.data().join("journal.sqlite").into()).unwrap();
        let newest = newest.newest_seq(1).unwrap();
        let seq = cursors.get(&1).map_or(0, |(cursor, _)| cursor.seq);
        Some((newest.checked_sub(seq).expect("a cursor beyond the journal"), seq))
    }
}

fn kills_on(name: &str, base: impl Fn(&Shop) -> Base, fresh: impl Fn(&Shop) -> Base) {
    let kills = std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_u32);
    let mut shop = Shop::new(&format!("kills-{name}"));
    let base = base(&shop);
    let (mut amid, mut moved, mut stood, mut seed) = (0, 0, 0, 7_u64);
    for kill in 1..=kills {
        shop.fill();
        let mut server = shop.serve(&base);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if !kill.is_multiple_of(4) {
            server.url();
        }
        std::thread::sleep(Duration::from_micros((seed >> 33) % (KILL_WITHIN_MS * 1_000)));
        server.kill();
        let (rows, stands) = shop.behind(&base).unwrap_or((u32::MAX, 0));
        amid += u32::from(rows > 0);
        moved += u32::from(stands > stood);
        stood = stands;
        if kill % COMPARE_EVERY == 0 {
            let report = compared(&base, &shop.data());
            assert!(report.holds(), "after kill {kill}: {:#?}", report.broken);
        }
    }
    let mut server = shop.serve(&base);
    super::wait_for(|| shop.behind(&base).is_some_and(|(rows, _)| rows == 0));
    server.kill();
    let report = compared(&base, &shop.data());
    assert!(report.holds(), "{:#?}", report.broken);
    let lane = &report.lanes[0];
    assert_eq!(lane.claims, u64::from(kills * CLAIMS));
    // All of it once more into empty tables, without being disturbed.
    let (fresh, watch) = (fresh(&shop), Stopwatch::start());
    assert_eq!(project(&fresh, &shop.data()), [""; 0]);
    let seconds = watch.passed_s();
    let again = compared(&fresh, &shop.data());
    assert!(again.holds(), "{:#?}", again.broken);
    println!("{name}_facts_a_second {:.0}", lane.facts as f64 / seconds);
    println!("{name}_kills {kills}");
    println!("{name}_kills_before_the_end {amid}");
    println!("{name}_kills_after_some_rows {moved}");
    println!("{name}_facts {}", lane.facts);
}

#[test]
fn a_projector_killed_at_any_point_makes_each_fact_rows_once_on_sqlite() {
    let at = |path| Base { place: Database::File(path), _server: None };
    kills_on(
        "sqlite",
        |shop| at(shop.data().join("cold.sqlite")),
        |shop| at(shop.temp.path().join("again.sqlite")),
    );
}

#[test]
fn a_projector_killed_at_any_point_makes_each_fact_rows_once_on_postgres() {
    kills_on("postgres", |_| Base::postgres(), |_| Base::postgres());
}
