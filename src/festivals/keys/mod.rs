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
    /// Yes; the text says why, where that is not plain.
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
    /// Units of each line, and what for: a whole number, or a table by variant.
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
    pub(super) fn asks(self) -> String {
        match self {
            Self::Id => format!(
                "lower-case letters a-z, digits and hyphens, beginning with a letter or digit, \
                 at most {} characters",
                limits::ID_CHARS_MAX
            ),
            Self::Text { chars_max } => {
                format!("text in quotes, 1 to {chars_max} characters")
            }
            Self::Word(words) => {
                let list: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                list.join(" or ")
            }
            Self::Flag => "true or false".to_owned(),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Decimal { max } => format!("a number from 0 to {max}"),
            Self::Zone => "the IANA name of a time zone".to_owned(),
            Self::Currency => "the ISO 4217 code of a currency people pay in".to_owned(),
            Self::Colour => "a colour in quotes, # and six hexadecimal digits".to_owned(),
            Self::Picture => format!(
                "the path of a picture ({}) from the file's own folder, at most {} characters of \
                 a-z, 0-9, '-', '_', '.' and '/'",
                limits::PICTURE_ENDS.join(", "),
                limits::PATH_CHARS_MAX
            ),
            Self::Url => "https:// or http:// and a host, with its port if it has one".to_owned(),
            Self::Moment => "date and time, local or with an offset".to_owned(),
            Self::Amount => "an amount in quotes, with the currency's decimals".to_owned(),
            Self::Units(what_for) => format!("the number of units {what_for}, 0 or more"),
            Self::Span { min_ms, max_ms } => format!(
                "a time in quotes, from {} to {}, made of d, h, m, s and ms",
                span_text(min_ms),
                span_text(max_ms)
            ),
            Self::Spans { count_min, count_max, min_ms, max_ms } => format!(
                "a list of {} times, none shorter than the one before it, from {} to {}",
                counted(count_min, count_max),
                span_text(min_ms),
                span_text(max_ms)
            ),
            Self::Table(of) if of.head.starts_with('[') => format!("a table {}", of.head),
            Self::Table(of) => {
                let keys: Vec<_> = of.keys.iter().map(|key| key.name).collect();
                format!("a table with {}", keys.join(", "))
            }
            Self::Tables { of, max } => format!("1 to {max} tables {}", of.head),
        }
    }
}

fn counted(min: usize, max: usize) -> String {
    if min == max { max.to_string() } else { format!("{min} to {max}") }
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
            .because("people read Chinese and English")
            .says("In Simplified Chinese."),
        required("en", Shape::Text { chars_max: limits::NAME_CHARS_MAX }, "\"Opening sale\"")
            .because("people read Chinese and English")
            .says("In English."),
    ],
};
