//! A drop as pages show it: its state at a glance, its items, what is left.

pub use super::countdown::Countdown;
use super::doubt::{Doubt, paused};
use super::format::{self, Moments};
use super::item_view::{ItemView, items};
use super::visit::Visit;
use crate::drops::drop::Drop;
use crate::drops::spec::DropSpec;
use crate::festivals::{DropPlan, Id};
use crate::kit::words::{Key, Words, grouped};
use fanfare_engine::Phase;
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
}

/// A drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its picture is.
    pub picture: String,
    /// Where it is.
    pub state: State,
    /// Why its time stands still, where it does.
    pub doubt: Option<Doubt>,
    /// The state in words.
    pub state_text: String,
    /// What happens or happened when, in a sentence.
    pub when: String,
    /// What may still happen.
    pub hint: Option<String>,
    /// A clock, where something is awaited.
    pub countdown: Option<Countdown>,
    /// Free units.
    pub free: String,
    /// What the number of free units stands for.
    pub units: String,
    /// Units in all.
    pub total: String,
    /// Free units in a hundred.
    pub percent: u64,
    /// The price, or the lowest of several.
    pub price: String,
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
        let (state, doubt) = (State::of(face, now_ms), Doubt::of(face));
        let held = face.lines.iter().any(|stock| stock.held > 0);
        let runs = !visit.app.node.clock.read().stepped;
        let total: u64 = face.lines.iter().map(|s| u64::from(s.issued - s.set_aside)).sum();
        let (items, price) = items(visit, drop, face);
        Self {
            id: drop.spec.id.clone(),
            name: w.0.of(&drop.spec.names).to_owned(),
            picture: picture(visit, &drop.spec),
            state,
            doubt,
            state_text: w.key(state.key()),
            when: when(&visit.moments(), state, face),
            hint: hint(w, state, doubt, (held, runs)),
            countdown: countdown(w, state, face, now_ms),
            free: grouped(face.free()),
            units: w.key(units(state)),
            total: grouped(total),
            percent: (face.free() * 100).checked_div(total).unwrap_or(0).min(100),
            price,
            items,
            opens_at_ms: face.opens_at_ms,
            closes_at_ms: face.closes_at_ms,
        }
    }

    /// Whether the drop opens or closes within a second: such a page is not kept.
    pub fn turns(&self, now_ms: i64) -> bool {
        let soon = |at: i64| (now_ms - 1_000..=now_ms + 1_000).contains(&at);
        soon(self.opens_at_ms) || soon(self.closes_at_ms)
    }

    /// Its lines, over all items.
    pub fn lines(&self) -> impl Iterator<Item = &super::item_view::LineView> {
        self.items.iter().flat_map(|item| &item.lines)
    }

    /// Whether its programme card stands back: it is over.
    pub fn is_over(&self) -> bool {
        self.state == State::Closed
    }
}

/// The file's plan of a drop, of a round of one that repeats too.
pub fn plan<'a>(visit: &'a Visit, spec: &DropSpec) -> Option<&'a DropPlan> {
    let id = &spec.id;
    let base = id.rsplit_once('-').map_or(id.as_str(), |(base, _)| base);
    let plan = |id: &str| Id::new(id).and_then(|id| visit.app.festival.drop(&id));
    plan(id).or_else(|| plan(base))
}

/// Where a drop's picture is: its own, else its first good's.
pub fn picture(visit: &Visit, spec: &DropSpec) -> String {
    let first = spec.lines.first().and_then(|line| Id::new(&line.item));
    let good = first.and_then(|id| visit.app.festival.good(&id));
    let path = plan(visit, spec).and_then(DropPlan::picture);
    visit.app.look.picture(path.or_else(|| good?.picture()))
}

/// What the number of free units stands for.
pub const fn units(state: State) -> Key {
    match state {
        State::Before => Key("units-before"),
        State::Closed => Key("units-after"),
        _ => Key("left"),
    }
}

/// The clock a drop in this state has.
pub fn countdown(w: Words, state: State, face: &Face, now_ms: i64) -> Option<Countdown> {
    let (opens, closes) = (face.opens_at_ms, face.closes_at_ms);
    match state {
        // Nobody knows how far it is.
        _ if face.doubtful_time => None,
        State::Before => {
            let opening = Countdown::new(w, now_ms, opens, "count-opens", "done-opens");
            Some(opening.then(w, closes, "count-closes", "done-closes"))
        }
        State::Closed => None,
        _ => Some(Countdown::new(w, now_ms, closes, "count-closes", "done-closes")),
    }
}

/// What may still happen in a drop of which nothing can be had now. `held` says whether anything
/// is, and whether the time to pay for it goes on.
pub fn hint(w: Words, state: State, doubt: Option<Doubt>, held: (bool, bool)) -> Option<String> {
    match (state, doubt) {
        (State::Paused, Some(Doubt::Clock)) => Some(w.t("hint-doubt")),
        (State::Paused, Some(Doubt::Loss)) => Some(w.t("hint-lost")),
        (State::Before, Some(_)) => Some(w.t("hint-doubt-before")),
        (State::Paused, None) => Some(w.t(if held.1 { "hint-paused" } else { "hint-kept" })),
        (State::SoldOut, None) if held.0 => Some(w.t("hint-may-return")),
        _ => None,
    }
}

fn when(moments: &Moments<'_>, state: State, face: &Face) -> String {
    let w = moments.words;
    let at = |key, ms| w.with(key, &[("when", &moments.short(ms))]);
    let sold_in = face.sold_out_at_ms.map(|at| format::span(w, at - face.opens_at_ms));
    match (state, sold_in) {
        (State::Before, _) => at("when-before", face.opens_at_ms),
        (State::Open, _) => at("when-open", face.closes_at_ms),
        (State::Paused, _) => w.key(paused(Doubt::of(face))),
        (State::SoldOut | State::Closed, Some(span)) => w.with("when-sold-out", &[("span", &span)]),
        (State::SoldOut, None) => w.t("when-none-free"),
        (State::Closed, None) => at("when-closed", face.closes_at_ms),
    }
}
