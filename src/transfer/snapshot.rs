//! A whole `SQLite` file as of one moment, while others write to it. Its writers are not waited
//! for and do not wait.

use super::Show;
use crate::kit::data::make_new;
use rusqlite::{Connection, OpenFlags, params};
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
    let named = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let copy = make_new(to).map_err(|why| named(to, &why))?;
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
    copied.map_err(|_| named(from, &"copying broke off"))?.map_err(|why| named(from, &why))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|why| named(to, &why))
}

fn vacuum_into(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute("VACUUM INTO $1", params![to.to_string_lossy()]).map(|_| ())
}
