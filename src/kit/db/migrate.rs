//! The tables, made and changed at start without being asked. Files of `migrations/` are cut into
//! statements, each a transaction that writes down its hash too. So a start that was cut off goes
//! on where it stopped, and a database with statements unknown here is a newer program's.

use super::{Db, DbError, Tx, alone, commit};
use crate::kit::hex;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A file of statements.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its name; the order is that of names.
    pub name: &'static str,
    /// Its statements, each ended by `;` at the end of a line.
    pub sql: &'static str,
}

/// Every table of the cold side, in the order they came.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001-facts", sql: include_str!("../../../migrations/0001-facts.sql") },
    Migration { name: "0002-people", sql: include_str!("../../../migrations/0002-people.sql") },
    Migration { name: "0003-nodes", sql: include_str!("../../../migrations/0003-nodes.sql") },
    Migration { name: "0004-places", sql: include_str!("../../../migrations/0004-places.sql") },
];

crate::statements! {
    MAKE_LIST = "CREATE TABLE IF NOT EXISTS migrations (
        name TEXT NOT NULL,
        step BIGINT NOT NULL,
        hash TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        PRIMARY KEY (name, step)
    )";
    LIST = "SELECT name, step, hash FROM migrations";
    IS_DONE = "SELECT name, step, hash FROM migrations WHERE name = $1 AND step = $2";
    NOTE = "INSERT INTO migrations (name, step, hash, at_ms) VALUES ($1, $2, $3, $4)";
}

/// One statement to be run once.
struct Step {
    name: &'static str,
    nth: i64,
    sql: &'static str,
    hash: String,
}

/// The statements of all files, in order. Comments before one belong to it.
fn steps(files: &[Migration]) -> Vec<Step> {
    let of = |file: &Migration| {
        let sqls = file.sql.split(";\n").map(str::trim).filter(|sql| !sql.is_empty());
        let name = file.name;
        let step = move |(at, sql): (usize, &'static str)| {
            let hash: [u8; 32] = Sha256::digest(sql.as_bytes()).into();
            Step { name, nth: at as i64 + 1, sql, hash: hex::hex(&hash) }
        };
        sqls.enumerate().map(step).collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

/// Brings the tables to this program's version.
///
/// # Errors
/// If the database is a newer program's, or its history is not this program's.
pub async fn migrate(db: &Db, files: &[Migration], now_ms: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    alone(&mut tx).await?;
    crate::on!(&mut tx, tx => sqlx::query(MAKE_LIST).execute(&mut **tx).await.map(|_| ()))?;
    commit(tx).await?;
    let mut done = done(db).await?;
    let steps = steps(files);
    let mut todo = Vec::new();
    for step in &steps {
        match done.remove(&(step.name.to_owned(), step.nth)) {
            Some(hash) if hash == step.hash => {}
            Some(_) => {
                return Err(DbError(format!(
                    "the database was made by another fanfare: step {} of {} differs; use that \
                     one, or another database",
                    step.nth, step.name
                )));
            }
            None => todo.push(step),
        }
    }
    if let Some((name, step)) = done.keys().next_back() {
        return Err(DbError(format!(
            "the database was written by a newer fanfare (it has step {step} of {name}, which this \
             one does not know); use that one"
        )));
    }
    for step in todo {
        let mut tx = db.begin().await?;
        run(&mut tx, step, now_ms)
            .await
            .map_err(|why| DbError(format!("step {} of {} failed: {why}", step.nth, step.name)))?;
        commit(tx).await?;
    }
    Ok(())
}

async fn done(db: &Db) -> Result<BTreeMap<(String, i64), String>, DbError> {
    type Row = (String, i64, String);
    let rows = crate::on!(db.read(), pool => {
        sqlx::query_as::<_, Row>(LIST).fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(|(name, step, hash)| ((name, step), hash)).collect())
}

/// Runs a step, unless another node did so meanwhile.
async fn run(tx: &mut Tx, step: &Step, now_ms: i64) -> Result<(), DbError> {
    alone(tx).await?;
    crate::on!(tx, tx => {
        let is_done = sqlx::query(IS_DONE).bind(step.name).bind(step.nth);
        if is_done.fetch_optional(&mut **tx).await?.is_some() {
            return Ok(());
        }
        sqlx::query(step.sql).execute(&mut **tx).await?;
        sqlx::query(NOTE)
            .bind(step.name)
            .bind(step.nth)
            .bind(&step.hash)
            .bind(now_ms)
            .execute(&mut **tx)
            .await?;
    });
    Ok(())
}
