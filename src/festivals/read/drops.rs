//! Reads `[[drops]]`: times, holds, limits, and what ties drops to each other.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::super::faults::{Sort, quoted};
use super::super::limits::{OPEN_MS_MAX, REPEATING_ID_CHARS_MAX};
use super::super::model::{Crowd, DropPlan, Id, Kind, Opening};
use super::super::money::Currency;
use super::super::walk::{Table, Walk, Wrong};
use super::super::when::{moment_ms, parts, span_text};
use super::goods::Goods;
use super::{crowd, items};
use crate::kit::words::say;

/// What the drops rest on; what is `None` has its own fault already.
pub(super) struct Around<'a> {
    pub(super) zone: Option<&'a TimeZone>,
    pub(super) currency: Option<Currency>,
    pub(super) demo: Option<bool>,
    pub(super) goods: &'a Goods,
    pub(super) crowd: Option<&'a Crowd>,
}

/// All drops.
pub(super) fn read(
    walk: &mut Walk,
    root: &Table<'_, '_>,
    around: &Around<'_>,
) -> Option<Vec<DropPlan>> {
    let tables = walk.tables(root, "drops")?;
    let mut seen = BTreeMap::new();
    let mut whole = Some(Vec::new());
    for table in &tables {
        let id = walk.id(table, "id");
        if let Some(id) = &id {
            walk.once(&mut seen, id, table.at("id"), say("the-drop"));
        }
        let drop = drop(walk, table, id, around);
        whole = whole.zip(drop).map(|(mut list, drop)| {
            list.push(drop);
            list
        });
    }
    for table in tables.iter().filter(|table| table.has("every")) {
        rounds(walk, table, &seen);
    }
    whole
}

fn drop(
    walk: &mut Walk,
    table: &Table<'_, '_>,
    id: Option<Id>,
    around: &Around<'_>,
) -> Option<DropPlan> {
    // One kind is declared so far; the walker refuses every other word.
    let kind = walk.read(table, "kind", |value, _| match value {
        DeValue::String(word) if word == "sale" => Ok(Kind::Sale),
        other => Err(Wrong::described(other)),
    });
    let names = walk.names(table, "name");
    let opening = opening(walk, table, around);
    let hold_ms = walk.span(table, "hold");
    let limit = walk.whole(table, "limit").and_then(|limit| u32::try_from(limit).ok());
    let audience = walk.maybe(table, "audience", Walk::names);
    let picture = walk.maybe(table, "picture", Walk::picture);
    let items = items::read(walk, table, around);
    let crowd = crowd::read(walk, table, around.crowd);
    let (opening, open_for_ms) = opening?;
    Some(DropPlan {
        id: id?,
        kind: kind?,
        names: names?,
        opening,
        open_for_ms,
        hold_ms: hold_ms?,
        limit: limit?,
        audience: audience.ok()?,
        picture: picture.ok()?,
        items: items?,
        crowd: crowd?,
    })
}

/// When the drop opens, and for how long.
fn opening(walk: &mut Walk, table: &Table<'_, '_>, around: &Around<'_>) -> Option<(Opening, i64)> {
    if table.has("every") { repeating(walk, table, around) } else { dated(walk, table, around) }
}

fn repeating(
    walk: &mut Walk,
    table: &Table<'_, '_>,
    around: &Around<'_>,
) -> Option<(Opening, i64)> {
    if around.demo == Some(false) {
        walk.fault(table.at("every"), say("file-every-real"));
    }
    for key in ["opens_at", "closes_at"] {
        if table.has(key) {
            walk.fault(table.at(key), say("file-beside-every").put("key", key));
        }
    }
    let every_ms = walk.span(table, "every");
    let first_ms = walk.span(table, "first");
    let open_for_ms = walk.maybe(table, "open_for", Walk::span).ok()?;
    let every_ms = every_ms?;
    let open_for_ms = open_for_ms.unwrap_or(every_ms);
    if open_for_ms > every_ms {
        let most = quoted(&span_text(every_ms));
        walk.fault(table.at("open_for"), say("file-open-past-every").put("most", most));
    }
    Some((Opening::Every { first_ms: first_ms?, every_ms }, open_for_ms))
}

fn dated(walk: &mut Walk, table: &Table<'_, '_>, around: &Around<'_>) -> Option<(Opening, i64)> {
    if table.has("first") {
        walk.fault(table.at("first"), say("file-first-alone"));
    }
    let opens_at_ms =
        walk.maybe(table, "opens_at", |walk, table, key| moment(walk, table, key, around.zone));
    let closes_at_ms =
        walk.maybe(table, "closes_at", |walk, table, key| moment(walk, table, key, around.zone));
    let open_for_ms = walk.maybe(table, "open_for", Walk::span);
    both_or_neither(walk, table);
    // An absent `opens_at` was noted when the table was entered.
    let opens_at_ms = opens_at_ms.ok()??;
    let open_for_ms = match (closes_at_ms.ok()?, open_for_ms.ok()?) {
        (Some(closes_at_ms), _) => closes_at_ms - opens_at_ms,
        (None, open_for_ms) => open_for_ms?,
    };
    if open_for_ms <= 0 {
        walk.fault(table.at("closes_at"), say("file-closes-first"));
    } else if open_for_ms > OPEN_MS_MAX {
        let most = span_text(OPEN_MS_MAX);
        walk.fault(table.at("closes_at"), say("file-closes-late").put("most", most));
    }
    Some((Opening::At(opens_at_ms), open_for_ms))
}

/// A drop with a date closes in one way.
fn both_or_neither(walk: &mut Walk, table: &Table<'_, '_>) {
    match (table.has("closes_at"), table.has("open_for")) {
        (true, true) => walk.fault(table.at("open_for"), say("file-closes-twice")),
        (false, false) if !table.is_misspelt("closes_at") && !table.is_misspelt("open_for") => {
            walk.note(table.at("closes_at"), Sort::Missing, say("file-closes-never"));
        }
        _ => {}
    }
}

/// A moment, written as text or as TOML's own date and time.
fn moment(
    walk: &mut Walk,
    table: &Table<'_, '_>,
    key: &str,
    zone: Option<&TimeZone>,
) -> Option<i64> {
    let moment = walk.read(table, key, |value, _| {
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(moment) => moment.to_string(),
            other => return Err(Wrong::described(other)),
        };
        // Without a zone the form can still be wrong.
        match zone {
            Some(zone) => moment_ms(&text, zone).map(Some),
            None => parts(&text).map(|_| None),
        }
    });
    moment?
}

/// The rounds of a drop that repeats are drops too: their ids must be free.
fn rounds(walk: &mut Walk, table: &Table<'_, '_>, seen: &BTreeMap<Id, usize>) {
    let at = table.at("id");
    let id = seen.iter().find(|(_, place)| **place == at).map(|(id, _)| id);
    let Some(id) = id else { return };
    if id.as_str().len() > REPEATING_ID_CHARS_MAX {
        let what = say("file-round-id-long").put("n", id.as_str().len().to_string());
        walk.fault(at, what.put("most", REPEATING_ID_CHARS_MAX.to_string()));
    }
    for (other, place) in seen {
        let rest = other.as_str().strip_prefix(id.as_str()).and_then(|rest| rest.strip_prefix('-'));
        if rest.is_some_and(|round| round.parse::<u32>().is_ok()) {
            let line = walk.line_of(at);
            let what = say("file-round-id-taken").put("id", other.to_string());
            walk.fault(*place, what.put("line", line.to_string()));
        }
    }
}
