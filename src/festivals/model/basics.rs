//! Ids, and names in both languages.

use std::fmt;

use super::super::limits::ID_CHARS_MAX;

/// An id: `[a-z0-9][a-z0-9-]{0,62}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

impl Id {
    /// The id of that text, if it is one.
    pub fn new(text: &str) -> Option<Self> {
        let simple = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let first = text.bytes().next().is_some_and(simple);
        let all = text.bytes().all(|byte| simple(byte) || byte == b'-');
        (first && all && text.len() <= ID_CHARS_MAX).then(|| Self(text.to_owned()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Text in both languages, neither of them empty.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Names {
    zh: String,
    en: String,
}

impl Names {
    pub(in super::super) fn new(zh: String, en: String) -> Self {
        Self { zh, en }
    }

    /// The same text for both languages: what has no names of its own shows its id.
    pub(crate) fn same(text: &str) -> Self {
        Self { zh: text.to_owned(), en: text.to_owned() }
    }

    /// In Simplified Chinese.
    pub fn zh(&self) -> &str {
        &self.zh
    }

    /// In English.
    pub fn en(&self) -> &str {
        &self.en
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn ids_are_small_and_plain() {
        for good in ["a", "0", "round-2013-08-12", &"x".repeat(63)] {
            assert!(Id::new(good).is_some(), "{good}");
        }
        for bad in ["", "-a", "A", "a_b", "a b", "é", "a/..", &"x".repeat(64)] {
            assert!(Id::new(bad).is_none(), "{bad}");
        }
    }
}
