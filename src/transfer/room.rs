//! Room in the data folder for a file that comes back to it.

use super::backup::private_file;
use crate::drops::cold::went_to;
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use crate::kit::db::Cold;
use crate::kit::journal::{JournalReader, Journals, moved};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// Puts a journal that was moved away from this file aside, so that there is room for another.
pub(super) fn make_room(folder: &DataFolder, path: &Path) -> Result<(), String> {
    if !path.exists() {
        return private_file(path);
    }
    let place = Database::File(path.to_owned());
    let Some(reader) = JournalReader::find(&Journals::from(place).of(folder.festival()))
        .map_err(|why| why.to_string())?
    else {
        return Ok(());
    };
    if moved(&reader).map_err(|why| why.to_string())?.is_none() {
        return Ok(()); // A copy that broke off, or another journal: the copying looks.
    }
    drop(reader);
    set_aside(folder, path)
}

/// Renames a database's file that nobody has open, with all that is written to it.
fn set_aside(folder: &DataFolder, path: &Path) -> Result<(), String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let connection = Connection::open(path).map_err(|why| named(&why))?;
    let emptied: Result<i64, _> =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    if emptied.map_err(|why| named(&why))? != 0 {
        return Err(named(&"somebody reads it: try again"));
    }
    drop(connection);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    fs::rename(path, folder.aside(&file)).map_err(|why| named(&why))
}

/// The same for tables that were moved away.
pub(super) fn make_table_room(folder: &DataFolder, path: &Path) -> Result<(), String> {
    if !path.exists() {
        return private_file(path);
    }
    let place = Database::File(path.to_owned());
    let side = Cold::look(&place).map_err(|why| why.to_string())?;
    let db = side.db();
    let gone = side.wait(async move { went_to(&db).await }).map_err(|why| why.to_string())?;
    drop(side);
    if gone.is_some() { set_aside(folder, path) } else { Ok(()) }
}
