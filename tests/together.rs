//! Nodes that start for the first time at the same instant, on databases that hold nothing: one
//! set of tables, one owner, one set of keys, and all of them come up.

mod common;

use common::festival::{BOX, open_boxes};
use common::postgres::Postgres;
use common::served::Place;
use fanfare::drops::cold::{self, Whose};
use fanfare::kit::data::DataFolder;
use fanfare::kit::database::Database;
use fanfare::kit::db::{Cold, MIGRATIONS};
use fanfare::kit::scratch::Scratch;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Barrier;
use std::thread;

const FILE: &str = "festival.toml";
const TERMS: &str = "open_for = \"2d\"\nhold = \"30m\"\nlimit = 2";
const AT_ONCE: usize = 5;

/// A division by nothing fails.
const ONE_HOUSE: &str = "SELECT 1 / (CASE WHEN COUNT(*) = 1 THEN 1 ELSE 0 END) FROM house";

#[test]
fn tables_that_are_made_at_once_are_made_once_and_have_one_owner() {
    let server = Postgres::shared();
    let scratch = Scratch::new(None, "together").unwrap();
    for round in 0..5 {
        let url = server.database();
        let place = Database::Url(url.clone());
        let barrier = Barrier::new(AT_ONCE);
        // Each of another festival, so that no key of the table keeps a second one out.
        let start = |nth: usize| {
            let path = scratch.path().join(format!("{round}-{nth}"));
            let folder = DataFolder::serve(&path, &format!("fest-{nth}"), false).unwrap();
            barrier.wait();
            let side = Cold::open(&place, MIGRATIONS, 0);
            barrier.wait();
            let side = side.unwrap();
            let (db, whose) = (side.db(), Whose::of(&folder));
            side.wait(async move { cold::own(&db, &whose).await })
        };
        let owned = thread::scope(|scope| {
            let starts: Vec<_> = (0..AT_ONCE)
                .map(|nth| {
                    scope.spawn({
                        let start = &start;
                        move || start(nth)
                    })
                })
                .collect();
            starts.into_iter().flat_map(|start| start.join().unwrap()).count()
        });
        assert_eq!(owned, 1);
        Postgres::sql(&url, ONE_HOUSE);
    }
}

#[test]
fn nodes_that_start_first_at_the_same_instant_all_serve_one_festival() {
    let server = Postgres::shared();
    for _ in 0..3 {
        let url = server.database();
        let key = Place::new();
        key.write("secret", &"5e".repeat(32));
        let secret = key.data.with_file_name("secret");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = open_boxes("shop", TERMS, 100);
        let barrier = Barrier::new(2);
        let start = || {
            let mut place = Place::new();
            place.write(FILE, &text);
            place.database = Some(url.clone());
            barrier.wait();
            let flags = ["--node", "127.0.0.1:0", "--key", secret.to_str().unwrap()];
            let served = place.serve_with(FILE, &flags);
            (place, served)
        };
        let nodes = thread::scope(|scope| {
            [scope.spawn(start), scope.spawn(start)].map(|node| node.join().unwrap())
        });
        Postgres::sql(&url, ONE_HOUSE);
        let made = nodes.each_ref().map(|(place, _)| DataFolder::look(&place.data).unwrap());
        assert_eq!(made[0].made_at_ms(), made[1].made_at_ms());
        for (fan, (_, node)) in (1..).zip(&nodes) {
            let sold = (0..80).any(|_| {
                thread::sleep(std::time::Duration::from_millis(100));
                matches!(node.claim("boxes", fan, BOX).status, 200 | 201)
            });
            assert!(sold, "{}", node.said());
        }
        for (_, node) in nodes {
            node.end();
        }
    }
}
