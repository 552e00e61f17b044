//! Statements over what hosts did and over claims, in parts by key.

use super::model::{Row, Search};
use crate::kit::db::{Db, DbError};
use crate::on;
use fanfare_engine::Fan;

macro_rules! claims_where {
    ($rest:literal) => {
        concat!(
            "SELECT number, fan, (SELECT shown_name FROM accounts WHERE accounts.fan = claims.fan),
                line, quantity, state, seq, place, made_at_ms, changed_at_ms FROM claims
            WHERE lane = $1 AND number > $2 AND number <= $3 AND ($4 = '' OR state = $4)",
            $rest,
            " ORDER BY number LIMIT $5"
        )
    };
}

crate::statements! {
    ACTS = "SELECT id, at_ms, who, what, data FROM events
        WHERE subject = $1 AND what LIKE 'drop.%' ORDER BY id DESC LIMIT $2";
    NAME_OF = "SELECT shown_name FROM accounts WHERE fan = $1";
    FAN_NAMED = "SELECT fan FROM accounts WHERE name = $1";
    CLAIMS = claims_where!("");
    CLAIMS_OF_FANS = claims_where!(" AND fan IN ($6, $7)");
}

/// An event's row: its id, when, who, what, data.
pub type Event = (String, i64, String, String, String);

type Columns = (i64, i64, Option<String>, i64, i64, String, i64, i64, i64, i64);

/// What hosts did to a drop, the newest first.
pub async fn acts(db: &Db, drop: &str, most: i64) -> Result<Vec<Event>, DbError> {
    let rows = on!(db.read(), pool => {
        sqlx::query_as::<_, Event>(ACTS).bind(drop).bind(most).fetch_all(pool).await
    })?;
    Ok(rows)
}

/// The name of an account.
pub async fn name_of(db: &Db, fan: u64) -> Result<Option<String>, DbError> {
    let row = on!(db.read(), pool => {
        sqlx::query_as::<_, (String,)>(NAME_OF).bind(fan as i64).fetch_optional(pool).await
    })?;
    Ok(row.map(|(name,)| name))
}

/// Whose name this is; it is given in small letters.
pub async fn fan_named(db: &Db, name: &str) -> Result<Option<Fan>, DbError> {
    let row = on!(db.read(), pool => {
        sqlx::query_as::<_, (i64,)>(FAN_NAMED).bind(name).fetch_optional(pool).await
    })?;
    Ok(row.and_then(|(fan,)| Fan::new(fan as u64)))
}

/// Claims behind this number, in order, at most so many.
pub async fn claims(
    db: &Db,
    lane: u32,
    search: &Search,
    (after, most): (u32, u32),
) -> Result<Vec<Row>, DbError> {
    let (first, last) = match search.number {
        Some(number) => (after.max(number.saturating_sub(1)), number),
        None => (after, u32::MAX),
    };
    let rows = on!(db.read(), pool => {
        let sql = if search.fans.is_some() { CLAIMS_OF_FANS } else { CLAIMS };
        let query = sqlx::query_as::<_, Columns>(sql).bind(i64::from(lane));
        let query = query.bind(i64::from(first)).bind(i64::from(last)).bind(&search.state);
        let query = query.bind(i64::from(most));
        let query = match search.fans {
            Some([one, other]) => query.bind(one.get() as i64).bind(other.get() as i64),
            None => query,
        };
        query.fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(row).collect())
}

fn row(columns: Columns) -> Row {
    let (number, fan, name, line, quantity, state, seq, place, made_at_ms, changed_at_ms) = columns;
    Row {
        number: number as u32,
        fan: fan as u64,
        name,
        line: line as u16,
        quantity: quantity as u16,
        state,
        place: (seq as u32, place as u16),
        made_at_ms,
        changed_at_ms,
    }
}
