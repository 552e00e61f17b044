//! How far each lane's rows have become rows of tables, and what that testifies.

use super::rows::Cursor;
use crate::kit::db::{Db, DbError};
use crate::kit::heads::{Head, Heads};
use crate::on;
use fanfare_engine::WitnessedLine;
use fanfare_lane::{Hash, LaneId};
use std::collections::BTreeMap;

crate::statements! {
    CURSORS = "SELECT lane, seq, hash, at_ms,
            (SELECT COUNT(*) FROM drop_lines WHERE drop_lines.lane = cursors.lane)
        FROM cursors ORDER BY lane";
    WITNESSED = "SELECT cursors.lane, cursors.seq, cursors.hash, cursors.at_ms,
            drop_id, drops.claims + 1, set_aside + held + settled,
            issued - set_aside - held - settled
        FROM cursors JOIN drops ON drops.lane = cursors.lane
        JOIN drop_lines ON drop_lines.lane = cursors.lane
        ORDER BY cursors.lane, line";
}

pub(super) fn cursor_of(seq: i64, hash: &[u8], at_ms: i64) -> Cursor {
    let hash = Hash::try_from(hash).unwrap_or_default();
    Cursor { seq: u32::try_from(seq).unwrap_or(0), hash, at_ms }
}

/// How far each lane is, and how many lines its drop has.
///
/// # Errors
/// If the database cannot be read.
pub async fn cursors(db: &Db) -> Result<BTreeMap<LaneId, (Cursor, u16)>, DbError> {
    type Row = (i64, i64, Vec<u8>, i64, i64);
    let rows = on!(db.read(), pool => {
        sqlx::query_as::<_, Row>(CURSORS).fetch_all(pool).await
    })?;
    let one = |(lane, seq, hash, at_ms, lines): Row| {
        (lane as LaneId, (cursor_of(seq, &hash, at_ms), lines as u16))
    };
    Ok(rows.into_iter().map(one).collect())
}

/// What the tables testify of the journal: each lane's newest row that became rows here.
///
/// # Errors
/// If the database cannot be read.
pub async fn witnessed(db: &Db) -> Result<Heads, DbError> {
    type Row = (i64, i64, Vec<u8>, i64, String, i64, i64, i64);
    let rows = on!(db.read(), pool => {
        sqlx::query_as::<_, Row>(WITNESSED).fetch_all(pool).await
    })?;
    let mut heads = Heads::new();
    for (lane, seq, hash, at_ms, drop, next, out, free) in rows {
        let Cursor { seq, hash, at_ms: time_ms } = cursor_of(seq, &hash, at_ms);
        let next_number = u32::try_from(next).unwrap_or(u32::MAX);
        let line = WitnessedLine { out: out as u32, free: free as u32 };
        let head = Head { drop, seq, hash, time_ms, next_number, lines: Vec::new() };
        heads.entry(lane as LaneId).or_insert(head).lines.push(line);
    }
    Ok(heads)
}
