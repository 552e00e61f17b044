//! A lane's tables, made of rows its journal has lost: what they alone still know is read out,
//! then they are emptied, and the projector makes them again from the rows that are left.

use crate::kit::db::{Db, DbError, commit};
use crate::on;
use fanfare_lane::LaneId;

crate::statements! {
    LOST = "SELECT number, fan, line, quantity, state, made_at_ms, changed_at_ms FROM claims
        WHERE lane = $1 AND (number > $2 OR changed_at_ms > $3) ORDER BY number";
    NO_CURSOR = "DELETE FROM cursors WHERE lane = $1";
    NO_CLAIMS = "DELETE FROM claims WHERE lane = $1";
    NO_RIGHTS = "DELETE FROM rights WHERE lane = $1";
    NO_LINES = "DELETE FROM drop_lines WHERE lane = $1";
    NO_DROP = "DELETE FROM drops WHERE lane = $1";
    NO_EVENTS = "DELETE FROM events WHERE what LIKE 'drop.%' AND subject =
        (SELECT drop_id FROM drops WHERE lane = $1)";
}

/// A claim whose newest fact is lost: number, fan, line, quantity, state, made and changed at.
pub type LostClaim = (i64, i64, i64, i64, String, i64, i64);

/// Claims the tables know more of than the rows that are left: those behind so many, and those
/// that changed after this moment.
///
/// # Errors
/// If the database cannot be read.
pub async fn lost_claims(
    db: &Db,
    lane: LaneId,
    (claims, left_ms): (u32, i64),
) -> Result<Vec<LostClaim>, DbError> {
    let rows = on!(db.read(), pool => {
        let query = sqlx::query_as::<_, LostClaim>(LOST).bind(i64::from(lane));
        query.bind(i64::from(claims)).bind(left_ms).fetch_all(pool).await
    })?;
    Ok(rows)
}

/// Empties a lane's tables.
///
/// # Errors
/// If the database does not do it; then nothing is gone.
pub async fn forget(db: &Db, lane: LaneId) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    for sql in [NO_EVENTS, NO_CURSOR, NO_CLAIMS, NO_RIGHTS, NO_LINES, NO_DROP] {
        on!(&mut tx, tx => {
            sqlx::query(sql).bind(i64::from(lane)).execute(&mut **tx).await.map(|_| ())
        })?;
    }
    commit(tx).await
}
