//! What is rare into its tables, one by one: terms, lines, rights, what hosts did.

use super::change::Change;
use super::load::Load;
use super::write::Wrong;
use crate::kit::db::{Event, Tx, record};
use crate::on;
use fanfare_engine::{Amendment, LineTerms, Terms};
use sqlx::Row as _;

crate::statements! {
    NEW_DROP = "INSERT INTO drops (lane, drop_id, opens_at_ms, closes_at_ms, hold_s, limit_units,
            claims, refused, paused, closed_at_ms, sold_out_at_ms, resting)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, FALSE, NULL, NULL, FALSE)";
    NEW_LINE = "INSERT INTO drop_lines (lane, line, line_id, price_minor, issued, set_aside,
            reserve, held, settled) VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0)";
    PAUSED = "UPDATE drops SET paused = $1 WHERE lane = $2";
    CLOSED = "UPDATE drops SET closed_at_ms = $1 WHERE lane = $2";
    SOLD_OUT = "UPDATE drops SET sold_out_at_ms = $1 WHERE lane = $2";
    OPENS = "UPDATE drops SET opens_at_ms = $1 WHERE lane = $2";
    CLOSES = "UPDATE drops SET closes_at_ms = $1 WHERE lane = $2";
    HOLD = "UPDATE drops SET hold_s = $1 WHERE lane = $2";
    LIMIT = "UPDATE drops SET limit_units = $1 WHERE lane = $2";
    PRICE = "UPDATE drop_lines SET price_minor = $1 WHERE lane = $2 AND line = $3";
    GRANT = "INSERT INTO rights (lane, number, fan, line, quantity, until_s, state)
        VALUES ($1, $2, $3, $4, $5, $6, 'open')";
    END_RIGHT = "UPDATE rights SET state = $1 WHERE lane = $2 AND number = $3 AND state = 'open'
        RETURNING line, quantity";
}

/// Writes one rare change; of a right that ran out, the line and the units that were set aside.
pub(super) async fn change_drop(
    tx: &mut Tx,
    load: &Load,
    change: &Change,
) -> Result<Option<(u16, i64)>, Wrong> {
    let lane = i64::from(load.lane);
    match change {
        Change::Terms(terms) => new_drop(tx, load, terms).await?,
        Change::Paused(paused) => on!(tx, tx => {
            let query = sqlx::query(PAUSED).bind(*paused).bind(lane);
            query.execute(&mut **tx).await.map(|_| ())
        })?,
        Change::Closed(at_ms) => set(tx, CLOSED, *at_ms, lane).await?,
        Change::Rested(at_ms) => on!(tx, tx => {
            let query = sqlx::query(SOLD_OUT).bind(*at_ms).bind(lane);
            query.execute(&mut **tx).await.map(|_| ())
        })?,
        Change::Amended(amendment) => amend(tx, lane, amendment).await?,
        Change::Line(line, terms) => new_line(tx, lane, *line, terms).await?,
        Change::Granted(right, fan, line, quantity, until_s) => on!(tx, tx => {
            let query = sqlx::query(GRANT).bind(lane).bind(i64::from(*right)).bind(*fan as i64);
            let query = query.bind(i64::from(*line)).bind(i64::from(*quantity));
            query.bind(i64::from(*until_s)).execute(&mut **tx).await.map(|_| ())
        })?,
        Change::RightOver(right, used) => return end_right(tx, lane, *right, *used).await,
        Change::Did(seq, place, at_ms, what, act, units) => {
            // Made of the fact's place: the same fact is the same event.
            let mut unique = [0; 10];
            unique[..4].copy_from_slice(&load.lane.to_be_bytes());
            unique[4..8].copy_from_slice(&seq.to_be_bytes());
            unique[8..].copy_from_slice(&place.to_be_bytes());
            let who = act.map_or("fanfare".to_owned(), |act| format!("fan {}", act.by.get()));
            let more = units.map(|(line, units)| format!(r#","line":{line},"units":{units}"#));
            let more = more.unwrap_or_default();
            let why = act.map(|act| format!(r#","why":"{:016x}""#, act.why)).unwrap_or_default();
            let data = format!(r#"{{"seq":{seq},"place":{place}{why}{more}}}"#);
            let (who, subject, at_ms) = (who.as_str(), load.drop.as_str(), *at_ms);
            record(tx, Event { at_ms, unique, who, what, subject, data }).await?;
        }
    }
    Ok(None)
}

async fn set(tx: &mut Tx, sql: &'static str, value: i64, lane: i64) -> Result<(), sqlx::Error> {
    on!(tx, tx => sqlx::query(sql).bind(value).bind(lane).execute(&mut **tx).await.map(|_| ()))
}

async fn new_drop(tx: &mut Tx, load: &Load, terms: &Terms) -> Result<(), sqlx::Error> {
    let lane = i64::from(load.lane);
    on!(&mut *tx, tx => {
        let query = sqlx::query(NEW_DROP).bind(lane).bind(&load.drop).bind(terms.opens_at_ms);
        let query = query.bind(terms.closes_at_ms).bind(i64::from(terms.hold_s));
        query.bind(i64::from(terms.limit.get())).execute(&mut **tx).await.map(|_| ())
    })?;
    for (line, terms) in terms.lines.iter().enumerate() {
        new_line(tx, lane, line as u16, terms).await?;
    }
    Ok(())
}

async fn new_line(tx: &mut Tx, lane: i64, line: u16, terms: &LineTerms) -> Result<(), sqlx::Error> {
    let LineTerms { id, price_minor, stock, reserve } = *terms;
    on!(tx, tx => {
        let query = sqlx::query(NEW_LINE).bind(lane).bind(i64::from(line)).bind(id as i64);
        let query = query.bind(price_minor).bind(i64::from(stock)).bind(i64::from(reserve));
        query.execute(&mut **tx).await.map(|_| ())
    })
}

async fn amend(tx: &mut Tx, lane: i64, amendment: &Amendment) -> Result<(), sqlx::Error> {
    match amendment {
        Amendment::OpensAt(ms) => set(tx, OPENS, *ms, lane).await,
        Amendment::ClosesAt(ms) => set(tx, CLOSES, *ms, lane).await,
        Amendment::Hold(s) => set(tx, HOLD, i64::from(*s), lane).await,
        Amendment::Limit(limit) => set(tx, LIMIT, i64::from(limit.get()), lane).await,
        Amendment::Price(line, minor) => on!(tx, tx => {
            let query = sqlx::query(PRICE).bind(*minor).bind(lane).bind(i64::from(line.0));
            query.execute(&mut **tx).await.map(|_| ())
        }),
        // Made to a change of its own where the number of lines is known.
        Amendment::NewLine(_) => Ok(()),
    }
}

async fn end_right(
    tx: &mut Tx,
    lane: i64,
    right: u32,
    used: bool,
) -> Result<Option<(u16, i64)>, Wrong> {
    let state = if used { "used" } else { "lapsed" };
    let ended = on!(tx, tx => {
        let query = sqlx::query(END_RIGHT).bind(state).bind(lane).bind(i64::from(right));
        match query.fetch_optional(&mut **tx).await? {
            Some(row) => Some((row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?)),
            None => None,
        }
    });
    let gone = || Wrong::Lane(format!("right {right} is not open in the tables"));
    let (line, units) = ended.ok_or_else(gone)?;
    Ok((!used).then_some((line as u16, units)))
}
