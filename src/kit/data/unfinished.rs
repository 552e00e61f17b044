//! A folder that is being filled from another place. Until that is done it says so, and nothing
//! is served from it: half a journal looks like a whole one.

use super::{DataError, DataFolder, write_private};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Stands in a folder that is being filled.
const UNFINISHED: &str = "unfinished";

impl DataFolder {
    /// Begins to fill a folder with this mark, which is another folder's `festival`. It is made
    /// with mode 0700 and locked; one that is there has to be empty.
    ///
    /// # Errors
    /// If it is not empty, or cannot be written.
    pub fn begin(path: &Path, mark: &[u8]) -> Result<Self, DataError> {
        if Self::is_unfinished(path) {
            return Err(DataError::Unfinished(path.to_owned()));
        }
        if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(DataError::NotEmpty(path.to_owned()));
        }
        let lock = Self::lock(path)?;
        write_private(&path.join(UNFINISHED), b"")?;
        write_private(&path.join("festival"), mark)?;
        let mut folder = Self::look(path)?;
        folder.lock = Some(lock);
        Ok(folder)
    }

    /// It is filled: everything in it is synced, and it may be served.
    ///
    /// # Errors
    /// If it cannot be synced.
    pub fn finish(&self) -> Result<(), DataError> {
        let sync = |path: PathBuf| {
            let synced = File::open(&path).and_then(|file| file.sync_all());
            synced.map_err(|why| DataError::io(&path, &why))
        };
        let entries = fs::read_dir(&self.path).map_err(|why| DataError::read(&self.path, &why))?;
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            sync(entry.path())?;
        }
        self.remove(UNFINISHED)
    }

    /// Whether a folder was being filled, or had been, for this festival, and nobody has it in use.
    pub fn is_abandoned(path: &Path, festival: &str) -> bool {
        let ours = match Self::look(path) {
            Ok(folder) => folder.festival == festival,
            Err(DataError::Empty(_)) => Self::is_unfinished(path),
            Err(_) => false,
        };
        ours && Self::lock(path).is_ok()
    }

    /// Whether a folder is being filled, or filling it broke off.
    pub fn is_unfinished(path: &Path) -> bool {
        path.join(UNFINISHED).exists()
    }
}
