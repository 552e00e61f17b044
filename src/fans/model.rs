//! Names, passwords and sessions, as they may be.

use crate::kit::token::Role;

/// Letters a name has at the least and at the most.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=32;

/// Letters a password has at the least.
const PASSWORD_CHARS_MIN: usize = 8;

/// Most bytes of a password that are read.
const PASSWORD_BYTES_MAX: usize = 256;

/// How long somebody stays signed in without a visit, ms.
pub const SIGNED_IN_MS: i64 = 90 * 24 * 3_600 * 1_000;

/// An account's name: as it is shown, and as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As its owner writes it.
    pub shown: String,
    /// In small letters; two names that differ only in that are one.
    pub folded: String,
}

impl Name {
    /// A name of letters, digits, `-`, `_` and `.`; none if it is not one.
    pub fn new(text: &str) -> Option<Self> {
        let shown = text.trim().to_owned();
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let good = NAME_CHARS.contains(&shown.chars().count()) && shown.chars().all(plain);
        good.then(|| Self { folded: shown.to_lowercase(), shown })
    }
}

/// A password as it was typed, long enough to be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a password for a new account; none if it is too short, too long, or the name itself.
    pub fn new(text: &str, name: &Name) -> Option<Self> {
        let long = text.chars().count() >= PASSWORD_CHARS_MIN && text.len() <= PASSWORD_BYTES_MAX;
        (long && text.to_lowercase() != name.folded).then(|| Self(text.to_owned()))
    }

    /// Takes what somebody signs in with, who may have typed anything.
    pub fn typed(text: &str) -> Option<Self> {
        (text.len() <= PASSWORD_BYTES_MAX).then(|| Self(text.to_owned()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Where somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The session's number.
    pub number: u64,
    /// What the browser called itself.
    pub device: String,
    /// Since when, ms since 1970.
    pub made_at_ms: i64,
    /// Last seen, ms since 1970.
    pub seen_at_ms: i64,
}

/// What a browser calls itself, short enough to show.
pub fn device(agent: &str) -> String {
    agent.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// The role of a name the tables hold.
pub fn role(name: &str) -> Role {
    Role::named(name).unwrap_or(Role::Fan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_compared_in_small_letters() {
        let name = Name::new("  Mi-粉丝_7.x ").unwrap();
        assert_eq!((name.shown.as_str(), name.folded.as_str()), ("Mi-粉丝_7.x", "mi-粉丝_7.x"));
        let long = "a".repeat(33);
        for bad in ["", "a", "a b", "a\u{0}b", "<b>x", "a@b", "a\u{202e}b", long.as_str()] {
            assert_eq!(Name::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_password_is_long_enough_and_not_the_name() {
        let name = Name::new("Somebody").unwrap();
        assert!(Password::new("correct horse", &name).is_some());
        assert!(Password::new("八个汉字也是密码", &name).is_some());
        for bad in ["", "short", "somebody", "SOMEBODY", &"a".repeat(257)] {
            assert!(Password::new(bad, &name).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_device_is_short_and_plain() {
        assert_eq!(device("a\r\nb"), "ab");
        assert_eq!(device(&"长".repeat(500)).chars().count(), 120);
    }
}
