//! Reads `[[drops.items]]`: prices and stock, line by line.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::super::faults::{Sort, quoted};
use super::super::limits::{LINES_MAX, STOCK_DROP_MAX, STOCK_LINE_MAX};
use super::super::model::{Good, Id, Item, Line, Variant};
use super::super::money::Money;
use super::super::walk::{Table, Walk, Wrong, nearest, ranged};
use super::drops::Around;
use super::goods::{Goods, Named};
use crate::kit::words::{Part, Saying, say};

/// All items of a drop.
pub(super) fn read(
    walk: &mut Walk,
    drop: &Table<'_, '_>,
    around: &Around<'_>,
) -> Option<Vec<Item>> {
    let mut seen = BTreeMap::new();
    let mut whole = Some(Vec::new());
    let (mut lines, mut units) = (0, 0);
    for table in walk.tables(drop, "items")? {
        let id = walk.id(&table, "good");
        if let Some(id) = &id {
            walk.once(&mut seen, id, table.at("good"), say("the-item"));
        }
        let item = item(walk, &table, id.as_ref(), around);
        if let Some(item) = &item {
            lines += item.lines.len();
            units += i64::from(item.stock());
            too_much(walk, &table, lines, units);
        }
        whole = whole.zip(item).map(|(mut list, item)| {
            list.push(item);
            list
        });
    }
    whole
}

fn too_much(walk: &mut Walk, table: &Table<'_, '_>, lines: usize, units: i64) {
    if lines > LINES_MAX {
        let what = say("file-lines-many").put("n", lines.to_string());
        walk.fault(table.at("good"), what.put("most", LINES_MAX.to_string()));
    }
    if units > STOCK_DROP_MAX {
        let what = say("file-units-many").put("n", units.to_string());
        walk.fault(table.at("stock"), what.put("most", STOCK_DROP_MAX.to_string()));
    }
}

fn item(
    walk: &mut Walk,
    table: &Table<'_, '_>,
    id: Option<&Id>,
    around: &Around<'_>,
) -> Option<Item> {
    let good = id.and_then(|id| good(walk, table, id, around.goods));
    let price = walk.read(table, "price", |value, _| {
        let DeValue::String(text) = value else {
            return Err(Wrong::described(value));
        };
        match around.currency {
            Some(currency) => Money::parse(text, currency).map(Some),
            None => Ok(None),
        }
    });
    let stock = units(walk, table, "stock", good);
    let reserve = units(walk, table, "reserve", good);
    let sold_out_s = walk.maybe(table, "sold_out_s", Walk::whole);
    let (good, price) = (good?, price??);
    let (stock, reserve) = (stock?, reserve?);
    let lines = lines(walk, table, good, &Units { price, stock, reserve });
    let sold_out_s = sold_out_s.ok()?.and_then(|seconds| u32::try_from(seconds).ok());
    Some(Item { good: good.id().clone(), price, sold_out_s, lines })
}

/// The good an item names.
fn good<'g>(walk: &mut Walk, table: &Table<'_, '_>, id: &Id, goods: &'g Goods) -> Option<&'g Good> {
    match goods.get(id) {
        Named::Whole(good) => return Some(good),
        Named::Faulty => return None,
        Named::Unknown => {}
    }
    let advice = match nearest(id.as_str(), goods.ids()) {
        Some(meant) => say("write-good").put("id", meant.to_owned()),
        None => say("write-a-good"),
    };
    let what = say("file-no-good").put("id", id.to_string()).put("advice", advice);
    walk.note(table.at("good"), Sort::Elsewhere, what);
    None
}

/// Units as written: one number, or one a variant.
enum Written {
    One(u32),
    By(BTreeMap<Id, u32>),
}

impl Written {
    fn of(&self, variant: Option<&Id>) -> u32 {
        match self {
            Self::One(units) => *units,
            Self::By(by) => variant.and_then(|id| by.get(id)).copied().unwrap_or(0),
        }
    }
}

/// What an item's lines are made of.
struct Units {
    price: Money,
    stock: Written,
    reserve: Written,
}

fn units(
    walk: &mut Walk,
    table: &Table<'_, '_>,
    key: &str,
    good: Option<&Good>,
) -> Option<Written> {
    if let Some((at, DeValue::Table(map))) = table.value(key) {
        let asks = table.asks(key);
        return by_variant(walk, key, (at, map), (good, &asks));
    }
    let number = walk.read(table, key, |value, _| count(value))?;
    let variants = good.map_or(&[][..], Good::variants);
    if table.has(key) && !variants.is_empty() {
        let example: Vec<_> = variants.iter().map(|one| format!("{} = 100", one.id())).collect();
        let shown = example[..example.len().min(4)].join(", ");
        let what = say("file-units-of-each").put("key", key.to_owned());
        walk.fault(table.at(key), what.put("example", format!("{key} = {{ {shown} }}")));
        return None;
    }
    Some(Written::One(number))
}

fn count(value: &DeValue<'_>) -> Result<u32, Wrong> {
    let units = ranged(value, 0, STOCK_LINE_MAX).map_err(|wrong| match value {
        DeValue::Integer(number) if !number.as_str().starts_with('-') => Wrong::instead(
            wrong.what,
            say("write-units-most").put("most", STOCK_LINE_MAX.to_string()),
        ),
        _ => wrong,
    })?;
    Ok(u32::try_from(units).expect("the bound of a line fits"))
}

fn by_variant(
    walk: &mut Walk,
    key: &str,
    (at, map): (usize, &DeTable<'_>),
    (good, asks): (Option<&Good>, &Saying),
) -> Option<Written> {
    if good.is_some_and(|good| good.variants().is_empty()) {
        walk.fault(at, say("file-units-of-none").put("key", key.to_owned()));
        return None;
    }
    let mut by = BTreeMap::new();
    let mut whole = true;
    for (name, value) in map {
        let id = Id::new(name.get_ref());
        let known = |good: &Good| good.variants().iter().any(|one| Some(one.id()) == id.as_ref());
        if let Some(good) = good.filter(|good| !known(good)) {
            walk.fault(name.span().start, no_such_variant(good, name.get_ref()));
            whole = false;
            continue;
        }
        match (count(value.get_ref()), id) {
            (Ok(units), Some(id)) => {
                by.insert(id, units);
            }
            (Ok(_), None) => whole = false,
            (Err(wrong), id) => {
                let called = id.map_or(key.to_owned(), |id| format!("{key}.{id}"));
                walk.fault(value.span().start, wrong.whole(called, || asks.clone()));
                whole = false;
            }
        }
    }
    if key == "stock" {
        let every = good.map_or(&[][..], Good::variants).iter().map(Variant::id);
        for id in every.filter(|id| !map.contains_key(id.as_str())) {
            let what = say("file-stock-mute").put("id", id.to_string()).put("asks", asks.clone());
            walk.note(at, Sort::Missing, what);
            whole = false;
        }
    }
    whole.then_some(Written::By(by))
}

fn no_such_variant(good: &Good, name: &str) -> Saying {
    let ids = good.variants().iter().map(|one| one.id().as_str());
    let write: Part = match nearest(name, ids.clone()) {
        Some(meant) => meant.to_owned().into(),
        None => say("write-one-of").put("ids", Part::all(ids.map(str::to_owned))).into(),
    };
    let what = say("file-no-variant").put("good", good.id().to_string());
    what.put("name", quoted(name)).put("write", write)
}

/// The item's lines: one, or one a variant in the good's order.
fn lines(walk: &mut Walk, table: &Table<'_, '_>, good: &Good, units: &Units) -> Vec<Line> {
    let line = |variant: Option<&Id>| Line {
        item: good.id().clone(),
        variant: variant.cloned(),
        stock: units.stock.of(variant),
        price_minor: units.price.minor(),
        reserve: units.reserve.of(variant),
    };
    let lines: Vec<Line> = if good.variants().is_empty() {
        vec![line(None)]
    } else {
        good.variants().iter().map(|variant| line(Some(variant.id()))).collect()
    };
    for line in lines.iter().filter(|line| line.reserve > line.stock) {
        let what = say("file-reserve-over").put("reserve", line.reserve.to_string());
        walk.fault(table.at("reserve"), what.put("stock", line.stock.to_string()));
    }
    lines
}
