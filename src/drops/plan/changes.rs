//! What differs between the festival file and the journal, which facts would make it so, and which
//! promises these would break.

use crate::app::App;
use crate::drops::reasons;
use crate::drops::register;
use crate::drops::spec::{DropSpec, LineName};
use crate::drops::web::host::reason_number;
use crate::festivals::{Festival, Money, Opening};
use crate::kit::words::{Saying, say};
use fanfare_engine::{Act, Amendment, Book, Command, Line, State, Terms};
use std::fmt;

/// One difference, and the command that would end it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The drop's id.
    pub drop: String,
    /// What differs.
    pub what: What,
    /// The same for a terminal: what the file says, and what the journal says.
    pub words: String,
    /// Why it cannot be made so: mostly a promise it would break.
    pub breaks: Option<Saying>,
}

/// What differs.
#[derive(Clone, Debug)]
pub enum What {
    /// The file has a drop the journal has not.
    NewDrop(Box<DropSpec>),
    /// The terms differ.
    Terms {
        /// What the file says.
        to: Amendment,
        /// What the journal says, in the amendment's own unit; 0 for a new line.
        from: i64,
    },
    /// The stock of a line differs.
    Stock {
        /// The line.
        line: Line,
        /// The units the file says.
        to: u32,
        /// The units issued so far.
        from: u32,
        /// How many acts had moved its units by then.
        acts: usize,
    },
    /// The file has a drop no more. No fact can change that.
    DropGone,
    /// The file has a line no more. No fact can change that.
    LineGone(Line),
    /// The reserve of a line differs. No fact can change that.
    Reserve {
        /// The line.
        line: Line,
        /// The units the file says.
        to: u32,
        /// The units that were published.
        from: u32,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.drop, self.words)
    }
}

impl What {
    /// The command that makes it so, if a lane has to be asked.
    pub fn command(&self, act: Act) -> Option<Command> {
        match self {
            Self::Terms { to: amendment, .. } => {
                Some(Command::Amend { amendment: *amendment, act })
            }
            Self::Stock { line, to, from, .. } => {
                let (line, units) = (*line, to.abs_diff(*from));
                Some(if to > from {
                    Command::Restock { line, units, act }
                } else {
                    Command::Withdraw { line, units, act }
                })
            }
            Self::NewDrop(_) | Self::DropGone | Self::LineGone(_) | Self::Reserve { .. } => None,
        }
    }

    /// The number its act has. Units moved by a file are moved once, whoever applies it and however
    /// often: until the journal shows them the same difference has the same number.
    pub fn number(&self, drop: &str, why: &str) -> u64 {
        match self {
            Self::Stock { line, to, from, acts } => {
                reason_number(&format!("stock {drop} {} {acts} {from} {to}", line.0))
            }
            _ => reason_number(why),
        }
    }

    /// Whether it takes units away, which a claim that comes between may prevent.
    fn takes_units(&self) -> bool {
        matches!(self, Self::Stock { to, from, .. } if to < from)
    }
}

/// A drop that cannot be compared: its lane is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The drop's id.
    pub drop: String,
    /// Why it is not, in words for the operator.
    pub why: String,
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { drop, why } = self;
        write!(f, "{drop}: its lane is not open, so it is not compared: {why}")
    }
}

/// What came of comparing.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// What differs.
    pub changes: Vec<Change>,
    /// The drops of which nothing can be said: they are there, and neither new nor as the file
    /// says.
    pub unseen: Vec<Unseen>,
}

/// What is told a drop's names and state.
pub type Look<'a> = dyn FnMut(&DropSpec, &Book) + 'a;

/// The drops of a journal, and how to read one that is not at rest.
pub struct Journal<'a> {
    /// All ids, but for those of which nothing can be said.
    pub ids: Vec<String>,
    /// These.
    pub unseen: Vec<Unseen>,
    /// What the clock shows.
    pub now_ms: i64,
    /// Reads a drop's names and state; does nothing if it rests.
    pub read: &'a dyn Fn(&str, &mut Look<'_>),
}

/// What differs between the app's own file and its journal.
pub fn of_app(app: &App) -> Compared {
    of_serving(app, &app.festival)
}

/// What differs between a proposed festival and what is served.
pub fn of_serving(app: &App, proposed: &Festival) -> Compared {
    let (directory, now_ms) = (app.node.directory(), app.now_ms());
    let read = |id: &str, look: &mut Look<'_>| {
        if let Some(drop) = directory.named(id) {
            drop.published.read(now_ms, |state| look(&drop.spec, &state));
        }
    };
    let ids = directory.drops.iter().map(|drop| drop.spec.id.clone()).collect();
    let shut = directory.shut().iter();
    let unseen = shut.map(|shut| Unseen { drop: shut.spec.id.clone(), why: shut.words() });
    let mut unseen: Vec<Unseen> = unseen.collect();
    if directory.is_apart() {
        let plans = proposed.drops().iter();
        let planned = plans.filter(|plan| matches!(plan.opening(), Opening::At(_)));
        let planned = planned.map(|plan| plan.id().as_str());
        let unknown = planned
            .filter(|id| directory.named(id).is_none() && directory.shut_named(id).is_none())
            .map(|id| Unseen { drop: id.to_owned(), why: register::PLACES.to_owned() });
        unseen.extend(unknown);
    }
    of_journal(Journal { ids, unseen, now_ms, read: &read }, proposed)
}

/// What differs between a proposed festival and a journal. Drops that repeat are not compared:
/// each round is made as the file then stood. What takes units away comes first, so that nothing
/// is done yet when it turns out to be impossible.
pub fn of_journal(journal: Journal<'_>, proposed: &Festival) -> Compared {
    let mut changes = Vec::new();
    for plan in proposed.drops().iter().filter(|plan| matches!(plan.opening(), Opening::At(_))) {
        let wanted = DropSpec::new(proposed, plan, 0, 0);
        if journal.ids.contains(&wanted.id) {
            (journal.read)(&wanted.id, &mut |names, state| {
                let words = Words { proposed, wanted: &wanted, names };
                changes.extend(of_drop(&words, state, journal.now_ms));
            });
        } else if !journal.unseen.iter().any(|unseen| unseen.drop == wanted.id) {
            let opens = when(proposed, wanted.terms.opens_at_ms);
            let breaks = State::new(&wanted.terms, journal.now_ms).err().map(reasons::unsound);
            let (drop, what) = (wanted.id.clone(), What::NewDrop(Box::new(wanted)));
            let words = format!("a new drop, opens at {opens}");
            changes.push(Change { drop, what, words, breaks });
        }
    }
    let has = |id: &String| proposed.drops().iter().any(|plan| plan.id().as_str() == id);
    for drop in journal.ids.iter().filter(|id| !proposed.is_demo() && !has(id)) {
        changes.push(Change {
            drop: drop.clone(),
            what: What::DropGone,
            words: "the file has it no more".to_owned(),
            breaks: Some(say("promise-drop-stays")),
        });
    }
    changes.sort_by_key(|change| !change.what.takes_units());
    let Journal { mut unseen, .. } = journal;
    // Of a demo's rounds nothing is compared.
    unseen.retain(|unseen| !proposed.is_demo() || has(&unseen.drop));
    Compared { changes, unseen }
}

/// A drop that is over differs from nothing: what happened stands.
fn of_drop(words: &Words<'_>, state: &Book, now_ms: i64) -> Vec<Change> {
    if state.closed() {
        return Vec::new();
    }
    let mut changes = words.of_times(state.terms());
    changes.extend(words.of_lines(state));
    changes.sort_by_key(|change| !change.what.takes_units());
    if !changes.is_empty() {
        try_all(state, now_ms, &mut changes);
    }
    changes
}

/// Decides all of it on a copy of the book, as its lane would now, and notes what is refused.
fn try_all(book: &Book, now_ms: i64, changes: &mut [Change]) {
    let mut book = book.clone();
    for change in changes {
        let act = Act { by: super::KEEPER, why: change.what.number(&change.drop, "") };
        let Some(command) = change.what.command(act) else { continue };
        change.breaks = match book.act(&command, now_ms) {
            Ok(applied) => applied.err().map(reasons::unsound),
            Err(refusal) => Some(reasons::refused(&refusal)),
        };
    }
}

/// A drop as the file wants it, and what puts its differences into words.
struct Words<'a> {
    proposed: &'a Festival,
    wanted: &'a DropSpec,
    /// The names of the journal's lines.
    names: &'a DropSpec,
}

impl Words<'_> {
    fn change(&self, what: What, words: String) -> Change {
        Change { drop: self.wanted.id.clone(), what, words, breaks: None }
    }

    fn never(&self, what: What, words: String, promise: Saying) -> Change {
        Change { breaks: Some(promise), ..self.change(what, words) }
    }

    fn of_times(&self, is: &Terms) -> Vec<Change> {
        let wanted = &self.wanted.terms;
        let mut found = Vec::new();
        let mut differs = |differs: bool, (to, from): (Amendment, i64), words: String| {
            if differs {
                found.push(self.change(What::Terms { to, from }, words));
            }
        };
        let times = |does: &str, to_ms, from_ms| {
            let (to, from) = (when(self.proposed, to_ms), when(self.proposed, from_ms));
            format!("{does} at {to} instead of {from}")
        };
        // A later closing first, so that a later opening never seems to come after it.
        let closes = (Amendment::ClosesAt(wanted.closes_at_ms), is.closes_at_ms);
        let words = times("closes", wanted.closes_at_ms, is.closes_at_ms);
        differs(wanted.closes_at_ms > is.closes_at_ms, closes, words.clone());
        let opens = (Amendment::OpensAt(wanted.opens_at_ms), is.opens_at_ms);
        let opens_words = times("opens", wanted.opens_at_ms, is.opens_at_ms);
        differs(wanted.opens_at_ms != is.opens_at_ms, opens, opens_words);
        differs(wanted.closes_at_ms < is.closes_at_ms, closes, words);
        let words = format!("holds last {} s instead of {} s", wanted.hold_s, is.hold_s);
        let hold = (Amendment::Hold(wanted.hold_s), is.hold_s.into());
        differs(wanted.hold_s != is.hold_s, hold, words);
        let words = format!("limit {} instead of {}", wanted.limit, is.limit);
        let limit = (Amendment::Limit(wanted.limit), i64::from(is.limit.get()));
        differs(wanted.limit != is.limit, limit, words);
        found
    }

    fn of_lines(&self, state: &Book) -> Vec<Change> {
        let mut found = Vec::new();
        let (is, wanted) = (state.terms(), &self.wanted.terms);
        let price = |minor| Money::of_minor(minor, self.proposed.currency());
        for (line, name) in wanted.lines.iter().zip(&self.wanted.lines) {
            let name = line_words(name);
            let Some(own) = state.line_with_id(line.id) else {
                let words = format!(
                    "{name}: a new line, {} units at {}",
                    line.stock,
                    price(line.price_minor)
                );
                let to = Amendment::NewLine(*line);
                found.push(self.change(What::Terms { to, from: 0 }, words));
                continue;
            };
            let kept = &is.lines[usize::from(own.0)];
            if kept.price_minor != line.price_minor {
                let (to, from) = (price(line.price_minor), price(kept.price_minor).amount());
                let words = format!("{name}: price {} instead of {from}", to.amount());
                let to = Amendment::Price(own, line.price_minor);
                found.push(self.change(What::Terms { to, from: kept.price_minor }, words));
            }
            let issued = state.ledger().line(own).map_or(0, |stock| stock.issued);
            if issued != line.stock {
                let words = format!("{name}: stock {} instead of {issued}", line.stock);
                let acts = state.acts().of(own);
                let what = What::Stock { line: own, to: line.stock, from: issued, acts };
                found.push(self.change(what, words));
            }
            if kept.reserve != line.reserve {
                let words = format!("{name}: reserve {} instead of {}", line.reserve, kept.reserve);
                let what = What::Reserve { line: own, to: line.reserve, from: kept.reserve };
                found.push(self.never(what, words, say("promise-reserve-stays")));
            }
        }
        for (at, line) in (0_u16..).zip(&is.lines) {
            if !wanted.lines.iter().any(|other| other.id == line.id) {
                let name =
                    self.names.lines.get(usize::from(at)).map_or_else(String::new, line_words);
                let words = format!("{name}: the file has it no more");
                let what = What::LineGone(Line(at));
                found.push(self.never(what, words, say("promise-item-stays")));
            }
        }
        found
    }
}

/// A moment as the file writes it: the festival's wall clock.
fn when(festival: &Festival, ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).map(|at| at.to_zoned(festival.zone().clone()));
    at.map_or_else(
        |_| ms.to_string(),
        |at| {
            let whole = at.second() == 0 && at.subsec_nanosecond() == 0;
            at.strftime(if whole { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S%.f" }).to_string()
        },
    )
}

fn line_words(line: &LineName) -> String {
    match &line.variant {
        Some(variant) => format!("{}/{variant}", line.item),
        None => line.item.clone(),
    }
}
