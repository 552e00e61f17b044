//! From text to TOML tables, also where the TOML is broken: every fault of the form is told,
//! and the rest of the file is still read for faults of content.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, Error};

use super::faults::{Fault, Found, Sort, place};
use crate::kit::words::{Part, Saying, say};

/// What the TOML parser made of a text.
pub(super) struct Parsed {
    /// The text with the gaps filled over which the parser would have lost what follows. Lines
    /// are those of the text as given.
    pub(super) repaired: String,
    /// Faults of the form, placed.
    pub(super) faults: Vec<Fault>,
    /// Whether a list, table or string has no end: then what follows cannot be told from it.
    pub(super) runs_away: bool,
}

/// Finds the faults of the form.
pub(super) fn parse(text: &str) -> Parsed {
    let (_, errors) = DeTable::parse_recoverable(text);
    let runs_away = errors.iter().any(runs_away);
    let shown = if runs_away { &errors[..1] } else { &errors };
    let found = shown.iter().map(|error| Found {
        at: start(error),
        sort: Sort::Here,
        what: explained(error, runs_away),
    });
    let placed = place(text, found.collect());
    Parsed {
        repaired: repaired(text, &errors),
        faults: placed.into_iter().map(|(_, fault)| fault).collect(),
        runs_away,
    }
}

/// The tables of a repaired text; its remaining errors are known by then.
pub(super) fn tables(repaired: &str) -> Spanned<DeTable<'_>> {
    DeTable::parse_recoverable(repaired).0
}

fn start(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

fn runs_away(error: &Error) -> bool {
    let message = error.message();
    let ends = ["unclosed array,", "unclosed inline table,", "invalid multi-line"];
    ends.iter().any(|end| message.starts_with(end)) || message.contains("recursion")
}

/// Puts in what is missing where the parser says so and cannot go on without.
fn repaired(text: &str, errors: &[Error]) -> String {
    let mut fills: Vec<_> = errors.iter().filter_map(|e| Some((start(e), fill(e)?))).collect();
    fills.sort_unstable();
    let mut whole = String::with_capacity(text.len() + 2 * fills.len());
    let mut done = 0;
    for (at, fill) in fills {
        whole.push_str(&text[done..at]);
        whole.push_str(fill);
        done = at;
    }
    whole.push_str(&text[done..]);
    whole
}

fn fill(error: &Error) -> Option<&'static str> {
    match error.message() {
        "key with no value, expected `=`" => Some("=0"),
        "unclosed table, expected `]`" | "unclosed array table, expected `]`" => Some("]"),
        "unclosed array table, expected `]]`" => Some("]]"),
        _ => None,
    }
}

fn explained(error: &Error, runs_away: bool) -> Saying {
    let message = error.message();
    let advice = match message.split(',').next().unwrap_or_default() {
        "duplicate key" => return say("toml-twice"),
        "key with no value" => return say("toml-no-value"),
        "string values must be quoted" => return say("toml-unquoted"),
        "unclosed table" => say("toml-write-section"),
        "unclosed array table" => say("toml-write-list"),
        _ if runs_away => say("toml-write-end"),
        _ => say("toml-write-form"),
    };
    let expected = expected(message).map_or(Part::from("none"), |sign| sign.to_owned().into());
    let fault = say("toml-fault").put("message", message.to_owned());
    fault.put("expected", expected).put("advice", advice)
}

/// The one sign the parser expected, as it writes it. Its words are English, a sign is not.
fn expected(message: &str) -> Option<&str> {
    let (_, sign) = message.split_once(", expected ")?;
    (sign.starts_with('`') && sign.ends_with('`') && !sign.contains(", ")).then_some(sign)
}

/// Leaves out the faults that may only echo a fault of the form: those on its line, things
/// missing from its section, and things missing elsewhere that it may hide.
pub(super) fn without_echoes(
    repaired: &str,
    form: &[Fault],
    content: Vec<(Sort, Fault)>,
) -> Vec<Fault> {
    let broken: BTreeSet<usize> = form.iter().map(Fault::line).collect();
    let lines = repaired.lines().enumerate();
    let heads = lines.filter(|(_, line)| line.trim_start().starts_with('['));
    let heads: BTreeSet<usize> = heads.map(|(number, _)| number + 1).collect();
    let echo = |sort: Sort, line: usize| {
        let begin = heads.range(..=line).next_back().copied().unwrap_or(0);
        let end = heads.range(line + 1..).next().copied().unwrap_or(usize::MAX);
        let in_section = sort == Sort::Missing && broken.range(begin..end).next().is_some();
        let hidden = sort == Sort::Elsewhere && !broken.is_empty();
        broken.contains(&line) || in_section || hidden
    };
    let kept = content.into_iter().filter(|(sort, fault)| !echo(*sort, fault.line()));
    kept.map(|(_, fault)| fault).collect()
}
