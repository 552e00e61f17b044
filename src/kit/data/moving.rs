//! A journal on its way to another place: what the folder notes of it, and the switch at the end.

use super::{DataError, DataFolder, FILE, JOURNALS, write_private};
use crate::kit::database::Database;
use crate::kit::journal::{JOURNALS_MAX, Journals};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

/// Where the journal is being moved to.
const MOVING: &str = "moving";

/// What a place in the folder is called on the command line and in the folder's notes.
const HERE: &str = "sqlite";

impl DataFolder {
    /// The journal's place of this name: `sqlite` is the file in here, anything else a URL.
    pub fn journal_named(&self, name: &str) -> Database {
        match name {
            HERE => Database::File(self.path.join(FILE)),
            url => Database::Url(url.to_owned()),
        }
    }

    /// The journals' places of these names, in their order.
    ///
    /// # Errors
    /// If a place is named twice, or too many are, or the file beside others.
    pub fn journals_named(&self, names: &[String]) -> Result<Journals, DataError> {
        if names.len() > JOURNALS_MAX {
            return Err(DataError::TooManyJournals(names.len()));
        }
        let places: Vec<Database> = names.iter().map(|name| self.journal_named(name)).collect();
        let twice =
            |(at, place): &(usize, &Database)| places[..*at].iter().any(|had| had.is(place));
        if let Some((_, place)) = places.iter().enumerate().find(twice) {
            return Err(DataError::JournalTwice(place.shown()));
        }
        let file = places.iter().find(|place| matches!(place, Database::File(_)));
        Ok(match file {
            Some(_) if places.len() > 1 => return Err(DataError::FileBesideOthers),
            Some(file) => Journals::from(file.clone()).of(&self.festival),
            None => Journals::at(names).map_or(self.journals(), |all| all.of(&self.festival)),
        })
    }

    /// The tables' place of this name, likewise.
    pub fn tables_named(&self, name: &str) -> Database {
        match name {
            HERE => Database::File(self.cold()),
            url => Database::Url(url.to_owned()),
        }
    }

    /// Where the journal is being moved to, if it is.
    ///
    /// # Errors
    /// If the note cannot be read.
    pub fn moving(&self) -> Result<Option<Journals>, DataError> {
        let path = self.path.join(MOVING);
        match fs::read_to_string(&path) {
            Ok(names) => {
                let names: Vec<String> = names.lines().map(str::to_owned).collect();
                self.journals_named(&names).map(Some)
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(DataError::read(&path, &why)),
        }
    }

    /// Notes that the journals are being moved there, before anything is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin_moving(&self, to: &Journals) -> Result<(), DataError> {
        let urls = to.urls();
        let names = if urls.is_empty() { HERE.to_owned() } else { urls.join("\n") };
        write_private(&self.path.join(MOVING), (names + "\n").as_bytes())
    }

    /// The journal is not moved after all, or it was.
    ///
    /// # Errors
    /// If the note cannot be removed.
    pub fn end_moving(&self) -> Result<(), DataError> {
        self.remove(MOVING)
    }

    /// From now on the journal is there. This is the one moment of a move at which the place
    /// changes: before it the folder names the old one, after it the new one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn point_to(&mut self, to: &Journals) -> Result<(), DataError> {
        let urls = to.urls();
        if urls.is_empty() {
            self.remove(JOURNALS)?;
        } else {
            let lines = urls.join("\n") + "\n";
            write_private(&self.path.join(JOURNALS), lines.as_bytes())?;
        }
        self.journals_kept = urls.len();
        self.journals = urls;
        Ok(())
    }

    /// A free name in here for a file that gives way to another: `journal.moved-1.sqlite`.
    pub fn aside(&self, file: &str) -> PathBuf {
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "old"));
        let name = |nth: u32| self.path.join(format!("{stem}.moved-{nth}.{ending}"));
        (1..1_000).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1_000))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), DataError> {
        let path = self.path.join(name);
        let removed = match fs::remove_file(&path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.and_then(|()| File::open(&self.path)?.sync_all()),
        };
        removed.map_err(|why| DataError::io(&path, &why))
    }
}
