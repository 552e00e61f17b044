//! A folder to work in: one that was named is kept, a fresh one is removed at the end.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder.
pub struct Scratch {
    path: PathBuf,
    fresh: bool,
}

impl Scratch {
    /// The named folder, or a fresh one in the system's place for temporary files.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(named: Option<&Path>, purpose: &str) -> Result<Self, String> {
        let (path, fresh) = match named {
            Some(path) => (path.to_owned(), false),
            None => {
                let unique = getrandom::u64().map_err(|why| why.to_string())?;
                (std::env::temp_dir().join(format!("fanfare-{purpose}-{unique:016x}")), true)
            }
        };
        fs::create_dir_all(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self { path, fresh })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.fresh {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
