//! Reading what hosts did, and waiting until what was just done can be read.

use super::model::{Act, Row, Search};
use super::store;
use crate::app::{App, ColdSide};
use crate::drops::cold::read::Moment;
use crate::drops::drop::Drop;
use crate::fans::Name;
use crate::kit::db::{DbError, Event, commit, record, unique};
use crate::kit::problem::Problem;
use fanfare_engine::Fan;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Most acts a page shows.
const ACTS_MAX: i64 = 50;

/// How often, and how long at most, a page waits for the tables.
const LOOKS: (Duration, u32) = (Duration::from_millis(25), 40);

/// The cold side, where the server has one.
pub fn side(app: &App) -> Result<&ColdSide, Problem> {
    app.cold.as_ref().ok_or_else(|| Problem::new("busy"))
}

fn busy(why: &DbError) -> Problem {
    tracing::error!(%why, "the tables cannot be read for a host");
    Problem::new("busy")
}

/// What hosts did to a drop, the newest first.
pub async fn acts(app: &App, drop: &str) -> Result<Vec<Act>, Problem> {
    let (db, drop) = (side(app)?.cold.db(), drop.to_owned());
    let found = side(app)?.cold.run(async move {
        let mut names = BTreeMap::new();
        let events = store::acts(&db, &drop, ACTS_MAX).await?;
        for (_, _, who, ..) in &events {
            let fan = number_of(who);
            if let std::collections::btree_map::Entry::Vacant(place) = names.entry(fan) {
                place.insert(store::name_of(&db, fan).await?);
            }
        }
        Ok((events, names))
    });
    let (events, names) = found.await.map_err(|why| busy(&why))?;
    let whys: BTreeSet<u64> = events.iter().filter_map(|(.., data)| why_of(data)).collect();
    // What was done is told without its words where a journal is silent.
    let words = app.receipts.read(move |reader| {
        let word = |why| Some((why, reader.reason(why).ok()??));
        Ok(whys.into_iter().filter_map(word).collect::<BTreeMap<_, _>>())
    });
    let words = words.await.unwrap_or_default();
    Ok(events.into_iter().map(|event| act(event, &names, &words)).collect())
}

/// The number of an event's reason.
fn why_of(data: &str) -> Option<u64> {
    let data: Value = serde_json::from_str(data).ok()?;
    u64::from_str_radix(data.get("why")?.as_str()?, 16).ok()
}

/// The id of the newest act on a drop, if anybody did anything.
pub async fn newest(app: &App, drop: &str) -> Result<Option<String>, Problem> {
    let (db, drop) = (side(app)?.cold.db(), drop.to_owned());
    let found = side(app)?.cold.run(async move { store::acts(&db, &drop, 1).await });
    let found = found.await.map_err(|why| busy(&why))?;
    Ok(found.into_iter().next().map(|(id, ..)| id))
}

/// The number in `fan 7`.
fn number_of(who: &str) -> u64 {
    who.strip_prefix("fan ").and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn act(
    (id, at_ms, who, what, data): store::Event,
    names: &BTreeMap<u64, Option<String>>,
    words: &BTreeMap<u64, String>,
) -> Act {
    let why = why_of(&data).and_then(|why| words.get(&why));
    let data: Value = serde_json::from_str(&data).unwrap_or_default();
    let count = |name: &str| data.get(name).and_then(Value::as_u64);
    let fan = number_of(&who);
    Act {
        id,
        at_ms,
        fan,
        name: names.get(&fan).cloned().flatten(),
        what,
        why: why.cloned().unwrap_or_default(),
        units: count("line").zip(count("units")).map(|(line, n)| (line as u16, n as u32)),
    }
}

/// Waits a moment for the tables to show what a lane has published.
pub async fn catch_up(app: &App, drop: &Drop) {
    let Ok(side) = side(app) else { return };
    let seq = drop.published.front().face.seq;
    for _ in 0..LOOKS.1 {
        let (db, lane) = (side.cold.db(), drop.lane);
        let cursor = side.cold.run(async move { Moment::of(&db, lane).await?.cursor().await });
        if !matches!(cursor.await, Ok(cursor) if cursor.is_none_or(|cursor| cursor.seq < seq)) {
            return;
        }
        tokio::time::sleep(LOOKS.0).await;
    }
}

/// Who is meant by a number or an account's name. A name may be all digits, a phone number say:
/// then both are.
pub async fn fans_meant(app: &App, text: &str) -> Result<Option<[Fan; 2]>, Problem> {
    let numbered = text.parse().ok().and_then(Fan::new);
    let named = match Name::new(text) {
        Some(name) => {
            let db = side(app)?.cold.db();
            let find = async move { store::fan_named(&db, &name.folded).await };
            side(app)?.cold.run(find).await.map_err(|why| busy(&why))?
        }
        None => None,
    };
    Ok(numbered.or(named).map(|fan| [fan, named.unwrap_or(fan)]))
}

/// Claims of a lane behind this number, at most so many.
pub async fn claims(
    app: &App,
    lane: u32,
    search: Search,
    from: (u32, u32),
) -> Result<Vec<Row>, Problem> {
    let db = side(app)?.cold.db();
    let found = side(app)?.cold.run(async move { store::claims(&db, lane, &search, from).await });
    found.await.map_err(|why| busy(&why))
}

/// Writes down what a host did that is no fact of the drop: a made crowd, a clock confirmed.
pub async fn note(app: &Arc<App>, by: Fan, drop: &Drop, what: &'static str) -> Result<(), Problem> {
    let (db, at_ms, subject) = (side(app)?.cold.db(), app.now_ms(), drop.spec.id.clone());
    let noted = side(app)?.cold.run(async move {
        let who = format!("fan {}", by.get());
        let (subject, data, unique) = (subject.as_str(), "{}".to_owned(), unique()?);
        let mut tx = db.begin().await?;
        record(&mut tx, Event { at_ms, unique, who: &who, what, subject, data }).await?;
        commit(tx).await
    });
    noted.await.map_err(|why| busy(&why))
}
