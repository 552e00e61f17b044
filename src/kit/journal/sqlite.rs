//! The journal on `SQLite`: one file, one writer, any number of readers.
//!
//! A commit syncs before it returns (`synchronous=FULL` on a write-ahead log), and what was not
//! set so stops the start. The fence is in the transaction: a row goes in only behind the row with
//! the number and hash before it.

mod chain;
mod read;
mod schema;
mod write;

pub use read::Reader;
pub use write::Writer;

use super::JournalError;
use crate::kit::data::user;
use fanfare_lane::StoreError;
use rusqlite::Connection;
use std::io::Write as _;
use std::process;

/// The oldest `SQLite` that is believed with a journal: older ones can lose committed rows of a
/// write-ahead log. Source: `SQLite`'s release notes for 3.51.3.
pub const SQLITE_MIN: i32 = 3_051_003;

/// The exit code after a failed sync.
pub const EXIT_SYNC_FAILED: i32 = 74;

impl From<rusqlite::Error> for JournalError {
    fn from(why: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        end_if_unsynced(&why);
        // Without a code `SQLite` answered, but not with what belongs in the column.
        match why.sqlite_error_code() {
            None | Some(DatabaseCorrupt | NotADatabase) => Self::Unfit(advise(&why)),
            Some(_) => Self::Silent(advise(&why)),
        }
    }
}

fn store_error(why: &rusqlite::Error) -> StoreError {
    end_if_unsynced(why);
    StoreError(advise(why))
}

/// Ends the process after a failed sync, wherever it was met. What the disk holds is then unknown
/// to everybody, and the system may call the next sync a success without having written what this
/// one gave up: only a process that reads the journal anew, and appends behind it, can know.
fn end_if_unsynced(why: &rusqlite::Error) {
    use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC};
    if [SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC].contains(&code_of(why)) {
        // The log may lie on the same disk: whether anybody hears this or not, it ends.
        let _ = writeln!(
            std::io::stderr(),
            "fanfare: SYNC FAILED: the disk did not confirm what was written to the journal \
             ({why}), so nobody can be told anything more. It ends here. Look at the disk and the \
             system's log before you start again; every claim that was answered is in the journal"
        );
        process::exit(EXIT_SYNC_FAILED);
    }
}

/// SQLite's own number for an error; 0 if it is none of SQLite's.
fn code_of(why: &rusqlite::Error) -> i32 {
    why.sqlite_error().map_or(0, |error| error.extended_code)
}

/// An error in words, with what to do where that is known.
fn advise(why: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    let advice = match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; free some space on the journal's disk",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            return format!(
                "journal: {why}; give {} the right to read and write everything in the data \
                 folder, or use --data with another",
                user()
            );
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "; the file is damaged: restore it from a backup"
        }
        // Without space not even the memory that readers share can be made.
        _ if code_of(why) == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
            "; free some space on the journal's disk"
        }
        _ => "",
    };
    format!("journal: {why}{advice}")
}

fn pragma(connection: &Connection, name: &str) -> Result<String, JournalError> {
    let value: rusqlite::types::Value =
        connection.pragma_query_value(None, name, |row| row.get(0))?;
    Ok(match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    })
}
