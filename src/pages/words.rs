//! What pages say, in either language. Every text stands in `locales/`; a key without a text
//! shows itself, and a test holds that no page has one.

use super::lang::Lang;
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

/// The name of a text, where it is kept apart from the place that says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub &'static str);

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
pub fn missing() -> (usize, Option<&'static str>) {
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
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let all = [0, 12, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "12", "999", "1,000", "12,345", "1,234,567"]);
    }
}
