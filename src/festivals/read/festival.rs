//! Reads `[festival]` and ties the sections together.

use jiff::tz::TimeZone;
use toml::de::{DeTable, DeValue};

use super::super::faults::quoted;
use super::super::keys::{BRAND, ROOT, Shape};
use super::super::model::{Brand, Festival, Id, Names, Url};
use super::super::money::Currency;
use super::super::walk::{Noted, Table, Walk, Wrong, nearest};
use super::drops::Around;
use super::{crowd, drops, goods};
use crate::kit::words::say;

/// `[festival]`, each key by itself: the drops can be checked although one of them is wrong.
struct Head {
    id: Option<Id>,
    names: Option<Names>,
    zone: Option<TimeZone>,
    currency: Option<Currency>,
    demo: Option<bool>,
    brand: Option<Brand>,
    url: Result<Option<Url>, Noted>,
}

/// The whole file; `None` only after a fault was noted.
pub(super) fn read(walk: &mut Walk, map: &DeTable<'_>) -> Option<Festival> {
    let root = walk.root(map, &ROOT);
    let head = walk.table(&root, "festival").map(|table| head(walk, &table));
    let goods = goods::read(walk, &root);
    let crowd = crowd::read(walk, &root, None);
    let around = Around {
        zone: head.as_ref().and_then(|head| head.zone.as_ref()),
        currency: head.as_ref().and_then(|head| head.currency),
        demo: head.as_ref().and_then(|head| head.demo),
        goods: &goods,
        crowd: crowd.as_ref(),
    };
    let drops = drops::read(walk, &root, &around);
    let head = head?;
    Some(Festival {
        id: head.id?,
        names: head.names?,
        zone: head.zone?,
        currency: head.currency?,
        demo: head.demo?,
        brand: head.brand?,
        url: head.url.ok()?,
        folder: None,
        goods: goods.into_whole()?,
        drops: drops?,
        crowd: crowd?,
    })
}

fn head(walk: &mut Walk, table: &Table<'_, '_>) -> Head {
    Head {
        id: walk.id(table, "id"),
        names: walk.names(table, "name"),
        zone: walk.read(table, "zone", |value, _| zone(value)),
        currency: walk.read(table, "currency", |value, _| currency(value)),
        demo: walk.flag(table, "demo"),
        brand: brand(walk, table),
        url: walk.maybe(table, "url", |walk, table, key| walk.read(table, key, url)),
    }
}

fn brand(walk: &mut Walk, table: &Table<'_, '_>) -> Option<Brand> {
    let empty = DeTable::default();
    let there = table.has("brand");
    let table = if there { walk.table(table, "brand")? } else { Walk::defaults(&empty, &BRAND) };
    let (accent, glow) = (walk.colour(&table, "accent"), walk.colour(&table, "glow"));
    let logo = walk.maybe(&table, "logo", Walk::picture);
    let picture = walk.maybe(&table, "picture", Walk::picture);
    Some(Brand { accent: accent?, glow: glow?, logo: logo.ok()?, picture: picture.ok()? })
}

fn url(value: &DeValue<'_>, _: Shape) -> Result<Url, Wrong> {
    let DeValue::String(text) = value else {
        return Err(Wrong::described(value));
    };
    Url::new(text).ok_or_else(|| Wrong::described(value))
}

fn zone(value: &DeValue<'_>) -> Result<TimeZone, Wrong> {
    let DeValue::String(name) = value else {
        return Err(Wrong::new(say("is-no-text")));
    };
    if let Ok(zone) = TimeZone::get(name) {
        // Without a name of its own ("Etc/Unknown") a zone cannot be shown to people.
        if zone.iana_name().is_some() && !zone.is_unknown() {
            return Ok(zone);
        }
    }
    let what = say("is-no-zone").put("name", quoted(name));
    let known: Vec<_> = jiff::tz::db().available().collect();
    match nearest(name, known.iter().map(jiff::tz::TimeZoneName::as_str)) {
        Some(meant) => Err(Wrong::instead(what, quoted(meant))),
        None => Err(Wrong::new(what)),
    }
}

fn currency(value: &DeValue<'_>) -> Result<Currency, Wrong> {
    match value {
        DeValue::String(code) => Currency::new(code),
        _ => Err(Wrong::new(say("is-no-text"))),
    }
}
