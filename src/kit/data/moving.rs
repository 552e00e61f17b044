//! A journal on its way to another place: what the folder notes of it, and the switch at the end.

use super::{DataError, DataFolder, FILE, JOURNALS, write_synced};
use crate::kit::database::Database;
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

    /// The tables' place of this name, likewise.
    pub fn tables_named(&self, name: &str) -> Database {
        match name {
            HERE => Database::File(self.cold()),
            url => Database::Url(url.to_owned()),
        }
    }

    fn name_of(place: &Database) -> &str {
        match place {
            Database::File(_) => HERE,
            Database::Url(url) => url,
        }
    }

    /// Where the journal is being moved to, if it is.
    ///
    /// # Errors
    /// If the note cannot be read.
    pub fn moving(&self) -> Result<Option<Database>, DataError> {
        let path = self.path.join(MOVING);
        match fs::read_to_string(&path) {
            Ok(name) => Ok(Some(self.journal_named(name.trim()))),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(DataError::io(&path, &why)),
        }
    }

    /// Notes that the journal is being moved there, before anything is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin_moving(&self, to: &Database) -> Result<(), DataError> {
        write_synced(&self.path.join(MOVING), format!("{}\n", Self::name_of(to)).as_bytes())
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
    pub fn point_to(&mut self, to: &Database) -> Result<(), DataError> {
        match to {
            Database::File(_) => {
                self.remove(JOURNALS)?;
                self.journals.clear();
                self.journals_kept = 0;
            }
            Database::Url(url) => {
                write_synced(&self.path.join(JOURNALS), format!("{url}\n").as_bytes())?;
                self.journals = vec![url.clone()];
                self.journals_kept = 1;
            }
        }
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
