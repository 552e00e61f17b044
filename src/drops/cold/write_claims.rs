//! Claims into their table, many a statement.

use super::change::{Extended, Part};
use super::rows::{Made, Moved, Stock};
use super::write::Wrong;
use crate::kit::db::{Marks, Texts, Tx, chunks};
use crate::on;
use std::collections::BTreeMap;

crate::statements! {
    EXTEND = "UPDATE claims SET until_s = CASE WHEN until_s + $1 > $2 THEN until_s + $1 ELSE $2 END
        WHERE lane = $3 AND state = 'held'";
}

/// Columns of a claim's row, and their types.
const MADE: [(&str, &str); 13] = [
    ("lane", "BIGINT"),
    ("number", "BIGINT"),
    ("fan", "BIGINT"),
    ("line", "BIGINT"),
    ("quantity", "BIGINT"),
    ("state", "TEXT"),
    ("until_s", "BIGINT"),
    ("request_key", "BIGINT"),
    ("seq", "BIGINT"),
    ("place", "BIGINT"),
    ("made_at_ms", "BIGINT"),
    ("changed_at_ms", "BIGINT"),
    ("facts", "BIGINT"),
];

/// Types of a moved claim: number, what it was, what it became, when, by how many facts.
const MOVED: [&str; 5] = ["BIGINT", "TEXT", "TEXT", "BIGINT", "BIGINT"];

/// Inserts so many claims.
pub(super) fn insert_claims(mut marks: Marks, rows: usize) -> String {
    let (names, types): (Vec<_>, Vec<_>) = MADE.iter().copied().unzip();
    format!("INSERT INTO claims ({}) VALUES {}", names.join(", "), marks.rows(&types, rows))
}

/// Moves so many claims from the state they had; gives back those that had it. Their numbers are
/// bound once more behind the lane, as a list of their own: by it either database looks each up in
/// the key's index, where a planner without statistics would read the whole lane to join it.
pub(super) fn move_claims(mut marks: Marks, rows: usize) -> String {
    let (moved, lane) = (marks.rows(&MOVED, rows), marks.value("BIGINT"));
    let numbers: Vec<String> = (0..rows).map(|_| marks.value("BIGINT")).collect();
    format!(
        "WITH moved (n, was, became, at_ms, more) AS (VALUES {moved})
         UPDATE claims SET state = became, changed_at_ms = at_ms, facts = facts + more
         FROM moved WHERE lane = {lane} AND number IN ({}) AND number = n AND state = was
         RETURNING number, line, quantity",
        numbers.join(", ")
    )
}

/// Writes a part: claims made, then those moved, then the extension behind them.
pub(super) async fn write_part(
    tx: &mut Tx,
    lane: i64,
    part: &Part,
    stock: &mut BTreeMap<u16, Stock>,
) -> Result<(), Wrong> {
    for made in chunks(&part.made) {
        insert(tx, lane, made).await?;
    }
    let moved: Vec<(u32, Moved)> = part.moved.iter().map(|(n, moved)| (*n, *moved)).collect();
    for some in chunks(&moved) {
        let found = move_some(tx, lane, some).await?;
        if found.len() != some.len() {
            let lost = some.iter().find(|(n, _)| !found.iter().any(|row| row.0 == i64::from(*n)));
            let (number, was) = lost.map_or((0, ""), |(n, moved)| (*n, moved.from.word()));
            let why = format!("claim {number} is not {was} in the tables, or not there");
            return Err(Wrong::Lane(why));
        }
        for (number, line, quantity) in found {
            let per_unit = part.moved.get(&(number as u32)).map(|moved| moved.per_unit);
            let shift = stock.entry(line as u16).or_default();
            shift.add(per_unit.unwrap_or_default(), quantity);
        }
    }
    if let Some(Extended { gap_s, least_until_s }) = part.extended {
        on!(tx, tx => {
            let query = sqlx::query(EXTEND).bind(i64::from(gap_s)).bind(i64::from(least_until_s));
            query.bind(lane).execute(&mut **tx).await.map(|_| ())
        })?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, lane: i64, made: &[Made]) -> Result<(), sqlx::Error> {
    static INSERT: Texts = Texts::of(insert_claims);
    let sql = INSERT.text(tx, made.len());
    on!(tx, tx => {
        let mut query = sqlx::query(sql);
        for made in made {
            query = query
                .bind(lane)
                .bind(i64::from(made.number))
                .bind(made.fan as i64)
                .bind(i64::from(made.line))
                .bind(i64::from(made.quantity))
                .bind(made.state.word())
                .bind(i64::from(made.until_s))
                .bind(made.key.map(|key| key as i64))
                .bind(i64::from(made.seq))
                .bind(i64::from(made.place))
                .bind(made.made_at_ms)
                .bind(made.changed_at_ms)
                .bind(i64::from(made.facts));
        }
        query.execute(&mut **tx).await.map(|_| ())
    })
}

async fn move_some(
    tx: &mut Tx,
    lane: i64,
    some: &[(u32, Moved)],
) -> Result<Vec<(i64, i64, i64)>, sqlx::Error> {
    static MOVE: Texts = Texts::of(move_claims);
    let sql = MOVE.text(tx, some.len());
    on!(tx, tx => {
        let mut query = sqlx::query_as::<_, (i64, i64, i64)>(sql);
        for (number, moved) in some {
            query = query
                .bind(i64::from(*number))
                .bind(moved.from.word())
                .bind(moved.to.word())
                .bind(moved.at_ms)
                .bind(i64::from(moved.facts));
        }
        query = query.bind(lane);
        for (number, _) in some {
            query = query.bind(i64::from(*number));
        }
        query.fetch_all(&mut **tx).await
    })
}
