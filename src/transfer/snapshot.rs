//! A whole `SQLite` file as of one moment, while others write to it. Its writers are not waited
//! for and do not wait.

use super::Show;
use crate::kit::data::{DataError, make_new};
use rusqlite::ffi::{
    SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE,
};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often the copy's newest bytes are sent to the disk. All of them at the end would make the
/// journal's next sync wait for them, and with it everybody who claims.
const SYNC_EVERY: Duration = Duration::from_millis(20);

/// Copies the file into a new one of mode 0600, without its free pages, and comes back when the
/// copy is on the disk.
///
/// # Errors
/// If either cannot be read or written.
pub fn snapshot(from: &Path, to: &Path, show: Show<'_>) -> Result<(), String> {
    let io = |why: &std::io::Error| DataError::io(to, why).to_string();
    let copy = make_new(to).map_err(|why| io(&why))?;
    let bytes = std::fs::metadata(from).map_or(0, |data| data.len());
    let what = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let copied = thread::scope(|scope| {
        let copying = scope.spawn(|| vacuum_into(from, to));
        while !copying.is_finished() {
            thread::sleep(SYNC_EVERY);
            let _ = copy.sync_data();
            show(&what, copy.metadata().map_or(0, |data| data.len()).min(bytes), bytes);
        }
        copying.join()
    });
    let broke_off = |_| format!("{}: copying broke off", to.display());
    copied.map_err(broke_off)?.map_err(|why| words((from, to), &why))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|why| io(&why))
}

/// Why there is no copy, of the file that is to blame: `SQLite` itself names none.
fn words((from, to): (&Path, &Path), why: &rusqlite::Error) -> String {
    let extended = why.sqlite_error().map_or(0, |error| error.extended_code);
    let (path, advice) = match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (to, "; free some space on that disk, or name another place"),
        Some(ErrorCode::ReadOnly) => (to, "; it is read-only: name another place"),
        Some(ErrorCode::SystemIoFailure) if WRITING.contains(&extended) => {
            (to, "; look at that disk, or name another place")
        }
        _ => (from, ""),
    };
    format!("{}: {why}{advice}", path.display())
}

/// Failures of what is written; the file that is copied is only read.
const WRITING: [i32; 4] =
    [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_DIR_FSYNC];

fn vacuum_into(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute("VACUUM INTO $1", params![to.to_string_lossy()]).map(|_| ())
}
