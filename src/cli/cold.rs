//! The tables beside the journal, for every command that asks for them.

use super::Where;
use crate::drops::cold::{self, Whose};
use crate::kit::data::DataFolder;
use crate::kit::db::{Cold, Place};
use crate::kit::heads::Heads;
use std::sync::Arc;

/// Opens the database of a data folder that is being served, brings its tables up to date, and
/// asks them how far each lane had come.
///
/// # Errors
/// Why not, and what to do.
pub fn open(place: &Where, folder: &DataFolder, now_ms: i64) -> Result<(Arc<Cold>, Heads), String> {
    let at = place.tables(folder);
    let side = Cold::open(&at, cold::MIGRATIONS, now_ms).map_err(|why| why.to_string())?;
    let (whose, db) = (Whose::of(folder), side.db());
    let asked = side.wait(async move {
        cold::own(&db, &whose).await?;
        cold::witnessed(&db).await
    });
    let tables = asked.map_err(|why| why.to_string())?;
    if let Place::Url(_) = at {
        let (shown, journal) = (at.shown(), folder.journal());
        eprintln!(
            "tables are on PostgreSQL at {shown}; the journal stays on SQLite at {}",
            journal.display()
        );
    }
    Ok((Arc::new(side), tables))
}

/// Opens a data folder's tables to read them, if there are any.
///
/// # Errors
/// If they cannot be read, or are another folder's.
pub fn look(place: &Where) -> Result<Option<Cold>, String> {
    let Ok(folder) = DataFolder::look(&place.data) else { return Ok(None) };
    let at = place.tables(&folder);
    if matches!(&at, Place::File(path) if !path.exists()) {
        return Ok(None);
    }
    let side = Cold::look(&at).map_err(|why| why.to_string())?;
    let whose = Whose::of(&folder);
    let db = side.db();
    let asked = side.wait(async move { cold::check_owner(&db, &whose).await });
    asked.map_err(|why| why.to_string())?;
    Ok(Some(side))
}
