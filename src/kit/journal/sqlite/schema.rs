//! The journal's tables and the settings it insists on.

use super::super::JournalError;
use super::{SQLITE_MIN, code_of, end_if_unsynced, pragma};
use crate::kit::data::{DataError, make_private};
use rusqlite::ffi::SQLITE_READONLY_ROLLBACK;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// The version of the tables; a journal with a higher one was written by a newer program.
const VERSION: i64 = 2;

/// Pages of the log from which on a commit brings them to their places.
const CHECKPOINT_PAGES: i32 = 4_000;

/// What each journal's writer keeps of its pages at most, negative for KiB. With 2,000 KiB, which
/// `SQLite` takes by itself, pages of a commit of a thousand lanes were written to the log and read
/// again before its end. Source: `SQLite`, "PRAGMA cache_size".
const CACHE_KIB: i32 = -32 * 1024;

/// The lanes, and every one's rows in the order in which they were written: `chain` says how they
/// are found.
const ROWS: &str = "
    CREATE TABLE lanes (
        lane INTEGER NOT NULL PRIMARY KEY CHECK (lane > 0),
        drop_id TEXT NOT NULL UNIQUE,
        home BIGINT NOT NULL DEFAULT 0,
        newest_seq BIGINT NOT NULL DEFAULT 0,
        newest_place BIGINT NOT NULL DEFAULT 0
    );
    CREATE TABLE journal (
        place INTEGER NOT NULL PRIMARY KEY,
        lane BIGINT NOT NULL REFERENCES lanes (lane),
        seq BIGINT NOT NULL CHECK (seq > 0),
        before BIGINT NOT NULL,
        hash BYTEA NOT NULL,
        header BYTEA NOT NULL,
        facts BYTEA NOT NULL,
        seal BYTEA NOT NULL
    );
    CREATE UNIQUE INDEX marked ON journal (lane, seq) WHERE seq % 32 = 0;
";

const WORDS: &str = "
    CREATE TABLE keys (
        id TEXT NOT NULL PRIMARY KEY,
        public TEXT NOT NULL
    );
    CREATE TABLE reasons (
        why BIGINT NOT NULL PRIMARY KEY,
        words TEXT NOT NULL
    );
";

/// Version 1 had an index of all rows, by lane.
const FROM_1: [&str; 3] = [
    "ALTER TABLE journal RENAME TO journal_1; ALTER TABLE lanes RENAME TO lanes_1;",
    ROWS,
    "INSERT INTO lanes (lane, drop_id, home) SELECT lane, drop_id, home FROM lanes_1;
     INSERT INTO journal (place, lane, seq, before, hash, header, facts, seal)
        SELECT ROW_NUMBER() OVER all_rows, lane, seq,
               CASE seq WHEN 1 THEN 0 ELSE ROW_NUMBER() OVER all_rows - 1 END,
               hash, header, facts, seal
        FROM journal_1 WINDOW all_rows AS (ORDER BY lane, seq);
     UPDATE lanes SET newest_seq = newest.seq, newest_place = newest.place
        FROM (SELECT lane, seq, MAX(place) AS place FROM journal GROUP BY lane) AS newest
        WHERE lanes.lane = newest.lane;
     DROP TABLE journal_1; DROP TABLE lanes_1;",
];

/// Opens the journal to write it, making it at the first start.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, JournalError> {
    if rusqlite::version_number() < SQLITE_MIN {
        let version = rusqlite::version();
        return Err(JournalError::Unfit(format!(
            "SQLite {version} can lose committed rows; build with 3.51.3 or newer"
        )));
    }
    let told = |why: std::io::Error| JournalError::Silent(DataError::io(path, &why).to_string());
    make_private(path).map_err(told)?;
    let mut connection = set(Connection::open(path)?)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens a journal that is there to write it, and makes none.
pub(super) fn open_again(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = set(Connection::open_with_flags(path, flags)?)?;
    if version(&connection)? > 0 {
        migrate(&mut connection)?;
    }
    Ok(connection)
}

/// Sets what is insisted on.
fn set(connection: Connection) -> Result<Connection, JournalError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A row changes its lane's entry of the list, which says as much (`Writer::insert`).
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.wal_hook(Some(checkpoint));
    insist(&connection, "journal_mode", "wal")?;
    insist(&connection, "synchronous", "2")?;
    Ok(connection)
}

/// Opens the journal to read it beside its writer.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, JournalError> {
    let missing = || JournalError::Missing(format!("{}: there is no journal", path.display()));
    if !path.exists() {
        return Err(missing());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "mmap_size", 1_i64 << 30)?;
    // A first start that was cut off made the file and not its tables, or left the rollback journal
    // that is there only until the log is: there is no journal yet, and whoever writes makes it.
    match version(&connection) {
        Ok(0) => Err(missing()),
        Err(why) if code_of(&why) == SQLITE_READONLY_ROLLBACK => Err(missing()),
        version => known(version?).map(|()| connection),
    }
}

/// Brings a long log's pages to their places in the file, as `SQLite` does by itself. That one says
/// nothing if it fails (`sqlite3WalDefaultHook`), and a failed sync must be heard.
#[allow(clippy::unnecessary_wraps, reason = "the type a hook has")]
fn checkpoint(log: &Wal, pages: i32) -> rusqlite::Result<()> {
    if pages >= CHECKPOINT_PAGES
        && let Err(why) = log.checkpoint()
    {
        end_if_unsynced(&why);
        // Whatever else it was, the log has it all, and the next commit tries again.
    }
    Ok(())
}

fn insist(connection: &Connection, name: &str, value: &str) -> Result<(), JournalError> {
    let is = pragma(connection, name)?;
    if is == value {
        return Ok(());
    }
    Err(JournalError::Unfit(format!(
        "the journal needs {name}={value}, but this file system gave {is}; \
         put the data folder on a local disk"
    )))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn known(version: i64) -> Result<(), JournalError> {
    if version > VERSION {
        return Err(JournalError::Unfit(format!(
            "the journal was written by a newer fanfare (version {version}, this one knows \
             {VERSION}); use that one"
        )));
    }
    Ok(())
}

/// Whether an older program wrote the file, and no writer has brought it up to date: then rows are
/// found by an index of their own.
pub(super) fn is_older(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? < VERSION)
}

/// Makes the tables, or those of this version from an older one's.
fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    let version = version(connection)?;
    known(version)?;
    if version < VERSION {
        if version > 0 {
            tracing::warn!(version, "the journal of an older fanfare is brought up to date");
        }
        // Rows are taken over as they stand, whatever somebody did to the list of lanes.
        let step = connection.transaction()?;
        match version {
            0 => [ROWS, WORDS].iter().try_for_each(|sql| step.execute_batch(sql))?,
            _ => FROM_1.iter().try_for_each(|sql| step.execute_batch(sql))?,
        }
        step.pragma_update(None, "user_version", VERSION)?;
        step.commit()?;
    }
    Ok(())
}
