//! The one declaration of the festival file: every key with its shape, need, meaning, example.
//!
//! The reader takes ranges, defaults and the list of known keys from here, and the reference
//! page and the editors' schema are printed from it, so that the three cannot disagree.

mod brand;
mod crowd;
mod drops;
mod festival;
mod goods;

pub(super) use brand::BRAND;
pub(super) use crowd::CROWD;
use crowd::DROP_CROWD;
use drops::DROP;
pub(super) use festival::ROOT;
use goods::GOOD;

use super::limits;
use super::when::span_text;
use crate::kit::words::{Part, Saying, say};

/// A table of the file and the keys it may have.
#[derive(Debug)]
pub(super) struct Section {
    /// As its header is written.
    pub(super) head: &'static str,
    /// What it is for, in whole sentences.
    pub(super) says: &'static str,
    /// The keys, in the order of the reference page.
    pub(super) keys: &'static [Key],
    /// Exactly one of these keys must be there; empty: no such rule.
    pub(super) one_of: &'static [&'static str],
}

impl Section {
    /// The key of that name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) need: Need,
    /// Its meaning, in whole sentences.
    pub(super) says: &'static str,
    /// A value as it would be written in the file.
    pub(super) example: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Need {
    /// Yes; the text of this name says why, where that is not plain.
    Required(&'static str),
    /// No; the text says what its absence means.
    Optional(&'static str),
    /// No; without it this value holds, written as in the file.
    Default(&'static str),
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Id,
    Text {
        chars_max: usize,
    },
    Word(&'static [&'static str]),
    Flag,
    Whole {
        min: i64,
        max: i64,
    },
    /// A number with up to six decimals, from 0.
    Decimal {
        max: u32,
    },
    Zone,
    Currency,
    /// `#rrggbb`.
    Colour,
    /// The path of a picture, from the festival file's folder.
    Picture,
    /// Scheme, host and port.
    Url,
    Moment,
    Amount,
    /// Units of each line: a whole number, or a table by variant. The text of this name asks.
    Units(&'static str),
    Span {
        min_ms: i64,
        max_ms: i64,
    },
    Spans {
        count_min: usize,
        count_max: usize,
        min_ms: i64,
        max_ms: i64,
    },
    Table(&'static Section),
    Tables {
        of: &'static Section,
        max: usize,
    },
}

impl Shape {
    /// What to write, in words that follow "write".
    pub(super) fn asks(self) -> Saying {
        match self {
            Self::Id => say("asks-id").put("max", limits::ID_CHARS_MAX.to_string()),
            Self::Text { chars_max } => say("asks-text").put("max", chars_max.to_string()),
            Self::Word(words) => {
                let words = words.iter().map(|word| format!("\"{word}\""));
                say("asks-word").put("words", Part::any(words))
            }
            Self::Flag => say("asks-flag"),
            Self::Whole { min, max } => between(say("asks-whole"), min, max),
            Self::Decimal { max } => say("asks-decimal").put("max", max.to_string()),
            Self::Zone => say("asks-zone"),
            Self::Currency => say("asks-currency"),
            Self::Colour => say("asks-colour"),
            Self::Picture => {
                let asks = say("asks-picture").put("ends", Part::all(limits::PICTURE_ENDS));
                asks.put("max", limits::PATH_CHARS_MAX.to_string())
            }
            Self::Url => say("asks-url"),
            Self::Moment => say("asks-moment"),
            Self::Amount => say("asks-amount"),
            Self::Units(asks) => say(asks),
            Self::Span { min_ms, max_ms } => {
                between(say("asks-span"), span_text(min_ms), span_text(max_ms))
            }
            Self::Spans { count_min, count_max, min_ms, max_ms } => {
                let asks = say("asks-spans").put("count", counted(count_min, count_max));
                between(asks, span_text(min_ms), span_text(max_ms))
            }
            Self::Table(of) if of.head.starts_with('[') => say("asks-table").put("head", of.head),
            Self::Table(of) => {
                say("asks-table-of").put("keys", Part::all(of.keys.iter().map(|key| key.name)))
            }
            Self::Tables { of, max } => {
                say("asks-tables").put("max", max.to_string()).put("head", of.head)
            }
        }
    }
}

fn counted(min: usize, max: usize) -> Part {
    if min == max { max.to_string().into() } else { between(say("counted"), min, max).into() }
}

/// From the one to the other.
pub(super) fn between(what: Saying, min: impl ToString, max: impl ToString) -> Saying {
    what.put("min", min.to_string()).put("max", max.to_string())
}

const fn required(name: &'static str, shape: Shape, example: &'static str) -> Key {
    Key { name, shape, need: Need::Required(""), says: "", example }
}

const fn optional(name: &'static str, shape: Shape, example: &'static str) -> Key {
    Key { name, shape, need: Need::Optional(""), says: "", example }
}

const fn default(
    name: &'static str,
    shape: Shape,
    value: &'static str,
    example: &'static str,
) -> Key {
    Key { name, shape, need: Need::Default(value), says: "", example }
}

impl Key {
    const fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    const fn because(self, why: &'static str) -> Self {
        Self { need: Need::Required(why), ..self }
    }

    const fn absent(self, means: &'static str) -> Self {
        Self { need: Need::Optional(means), ..self }
    }
}

const NAME: Shape = Shape::Table(&NAMES);

/// A name in both languages; the festival's people read Chinese and English.
static NAMES: Section = Section {
    head: "name",
    says: "A name in both languages.",
    one_of: &[],
    keys: &[
        required("zh", Shape::Text { chars_max: limits::NAME_CHARS_MAX }, "\"开幕抢购\"")
            .because("why-both")
            .says("In Simplified Chinese."),
        required("en", Shape::Text { chars_max: limits::NAME_CHARS_MAX }, "\"Opening sale\"")
            .because("why-both")
            .says("In English."),
    ],
};
