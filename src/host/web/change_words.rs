//! A festival file's differences in a host's language. Beside it the page shows what the command
//! line says of the same, word by word.

use super::drop_page::{line_name, line_words};
use crate::drops::drop::Drop;
use crate::drops::plan::changes::{Change, What};
use crate::drops::spec::DropSpec;
use crate::festivals::Festival;
use crate::pages::{Visit, grouped, money, span};
use fanfare_engine::{Amendment, LineTerms, Terms};

/// A difference as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The drop's name.
    pub drop: String,
    /// What would change, in the host's language; what no sentence is for has none.
    pub words: Option<String>,
    /// The same as the command line says it.
    pub plain: String,
    /// The promise it would break.
    pub breaks: Option<String>,
}

/// A difference between what is served and a proposed festival.
pub fn shown(visit: &Visit, proposed: &Festival, change: &Change) -> Shown {
    let directory = visit.app.node.directory();
    let plan = proposed.drops().iter().find(|plan| plan.id().as_str() == change.drop);
    let wanted = plan.map(|plan| DropSpec::new(proposed, plan, 0, 0));
    let served = directory.named(&change.drop);
    let names = wanted.as_ref().map(|spec| &spec.names).or(served.map(|drop| &drop.spec.names));
    Shown {
        drop: names.map_or_else(|| change.drop.clone(), |names| visit.words.0.of(names).to_owned()),
        words: words(visit, (wanted.as_ref(), served.map(|drop| &**drop)), &change.what),
        plain: change.to_string(),
        breaks: change.breaks.clone(),
    }
}

fn words(
    visit: &Visit,
    (wanted, served): (Option<&DropSpec>, Option<&Drop>),
    what: &What,
) -> Option<String> {
    let (w, moments) = (visit.words, visit.moments());
    match what {
        What::NewDrop(spec) => {
            let opens = moments.short(spec.terms.opens_at_ms);
            Some(w.with("host-change-new-drop", &[("when", &opens)]))
        }
        What::Stock(line, more) => {
            let line = line_name(visit, served?, line.0.into());
            let (line, n) = (("line", line.as_str()), grouped(more.unsigned_abs()));
            let told = [line, ("n", n.as_str())];
            Some(if *more > 0 {
                w.with("host-change-more", &told)
            } else {
                w.with("host-change-fewer", &told)
            })
        }
        What::Terms(Amendment::NewLine(line)) => new_line(visit, wanted?, line),
        What::Terms(amendment) => {
            let is = served?.published.read(visit.now_ms, |state| state.terms().clone())?;
            terms(visit, served?, &is, *amendment)
        }
        What::Never => None,
    }
}

fn new_line(visit: &Visit, wanted: &DropSpec, line: &LineTerms) -> Option<String> {
    let name = wanted.lines.iter().find(|name| name.id() == line.id)?;
    let (name, n) = (line_words(visit, name), grouped(line.stock.into()));
    let price = money(visit.words.0, line.price_minor, visit.app.festival.currency());
    let told = [("line", name.as_str()), ("n", &n), ("price", &price)];
    Some(visit.words.with("host-change-new-line", &told))
}

fn terms(visit: &Visit, served: &Drop, is: &Terms, amendment: Amendment) -> Option<String> {
    let (w, moments) = (visit.words, visit.moments());
    let price = |minor| money(w.0, minor, visit.app.festival.currency());
    let hold = |s: u32| span(w, i64::from(s) * 1_000);
    Some(match amendment {
        Amendment::OpensAt(ms) => {
            let (to, from) = (moments.short(ms), moments.short(is.opens_at_ms));
            w.with("host-change-opens", &[("to", &to), ("from", &from)])
        }
        Amendment::ClosesAt(ms) => {
            let (to, from) = (moments.short(ms), moments.short(is.closes_at_ms));
            w.with("host-change-closes", &[("to", &to), ("from", &from)])
        }
        Amendment::Hold(s) => {
            let (to, from) = (hold(s), hold(is.hold_s));
            w.with("host-change-hold", &[("to", &to), ("from", &from)])
        }
        Amendment::Limit(limit) => {
            let (to, from) = (limit.to_string(), is.limit.to_string());
            w.with("host-change-limit", &[("to", &to), ("from", &from)])
        }
        Amendment::Price(line, minor) => {
            let kept = is.lines.get(usize::from(line.0))?;
            let name = line_name(visit, served, line.0.into());
            let (to, from) = (price(minor), price(kept.price_minor));
            w.with("host-change-price", &[("line", &name), ("to", &to), ("from", &from)])
        }
        Amendment::NewLine(_) => return None,
    })
}
