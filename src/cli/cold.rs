//! The tables beside the journal, for every command that asks for them.

use super::Where;
use crate::app::{App, Mode};
use crate::drops::cold::{self, Whose};
use crate::drops::register;
use crate::fans::{self, People};
use crate::kit::data::{DataError, DataFolder};
use crate::kit::db::{Cold, Database, DbError, MIGRATIONS};
use crate::kit::heads::Heads;
use crate::kit::keys::{self, SIGNING};
use crate::nodes::secrets::{self, Secret};
use std::sync::Arc;
use std::time::Duration;

/// Opens the database of a data folder that is being served, brings its tables up to date, and
/// asks them how far each lane had come.
///
/// # Errors
/// Why not, and what to do.
pub fn open(place: &Where, folder: &DataFolder, now_ms: i64) -> Result<(Arc<Cold>, Heads), String> {
    testify(tables(place, folder, now_ms)?, place, folder)
}

/// The same for one of several nodes, where it is one: the folder gets what all of them share.
///
/// # Errors
/// Why not, and what to do.
pub fn open_among(
    place: &Where,
    folder: &mut DataFolder,
    shared: Option<&Secret>,
    now_ms: i64,
) -> Result<(Arc<Cold>, Heads), String> {
    let side = tables(place, folder, now_ms)?;
    if let Some(secret) = shared {
        join(&side, folder, secret)?;
    }
    testify(side, place, folder)
}

fn tables(place: &Where, folder: &DataFolder, now_ms: i64) -> Result<Cold, String> {
    Cold::open(&place.tables(folder), MIGRATIONS, now_ms).map_err(|why| why.to_string())
}

fn testify(side: Cold, place: &Where, folder: &DataFolder) -> Result<(Arc<Cold>, Heads), String> {
    let at = place.tables(folder);
    let (whose, db) = (Whose::of(folder), side.db());
    let asked = side.wait(async move {
        cold::own(&db, &whose).await?;
        cold::witnessed(&db).await
    });
    let tables = asked.map_err(|why| why.to_string())?;
    let journals = folder.journals();
    if matches!(at, Database::Url(_)) || !journals.in_file() {
        eprintln!("tables at {}; the journal at {}", at.shown(), journals.shown());
    }
    Ok((Arc::new(side), tables))
}

/// One of several nodes has the others' keys, and counts time from when they do.
fn join(side: &Cold, folder: &mut DataFolder, secret: &Secret) -> Result<(), String> {
    gives_its_own(side, folder)?;
    let (whose, db, secret) = (Whose::of(folder), side.db(), secret.clone());
    let path = folder.path().to_owned();
    let asked = side.wait(async move {
        // Of nodes that start at once the first to be written counts, for all of them.
        cold::found(&db, &whose).await?;
        let made_at_ms = cold::made_at_ms(&db, &whose).await?;
        // What was made anew is taken before anything is made with it.
        let _ = secrets::share(&db, &secret, &path).await?;
        Ok(made_at_ms)
    });
    if let Some(made_at_ms) = asked.map_err(|why| why.to_string())? {
        folder.join(made_at_ms).map_err(|why| why.to_string())?;
    }
    Ok(())
}

/// The first node gives the others its signing key: not one that is none of this journal's.
fn gives_its_own(side: &Cold, folder: &DataFolder) -> Result<(), String> {
    let db = side.db();
    let shared = side.wait(async move { secrets::shared(&db).await });
    if shared.map_err(|why| why.to_string())?.iter().any(|(name, _)| name == SIGNING) {
        return Ok(());
    }
    let (reader, _) = register::read(folder)?;
    let doubt = reader.map_or(Ok(None), |reader| keys::doubt(folder.path(), &reader))?;
    doubt.map_or(Ok(()), |doubt| Err(DataError::from(doubt).to_string()))
}

/// Says so where the keys were made anew between this node's reading of them and its joining of
/// the others: nobody could make them anew from then on.
///
/// # Errors
/// If they were, or the database does not answer.
pub fn keys_stand(side: &Cold, folder: &DataFolder, secret: &Secret) -> Result<(), String> {
    let (db, secret, path) = (side.db(), secret.clone(), folder.path().to_owned());
    let anew = side.wait(async move { secrets::share(&db, &secret, &path).await });
    if anew.map_err(|why| why.to_string())? {
        let why = "the festival's keys were made anew while this node started: start it again";
        return Err(why.to_owned());
    }
    Ok(())
}

/// What accounts need before anybody is let in: sessions that were ended, and, where nobody is
/// host yet, the secret that makes one.
///
/// # Errors
/// If the database does not answer.
pub fn meet(people: &People, mode: Mode, now_ms: i64) -> Result<Option<String>, String> {
    let asked = people.clone();
    let met = people.cold.wait(async move {
        fans::follow_ended(asked.clone(), 0, now_ms).await.map_err(told)?;
        if mode == Mode::Rehearsal {
            return Ok(None);
        }
        fans::new_host_secret(asked.cold.db(), now_ms).await.map_err(told)
    });
    met.map_err(|why| why.to_string())
}

fn told(_: fans::Refused) -> DbError {
    DbError("the database does not answer; it is named above".to_owned())
}

/// Says how somebody becomes host.
pub fn say_host(place: &Where, url: &str, secret: &str) {
    let mut command = format!("fanfare role NAME host --data {}", place.data.display());
    if place.database.is_some() {
        command += " --database URL";
    }
    eprintln!("no host yet: open {url}/host/{secret}, or sign up and run: {command}");
}

/// Follows, each second, what was ended elsewhere.
pub async fn follow(app: Arc<App>) {
    let mut since_ms = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(side) = &app.cold else { return };
        let (people, now_ms) = (side.people.clone(), app.now_ms());
        let asked = async move { Ok(fans::follow_ended(people, since_ms, now_ms).await) };
        if let Ok(Ok(next_ms)) = side.cold.run(asked).await {
            since_ms = next_ms;
        }
    }
}

/// Opens a data folder's tables to read them, if there are any.
///
/// # Errors
/// If they cannot be read, or are another folder's.
pub fn look(place: &Where) -> Result<Option<Cold>, String> {
    let Ok(folder) = DataFolder::look(&place.data) else { return Ok(None) };
    let at = place.tables(&folder);
    if matches!(&at, Database::File(path) if !path.exists()) {
        return Ok(None);
    }
    let side = Cold::look(&at).map_err(|why| why.to_string())?;
    let whose = Whose::of(&folder);
    let db = side.db();
    let asked = side.wait(async move { cold::check_owner(&db, &whose).await });
    asked.map_err(|why| why.to_string())?;
    Ok(Some(side))
}
