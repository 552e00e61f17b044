//! A backup brought back: into a new folder, and into databases that are empty.

use super::backup::{copy_rows, verified, whole_keys};
use super::{Show, Sum, snapshot, sums, tables};
use crate::drops::restore::{self, Gone};
use crate::drops::wake::festival_number;
use crate::kit::data::{DataFolder, write_private};
use crate::kit::database::Database;
use crate::kit::db::{Cold, MIGRATIONS};
use crate::kit::heads::{self, Heads};
use crate::kit::journal::{JournalReader, Journals};
use crate::kit::keys;
use std::fs;
use std::path::Path;

/// What is to come back, and where to.
pub struct Back<'a> {
    /// The backup.
    pub from: &'a Path,
    /// The data folder, which is not there yet, or empty.
    pub to: &'a Path,
    /// The tables' database, if not a file in the folder.
    pub database: Option<&'a str>,
    /// The journals', likewise.
    pub journals: &'a [String],
    /// The machine's own witness, where one is left: what it saw counts.
    pub witness: Option<&'a Path>,
    /// The moment, ms since 1970.
    pub now_ms: i64,
}

/// Brings a backup back. Gives what it holds, and which lanes the witness knows to have come
/// further.
///
/// # Errors
/// Why not. What was begun is not served from; the databases it was to go to have to be emptied.
pub fn bring_back(back: &Back<'_>, show: Show<'_>) -> Result<(Vec<Sum>, Vec<Gone>), String> {
    if DataFolder::is_unfinished(back.from) {
        let from = back.from.display();
        return Err(format!("{from} is a backup that broke off: bring back a finished one"));
    }
    let backup = DataFolder::look(back.from).map_err(|why| why.to_string())?;
    let open = |at: &Journals| JournalReader::open(at).map_err(|why| why.to_string());
    whole_keys(back.from, &open(&backup.journals())?)
        .map_err(|why| format!("the backup is not whole: {why}"))?;
    let kept = backup.cold().exists().then(|| Cold::look(&Database::File(backup.cold())));
    let kept = kept.transpose().map_err(|why| why.to_string())?;
    verified(&backup, kept.as_ref(), show)?;
    let witness = witnesses(back, &backup)?;
    let mark = fs::read(back.from.join("festival")).map_err(|why| why.to_string())?;
    let mut made = DataFolder::begin(back.to, &mark).map_err(|why| why.to_string())?;
    let kept = (&backup, kept.as_ref());
    fill(back, (&mut made, kept), &witness, show).map_err(|why| {
        format!("{why}; {} is unfinished: remove it before you do this again", back.to.display())
    })
}

/// Fills the folder, and says of it what the witness knows.
fn fill(
    back: &Back<'_>,
    (made, (backup, kept)): (&mut DataFolder, (&DataFolder, Option<&Cold>)),
    witness: &Heads,
    show: Show<'_>,
) -> Result<(Vec<Sum>, Vec<Gone>), String> {
    let journals = made.journals_named(back.journals).map_err(|why| why.to_string())?;
    for key in keys::NAMES.into_iter().filter(|key| back.from.join(key).exists()) {
        let bytes = fs::read(back.from.join(key)).map_err(|why| format!("{key}: {why}"))?;
        write_private(&back.to.join(key), &bytes).map_err(|why| why.to_string())?;
    }
    let side = match kept {
        Some(kept) => bring_tables(back, made, kept, show)?,
        None => None,
    };
    copy_rows(&backup.journals(), &journals, show)?;
    made.point_to(&journals).map_err(|why| why.to_string())?;
    // First only what the backup itself saw, so that it can be held against it.
    let own = heads::read(&backup.heads()).map_err(|why| why.to_string())?;
    heads::write(&made.heads(), &own).map_err(|why| why.to_string())?;
    verified(made, side.as_ref(), show)?;
    let number = festival_number(made.festival());
    let open = |at: &Journals| JournalReader::open(at).map_err(|why| why.to_string());
    let was = sums(&open(&backup.journals())?, number, show)?;
    let reader = open(&journals)?;
    let is = sums(&reader, number, show)?;
    if was != is {
        return Err("the copy is not the backup: the disk must be looked at".to_owned());
    }
    for _ in 0..2 {
        heads::write(&made.heads(), witness).map_err(|why| why.to_string())?;
    }
    let gone = restore::gone(&reader, number, (witness, &Heads::new()))?;
    made.finish().map_err(|why| why.to_string())?;
    Ok((is, gone))
}

/// What the backup's witness saw and what the machine's did, as one.
fn witnesses(back: &Back<'_>, backup: &DataFolder) -> Result<Heads, String> {
    let own = heads::read(&backup.heads()).map_err(|why| why.to_string())?;
    let Some(path) = back.witness else { return Ok(own) };
    if !path.exists() {
        return Err(format!("--witness {}: there is no such file", path.display()));
    }
    let seen = heads::read(path).map_err(|why| format!("--witness {why}"))?;
    Ok(heads::newest(own, seen))
}

fn bring_tables(
    back: &Back<'_>,
    made: &DataFolder,
    kept: &Cold,
    show: Show<'_>,
) -> Result<Option<Cold>, String> {
    let Some(url) = back.database else {
        snapshot::snapshot(&back.from.join("cold.sqlite"), &made.cold(), show)?;
        let side = Cold::look(&Database::File(made.cold())).map_err(|why| why.to_string())?;
        return Ok(Some(side));
    };
    let place = Database::Url(url.to_owned());
    let to = Cold::open(&place, MIGRATIONS, back.now_ms).map_err(|why| why.to_string())?;
    if !tables::empty(&to)? {
        return Err(format!("the tables at {} are not empty: name an empty one", place.shown()));
    }
    tables::copy(kept, &to, show)?;
    Ok(Some(to))
}
