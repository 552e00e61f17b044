//! A drop that nobody has opened yet is opened by whoever can, and is never forgotten.

use super::common::festival::BOX;
use super::common::postgres::Postgres;
use super::{FILE, claimed, drops, place, ready, stays};
use fanfare::kit::clock::Stopwatch;
use std::os::unix::fs::PermissionsExt as _;
use std::thread::sleep;
use std::time::Duration;

/// A node's row in this database is written slowly.
fn slow_rows(url: &str) {
    Postgres::sql(
        url,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN PERFORM pg_sleep(4); RETURN NEW; END';
         CREATE TRIGGER slow BEFORE INSERT ON nodes FOR EACH ROW EXECUTE FUNCTION slow()",
    );
}

#[test]
fn new_drops_of_a_journal_that_answers_slowly_when_it_comes_back_are_opened() {
    let (shared, mut dying) = (Postgres::shared(), Postgres::alone());
    let (first, second) = (shared.database(), dying.database());
    let place = place(&["a", "b"], &[&first, &second]);
    let served = place.serve(Some(FILE));
    for drop in ["a", "b"] {
        assert_eq!(served.claim(drop, 1, BOX).status, 201);
    }
    served.end();
    let ids = ["a", "b", "c", "d"];
    place.write(FILE, &drops(&ids));
    slow_rows(&second);
    dying.kill();
    let mut served = place.serve(Some(FILE));
    dying.start_again();
    // For as long as one of them is not served, an alarm says so.
    let watch = Stopwatch::start();
    while ready(&served).status != 200 {
        assert!(watch.passed_s() < 40.0, "{}\n{}", ready(&served).text, served.said());
        sleep(Duration::from_millis(100));
    }
    for drop in ids {
        assert_eq!(served.claim(drop, 4, BOX).status, 201, "{drop}: {}", served.said());
        claimed(&mut served, drop, 4);
    }
    stays(served, &place);
}

#[test]
fn a_new_drop_whose_node_died_before_its_first_row_is_opened_by_another() {
    let server = Postgres::shared();
    let register = server.database();
    let mut place = place(&["a"], &[&register]);
    place.database = Some(register.clone());
    place.write("secret", &"5e".repeat(32));
    let secret = place.data.parent().unwrap().join("secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let flags = ["--node", "127.0.0.1:0", "--key", secret.to_str().unwrap()];
    place.serve_with(FILE, &flags).end();
    place.write(FILE, &drops(&["a", "g"]));
    // As a node leaves it that is killed between taking the lease and its first row.
    Postgres::sql(
        &register,
        "INSERT INTO lanes (lane, drop_id, home) VALUES (2, 'g', 0);
         INSERT INTO nodes (node, process, address, beat, draining)
             VALUES (999, 1, '127.0.0.1:9', 1, FALSE);
         INSERT INTO leases (lane, node, term) VALUES (2, 999, 1)",
    );
    let mut served = place.serve_with(FILE, &flags);
    let (not_ready, early) = (ready(&served), served.claim("g", 1, BOX));
    assert_eq!((not_ready.status, early.text_of("code")), (503, "busy"), "{not_ready:?}");
    assert_eq!(served.claim("a", 1, BOX).status, 201);
    claimed(&mut served, "g", 1);
    stays(served, &place);
}
