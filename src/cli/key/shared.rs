//! Keys that several nodes share, where new ones are made.

use crate::cli::Where;
use crate::drops::cold::{Whose, check_owner};
use crate::kit::data::DataFolder;
use crate::kit::db::{Cold, DbError, MIGRATIONS};
use crate::kit::keys::Rotated;
use crate::nodes::secrets::{self, Secret};
use std::path::{Path, PathBuf};

/// The database in which nodes share their keys, and their secret.
pub(super) struct Shared {
    side: Cold,
    secret: Secret,
    path: PathBuf,
}

/// Of whatever is refused before anything is written.
pub(super) const UNCHANGED: &str = "; nothing was changed";

impl Shared {
    /// None where this folder's keys are its own.
    pub(super) fn of(
        (place, key): (&Where, Option<&Path>),
        folder: &DataFolder,
        now_ms: i64,
    ) -> Result<Option<Self>, String> {
        if place.database.is_none() {
            return Ok(None);
        }
        let fault = |why: DbError| format!("{why}{UNCHANGED}");
        let at = place.tables(folder);
        let side = Cold::open(&at, MIGRATIONS, now_ms).map_err(fault)?;
        let (db, whose) = (side.db(), Whose::of(folder));
        let asked = side.wait(async move {
            check_owner(&db, &whose).await?;
            secrets::shared(&db).await
        });
        if asked.map_err(fault)?.is_empty() {
            return Ok(None);
        }
        let Some(key) = key else {
            return Err(format!(
                "several nodes share this festival's keys: name the file with their secret, \
                 --key FILE{UNCHANGED}"
            ));
        };
        let secret = Secret::read(key)?;
        let shared = Self { side, secret, path: folder.path().to_owned() };
        shared.settle().map_err(|why| why + UNCHANGED)?;
        Ok(Some(shared))
    }

    /// The folder's keys are, from here on, the ones in the database.
    pub(super) fn settle(&self) -> Result<(), String> {
        let (db, secret, path) = (self.side.db(), self.secret.clone(), self.path.clone());
        let settled = self.side.wait(async move { secrets::share(&db, &secret, &path).await });
        settled.map(|_| ()).map_err(|why| why.to_string())
    }

    /// A new key, for the other nodes.
    pub(super) fn put(&self, which: Rotated, new: [u8; 32]) -> Result<(), String> {
        let (db, secret) = (self.side.db(), self.secret.clone());
        let name = which.name();
        let put = self.side.wait(async move { secrets::replace(&db, &secret, name, &new).await });
        put.map_err(|why| why.to_string())
    }
}
