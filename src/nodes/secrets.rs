//! What all nodes of a festival know: the operator's secret in a file of each node, and the
//! festival's keys, which travel by the cold database, wrapped by that secret.

mod marks;
mod secret;

pub use marks::Marks;
pub use secret::Secret;

use crate::kit::data::{DataError, DataFolder};
use crate::kit::db::{Db, DbError, commit};
use crate::kit::keys;
use crate::on;
use secret::unwrapped;
use std::path::Path;

crate::statements! {
    FIND_KEY = "SELECT wrapped FROM festival_keys WHERE name = $1";
    KEEP_KEY = "INSERT INTO festival_keys (name, wrapped) VALUES ($1, $2)
        ON CONFLICT (name) DO NOTHING";
    REPLACE_KEY = "UPDATE festival_keys SET wrapped = $2 WHERE name = $1";
    SHARED_KEYS = "SELECT name, wrapped FROM festival_keys ORDER BY name";
}

fn told(why: DataError) -> DbError {
    DbError(why.to_string())
}

/// Makes this folder's keys the festival's: the first node gives its own, every other takes them.
/// A folder that had the festival's takes those that were made anew since; says whether it did.
///
/// # Errors
/// If the database does not answer, the secret is another, or the folder has keys of its own that
/// never were the festival's.
pub async fn share(db: &Db, secret: &Secret, folder: &Path) -> Result<bool, DbError> {
    // All of them before any is written: a folder that has one has all.
    let find_own = |name| Ok((name, keys::find(folder, name).map_err(told)?));
    let own: Vec<_> = keys::NAMES.into_iter().map(find_own).collect::<Result<_, DbError>>()?;
    let mut marks = Marks::read(folder);
    let mut anew = false;
    for (name, own) in own {
        let path = folder.join(name);
        if find(db, name).await?.is_none() {
            let given = own.map_or_else(|| keys::random(&path).map_err(told), Ok)?;
            put(db, KEEP_KEY, name, &secret.wrap(name, &given)?).await?;
        }
        let wrapped = find(db, name).await?.ok_or_else(unwrapped)?;
        let theirs = secret.unwrap(name, &wrapped)?;
        match own {
            None => keys::keep(&path, &theirs).map_err(told)?,
            Some(own) if own == theirs => {}
            Some(own) if marks.is_key(name, &own) == Some(true) => {
                keys::keep(&path, &theirs).map_err(told)?;
                tracing::warn!(key = name, "it was made anew; this node has the new one now");
                anew = true;
            }
            Some(_) => {
                return Err(DbError(format!(
                    "{} is not the key the other nodes use, and never was: give this node a fresh \
                     data folder. New keys for all nodes are made by `fanfare key rotate` with \
                     --database and --key",
                    path.display()
                )));
            }
        }
        marks.note(name, &theirs, &wrapped);
    }
    marks.keep(folder).map_err(told)?;
    Ok(anew)
}

/// Whether a folder's tables, and so the keys it may share, are elsewhere, as far as it knows.
pub fn elsewhere(folder: &DataFolder) -> bool {
    let ever_here = folder.cold().exists();
    !folder.journals().in_file() && (!ever_here || Marks::read(folder.path()).any())
}

/// The keys that nodes share, by name, as they stand in the database.
///
/// # Errors
/// If it does not answer.
pub async fn shared(db: &Db) -> Result<Vec<(String, Vec<u8>)>, DbError> {
    on!(db.read(), pool => {
        sqlx::query_as::<_, (String, Vec<u8>)>(SHARED_KEYS).fetch_all(pool).await
    })
    .map_err(DbError::from)
}

/// Puts a new key in the place of the one that nodes share.
///
/// # Errors
/// If it is not known whether it stands there.
pub async fn replace(db: &Db, secret: &Secret, name: &str, new: &[u8; 32]) -> Result<(), DbError> {
    put(db, REPLACE_KEY, name, &secret.wrap(name, new)?).await
}

async fn put(db: &Db, sql: &'static str, name: &str, wrapped: &[u8]) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    on!(&mut tx, tx => {
        let query = sqlx::query(sql).bind(name).bind(wrapped);
        query.execute(&mut **tx).await.map(|_| ())
    })?;
    commit(tx).await
}

async fn find(db: &Db, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    let found = on!(db.read(), pool => {
        sqlx::query_as::<_, (Vec<u8>,)>(FIND_KEY).bind(name).fetch_optional(pool).await
    })?;
    Ok(found.map(|(wrapped,)| wrapped))
}
