//! What a drop gives out, as pages show it: items, their variants, where they come from.

use super::format;
use super::visit::Visit;
use crate::drops::drop::Drop;
use crate::festivals::{Good, Id};
use crate::kit::words::Words;
use fanfare_engine::{Stock, Terms};
use fanfare_lane::Face;

/// A line one can claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// `item` or `item/variant`.
    pub value: String,
    /// The item's name, with its variant.
    pub name: String,
    /// The variant's name, if it has one.
    pub variant: Option<String>,
    /// Price of one unit.
    pub price: String,
    /// Free units.
    pub free: u32,
    /// The same in words.
    pub left: String,
}

/// An item: a good at a price, in its variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemView {
    /// Its name.
    pub name: String,
    /// Price of one unit.
    pub price: String,
    /// Maker, address, certificate.
    pub origin: Option<[String; 3]>,
    /// Its lines.
    pub lines: Vec<LineView>,
}

/// Prices are the journalled ones while they are in memory, else the file's.
fn terms(visit: &Visit, drop: &Drop) -> Terms {
    let journalled = drop.published.read(visit.now_ms, |state| state.terms().clone());
    journalled.unwrap_or_else(|| drop.spec.terms.clone())
}

/// The lines of a face under their items, and the price, or the lowest of several.
pub fn items(visit: &Visit, drop: &Drop, face: &Face) -> (Vec<ItemView>, String) {
    let (w, terms) = (visit.words, terms(visit, drop));
    let money = |minor| format::money(w.0, minor, visit.app.festival.currency());
    let mut items: Vec<(&str, ItemView)> = Vec::new();
    for (at, (name, stock)) in drop.spec.lines.iter().zip(&face.lines).enumerate() {
        let price = money(terms.lines.get(at).map_or(0, |line| line.price_minor));
        let item_name = w.0.of(&name.names).to_owned();
        if items.last().is_none_or(|(id, _)| *id != name.item) {
            let good = Id::new(&name.item).and_then(|id| visit.app.festival.good(&id));
            let origin = good.map(|good| origin(w, good));
            let (name_shown, price) = (item_name.clone(), price.clone());
            let item = ItemView { name: name_shown, price, origin, lines: Vec::new() };
            items.push((&name.item, item));
        }
        let variant = name.variant_names.as_ref().map(|names| w.0.of(names).to_owned());
        let line = line(w, &name.item, name.variant.as_deref(), stock);
        let name = match &variant {
            Some(variant) => w.with("item-variant", &[("item", &item_name), ("variant", variant)]),
            None => item_name,
        };
        if let Some((_, item)) = items.last_mut() {
            item.lines.push(LineView { name, variant, price, ..line });
        }
    }
    let prices = || terms.lines.iter().map(|line| line.price_minor);
    let lowest = money(prices().min().unwrap_or(0));
    let price = if prices().min() == prices().max() {
        lowest
    } else {
        w.with("price-from", &[("price", &lowest)])
    };
    (items.into_iter().map(|(_, item)| item).collect(), price)
}

fn line(w: Words, item: &str, variant: Option<&str>, stock: &Stock) -> LineView {
    let value = variant.map_or_else(|| item.to_owned(), |variant| format!("{item}/{variant}"));
    let left = left(w, stock.free);
    let (name, price) = (String::new(), String::new());
    LineView { value, name, variant: None, price, free: stock.free, left }
}

/// Free units in words.
pub fn left(w: Words, free: u32) -> String {
    match free {
        0 => w.t("line-none"),
        free => w.count("line-left", u64::from(free)),
    }
}

fn origin(w: Words, good: &Good) -> [String; 3] {
    let maker = good.maker();
    [
        w.0.of(maker.names()).to_owned(),
        w.0.of(maker.address()).to_owned(),
        good.certificate().to_owned(),
    ]
}
