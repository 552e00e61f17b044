//! From a TOML value to one of ours, or to what is wrong with it.

use toml::de::{DeFloat, DeInteger, DeValue};

use super::super::faults::quoted;
use super::super::keys::Shape;
use super::super::limits::ID_CHARS_MAX;
use super::super::model::{Colour, Id, PicturePath, Ratio};
use super::super::when::{span_ms, span_text};
use crate::kit::words::{Part, Saying, say};

/// What is wrong with a value, in words that follow its key.
pub(in super::super) struct Wrong {
    pub(in super::super) what: Saying,
    /// What to write instead, where it is not what the key's declaration asks for.
    write: Option<Part>,
}

impl Wrong {
    pub(in super::super) fn new(what: Saying) -> Self {
        Self { what, write: None }
    }

    pub(in super::super) fn instead(what: Saying, write: impl Into<Part>) -> Self {
        Self { what, write: Some(write.into()) }
    }

    /// A value of a type nobody asked for.
    pub(in super::super) fn described(value: &DeValue<'_>) -> Self {
        Self::new(described(value))
    }

    /// The whole sentence; `asks` says what to write where nothing better is known.
    pub(in super::super) fn whole(self, called: String, asks: impl FnOnce() -> Saying) -> Saying {
        let write = self.write.unwrap_or_else(|| asks().into());
        say("file-value").put("key", called).put("is", self.what).put("write", write)
    }
}

/// A value in words that follow its key: "is -5".
fn described(value: &DeValue<'_>) -> Saying {
    match value {
        DeValue::String(text) => say("is-text").put("value", quoted(text)),
        DeValue::Integer(number) => is(shortened(&number.to_string())),
        DeValue::Float(number) => is(shortened(number.as_str())),
        DeValue::Boolean(flag) => is(flag.to_string()),
        DeValue::Datetime(moment) => say("is-moment").put("value", moment.to_string()),
        DeValue::Array(_) => say("is-list"),
        DeValue::Table(_) => say("is-table"),
    }
}

/// A value as it is written.
pub(in super::super) fn is(value: String) -> Saying {
    say("is-value").put("value", value)
}

fn has_chars(chars: usize) -> Saying {
    say("is-of-chars").put("n", chars.to_string())
}

pub(super) fn has_entry(is: Saying) -> Saying {
    say("is-with-entry").put("is", is)
}

fn shortened(number: &str) -> String {
    if number.len() <= 40 { number.to_owned() } else { format!("{}…", &number[..40]) }
}

pub(super) fn text(value: &DeValue<'_>, shape: Shape) -> Result<String, Wrong> {
    let Shape::Text { chars_max } = shape else { unreachable!("declared as text") };
    let DeValue::String(text) = value else {
        return Err(Wrong::described(value));
    };
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Err(Wrong::new(say("is-empty")));
    }
    if chars > chars_max {
        return Err(Wrong::new(has_chars(chars)));
    }
    if text.trim().len() < text.len() {
        return Err(Wrong::instead(say("is-spaced"), quoted(text.trim())));
    }
    if let Some(hidden) = text.chars().find(|letter| hidden(*letter)) {
        let code = format!("U+{:04X}", u32::from(hidden));
        return Err(Wrong::new(say("is-hiding").put("code", code)));
    }
    Ok(text.to_string())
}

/// Control characters, and those that turn the direction of writing: with them a name could
/// look like another one, or change the line it is printed in.
fn hidden(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}');
    letter.is_control()
        || turns
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}')
}

pub(super) fn id(value: &DeValue<'_>, _: Shape) -> Result<Id, Wrong> {
    let DeValue::String(text) = value else {
        return Err(Wrong::described(value));
    };
    Id::new(text).ok_or_else(|| {
        Wrong::new(match text.chars().count() {
            0 => say("is-empty"),
            chars if chars > ID_CHARS_MAX => has_chars(chars),
            _ => described(value),
        })
    })
}

pub(super) fn colour(value: &DeValue<'_>, _: Shape) -> Result<Colour, Wrong> {
    let colour = if let DeValue::String(text) = value { Colour::new(text) } else { None };
    colour.ok_or_else(|| Wrong::described(value))
}

pub(super) fn picture(value: &DeValue<'_>, _: Shape) -> Result<PicturePath, Wrong> {
    let path = if let DeValue::String(text) = value { PicturePath::new(text) } else { None };
    path.ok_or_else(|| Wrong::described(value))
}

pub(super) fn flag(value: &DeValue<'_>, _: Shape) -> Result<bool, Wrong> {
    let DeValue::Boolean(flag) = value else {
        return Err(Wrong::described(value));
    };
    Ok(*flag)
}

pub(super) fn whole(value: &DeValue<'_>, shape: Shape) -> Result<i64, Wrong> {
    let Shape::Whole { min, max } = shape else { unreachable!("declared as a whole number") };
    ranged(value, min, max)
}

/// A whole number in a range.
pub(in super::super) fn ranged(value: &DeValue<'_>, min: i64, max: i64) -> Result<i64, Wrong> {
    let number = match value {
        DeValue::Integer(number) => integer(number),
        _ => None,
    };
    match number {
        Some(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(Wrong::described(value)),
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

pub(super) fn ratio(value: &DeValue<'_>, shape: Shape) -> Result<Ratio, Wrong> {
    let Shape::Decimal { max } = shape else { unreachable!("declared as a number") };
    let number = match value {
        DeValue::Integer(number) => integer(number).map(|number| number as f64),
        DeValue::Float(number) => float(number),
        _ => None,
    };
    match number {
        Some(number) if (0.0..=f64::from(max)).contains(&number) => {
            Ok(Ratio::from_per_million((number * 1e6).round() as u32))
        }
        _ => Err(Wrong::described(value)),
    }
}

fn float(number: &DeFloat<'_>) -> Option<f64> {
    number.as_str().parse().ok()
}

pub(super) fn span(value: &DeValue<'_>, shape: Shape) -> Result<i64, Wrong> {
    let Shape::Span { min_ms, max_ms } = shape else { unreachable!("declared as a time") };
    span_within(value, min_ms, max_ms)
}

fn span_within(value: &DeValue<'_>, min_ms: i64, max_ms: i64) -> Result<i64, Wrong> {
    let DeValue::String(text) = value else {
        return Err(Wrong::described(value));
    };
    let ms = span_ms(text).ok_or_else(|| Wrong::described(value))?;
    if ms < min_ms {
        return Err(Wrong::new(say("is-short").put("value", span_text(ms))));
    }
    if ms > max_ms {
        return Err(Wrong::new(say("is-long").put("value", span_text(ms))));
    }
    Ok(ms)
}

pub(super) fn spans(value: &DeValue<'_>, shape: Shape) -> Result<Vec<i64>, Wrong> {
    let Shape::Spans { count_min, count_max, min_ms, max_ms } = shape else {
        unreachable!("declared as times")
    };
    let DeValue::Array(list) = value else {
        return Err(Wrong::described(value));
    };
    if !(count_min..=count_max).contains(&list.len()) {
        return Err(Wrong::new(say("is-list-of").put("n", list.len().to_string())));
    }
    let mut spans = Vec::new();
    for one in list {
        let one = span_within(one.get_ref(), min_ms, max_ms);
        spans.push(one.map_err(|wrong| Wrong::new(has_entry(wrong.what)))?);
    }
    if !spans.is_sorted() {
        return Err(Wrong::new(say("is-unsorted")));
    }
    Ok(spans)
}
