//! Names, passwords and sessions, as they may be.

use crate::kit::token::Role;

/// Letters a name has at the least and at the most.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=32;

/// Letters a password has at the least.
const PASSWORD_CHARS_MIN: usize = 8;

/// What is guessed first: the 3,000 most frequent passwords of that length, by letters.
/// Source: the list of zxcvbn 3.1.1 (MIT licence), which counts what was found in leaks.
const COMMON: &str = include_str!("common-passwords.txt");

/// Most bytes of a password that are read.
const PASSWORD_BYTES_MAX: usize = 256;

/// How long somebody stays signed in without a visit, ms.
pub const SIGNED_IN_MS: i64 = 90 * 24 * 3_600 * 1_000;

/// How long at the most, however often they come, ms.
pub const SIGNED_IN_AT_MOST_MS: i64 = 365 * 24 * 3_600 * 1_000;

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

/// Why a password is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// So many characters, which are too few.
    Short(usize),
    /// Longer than anybody types.
    Long,
    /// It is the account's name.
    Name,
    /// It is among those that are guessed first.
    Common,
}

/// A password as it was typed, long enough to be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a password for an account with this name. `near` are words that are guessed here
    /// before others: the festival's.
    ///
    /// # Errors
    /// If it is too short, too long, the name itself, or what is guessed first.
    pub fn new(text: &str, name: &Name, near: &[&str]) -> Result<Self, Unfit> {
        let chars = text.chars().count();
        if chars < PASSWORD_CHARS_MIN {
            return Err(Unfit::Short(chars));
        }
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(Unfit::Long);
        }
        let folded = text.to_lowercase();
        if folded == name.folded {
            return Err(Unfit::Name);
        }
        // In capitals or with a number of times the same character it is guessed as soon.
        let mut chars = folded.chars();
        let first = chars.next();
        let same = chars.all(|c| Some(c) == first);
        if same || COMMON.lines().any(|common| common == folded) || is_near(&folded, name, near) {
            return Err(Unfit::Common);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes what somebody signs in with, who may have typed anything.
    pub fn typed(text: &str) -> Option<Self> {
        (text.len() <= PASSWORD_BYTES_MAX).then(|| Self(text.to_owned()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Words that are tried first on any server of ours.
const OURS: [&str; 5] = ["fanfare", "festival", "password", "cashier", "operator"];

/// Whether a password in small letters is one near word, or the account's name, with digits and
/// signs around it.
fn is_near(folded: &str, name: &Name, near: &[&str]) -> bool {
    let letters = |text: &str| -> String {
        text.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect()
    };
    let bare = letters(folded);
    let words = OURS.iter().chain(near).copied().chain([name.folded.as_str()]);
    !bare.is_empty() && words.map(letters).any(|word| word == bare)
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

/// What systems call themselves, and what people call them; the first that is found.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// The same of browsers: those that also call themselves something else come first.
const BROWSERS: [(&str, &str); 10] = [
    ("MicroMessenger/", "WeChat"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// A browser's name and system in people's words; where they are not known, what it calls itself,
/// short enough to show.
pub fn device(agent: &str) -> String {
    let known = |all: &[(&str, &'static str)]| {
        all.iter().find(|(said, _)| agent.contains(said)).map(|(_, name)| *name)
    };
    if let (Some(browser), Some(system)) = (known(&BROWSERS), known(&SYSTEMS)) {
        return format!("{browser} · {system}");
    }
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
        let why = |text: &str| Password::new(text, &name, &["lumen-2027", "流明节"]).err();
        assert_eq!(why("correct horse"), None);
        assert_eq!(why("八个汉字也是密码"), None);
        assert_eq!(why(""), Some(Unfit::Short(0)));
        assert_eq!(why("七个汉字不够长"), Some(Unfit::Short(7)));
        assert_eq!(why("SOMEBODY"), Some(Unfit::Name));
        for common in ["password", "Password1", "12345678", "qwertyuiop", "xxxxxxxxxxxxxxxxxxxx"] {
            assert_eq!(why(common), Some(Unfit::Common), "{common}");
        }
        for near in ["Fanfare2026!", "lumen-2027", "2027.Lumen", "流明节12345", "somebody-1"] {
            assert_eq!(why(near), Some(Unfit::Common), "{near}");
        }
        assert_eq!(why("lumen is my lamp"), None);
        assert_eq!(COMMON.lines().count(), 3_000);
        assert_eq!(why(&"a".repeat(257)), Some(Unfit::Long));
    }

    #[test]
    fn a_device_is_short_and_plain() {
        assert_eq!(device("a\r\nb"), "ab");
        let phone = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/140.0.0.0 Mobile Safari/537.36";
        assert_eq!(device(phone), "Chrome · Android");
        assert_eq!(device(&"长".repeat(500)).chars().count(), 120);
    }
}
