//! What people read, in either language. Every text stands in `locales/`; a key without a text
//! shows itself, and a test holds that no page has one.
//!
//! What is found far from its reader is a [`Saying`]: it has no language yet. A page says it in
//! the visitor's, the terminal and the API in English, from the same texts.

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, langid};
use std::borrow::Cow;
use std::collections::HashMap;

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // Pages are marked up by direction and language; isolating marks would be copied along.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const ZH: LanguageIdentifier = langid!("zh-CN");
const EN: LanguageIdentifier = langid!("en");

/// A language people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Simplified Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The language's tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language of this tag.
    pub fn named(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(tag))
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }
}

/// The name of a text, where it is kept apart from the place that says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub &'static str);

/// Something to be said in either language: the name of a text, and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Saying {
    key: &'static str,
    parts: Vec<(&'static str, Part)>,
}

/// What stands in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The same in both languages: a name, a number, a piece of a file.
    Plain(Cow<'static, str>),
    /// A text of its own. In a box, as a hostile file can have a million faults.
    Said(Box<Saying>),
    /// Several, each the same in both languages, of which one will do.
    Any(Box<[Cow<'static, str>]>),
    /// Several, each the same in both languages.
    All(Box<[Cow<'static, str>]>),
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Plain(text.into())
    }
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Plain(text.into())
    }
}

impl From<Saying> for Part {
    fn from(saying: Saying) -> Self {
        Self::Said(Box::new(saying))
    }
}

impl Part {
    /// Several, of which one will do.
    pub fn any(list: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        Self::Any(list.into_iter().map(Into::into).collect())
    }

    /// Several.
    pub fn all(list: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        Self::All(list.into_iter().map(Into::into).collect())
    }
}

/// What this text says, once somebody reads it.
pub const fn say(key: &'static str) -> Saying {
    Saying { key, parts: Vec::new() }
}

impl Saying {
    /// With one more part.
    #[must_use]
    pub fn put(mut self, name: &'static str, part: impl Into<Part>) -> Self {
        self.parts.push((name, part.into()));
        self
    }

    /// As terminals and programs read it.
    pub fn english(&self) -> String {
        Words(Lang::En).say(self)
    }
}

/// Says things in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Lang);

impl Words {
    /// A text as it stands.
    pub fn t(self, key: &'static str) -> String {
        self.look_up(key, &HashMap::new())
    }

    /// A text by a key kept elsewhere.
    pub fn key(self, key: Key) -> String {
        self.t(key.0)
    }

    /// A text with names or amounts in it.
    pub fn with(self, key: &'static str, args: &[(&'static str, &str)]) -> String {
        let args = args.iter().map(|(name, text)| (Cow::from(*name), FluentValue::from(*text)));
        self.look_up(key, &args.collect())
    }

    /// A text that counts: `n` chooses the plural, `shown` is what people read.
    pub fn count(self, key: &'static str, n: u64) -> String {
        let args = [("n", FluentValue::from(n)), ("shown", grouped(n).into())];
        self.look_up(key, &args.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// What was to be said.
    pub fn say(self, saying: &Saying) -> String {
        let part = |(name, part): &(&'static str, Part)| {
            let text = match part {
                Part::Plain(text) => text.to_string(),
                Part::Said(saying) => self.say(saying),
                Part::Any(list) => list.join(&self.t("list-or")),
                Part::All(list) => list.join(&self.t("list-and")),
            };
            (Cow::from(*name), FluentValue::from(text))
        };
        self.look_up(saying.key, &saying.parts.iter().map(part).collect())
    }

    fn look_up(self, key: &'static str, args: &HashMap<Cow<'static, str>, FluentValue>) -> String {
        let language = match self.0 {
            Lang::Zh => ZH,
            Lang::En => EN,
        };
        let said = LOCALES.lookup_single_language(&language, key, Some(args));
        said.unwrap_or_else(|_| {
            #[cfg(test)]
            MISSED.lock().unwrap().push(key);
            key.to_owned()
        })
    }
}

/// Keys and arguments that were asked for and are not there; tests hold that there are none.
#[cfg(test)]
static MISSED: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());

/// How many texts were missed so far, and the first.
#[cfg(test)]
pub(crate) fn missing() -> (usize, Option<&'static str>) {
    let missed = MISSED.lock().unwrap();
    (missed.len(), missed.first().copied())
}

/// A number in groups of three digits, as both languages write it.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let all = [0, 12, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "12", "999", "1,000", "12,345", "1,234,567"]);
    }
}
