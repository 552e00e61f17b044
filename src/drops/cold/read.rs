//! Reading the tables that facts became: claims of lanes at rest, which then need no replay, and
//! whole lanes for whoever compares them with the journal.
//!
//! A lane's claims are read only where its cursor stands at the row the lane is published at; else
//! the tables are behind and the journal is asked.

use super::cursors::cursor_of;
use super::rows::{Cursor, Made, Stock};
use crate::app::ColdSide;
use crate::drops::drop::Drop;
use crate::kit::db::{Db, DbError, Tx};
use crate::on;
use fanfare_engine::{Claim, ClaimState, Fan, Key, Line, Number, Place, Quantity};
use fanfare_lane::{Face, LaneId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

macro_rules! claims_where {
    ($rest:literal) => {
        concat!(
            "SELECT number, fan, line, quantity, state, until_s, request_key, claims.seq, place, ",
            "made_at_ms, changed_at_ms, facts, claims.lane FROM claims ",
            $rest
        )
    };
}

crate::statements! {
    CURSORS = "SELECT lane, seq, hash, at_ms FROM cursors";
    CURSOR = "SELECT seq, hash, at_ms FROM cursors WHERE lane = $1";
    CLAIMS_AFTER = claims_where!("WHERE lane = $1 AND number > $2 ORDER BY number LIMIT $3");
    CLAIM_UP_TO =
        claims_where!("WHERE lane = $1 AND number <= $2 ORDER BY number DESC LIMIT 1");
    CLAIMS_OF = claims_where!("WHERE fan = $1 ORDER BY lane, number DESC LIMIT $2");
    LINES = "SELECT issued, set_aside, reserve, held, settled FROM drop_lines
        WHERE lane = $1 ORDER BY line";
    CLAIMS = "SELECT claims FROM drops WHERE lane = $1";
}

/// How long a fan waits for the tables before the journal is asked instead.
const WITHIN: Duration = Duration::from_millis(1_500);

/// Most claims of one fan in one lane: a fan can make no more, given-back ones counted
/// (`docs/decisions/0010-claims-a-fan.md`).
const OF_LANE_MAX: i64 = 256;

type Row = (i64, i64, i64, i64, String, i64, Option<i64>, i64, i64, i64, i64, i64, i64);

/// The state of this name; a name the tables cannot hold is taken for held.
fn state_named(name: &str) -> ClaimState {
    use ClaimState::{Expired, Held, RefundDue, Released, Returned, Settled};
    let all = [Held, Settled, Expired, Released, Returned, RefundDue];
    all.into_iter().find(|state| state.word() == name).unwrap_or(Held)
}

fn made(row: Row) -> (LaneId, Made) {
    let (
        number,
        fan,
        line,
        quantity,
        state,
        until_s,
        key,
        seq,
        place,
        at_ms,
        since_ms,
        facts,
        lane,
    ) = row;
    let made = Made {
        number: number as u32,
        fan: fan as u64,
        line: line as u16,
        quantity: quantity as u16,
        state: state_named(&state),
        until_s: until_s as u32,
        key: key.map(|key| key as u64),
        seq: seq as u32,
        place: place as u16,
        made_at_ms: at_ms,
        changed_at_ms: since_ms,
        facts: facts as u32,
    };
    (lane as LaneId, made)
}

/// The claim of a row, as the engine has it.
fn claim(made: &Made) -> Option<Claim> {
    Some(Claim {
        number: Number::new(made.number)?,
        fan: Fan::new(made.fan)?,
        line: Line(made.line),
        quantity: Quantity::new(made.quantity)?,
        state: made.state,
        until_s: made.until_s,
        key: made.key.map(Key::new),
        place: Place { seq: made.seq, index: made.place },
        before: 0,
    })
}

/// A lane as the tables have it at one moment.
pub struct Moment {
    tx: Tx,
    lane: i64,
}

impl Moment {
    /// The tables as they are now; they stand still in here.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn of(db: &Db, lane: LaneId) -> Result<Self, DbError> {
        Ok(Self { tx: db.moment().await?, lane: i64::from(lane) })
    }

    /// How far the lane's rows had come; none if none had.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn cursor(&mut self) -> Result<Option<Cursor>, DbError> {
        let lane = self.lane;
        let row = on!(&mut self.tx, tx => {
            let query = sqlx::query_as::<_, (i64, Vec<u8>, i64)>(CURSOR).bind(lane);
            query.fetch_optional(&mut **tx).await
        })?;
        Ok(row.map(|(seq, hash, at_ms)| cursor_of(seq, &hash, at_ms)))
    }

    /// Claims behind this number, in order, at most so many.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn claims_after(&mut self, number: u32, most: u32) -> Result<Vec<Made>, DbError> {
        let lane = self.lane;
        let rows = on!(&mut self.tx, tx => {
            let query = sqlx::query_as::<_, Row>(CLAIMS_AFTER).bind(lane);
            query.bind(i64::from(number)).bind(i64::from(most)).fetch_all(&mut **tx).await
        })?;
        Ok(rows.into_iter().map(|row| made(row).1).collect())
    }

    /// The claim whose fact stands at this place. Places rise with numbers, so it is a search by
    /// halves; numbers of claims that are lost are missing.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn claim_at(&mut self, at: Place) -> Result<Option<Made>, DbError> {
        // Behind the one, up to the other.
        let (mut low, mut high) = (0, i64::from(self.claims().await?));
        while low < high {
            let (lane, middle) = (self.lane, low + (high - low + 1) / 2);
            let row = on!(&mut self.tx, tx => {
                let query = sqlx::query_as::<_, Row>(CLAIM_UP_TO).bind(lane).bind(middle);
                query.fetch_optional(&mut **tx).await
            })?;
            let found = row.map(|row| made(row).1).filter(|made| i64::from(made.number) > low);
            let stands = found.as_ref().map(|made| Place { seq: made.seq, index: made.place });
            match (found, stands) {
                (Some(made), Some(place)) if place == at => return Ok(Some(made)),
                (Some(made), Some(place)) if place > at => high = i64::from(made.number) - 1,
                _ => low = middle,
            }
        }
        Ok(None)
    }

    /// The lines' stock, and how many claims the drop's row counts.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn totals(&mut self) -> Result<(Vec<Stock>, u32), DbError> {
        let lane = self.lane;
        let lines = on!(&mut self.tx, tx => {
            let query = sqlx::query_as::<_, (i64, i64, i64, i64, i64)>(LINES).bind(lane);
            query.fetch_all(&mut **tx).await
        })?;
        let claims = self.claims().await?;
        let stock = |(issued, set_aside, reserve, held, settled)| Stock {
            issued,
            set_aside,
            reserve,
            held,
            settled,
        };
        Ok((lines.into_iter().map(stock).collect(), claims))
    }

    /// How many claims the drop's row counts, which is the newest one's number.
    async fn claims(&mut self) -> Result<u32, DbError> {
        let lane = self.lane;
        let claims = on!(&mut self.tx, tx => {
            sqlx::query_as::<_, (i64,)>(CLAIMS).bind(lane).fetch_optional(&mut **tx).await
        })?;
        Ok(claims.map_or(0, |(count,)| count as u32))
    }
}

/// Whether the tables stand where the lane is published.
fn stands_at(cursor: Option<Cursor>, face: &Face) -> bool {
    cursor.is_some_and(|cursor| (cursor.seq, cursor.hash) == (face.seq, face.hash))
}

/// Asks the tables, unless that takes longer than replaying does.
async fn asked<T: Send + 'static>(
    side: &ColdSide,
    work: impl Future<Output = Result<Option<T>, DbError>> + Send + 'static,
) -> Option<T> {
    match tokio::time::timeout(WITHIN, side.cold.run(work)).await {
        Ok(Ok(found)) => found,
        Ok(Err(why)) => {
            tracing::warn!(%why, "the tables cannot be read; the journal is");
            None
        }
        Err(_) => None,
    }
}

/// The claim at a place of a lane whose state is not in memory, if there is one there. None if
/// the tables do not know.
pub async fn claim_at(side: &ColdSide, drop: &Drop, at: Place) -> Option<Option<Claim>> {
    let (db, lane, front) = (side.cold.db(), drop.lane, drop.published.front());
    asked(side, async move {
        let mut moment = Moment::of(&db, lane).await?;
        if !stands_at(moment.cursor().await?, &front.face) {
            return Ok(None);
        }
        Ok(Some(moment.claim_at(at).await?.as_ref().and_then(claim)))
    })
    .await
}

/// A fan's claims in these lanes, newest first, where the tables know them.
pub async fn claims_of(
    side: &ColdSide,
    fan: Fan,
    drops: &[Arc<Drop>],
) -> BTreeMap<LaneId, Vec<Claim>> {
    let fronts: Vec<_> = drops.iter().map(|drop| (drop.lane, drop.published.front())).collect();
    let db = side.cold.db();
    let found = asked(side, async move {
        let mut moment = Moment { tx: db.moment().await?, lane: 0 };
        let cursors = on!(&mut moment.tx, tx => {
            sqlx::query_as::<_, (i64, i64, Vec<u8>, i64)>(CURSORS).fetch_all(&mut **tx).await
        })?;
        let cursor = |(lane, seq, hash, at_ms): &(i64, i64, Vec<u8>, i64)| {
            (*lane as LaneId, cursor_of(*seq, hash, *at_ms))
        };
        let cursors: BTreeMap<LaneId, Cursor> = cursors.iter().map(cursor).collect();
        let mut known = BTreeMap::new();
        for (lane, front) in fronts {
            if stands_at(cursors.get(&lane).copied(), &front.face) {
                known.insert(lane, Vec::new());
            }
        }
        let most = OF_LANE_MAX * cursors.len() as i64;
        let rows = on!(&mut moment.tx, tx => {
            let query = sqlx::query_as::<_, Row>(CLAIMS_OF).bind(fan.get() as i64);
            query.bind(most).fetch_all(&mut **tx).await
        })?;
        for (lane, made) in rows.into_iter().map(made) {
            if let Some(claims) = known.get_mut(&lane) {
                claims.extend(claim(&made));
            }
        }
        Ok(Some(known))
    });
    found.await.unwrap_or_default()
}
