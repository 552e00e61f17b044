//! The tables beside the journal, on both databases: what facts become, exactly once.

#[path = "cold/beside.rs"]
mod beside;
mod common;
#[path = "cold/kills.rs"]
mod kills;
#[path = "cold/tables.rs"]
mod tables;
#[path = "cold/unread.rs"]
mod unread;

use common::postgres::Postgres;
use common::world::Temp;
use fanfare::drops::cold::{self, Projector, Whose};
use fanfare::kit::data::DataFolder;
use fanfare::kit::db::{Cold, Database, MIGRATIONS};
use fanfare::verify::{self, Broken, Report};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A moment; nothing is decided by it.
const NOW_MS: i64 = 1_775_620_000_000;

/// One of the databases, empty, with what must live as long as it does.
struct Base {
    place: Database,
    _server: Option<Arc<Postgres>>,
}

impl Base {
    fn sqlite(temp: &Temp) -> Self {
        Self { place: Database::File(temp.path().join("cold.sqlite")), _server: None }
    }

    fn postgres() -> Self {
        let server = Postgres::shared();
        Self { place: Database::Url(server.database()), _server: Some(server) }
    }

    fn open(&self) -> Arc<Cold> {
        let cold = Cold::open(&self.place, MIGRATIONS, NOW_MS);
        Arc::new(cold.unwrap_or_else(|why| panic!("{why}")))
    }
}

/// Runs a test on each database.
fn on_both(name: &str, test: impl Fn(&Base, &Temp)) {
    let temp = Temp::new(name);
    test(&Base::sqlite(&temp), &temp);
    let temp = Temp::new(name);
    test(&Base::postgres(), &temp);
}

/// Makes rows of a folder's journal until nothing is left; says why lanes stopped.
fn project(base: &Base, data: &Path) -> Vec<String> {
    let cold = base.open();
    let whose = Whose::of(&DataFolder::look(data).unwrap());
    let db = cold.db();
    cold.wait(async move { cold::own(&db, &whose).await }).unwrap();
    let told = Arc::default();
    let mut projector =
        Projector::start(data.join("journal.sqlite").into(), cold.clone(), Arc::clone(&told))
            .unwrap();
    projector.stop();
    let why = projector.lag.stopped().into_values().collect();
    drop(projector);
    cold.stop();
    why
}

/// Holds the tables against the journal.
fn compared(base: &Base, data: &Path) -> Report {
    let cold = Cold::look(&base.place).unwrap_or_else(|why| panic!("{why}"));
    let folder = DataFolder::look(data).unwrap();
    verify::folder_beside(&folder, Some(&cold), &mut |_| {}).unwrap_or_else(|why| panic!("{why}"))
}

/// What is said of the tables.
fn of_tables(report: &Report) -> Vec<String> {
    let named = |broken: &&Broken| broken.promise.code() == "tables";
    report.broken.iter().filter(named).map(Broken::to_string).collect()
}

/// Waits until something holds, for as long as a slow machine needs.
fn wait_for(mut holds: impl FnMut() -> bool) {
    for _ in 0..4_800 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it never came to hold");
}
