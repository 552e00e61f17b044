//! A disk that fails while fans claim: full, read-only, failing writes, failing syncs. While it
//! lasts fans hear nothing that is not true; when it is over serving goes on by itself; and after
//! a failed sync the process ends with a word and a code of its own.
//!
//! Each test lets a crowd claim all the while, which holds every answer against those before.
//! `acceptance/3-07` runs them on the release build, and those with a real disk too.

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
#[allow(dead_code, reason = "shared with the test of cuts, which needs the rest")]
#[path = "shaken/mod.rs"]
mod shaken;

use common::http::{Answer, Client};
use common::token_now;
use fanfare::kit::clock::Stopwatch;
use fanfare::kit::token::{Role, Tokens};
use memory::{Ask, Told};
use place::DROP;
use rusqlite::Connection;
use shaken::Shaken;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The exit code after a failed sync.
const SYNC_FAILED: i32 = 74;

/// The first fan of those who look; the crowd's numbers are far below.
const LOOKING: u64 = 1_000_000;

/// A host, for what hosts do.
const HOST: u64 = 2_000_000;

/// The journal's log; its file; both of the tables'.
const LOG: &str = "journal.sqlite-wal";
const FILE: &str = "journal.sqlite";
const TABLES: &str = "cold.sqlite cold.sqlite-wal";

/// Somebody who looks at what the server says meanwhile.
struct Looker {
    client: Client,
    tokens: Tokens,
    next_fan: u64,
}

impl Looker {
    fn at(server: SocketAddr, shaken: &Shaken) -> Self {
        let keys = fanfare::kit::keys::Keys::open(&shaken.sale.place.data()).unwrap();
        let client = Client::connect(server).unwrap();
        Self { client, tokens: Tokens::new(keys.tokens), next_fan: LOOKING }
    }

    /// A fan who never asked before.
    fn new_fan(&mut self) -> (Ask, Answer) {
        self.next_fan += 1;
        let ask = Ask { fan: self.next_fan, key: Some(format!("looking-{}", self.next_fan)) };
        let answer = crowd::claim(&mut self.client, &self.tokens, &ask).unwrap();
        (ask, answer)
    }

    fn call(&mut self, call: (&str, &str), fan: u64, role: Role, body: &str) -> Answer {
        let token = token_now(&self.tokens, fan, role);
        self.client.call(call, &token, None, body).unwrap()
    }

    fn metric(&mut self, name: &str) -> i64 {
        let text = self.call(("GET", "/metrics"), LOOKING, Role::Operator, "").text;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("{name}: {text}"))
    }
}

/// Whether it says that it does not know, or that nothing was done.
fn honest(answer: &Answer) -> bool {
    answer.status == 503 && matches!(answer.text_of("code"), "unsure" | "busy")
}

/// Looks while no row can be written: nothing that needs one is answered as done, what needs none
/// is answered truly.
fn look(looker: &mut Looker, told: &Told, asked: &mut Vec<Ask>) {
    let since = Stopwatch::start();
    // Longer than anybody is kept waiting.
    while since.passed_us() < 6_500_000 {
        let (ask, answer) = looker.new_fan();
        assert!(honest(&answer), "{ask:?}: {answer:?}");
        asked.push(ask);
        let path = format!("/api/v1/claims/{}", told.id);
        crowd::same(told, &looker.call(("GET", &path), told.ask.fan, Role::Fan, ""));
        let again = crowd::claim(&mut looker.client, &looker.tokens, &told.ask).unwrap();
        if !honest(&again) {
            crowd::same(told, &again);
        }
    }
    let odd = r#"{"item":"nothing-of-the-kind"}"#;
    let claims = format!("/api/v1/drops/{DROP}/claims");
    assert_eq!(looker.call(("POST", &claims), LOOKING, Role::Fan, odd).status / 100, 4);
    let pause = format!("/api/v1/drops/{DROP}/pause");
    let answer = looker.call(("POST", &pause), HOST, Role::Host, r#"{"why":"the disk"}"#);
    assert!(answer.status == 503 && answer.text_of("code") == "busy", "{answer:?}");
    assert_eq!(looker.call(("GET", "/healthz"), LOOKING, Role::Fan, "").status, 200);
}

/// A server that met a fault for a while, with a crowd: it goes on, ends in order, and nothing
/// that was answered was untrue, also by the next start.
fn lasts(name: &str, shaken: &mut Shaken, breaks: impl FnOnce(), mends: impl FnOnce()) {
    let mut server = shaken.serve_and_ask();
    let address = server.address();
    let told = shaken.sale.memory.told.last().unwrap().clone();
    let mut looker = Looker::at(address, shaken);
    let (mut asked, mut went_on_ms) = (Vec::new(), 0);
    shaken.sale.sell(address, |_, _| {
        thread::sleep(Duration::from_millis(300));
        breaks();
        thread::sleep(Duration::from_millis(100));
        look(&mut looker, &told, &mut asked);
        let since = Stopwatch::start();
        mends();
        loop {
            let (ask, answer) = looker.new_fan();
            asked.push(ask);
            if answer.status == 201 {
                break;
            }
            assert!(honest(&answer), "{answer:?}");
            assert!(since.passed_us() < 20_000_000, "it does not go on");
        }
        went_on_ms = since.passed_us() / 1_000;
        let drop = looker.call(("GET", &format!("/api/v1/drops/{DROP}")), LOOKING, Role::Fan, "");
        assert_eq!(drop.text_of("state"), "open", "a pause that was not done: {drop:?}");
        thread::sleep(Duration::from_millis(300));
        assert_eq!(server.program.end(), Some(0));
    });
    let (unsure, busy) = (shaken.sale.memory.unsure, shaken.sale.memory.busy);
    assert!(unsure > 0, "a batch was decided and could not be written");
    shaken.sale.memory.unheard.extend(asked);
    after(shaken);
    println!("\n{name}_unsure {unsure}\n{name}_busy {busy}\n{name}_went_on_ms {went_on_ms}");
    println!("{name}_answers_remembered {}", shaken.sale.memory.told.len());
}

/// What stands on the disk is what was answered; and once more over HTTP, after the next start.
fn after(shaken: &mut Shaken) {
    shaken.sale.check(1);
    let mut server = shaken.serve_and_ask();
    assert_eq!(server.program.end(), Some(0), "{}", shaken.said());
    shaken.sale.check(2);
}

/// The same with a fault that is ordered.
fn ordered(name: &str, fault: &str) {
    let mut shaken = Shaken::new();
    let (on, off) = (shaken.orders(), shaken.orders());
    lasts(name, &mut shaken, || on.give(fault), || off.give(""));
}

#[test]
fn a_full_disk_is_told_truly_and_serving_goes_on() {
    ordered("full", "full");
}

#[test]
fn a_disk_that_turns_read_only_is_told_truly_and_serving_goes_on() {
    ordered("readonly", "readonly");
}

#[test]
fn failing_writes_are_told_truly_and_serving_goes_on() {
    ordered("write_error", &format!("write-error {LOG}"));
}

/// Serves a crowd until the disk fails a sync of this file; the process must end by itself.
fn sync_fails(name: &str, file: &str) {
    let mut shaken = Shaken::new();
    let orders = shaken.orders();
    let mut server = shaken.serve_and_ask();
    shaken.sale.sell(server.address(), |_, _| {
        thread::sleep(Duration::from_millis(200));
        orders.give(&format!("sync-error {file}"));
    });
    let code = server.program.child.wait().unwrap().code();
    let said = shaken.said();
    assert_eq!(code, Some(SYNC_FAILED), "{said}");
    assert!(said.contains("SYNC FAILED: the disk did not confirm"), "{said}");
    // What the sync should have brought to the disk may be gone by the next start.
    let report = shaken.report().expect("the disk lost what it had not synced");
    assert_eq!(report["when"], "at the end");
    shaken.orders().give("");
    after(&mut shaken);
    println!("\n{name}_exit_code {SYNC_FAILED}\n{name}_bytes_lost {}", report["lost"]);
    println!("{name}_answers_remembered {}", shaken.sale.memory.told.len());
}

#[test]
fn a_failed_sync_of_the_log_ends_the_process_with_a_word() {
    sync_fails("sync_error_log", LOG);
}

/// This one is met only when the log is brought to its place, which SQLite does silently.
#[test]
fn a_failed_sync_of_the_file_ends_the_process_with_a_word() {
    sync_fails("sync_error_file", FILE);
}

#[test]
fn a_sync_that_fails_at_the_start_ends_it_with_the_same_word() {
    let shaken = Shaken::new();
    shaken.orders().give(&format!("sync-error {LOG}"));
    let mut server = shaken.serve();
    assert!(!server.program.listens());
    assert_eq!(server.program.child.wait().unwrap().code(), Some(SYNC_FAILED), "{}", shaken.said());
    assert!(shaken.said().contains("SYNC FAILED"), "{}", shaken.said());
}

/// Claims in the tables, and in the journal.
fn claims_in_both(data: &Path, shaken: &Shaken) -> (i64, i64) {
    let tables = Connection::open(data.join("cold.sqlite")).unwrap();
    let sql = "SELECT COUNT(*) FROM claims";
    let in_tables: i64 = tables.query_row(sql, [], |row| row.get(0)).unwrap();
    (in_tables, shaken.sale.place.state().unwrap().claims().count().into())
}

/// Whatever happens to the tables' disk, fans notice nothing, and the tables come after.
fn tables_wait(name: &str, fault: &str) {
    let mut shaken = Shaken::new();
    let orders = shaken.orders();
    let mut server = shaken.serve_and_ask();
    let address = server.address();
    let mut looker = Looker::at(address, &shaken);
    let mut asked = Vec::new();
    let mut went_on_ms = 0;
    shaken.sale.sell(address, |_, _| {
        orders.give(fault);
        for _ in 0..20 {
            let (ask, answer) = looker.new_fan();
            assert_eq!(answer.status, 201, "{answer:?}");
            asked.push(ask);
            thread::sleep(Duration::from_millis(100));
        }
        assert!(looker.metric("fanfare_projector_rows_behind ") > 0);
        let sent = "name=Ada&password=correct+horse+battery&back=/me";
        let form = format!(
            "POST /sign-up HTTP/1.1\r\nHost: fans.example\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{sent}",
            sent.len()
        );
        let mut page = Client::connect(address).unwrap();
        page.send(form.as_bytes()).unwrap();
        let answer = page.answer().unwrap();
        assert!(answer.status / 100 == 5, "no account was made: {answer:?}");
        let taken = looker.metric("fanfare_projector_facts ");
        orders.give("");
        let since = Stopwatch::start();
        loop {
            page.send(form.as_bytes()).unwrap();
            let answer = page.answer().unwrap();
            if answer.status == 303 {
                break;
            }
            let waits = answer.status == 503 && since.passed_us() < 20_000_000;
            assert!(waits, "now it is made: {} {}", answer.status, answer.text);
            thread::sleep(Duration::from_millis(200));
        }
        // The crowd goes first, so it takes a while until all of it is taken.
        while looker.metric("fanfare_projector_facts ") == taken {
            assert!(since.passed_us() < 30_000_000, "the tables do not follow");
            thread::sleep(Duration::from_millis(50));
        }
        went_on_ms = since.passed_us() / 1_000;
        assert_eq!(looker.metric("fanfare_projector_stopped_lanes "), 0);
        assert_eq!(server.program.end(), Some(0));
    });
    shaken.sale.memory.unheard.extend(asked);
    shaken.sale.check(1);
    let mut server = shaken.serve_and_ask();
    let mut looker = Looker::at(server.address(), &shaken);
    while looker.metric("fanfare_projector_rows_behind ") > 0 {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.program.end(), Some(0));
    shaken.sale.check(2);
    let said = shaken.said();
    assert!(said.contains("the tables fall behind the journal"), "{said}");
    let (tables, journal) = claims_in_both(&shaken.sale.place.data(), &shaken);
    assert_eq!(tables, journal);
    println!("\n{name}_went_on_ms {went_on_ms}");
}

#[test]
fn tables_on_a_full_disk_come_after() {
    tables_wait("full_tables", &format!("full {TABLES}"));
}

#[test]
fn tables_whose_syncs_fail_come_after() {
    tables_wait("sync_error_tables", &format!("sync-error {TABLES}"));
}

/// Where the real disk is, which is small and holds nothing else.
fn real_disk() -> std::path::PathBuf {
    let place = std::env::temp_dir();
    let space = rustix::fs::statvfs(&place).unwrap();
    let bytes = space.f_blocks * space.f_frsize;
    assert!(bytes < 64 << 20, "TMPDIR must be a small disk of its own, this has {bytes} bytes");
    place
}

#[test]
#[ignore = "needs a small disk as TMPDIR: acceptance/3-07 mounts one"]
fn a_disk_that_is_really_full_is_told_truly_and_serving_goes_on() {
    let filler = real_disk().join("filler");
    let mut shaken = Shaken::new();
    // The festival file is there already: it is written for each start, and needs room too.
    let fill = || {
        let mut file = fs::File::create(&filler).unwrap();
        for block in [1 << 20, 65_536, 4_096, 1] {
            while std::io::Write::write_all(&mut file, &vec![1; block]).is_ok() {}
        }
    };
    lasts("really_full", &mut shaken, fill, || fs::remove_file(&filler).unwrap());
    // A start on the full disk says what to do; there is no room for a log either.
    fill();
    let output = shaken.sale.place.command().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("free some space"), "{said}");
    println!("\nreally_full_start_says {said}");
    fs::remove_file(&filler).unwrap();
    after(&mut shaken);
}
