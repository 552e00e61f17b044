//! The disk itself, beneath a real SQLite: what was synced always stands, what was not can be
//! lost, whole or in part, and names too.
//!
//! Each cut ends a process, so the test starts itself once more and works on the disk there.

use fanfare_powercut::{CUT, ORDERS, REPORT, from_environment};
use rusqlite::Connection;
use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Says to the test, started once more, what to do: a database's path and its settings.
const WORK: &str = "POWERCUT_TEST_WORK";

/// Rows that are added, each in a transaction of its own.
const ROWS: i64 = 60;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("powercut-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("some.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a run left.
struct Left {
    code: Option<i32>,
    /// What it said, a line each.
    said: Vec<String>,
    /// The report of the cut.
    report: HashMap<String, String>,
}

impl Left {
    fn number(&self, name: &str) -> usize {
        self.report.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// Runs a test of this file once more, on the disk, with these orders and settings.
fn run(folder: &Folder, test: &str, orders: &str, settings: &str) -> Left {
    let (file, report) = (folder.0.join("orders"), folder.0.join("report"));
    fs::write(&file, orders).unwrap();
    let mut again = Command::new(std::env::current_exe().unwrap());
    let work = format!("{} {settings}", folder.database().display());
    again.args(["--exact", test, "--nocapture"]).env(WORK, work);
    let output = again.env(ORDERS, &file).env(REPORT, &report).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let report = fs::read_to_string(&report).unwrap_or_default();
    let pairs = report.lines().filter_map(|line| line.split_once(' '));
    let report = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Left { code: output.status.code(), said, report }
}

/// In the test that was started once more: the database, opened on the disk as it was asked.
fn asked() -> Option<Connection> {
    let work = std::env::var(WORK).ok()?;
    let (path, settings) = work.split_once(' ')?;
    from_environment();
    let connection = Connection::open(path).unwrap();
    for setting in settings.split(' ') {
        let (name, value) = setting.split_once('=').unwrap();
        connection.pragma_update(None, name, value).unwrap();
    }
    Some(connection)
}

/// Says something that is heard even if the process ends at once.
fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{words}").unwrap();
    out.flush().unwrap();
}

/// Adds rows and says each that was committed.
fn add_rows(connection: &Connection) {
    connection.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER, b BLOB)").unwrap();
    say("table");
    for n in 1..=ROWS {
        connection.execute("INSERT INTO t VALUES ($1, randomblob(700))", [n]).unwrap();
        say(&format!("row {n}"));
    }
}

/// Rows a database has; none if it has no table. Without the disk that lies.
fn rows(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    let sound: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let rows = "SELECT COUNT(*) FROM t WHERE n BETWEEN 1 AND $1";
    connection.query_row(rows, [ROWS], |row| row.get(0)).unwrap_or(0)
}

/// What many cuts came to.
#[derive(Debug, Default)]
struct Sum {
    cuts: usize,
    lost_bytes: usize,
    lost_names: usize,
    lost_rows: usize,
}

/// Cuts the same work at many places.
fn cuts(test: &str, settings: &str) -> Sum {
    let mut sum = Sum::default();
    for seed in 1..=24_u64 {
        let folder = Folder::new(&format!("{test}-{seed}"));
        // Up to the end of it: some four steps a row on a log, more with a rollback journal.
        let left = run(&folder, test, &format!("cut {} {seed}\nexit {seed}", seed * 11), settings);
        assert!([Some(CUT), Some(0)].contains(&left.code), "{:?}: {:?}", left.code, left.said);
        sum.cuts += usize::from(left.number("seed") as u64 == seed);
        sum.lost_bytes += usize::from(left.number("lost") > 0);
        sum.lost_names += usize::from(left.number("names") > 0);
        let told =
            left.said.iter().filter_map(|line| line.strip_prefix("row ")?.parse().ok()).max();
        sum.lost_rows += usize::from(rows(&folder.database()) < told.unwrap_or(0));
    }
    println!("{settings}: {sum:?}");
    assert_eq!(sum.cuts, 24);
    sum
}

#[test]
fn with_full_syncs_every_row_that_was_told_stands() {
    let test = "with_full_syncs_every_row_that_was_told_stands";
    if let Some(connection) = asked() {
        return add_rows(&connection);
    }
    let sum = cuts(test, "journal_mode=WAL synchronous=FULL");
    assert!(sum.lost_bytes > 0 && sum.lost_rows == 0, "{sum:?}");
    let sum = cuts(test, "journal_mode=WAL synchronous=FULL wal_autocheckpoint=8");
    assert!(sum.lost_bytes > 0 && sum.lost_rows == 0, "{sum:?}");
    let sum = cuts(test, "journal_mode=DELETE synchronous=EXTRA");
    assert!(sum.lost_bytes > 0 && sum.lost_rows == 0, "{sum:?}");
}

#[test]
fn without_them_rows_are_lost() {
    let test = "without_them_rows_are_lost";
    if let Some(connection) = asked() {
        return add_rows(&connection);
    }
    assert!(cuts(test, "journal_mode=WAL synchronous=NORMAL").lost_rows > 0);
}

#[test]
fn a_deletion_that_was_not_synced_is_undone() {
    let test = "a_deletion_that_was_not_synced_is_undone";
    if let Some(connection) = asked() {
        return add_rows(&connection);
    }
    // A rollback journal that comes back undoes its transaction. Source: SQLite's documentation of
    // `PRAGMA synchronous`, FULL and EXTRA.
    let sum = cuts(test, "journal_mode=DELETE synchronous=FULL");
    assert!(sum.lost_names > 0 && sum.lost_rows > 0, "{sum:?}");
}

/// Sets all blobs to 3,500 times this letter.
fn filled(letter: char) -> String {
    format!("UPDATE t SET b = CAST(replace(hex(zeroblob(1750)), '0', '{letter}') AS BLOB)")
}

/// Whether a letter stands there as often as in half a sector.
fn has(page: &[u8], letter: u8) -> bool {
    page.windows(256).any(|run| run.iter().all(|b| *b == letter))
}

#[test]
fn a_page_that_was_not_synced_is_torn() {
    let test = "a_page_that_was_not_synced_is_torn";
    if let Some(connection) = asked() {
        return connection.execute_batch(&filled('b')).unwrap();
    }
    let (mut torn, mut old, mut new) = (0, 0, 0);
    for seed in 1..=24 {
        let folder = Folder::new(&format!("torn-{seed}"));
        let connection = Connection::open(folder.database()).unwrap();
        add_rows(&connection);
        connection.execute_batch(&filled('a')).unwrap();
        drop(connection);
        let left = run(&folder, test, &format!("exit {seed}"), "journal_mode=OFF synchronous=OFF");
        assert_eq!(left.code, Some(0), "{:?}", left.said);
        let bytes = fs::read(folder.database()).unwrap();
        torn += bytes.chunks(4_096).filter(|page| has(page, b'a') && has(page, b'b')).count();
        old += usize::from(!has(&bytes, b'b'));
        new += usize::from(!has(&bytes, b'a'));
    }
    println!("torn pages {torn}, all as before {old} times, all as written {new} times");
    assert!(torn > 0 && old > 0 && new < 24);
}

#[test]
fn what_a_failed_sync_left_is_lost_at_the_end() {
    let test = "what_a_failed_sync_left_is_lost_at_the_end";
    if let Some(connection) = asked() {
        add_rows(&connection);
        let orders = PathBuf::from(std::env::var_os(ORDERS).unwrap());
        let give = |text: &str| fs::write(&orders, text).unwrap();
        let insert = || connection.execute("INSERT INTO t VALUES (0, 'x')", []);
        for (fault, code) in [
            ("sync-error some.sqlite-wal", rusqlite::ffi::SQLITE_IOERR_FSYNC),
            ("write-error some.sqlite-wal", rusqlite::ffi::SQLITE_IOERR_WRITE),
            ("readonly some.sqlite-wal", rusqlite::ffi::SQLITE_READONLY),
            ("full", rusqlite::ffi::SQLITE_FULL),
        ] {
            give(fault);
            let why = insert().unwrap_err();
            assert_eq!(why.sqlite_error().unwrap().extended_code, code, "{fault}: {why}");
            give("full some.sqlite");
            insert().expect("the log is another file");
        }
        give("");
        return say("all faults met");
    }
    let folder = Folder::new("faults");
    let left = run(&folder, test, "", "journal_mode=WAL synchronous=FULL wal_autocheckpoint=0");
    assert!(left.said.iter().any(|line| line == "all faults met"), "{:?}", left.said);
    assert!(left.report["when"] == "at the end", "a sync failed: {:?}", left.report);
    assert_eq!(rows(&folder.database()), ROWS);
}
