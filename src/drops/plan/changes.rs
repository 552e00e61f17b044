//! What differs between the festival file and the journal, and which facts make it so.

use crate::app::App;
use crate::drops::drop::Drop;
use crate::drops::spec::DropSpec;
use crate::festivals::{Festival, Opening};
use fanfare_engine::{Act, Amendment, Command, Line, State, Terms};
use std::fmt;

/// One difference, and the command that would end it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The drop's id.
    pub drop: String,
    /// What differs.
    pub what: What,
}

/// What differs.
#[derive(Clone, Debug)]
pub enum What {
    /// The file has a drop the journal has not.
    NewDrop(Box<DropSpec>),
    /// The journal has a drop the file has not.
    Gone,
    /// The terms differ.
    Terms(Amendment, String),
    /// The stock of a line differs.
    Stock(Line, String, i64),
    /// The reserve of a line differs, which no fact can change.
    Reserve(String),
    /// The journal has a line the file has not.
    LineGone(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drop = &self.drop;
        match &self.what {
            What::NewDrop(_) => write!(f, "{drop}: a new drop"),
            What::Gone => write!(f, "{drop}: the file has it no more"),
            What::Terms(_, words) => write!(f, "{drop}: {words}"),
            What::Stock(_, line, more) if *more > 0 => write!(f, "{drop}: {line}: {more} more"),
            What::Stock(_, line, fewer) => write!(f, "{drop}: {line}: {} fewer", -fewer),
            What::Reserve(line) => write!(f, "{drop}: {line}: another reserve"),
            What::LineGone(line) => write!(f, "{drop}: {line}: the file has it no more"),
        }
    }
}

impl What {
    /// The command that makes it so, or the promise it would break.
    ///
    /// # Errors
    /// The promise, in words.
    pub fn command(&self, act: Act) -> Result<Option<Command>, String> {
        Ok(Some(match self {
            Self::NewDrop(_) => return Ok(None),
            Self::Gone => return Err("a drop once published is not taken away; close it".into()),
            Self::LineGone(_) => {
                return Err("an item once offered stays; withdraw its free units".into());
            }
            Self::Reserve(_) => {
                return Err("a reserve stays as it was published".into());
            }
            Self::Terms(amendment, _) => Command::Amend { amendment: *amendment, act },
            Self::Stock(line, _, units) => {
                let count = u32::try_from(units.unsigned_abs()).unwrap_or(u32::MAX);
                if *units > 0 {
                    Command::Restock { line: *line, units: count, act }
                } else {
                    Command::Withdraw { line: *line, units: count, act }
                }
            }
        }))
    }
}

/// What differs between the app's own file and its journal.
pub fn of_app(app: &App) -> Vec<Change> {
    of_festival(app, &app.festival)
}

/// What differs between a proposed festival and the journal. Drops that repeat are not compared:
/// each round is made as the file then stood.
pub fn of_festival(app: &App, proposed: &Festival) -> Vec<Change> {
    let directory = app.node.directory();
    let mut changes = Vec::new();
    let fixed = |plan: &&crate::festivals::DropPlan| matches!(plan.opening(), Opening::At(_));
    for plan in proposed.drops().iter().filter(fixed) {
        let spec = DropSpec::new(proposed, plan, 0, 0);
        match directory.named(&spec.id) {
            None => {
                let what = What::NewDrop(Box::new(spec.clone()));
                changes.push(Change { drop: spec.id, what });
            }
            Some(drop) => of_drop(drop, &spec, &mut changes),
        }
    }
    if !proposed.is_demo() {
        let gone = directory
            .drops
            .iter()
            .filter(|drop| !proposed.drops().iter().any(|plan| plan.id().as_str() == drop.spec.id));
        changes.extend(gone.map(|d| Change { drop: d.spec.id.clone(), what: What::Gone }));
    }
    changes
}

/// A drop that is over differs from nothing: what happened stands.
fn of_drop(drop: &Drop, spec: &DropSpec, changes: &mut Vec<Change>) {
    let found = drop
        .published
        .read(0, |state| if state.closed() { Vec::new() } else { of_state(state, spec) });
    let change = |what| Change { drop: spec.id.clone(), what };
    changes.extend(found.unwrap_or_default().into_iter().map(change));
}

fn of_state(state: &State, spec: &DropSpec) -> Vec<What> {
    let (is, wanted) = (state.terms(), &spec.terms);
    let mut found = of_times(is, wanted);
    for (at, line) in wanted.lines.iter().enumerate() {
        let name = line_words(spec, at);
        let Some(own) = state.line_with_id(line.id) else {
            found.push(What::Terms(Amendment::NewLine(*line), format!("{name}: a new line")));
            continue;
        };
        let kept = &is.lines[usize::from(own.0)];
        if kept.price_minor != line.price_minor {
            let words =
                format!("{name}: price {} instead of {}", line.price_minor, kept.price_minor);
            found.push(What::Terms(Amendment::Price(own, line.price_minor), words));
        }
        let issued = state.ledger().line(own).map_or(0, |stock| stock.issued);
        if issued != line.stock {
            found.push(What::Stock(own, name.clone(), i64::from(line.stock) - i64::from(issued)));
        }
        if kept.reserve != line.reserve {
            found.push(What::Reserve(name));
        }
    }
    let gone = is
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !wanted.lines.iter().any(|other| other.id == line.id));
    found.extend(gone.map(|(at, _)| What::LineGone(format!("line {}", at + 1))));
    found
}

fn of_times(is: &Terms, wanted: &Terms) -> Vec<What> {
    let mut found = Vec::new();
    let mut differs = |same: bool, amendment, words: String| {
        if !same {
            found.push(What::Terms(amendment, words));
        }
    };
    // A later closing first, so that a later opening never seems to come after it.
    let closes = Amendment::ClosesAt(wanted.closes_at_ms);
    let later = wanted.closes_at_ms > is.closes_at_ms;
    let words =
        format!("closes at {} instead of {}", when(wanted.closes_at_ms), when(is.closes_at_ms));
    differs(!later, closes, words.clone());
    differs(
        is.opens_at_ms == wanted.opens_at_ms,
        Amendment::OpensAt(wanted.opens_at_ms),
        format!("opens at {} instead of {}", when(wanted.opens_at_ms), when(is.opens_at_ms)),
    );
    differs(later || is.closes_at_ms == wanted.closes_at_ms, closes, words);
    differs(
        is.hold_s == wanted.hold_s,
        Amendment::Hold(wanted.hold_s),
        format!("holds last {} s instead of {} s", wanted.hold_s, is.hold_s),
    );
    differs(
        is.limit == wanted.limit,
        Amendment::Limit(wanted.limit),
        format!("limit {} instead of {}", wanted.limit, is.limit),
    );
    found
}

fn when(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}

fn line_words(spec: &DropSpec, at: usize) -> String {
    let line = &spec.lines[at];
    match &line.variant {
        Some(variant) => format!("{}/{variant}", line.item),
        None => line.item.clone(),
    }
}
