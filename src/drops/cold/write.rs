//! What was read of some lanes into their tables: all of it or nothing.

use super::load::Load;
use super::rows::Stock;
use super::{write_claims, write_rare};
use crate::kit::db::{Db, DbError, Tx, commit};
use crate::on;
use fanfare_lane::LaneId;

crate::statements! {
    FIRST_CURSOR = "INSERT INTO cursors (lane, seq, hash, at_ms) VALUES ($1, $2, $3, $4)";
    NEXT_CURSOR = "UPDATE cursors SET seq = $1, hash = $2, at_ms = $3
        WHERE lane = $4 AND seq = $5 AND hash = $6";
    COUNT = "UPDATE drops SET claims = COALESCE(CAST($1 AS BIGINT), claims),
            refused = refused + $2, resting = $3 WHERE lane = $4";
    SHIFT = "UPDATE drop_lines SET issued = issued + $1, set_aside = set_aside + $2,
            reserve = reserve + $3, held = held + $4, settled = settled + $5
        WHERE lane = $6 AND line = $7";
}

/// Why rows did not become rows.
#[derive(Debug)]
pub enum Refused {
    /// This lane's do not fit the tables. Asking again will not help.
    Lane(LaneId, String),
    /// The database did not do it; asking again may help.
    Database(DbError),
}

impl From<DbError> for Refused {
    fn from(why: DbError) -> Self {
        Self::Database(why)
    }
}

/// What is wrong with one lane's load.
pub(super) enum Wrong {
    Lane(String),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Wrong {
    fn from(why: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        let kind = why.as_database_error().map(sqlx::error::DatabaseError::kind);
        match kind {
            // A row that is there already, or that breaks what the tables hold true, is there
            // however often one asks.
            Some(ErrorKind::UniqueViolation | ErrorKind::CheckViolation) => {
                Self::Lane(format!("its facts do not fit the tables: {why}"))
            }
            _ => Self::Database(why),
        }
    }
}

/// Writes what was read of some lanes, all of it or nothing.
///
/// # Errors
/// Which lane does not fit, or what the database says.
pub async fn write(db: &Db, loads: &[Load]) -> Result<(), Refused> {
    let mut tx = db.begin().await?;
    for load in loads {
        write_lane(&mut tx, load).await.map_err(|wrong| match wrong {
            Wrong::Lane(why) => Refused::Lane(load.lane, why),
            Wrong::Database(why) => Refused::Database(why.into()),
        })?;
    }
    Ok(commit(tx).await?)
}

async fn write_lane(tx: &mut Tx, load: &Load) -> Result<(), Wrong> {
    let lane = i64::from(load.lane);
    let mut stock = load.stock.clone();
    for change in &load.changes {
        if let Some((line, units)) = write_rare::change_drop(tx, load, change).await? {
            stock.entry(line).or_default().set_aside -= units;
        }
    }
    for part in &load.parts {
        write_claims::write_part(tx, lane, part, &mut stock).await?;
    }
    for (line, shift) in stock {
        let Stock { issued, set_aside, reserve, held, settled } = shift;
        let query = on!(&mut *tx, tx => {
            let query = sqlx::query(SHIFT).bind(issued).bind(set_aside).bind(reserve);
            let query = query.bind(held).bind(settled).bind(lane).bind(i64::from(line));
            query.execute(&mut **tx).await.map(|done| done.rows_affected())
        })?;
        one_row(query, "a line that the tables do not have")?;
    }
    let claims = load.claims.map(i64::from);
    let counted = on!(&mut *tx, tx => {
        let query = sqlx::query(COUNT).bind(claims).bind(load.refused).bind(load.resting);
        query.bind(lane).execute(&mut **tx).await.map(|done| done.rows_affected())
    })?;
    one_row(counted, "a drop that the tables do not have")?;
    move_cursor(tx, load).await
}

fn one_row(rows: u64, otherwise: &str) -> Result<(), Wrong> {
    if rows == 1 { Ok(()) } else { Err(Wrong::Lane(otherwise.to_owned())) }
}

/// Moves the cursor from where it was read; whoever finds it elsewhere writes nothing.
async fn move_cursor(tx: &mut Tx, load: &Load) -> Result<(), Wrong> {
    let (lane, from, to) = (i64::from(load.lane), load.from, load.to);
    let moved = on!(&mut *tx, tx => if from.seq == 0 {
        let query = sqlx::query(FIRST_CURSOR).bind(lane).bind(i64::from(to.seq));
        let query = query.bind(to.hash.to_vec()).bind(to.at_ms);
        query.execute(&mut **tx).await.map(|done| done.rows_affected())
    } else {
        let query = sqlx::query(NEXT_CURSOR).bind(i64::from(to.seq)).bind(to.hash.to_vec());
        let query = query.bind(to.at_ms).bind(lane);
        let query = query.bind(i64::from(from.seq)).bind(from.hash.to_vec());
        query.execute(&mut **tx).await.map(|done| done.rows_affected())
    })?;
    one_row(moved, "the cursor is not where it was read: another process projects this lane")
}
