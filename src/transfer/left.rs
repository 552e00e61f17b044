//! What a backup is called until it is done, and what is left of one that never was.

use crate::kit::data::{DataError, DataFolder};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What a backup's name ends in until it is verified and on the disk.
const UNFINISHED: &str = ".unfinished";

/// The name it has until it is done.
pub(super) fn unfinished(to: &Path) -> Result<PathBuf, String> {
    let name = to.file_name().ok_or("name a folder for the backup")?;
    let mut beside = OsString::from(name);
    beside.push(UNFINISHED);
    Ok(to.with_file_name(beside))
}

/// The folder a backup lies in.
pub(super) fn parent(to: &Path) -> &Path {
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Removes what is left beside this place of backups of a festival that broke off: their process
/// died. Gives what was removed.
///
/// # Errors
/// If it cannot be.
pub fn clear_left(festival: &str, to: &Path) -> Result<Vec<PathBuf>, String> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(parent(to)).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let named = name.to_string_lossy().ends_with(UNFINISHED);
        if named && DataFolder::is_abandoned(&path, festival) {
            fs::remove_dir_all(&path).map_err(|why| DataError::io(&path, &why).to_string())?;
            removed.push(path);
        }
    }
    Ok(removed)
}
