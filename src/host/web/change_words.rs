//! A festival file's differences, and what came of them, in a host's language.

use super::drop_page::{line_name, line_words};
use crate::drops::drop::Drop;
use crate::drops::plan::changes::{Change, Unseen, What};
use crate::drops::plan::socket::Outcome;
use crate::drops::spec::DropSpec;
use crate::festivals::Festival;
use crate::kit::words::{Saying, say};
use crate::pages::{Visit, grouped, money, span};
use fanfare_engine::{Amendment, Line};

/// A difference as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The drop's name.
    pub drop: String,
    /// The drop's id, as the file writes it.
    pub id: String,
    /// What would change.
    pub words: String,
    /// Why it cannot be made so: mostly a promise it would break.
    pub breaks: Option<String>,
    /// What came of it, where not all was done.
    pub came: Option<String>,
}

/// A difference between what is served and a proposed festival.
pub fn shown(visit: &Visit, proposed: &Festival, change: &Change) -> Shown {
    let w = visit.words;
    let directory = visit.app.node.directory();
    let plan = proposed.drops().iter().find(|plan| plan.id().as_str() == change.drop);
    let wanted = plan.map(|plan| DropSpec::new(proposed, plan, 0, 0));
    let served = directory.named(&change.drop);
    let names = wanted.as_ref().map(|spec| &spec.names).or(served.map(|drop| &drop.spec.names));
    let sides = (wanted.as_ref(), served.map(|drop| &**drop));
    Shown {
        drop: names.map_or_else(|| change.drop.clone(), |names| w.0.of(names).to_owned()),
        id: change.drop.clone(),
        words: w.say(&words(visit, sides, &change.what)),
        breaks: change.breaks.as_ref().map(|why| w.say(&breaks(why))),
        came: None,
    }
}

/// A drop whose lane is not open, of which nothing can be said.
pub fn not_compared(visit: &Visit, unseen: &Unseen) -> Shown {
    let directory = visit.app.node.directory();
    let shut = directory.shut_named(&unseen.drop);
    let name = shut.map(|shut| visit.words.0.of(&shut.spec.names).to_owned());
    Shown {
        drop: name.unwrap_or_else(|| unseen.drop.clone()),
        id: unseen.drop.clone(),
        words: visit.words.t("host-change-unseen"),
        breaks: None,
        came: None,
    }
}

/// Why it cannot be made so.
pub fn breaks(why: &Saying) -> Saying {
    say("host-apply-breaks").put("why", why.clone())
}

/// What came of a change.
pub fn came(outcome: &Outcome) -> Saying {
    match outcome {
        Outcome::Done => say("host-came-done"),
        Outcome::NotDone => say("host-came-not"),
        Outcome::Refused(why) => say("host-came-refused").put("why", why.clone()),
    }
}

/// The drop as it is wanted, and as it is served.
type Sides<'a> = (Option<&'a DropSpec>, Option<&'a Drop>);

fn words(visit: &Visit, sides: Sides<'_>, what: &What) -> Saying {
    let units = |key: Saying, line: Line, to: u32, from: u32| {
        let n = grouped(to.abs_diff(from).into());
        let key = key.put("line", name(visit, sides, line)).put("n", n);
        instead(key, grouped(to.into()), grouped(from.into()))
    };
    match *what {
        What::NewDrop(ref spec) => {
            let opens = visit.moments().short(spec.terms.opens_at_ms);
            say("host-change-new-drop").put("when", opens)
        }
        What::Stock { line, to, from, .. } if to > from => {
            units(say("host-change-more"), line, to, from)
        }
        What::Stock { line, to, from, .. } => units(say("host-change-fewer"), line, to, from),
        What::Reserve { line, to, from } => units(say("host-change-reserve"), line, to, from),
        What::Terms { to, from } => terms(visit, sides, to, from),
        What::DropGone => say("host-change-drop-gone"),
        What::LineGone(line) => say("host-change-line-gone").put("line", name(visit, sides, line)),
    }
}

fn terms(visit: &Visit, sides: Sides<'_>, to: Amendment, from: i64) -> Saying {
    let (w, moments) = (visit.words, visit.moments());
    let hold = |s: i64| span(w, s * 1_000);
    let price = |minor| money(w.0, minor, visit.app.festival.currency());
    match to {
        Amendment::OpensAt(ms) => {
            instead(say("host-change-opens"), moments.short(ms), moments.short(from))
        }
        Amendment::ClosesAt(ms) => {
            instead(say("host-change-closes"), moments.short(ms), moments.short(from))
        }
        Amendment::Hold(s) => instead(say("host-change-hold"), hold(s.into()), hold(from)),
        Amendment::Limit(limit) => {
            instead(say("host-change-limit"), limit.to_string(), from.to_string())
        }
        Amendment::Price(line, minor) => {
            let key = say("host-change-price").put("line", name(visit, sides, line));
            instead(key, price(minor), price(from))
        }
        Amendment::NewLine(line) => {
            let mut names = sides.0.into_iter().flat_map(|spec| &spec.lines);
            let name = names.find(|name| name.id() == line.id);
            let name = name.map_or_else(String::new, |name| line_words(visit, name));
            let key = say("host-change-new-line").put("line", name);
            key.put("n", grouped(line.stock.into())).put("price", price(line.price_minor))
        }
    }
}

fn instead(key: Saying, to: String, from: String) -> Saying {
    key.put("to", to).put("from", from)
}

/// What people call a line that is served.
fn name(visit: &Visit, (_, served): Sides<'_>, line: Line) -> String {
    served.map_or_else(String::new, |drop| line_name(visit, drop, line.0.into()))
}
