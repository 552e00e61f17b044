//! What all nodes of a festival know: the operator's secret in a file of each node, and the
//! festival's keys, which travel by the cold database, wrapped by that secret.

mod secret;

pub use secret::Secret;

use crate::kit::db::{Db, DbError, commit};
use crate::kit::keys;
use crate::on;
use secret::unwrapped;
use std::path::Path;

crate::statements! {
    FIND_KEY = "SELECT wrapped FROM festival_keys WHERE name = $1";
    KEEP_KEY = "INSERT INTO festival_keys (name, wrapped) VALUES ($1, $2)
        ON CONFLICT (name) DO NOTHING";
}

/// Makes this folder's keys the festival's: the first node gives its own, every other takes them.
///
/// # Errors
/// If the database does not answer, the secret is another, or the folder has keys of its own that
/// are not the festival's.
pub async fn share(db: &Db, secret: &Secret, folder: &Path) -> Result<(), DbError> {
    let told = |why: crate::kit::data::DataError| DbError(why.to_string());
    // All of them before any is written: a folder that has one has all.
    let find_own = |name| Ok((name, keys::find(folder, name).map_err(told)?));
    let own: Vec<_> = keys::NAMES.into_iter().map(find_own).collect::<Result<_, DbError>>()?;
    for (name, own) in own {
        if find(db, name).await?.is_none() {
            let given = match own {
                Some(own) => own,
                None => keys::random(&folder.join(name)).map_err(told)?,
            };
            let wrapped = secret.wrap(name, &given)?;
            let mut tx = db.begin().await?;
            on!(&mut tx, tx => {
                let query = sqlx::query(KEEP_KEY).bind(name).bind(&wrapped);
                query.execute(&mut **tx).await.map(|_| ())
            })?;
            commit(tx).await?;
        }
        let wrapped = find(db, name).await?.ok_or_else(unwrapped)?;
        let theirs = secret.unwrap(name, &wrapped)?;
        match own {
            None => keys::keep(&folder.join(name), &theirs).map_err(told)?,
            Some(own) if own == theirs => {}
            Some(_) => {
                return Err(DbError(format!(
                    "{} is not the key the other nodes use: give this node a fresh data folder",
                    folder.join(name).display()
                )));
            }
        }
    }
    Ok(())
}

async fn find(db: &Db, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    let found = on!(db.read(), pool => {
        sqlx::query_as::<_, (Vec<u8>,)>(FIND_KEY).bind(name).fetch_optional(pool).await
    })?;
    Ok(found.map(|(wrapped,)| wrapped))
}
