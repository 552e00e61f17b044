//! Where a lane's rows are in the table, which keeps all lanes' in the order they were written.
//!
//! A row goes in behind all others, so that a commit writes few pages however many lanes have a row
//! in it. Each says where its lane's row before it is, the list of lanes where the newest is, and
//! an index where every thirty-second is: whoever looks for one goes back from the next known one.
//! Where that leads nowhere, for rows were taken away by hand, the whole table is looked through.

use super::super::row::RawRow;
use fanfare_lane::{Hash, LaneId};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

/// A lane's newest row where the list of lanes says it is.
const NEWEST: &str = "SELECT seq, hash, place FROM lanes JOIN journal ON place = newest_place
    WHERE lanes.lane = $1 AND journal.lane = $1";

/// Which row the list of lanes says is the newest, if it knows of any.
const LISTED: &str = "SELECT newest_seq FROM lanes WHERE lane = $1 AND newest_seq > 0";

/// A lane's newest row, wherever it is.
const NEWEST_OF_ALL: &str =
    "SELECT seq, hash, place FROM journal WHERE lane = $1 ORDER BY seq DESC LIMIT 1";

/// The first row of the index from a number on. Its condition is the index's own.
const MARKED: &str = "SELECT seq, place FROM journal
    WHERE lane = $1 AND seq >= $2 AND seq % 32 = 0 ORDER BY seq LIMIT 1";

/// Where the row before this one is.
const BEFORE: &str = "SELECT before FROM journal WHERE place = $1 AND lane = $2 AND seq = $3";

const ROW: &str = "SELECT seq, hash, header, facts, seal, before FROM journal
    WHERE place = $1 AND lane = $2 AND seq = $3";

const ROWS_OF_ALL: &str = "SELECT seq, hash, header, facts, seal FROM journal
    WHERE lane = $1 AND seq >= $2 ORDER BY seq LIMIT $3";

/// A lane's newest row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tip {
    pub(super) seq: u32,
    pub(super) place: i64,
    /// None where the column holds no hash.
    pub(super) hash: Option<Hash>,
}

/// The lane's newest row; none where it has none.
pub(super) fn tip(connection: &Connection, lane: LaneId) -> Result<Option<Tip>> {
    let read = |row: &rusqlite::Row<'_>| {
        let hash = row.get_ref(1)?.as_blob().ok().and_then(|hash| hash.try_into().ok());
        Ok(Tip { seq: row.get(0)?, place: row.get(2)?, hash })
    };
    let newest = connection.prepare_cached(NEWEST)?.query_row(params![lane], read).optional()?;
    if newest.is_some() || !connection.prepare_cached(LISTED)?.exists(params![lane])? {
        return Ok(newest);
    }
    connection.prepare_cached(NEWEST_OF_ALL)?.query_row(params![lane], read).optional()
}

/// The number of the lane's newest row; 0 where it has none. One that is listed and cannot be read
/// is there: what is wrong with it is for whoever reads rows to hear.
pub(super) fn newest_seq(connection: &Connection, lane: LaneId) -> Result<u32> {
    let listed = connection.prepare_cached(LISTED)?.query_row(params![lane], |row| row.get(0));
    let Some(listed) = listed.optional()? else { return Ok(0) };
    Ok(tip(connection, lane).map_or(listed, |tip| tip.map_or(0, |tip| tip.seq)))
}

/// The lane's rows from a number on, in order, at most so many.
pub(super) fn rows(
    connection: &Connection,
    lane: LaneId,
    from: u32,
    most: usize,
) -> Result<Vec<RawRow>> {
    let tip = tip(connection, lane)?.filter(|tip| most > 0 && from <= tip.seq);
    let Some(tip) = tip else { return Ok(Vec::new()) };
    let first = from.max(1);
    let last = first.saturating_add(u32::try_from(most).unwrap_or(u32::MAX) - 1).min(tip.seq);
    match walked(connection, lane, (first, last), tip)? {
        Some(rows) => Ok(rows),
        None => rows_of_all(connection, lane, from, most),
    }
}

/// The same, wherever they are.
pub(super) fn rows_of_all(
    connection: &Connection,
    lane: LaneId,
    from: u32,
    most: usize,
) -> Result<Vec<RawRow>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut query = connection.prepare_cached(ROWS_OF_ALL)?;
    query.query_map(params![lane, from, most], read)?.collect()
}

/// The number of the lane's newest row, wherever it is; 0 where it has none.
pub(super) fn newest_of_all(connection: &Connection, lane: LaneId) -> Result<u32> {
    let newest = "SELECT COALESCE(MAX(seq), 0) FROM journal WHERE lane = $1";
    connection.prepare_cached(newest)?.query_row(params![lane], |row| row.get(0))
}

/// The lane's rows between two numbers, found by going back; none where that leads nowhere.
fn walked(
    connection: &Connection,
    lane: LaneId,
    (first, last): (u32, u32),
    tip: Tip,
) -> Result<Option<Vec<RawRow>>> {
    let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let marked =
        connection.prepare_cached(MARKED)?.query_row(params![lane, last], pair).optional()?;
    let (mut seq, mut place) = marked.unwrap_or((tip.seq, tip.place));
    let mut before = connection.prepare_cached(BEFORE)?;
    let mut row = connection.prepare_cached(ROW)?;
    let mut rows = Vec::with_capacity((last + 1).saturating_sub(first) as usize);
    while seq >= first {
        let there = params![place, lane, seq];
        let behind: Option<i64> = if seq > last {
            before.query_row(there, |row| row.get(0)).optional()?
        } else {
            let whole = |row: &rusqlite::Row<'_>| Ok((read(row)?, row.get(5)?));
            let found = row.query_row(there, whole).optional()?;
            found.map(|(raw, behind)| {
                rows.push(raw);
                behind
            })
        };
        let Some(behind) = behind else { return Ok(None) };
        (seq, place) = (seq - 1, behind);
    }
    rows.reverse();
    Ok(Some(rows))
}

fn read(row: &rusqlite::Row<'_>) -> Result<RawRow> {
    Ok(RawRow {
        seq: row.get(0)?,
        hash: row.get(1)?,
        header: row.get(2)?,
        facts: row.get(3)?,
        seal: row.get(4)?,
    })
}
