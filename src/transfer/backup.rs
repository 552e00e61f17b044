//! A data folder copied while it is served, into a folder that verifies by itself.

use super::{Show, rows, snapshot, sums, tables};
use crate::drops::cold::{Whose, check_owner};
use crate::drops::wake::festival_number;
use crate::kit::data::{DataFolder, write_private};
use crate::kit::database::Database;
use crate::kit::db::{Cold, MIGRATIONS};
use crate::kit::heads;
use crate::kit::journal::{JournalReader, JournalWriter, Journals, not_moved};
use crate::kit::keys;
use crate::transfer::Sum;
use crate::verify;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What a backup is called until it is verified and on the disk.
const UNFINISHED: &str = ".unfinished";

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
/// Why there is none; what was copied stays under a name that ends in `.unfinished`.
pub fn backup(order: &Order<'_>, show: Show<'_>) -> Result<Vec<Sum>, String> {
    let Order { folder, to, .. } = order;
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty: name a new folder", to.display()));
    }
    let reader = JournalReader::open(&folder.journals()).map_err(|why| why.to_string())?;
    not_moved(&reader)?;
    drop(reader);
    let beside = unfinished(to)?;
    if beside.exists() {
        let beside = beside.display();
        return Err(format!("{beside} is left of a backup that broke off: remove it first"));
    }
    let io = |path: &Path, why: io::Error| format!("{}: {why}", path.display());
    let mark_path = folder.path().join("festival");
    let mark = fs::read(&mark_path).map_err(|why| io(&mark_path, why))?;
    let made = DataFolder::begin(&beside, &mark).map_err(|why| why.to_string())?;
    let witness = heads::read(&folder.heads()).map_err(|why| why.to_string())?;
    heads::write(&made.heads(), &witness).map_err(|why| why.to_string())?;
    copy_files(order, &beside)?;
    copy_tables(order, &made, show)?;
    copy_journal(folder, &made, show)?;
    let held = check(&made, show)?;
    made.finish().map_err(|why| why.to_string())?;
    drop(made);
    let lock = beside.join("fanfare.lock");
    fs::remove_file(&lock).map_err(|why| io(&lock, why))?;
    fs::rename(&beside, to).map_err(|why| io(to, why))?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let synced = File::open(to).and_then(|folder| folder.sync_all());
    let synced = synced.and_then(|()| File::open(parent)?.sync_all());
    synced.map_err(|why| io(to, why))?;
    Ok(held)
}

/// The name it has until it is done.
fn unfinished(to: &Path) -> Result<PathBuf, String> {
    let name = to.file_name().ok_or("name a folder for the backup")?;
    let mut beside = OsString::from(name);
    beside.push(UNFINISHED);
    Ok(to.with_file_name(beside))
}

/// Keys, lists of lost claims, the festival's file.
fn copy_files(order: &Order<'_>, made: &Path) -> Result<(), String> {
    let from = order.folder.path();
    let private = |from: &Path, name: &str| {
        let bytes = fs::read(from).map_err(|why| format!("{}: {why}", from.display()))?;
        write_private(&made.join(name), &bytes).map_err(|why| why.to_string())
    };
    // Without them a restored festival would sign with another one.
    for key in keys::NAMES.into_iter().filter(|key| from.join(key).exists()) {
        private(&from.join(key), key)?;
    }
    let entries = fs::read_dir(from).map_err(|why| format!("{}: {why}", from.display()))?;
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
            tables::copy(&from, &to, show)
        }
    }
}

fn copy_journal(folder: &DataFolder, made: &DataFolder, show: Show<'_>) -> Result<(), String> {
    copy_rows(&folder.journals(), &made.journals(), show)
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
    rows::copy(&from, (&mut writers, &has), show)
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
