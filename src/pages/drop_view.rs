//! A drop as pages show it: its state at a glance, its items, what is left.

use super::format::{self, Moments};
use super::visit::Visit;
use super::words::{Key, Words, grouped};
use crate::drops::drop::Drop;
use crate::festivals::{Good, Id};
use fanfare_engine::{Phase, Stock, Terms};
use fanfare_lane::Face;

/// Where a drop is, as people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Units can be claimed.
    Open,
    /// The host stopped new claims for now.
    Paused,
    /// Nothing is free now.
    SoldOut,
    /// It opens later.
    Before,
    /// It is over.
    Closed,
}

impl State {
    /// The state of a face at this moment.
    pub fn of(face: &Face, now_ms: i64) -> Self {
        match face.phase(now_ms) {
            Phase::Before => Self::Before,
            Phase::Paused => Self::Paused,
            Phase::Closed => Self::Closed,
            Phase::Open if face.free() == 0 => Self::SoldOut,
            Phase::Open => Self::Open,
        }
    }

    /// The contract's word; the script compares it with what the server says.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Open => "open",
            Self::Paused => "paused",
            Self::SoldOut => "sold_out",
            Self::Closed => "closed",
        }
    }

    /// What people read.
    pub const fn key(self) -> Key {
        match self {
            Self::Before => Key("state-before"),
            Self::Open => Key("state-open"),
            Self::Paused => Key("state-paused"),
            Self::SoldOut => Key("state-sold-out"),
            Self::Closed => Key("state-closed"),
        }
    }

    /// Whether the drop is on: its numbers change by the second.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Open | Self::Paused | Self::SoldOut)
    }
}

/// A clock that runs down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countdown {
    /// What it runs down to, ms since 1970.
    pub until_ms: i64,
    /// What stands before it.
    pub label: String,
    /// What is said at its end.
    pub done: String,
}

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

/// A drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// The same in words.
    pub state_text: String,
    /// What happens or happened when, in a sentence.
    pub when: String,
    /// A clock, where something is awaited.
    pub countdown: Option<Countdown>,
    /// Free units.
    pub free: String,
    /// What the number of free units stands for.
    pub of_total: String,
    /// Free units in a hundred.
    pub percent: u64,
    /// What is given out.
    pub items: Vec<ItemView>,
    /// First moment of the sale, ms since 1970.
    pub opens_at_ms: i64,
    /// First moment after it, ms since 1970.
    pub closes_at_ms: i64,
}

impl DropView {
    /// The drop as this visitor is shown it.
    pub fn of(visit: &Visit, drop: &Drop) -> Self {
        let (w, now_ms) = (visit.words, visit.now_ms);
        let front = drop.published.front();
        let face = &front.face;
        let state = State::of(face, now_ms);
        let total: u64 = face.lines.iter().map(|s| u64::from(s.issued - s.set_aside)).sum();
        Self {
            id: drop.spec.id.clone(),
            name: w.0.of(&drop.spec.names).to_owned(),
            state,
            state_text: w.key(state.key()),
            when: when(&visit.moments(), state, face),
            countdown: countdown(w, state, face),
            free: grouped(face.free()),
            of_total: w.with(of_total(state), &[("total", &grouped(total))]),
            percent: (face.free() * 100).checked_div(total).unwrap_or(0).min(100),
            items: items(visit, drop, face),
            opens_at_ms: face.opens_at_ms,
            closes_at_ms: face.closes_at_ms,
        }
    }

    /// Whether the drop opens or closes within a second: such a page is not kept.
    pub fn turns(&self, now_ms: i64) -> bool {
        let soon = |at: i64| (now_ms - 1_000..=now_ms + 1_000).contains(&at);
        soon(self.opens_at_ms) || soon(self.closes_at_ms)
    }
}

/// Prices are the journalled ones while they are in memory, else the file's.
fn terms(visit: &Visit, drop: &Drop) -> Terms {
    let journalled = drop.published.read(visit.now_ms, |state| state.terms().clone());
    journalled.unwrap_or_else(|| drop.spec.terms.clone())
}

const fn of_total(state: State) -> &'static str {
    match state {
        State::Before => "units-before",
        State::Closed => "units-after",
        _ => "units-left",
    }
}

fn countdown(w: Words, state: State, face: &Face) -> Option<Countdown> {
    let (until_ms, label, done) = match state {
        State::Before => (face.opens_at_ms, "count-opens", "done-opens"),
        State::Open => (face.closes_at_ms, "count-closes", "done-closes"),
        _ => return None,
    };
    Some(Countdown { until_ms, label: w.t(label), done: w.t(done) })
}

fn when(moments: &Moments<'_>, state: State, face: &Face) -> String {
    let w = moments.words;
    let at = |key, ms| w.with(key, &[("when", &moments.short(ms))]);
    let sold_in = face.sold_out_at_ms.map(|at| format::span(w, at - face.opens_at_ms));
    let held: u32 = face.lines.iter().map(|stock| stock.held).sum();
    match (state, sold_in) {
        (State::Before, _) => at("when-before", face.opens_at_ms),
        (State::Open, _) => at("when-open", face.closes_at_ms),
        (State::Paused, _) => w.t("when-paused"),
        (State::SoldOut, Some(span)) if held > 0 => {
            w.with("when-sold-out-held", &[("span", &span)])
        }
        (State::SoldOut | State::Closed, Some(span)) => w.with("when-sold-out", &[("span", &span)]),
        (State::SoldOut, None) => w.t("when-none-free"),
        (State::Closed, None) => at("when-closed", face.closes_at_ms),
    }
}

/// The lines of a face under their items.
fn items(visit: &Visit, drop: &Drop, face: &Face) -> Vec<ItemView> {
    let (w, terms) = (visit.words, terms(visit, drop));
    let mut items: Vec<(&str, ItemView)> = Vec::new();
    for (at, (name, stock)) in drop.spec.lines.iter().zip(&face.lines).enumerate() {
        let minor = terms.lines.get(at).map_or(0, |line| line.price_minor);
        let price = format::money(w.0, minor, visit.app.festival.currency());
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
    items.into_iter().map(|(_, item)| item).collect()
}

fn line(w: Words, item: &str, variant: Option<&str>, stock: &Stock) -> LineView {
    let value = variant.map_or_else(|| item.to_owned(), |variant| format!("{item}/{variant}"));
    let left = match stock.free {
        0 => w.t("line-none"),
        free => w.count("line-left", u64::from(free)),
    };
    let (name, price) = (String::new(), String::new());
    LineView { value, name, variant: None, price, free: stock.free, left }
}

fn origin(w: Words, good: &Good) -> [String; 3] {
    let maker = good.maker();
    [
        w.0.of(maker.names()).to_owned(),
        w.0.of(maker.address()).to_owned(),
        good.certificate().to_owned(),
    ]
}

#[cfg(test)]
impl DropView {
    /// A drop in this state, with hostile names.
    pub fn sample(w: Words, state: State) -> Self {
        let line = |value: &str, free| LineView {
            value: value.to_owned(),
            name: "<script>alert(1)</script> \"red\"".to_owned(),
            variant: Some("red & 'blue'".to_owned()),
            price: "¥799.00".to_owned(),
            free,
            left: w.count("line-left", u64::from(free)),
        };
        let item = ItemView {
            name: "Phone <i>1</i>".to_owned(),
            price: "¥799.00".to_owned(),
            origin: Some(["Maker".into(), "1 Road".into(), "CCC".into()]),
            lines: vec![line("phone/red", 1), line("phone/blue", 0)],
        };
        let done = Countdown { until_ms: 1, label: w.t("count-opens"), done: w.t("done-opens") };
        Self {
            id: "phone".to_owned(),
            name: "Phone & <em>more</em>".to_owned(),
            state,
            state_text: w.key(state.key()),
            when: w.with("when-sold-out-held", &[("span", &w.with("span-s", &[("n", "4")]))]),
            countdown: Some(done),
            free: "1".to_owned(),
            of_total: w.with(of_total(state), &[("total", "1,000")]),
            percent: 1,
            items: vec![item],
            opens_at_ms: 1_795_000_000_000,
            closes_at_ms: 1_795_000_100_000,
        }
    }
}
