//! A data folder copied while it is served, into a folder that verifies by itself.

use super::left::{parent, unfinished};
use super::{Show, rows, snapshot, sums, tables};
use crate::drops::cold::{Whose, check_owner};
use crate::drops::wake::festival_number;
use crate::kit::data::{DataError, DataFolder, write_private};
use crate::kit::database::Database;
use crate::kit::db::{Cold, MIGRATIONS};
use crate::kit::heads;
use crate::kit::journal::{JournalReader, JournalWriter, Journals, not_moved};
use crate::kit::keys;
use crate::transfer::Sum;
use crate::verify;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// What is to be copied, and where to.
pub struct Order<'a> {
    /// The data folder, served or not.
    pub folder: &'a DataFolder,
    /// Where its tables are.
    pub tables: &'a Database,
    /// The festival's file, if it is to lie with the backup.
    pub festival: Option<&'a Path>,
    /// The backup's folder, which is not there yet, or empty.
    pub to: &'a Path,
    /// The moment, ms since 1970.
    pub now_ms: i64,
}

/// Makes a backup and gives what it holds. Tables first, then the journal; the witness before
/// both, so that the backup does not testify against itself.
///
/// # Errors
/// Why there is none; what was copied is removed again.
pub fn backup(order: &Order<'_>, show: Show<'_>) -> Result<Vec<Sum>, String> {
    let Order { folder, to, .. } = order;
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty: name a new folder", to.display()));
    }
    let reader = JournalReader::open(&folder.journals()).map_err(|why| why.to_string())?;
    not_moved(&reader)?;
    whole_keys(folder.path(), &reader)?;
    drop(reader);
    let beside = unfinished(to)?;
    if beside.exists() {
        return Err(format!(
            "{} is another backup under way, or no backup of this festival: wait, or remove it",
            beside.display()
        ));
    }
    let mark_path = folder.path().join("festival");
    let mark = fs::read(&mark_path).map_err(|why| io(&mark_path, &why))?;
    let made = DataFolder::begin(&beside, &mark).map_err(|why| why.to_string())?;
    let held = fill(order, &made, show).and_then(|held| give_name(&made, to).map(|()| held));
    held.map_err(|why| match fs::remove_dir_all(&beside) {
        Ok(()) => format!("{why}; what was copied to {} is removed again", beside.display()),
        Err(left) => format!("{why}; remove {}: {left}", beside.display()),
    })
}

fn io(path: &Path, why: &io::Error) -> String {
    DataError::io(path, why).to_string()
}

fn fill(order: &Order<'_>, made: &DataFolder, show: Show<'_>) -> Result<Vec<Sum>, String> {
    let folder = order.folder;
    let witness = heads::read(&folder.heads()).map_err(|why| why.to_string())?;
    heads::write(&made.heads(), &witness).map_err(|why| why.to_string())?;
    copy_files(order, made.path())?;
    copy_tables(order, made, show)?;
    copy_rows(&folder.journals(), &made.journals(), show)?;
    let anew = |name: &&str| {
        let read = |of: &DataFolder| fs::read(of.path().join(name)).ok();
        read(folder) != read(made)
    };
    if let Some(name) = keys::NAMES.into_iter().find(anew) {
        return Err(format!("{name} was made anew while it was copied: do this again"));
    }
    check(made, show)
}

/// Gives what is filled its name, when all of it is on the disk.
fn give_name(made: &DataFolder, to: &Path) -> Result<(), String> {
    made.finish().map_err(|why| why.to_string())?;
    fs::rename(made.path(), to).map_err(|why| io(to, &why))?;
    // Locked until it has its name, so that nobody takes it for one that broke off.
    let lock = to.join("fanfare.lock");
    fs::remove_file(&lock).map_err(|why| io(&lock, &why))?;
    let synced = File::open(to).and_then(|folder| folder.sync_all());
    let synced = synced.and_then(|()| File::open(parent(to))?.sync_all());
    synced.map_err(|why| io(to, &why))
}

/// Refuses to go on without a key that the journal needs, or with another in its place.
pub(super) fn whole_keys(folder: &Path, reader: &JournalReader) -> Result<(), String> {
    if let Some(doubt) = keys::doubt(folder, reader)? {
        return Err(DataError::from(doubt).to_string());
    }
    let missing = keys::NEEDED.into_iter().find(|name| !folder.join(name).exists());
    missing.map_or(Ok(()), |name| Err(keys::gone(folder, name).to_string()))
}

/// Keys, lists of lost claims, the festival's file.
fn copy_files(order: &Order<'_>, made: &Path) -> Result<(), String> {
    let from = order.folder.path();
    let private = |from: &Path, name: &str| {
        let bytes = fs::read(from).map_err(|why| io(from, &why))?;
        write_private(&made.join(name), &bytes).map_err(|why| why.to_string())
    };
    // Without them a restored festival would sign with another one.
    for key in keys::NAMES.into_iter().filter(|key| from.join(key).exists()) {
        private(&from.join(key), key)?;
    }
    let entries = fs::read_dir(from).map_err(|why| io(from, &why))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("lost-") && entry.path().extension() == Some("csv".as_ref()) {
            private(&entry.path(), &name)?;
        }
    }
    order.festival.map_or(Ok(()), |file| private(file, "festival.toml"))
}

fn copy_tables(order: &Order<'_>, made: &DataFolder, show: Show<'_>) -> Result<(), String> {
    match order.tables {
        Database::File(path) if !path.exists() => Ok(()),
        Database::File(path) => snapshot::snapshot(path, &made.cold(), show),
        Database::Url(_) => {
            let from = Cold::look(order.tables).map_err(|why| why.to_string())?;
            let (db, whose) = (from.db(), Whose::of(order.folder));
            let asked = from.wait(async move { check_owner(&db, &whose).await });
            asked.map_err(|why| why.to_string())?;
            private_file(&made.cold())?;
            let place = Database::File(made.cold());
            let to = Cold::open(&place, MIGRATIONS, order.now_ms).map_err(|why| why.to_string())?;
            let copied = tables::copy(&from, &to, show);
            copied.map_err(|why| format!("the tables, to {}: {why}", place.shown()))
        }
    }
}

/// Copies journals to where none are: whole files as they are, else row by row. However many they
/// were, they become as many as are named: their lanes' numbers are the same in all of them.
pub(super) fn copy_rows(from: &Journals, to: &Journals, show: Show<'_>) -> Result<(), String> {
    let file = |journals: &Journals| match journals.databases().next() {
        Some(Database::File(path)) => Some(path),
        _ => None,
    };
    if let (Some(from), Some(to)) = (file(from), file(to)) {
        return snapshot::snapshot(&from, &to, show);
    }
    file(to).map_or(Ok(()), |path| private_file(&path))?;
    let from = JournalReader::open(from).map_err(|why| why.to_string())?;
    let mut writers = JournalWriter::each(to).map_err(|why| why.to_string())?;
    let has = JournalReader::open(to).map_err(|why| why.to_string())?;
    if !has.lanes().map_err(|why| why.to_string())?.is_empty() {
        return Err(format!("the journal at {} is not empty: name an empty one", to.shown()));
    }
    let copied = rows::copy(&from, (&mut writers, &has), show);
    copied.map_err(|why| format!("the journal, to {}: {why}", to.shown()))
}

/// A database's file that nobody else may read, before there is anything in it.
pub(super) fn private_file(path: &Path) -> Result<(), String> {
    write_private(path, b"").map_err(|why| why.to_string())
}

/// Verifies what was copied, tables too, and adds it up.
pub(super) fn check(made: &DataFolder, show: Show<'_>) -> Result<Vec<Sum>, String> {
    let cold = Database::File(made.cold());
    let side = made.cold().exists().then(|| Cold::look(&cold)).transpose();
    let side = side.map_err(|why| why.to_string())?;
    verified(made, side.as_ref(), show)?;
    let reader = JournalReader::open(&made.journals()).map_err(|why| why.to_string())?;
    sums(&reader, festival_number(made.festival()), show)
}

/// Verifies a folder with these tables.
pub(super) fn verified(
    folder: &DataFolder,
    side: Option<&Cold>,
    show: Show<'_>,
) -> Result<(), String> {
    let mut read = |progress: &verify::Progress<'_>| {
        show(progress.drop, progress.rows, progress.rows_of);
    };
    let report = verify::folder_beside(folder, side, &mut read);
    let report = report.map_err(|why| why.to_string())?;
    match report.broken.first() {
        None => Ok(()),
        Some(broken) => Err(format!(
            "{} does NOT verify, it is not to be relied on: {broken}; `fanfare verify` names all",
            folder.path().display()
        )),
    }
}
