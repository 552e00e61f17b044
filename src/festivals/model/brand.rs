//! How a festival looks: colours, and where its pictures lie.

use super::super::limits::{PATH_CHARS_MAX, PICTURE_ENDS, URL_CHARS_MAX};

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// Reads `#rrggbb`.
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        all.then_some(Self([part(0)?, part(2)?, part(4)?]))
    }
}

/// The path of a picture from the festival file's folder, and never out of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PicturePath(String);

impl PicturePath {
    /// The path of that text, if it is one.
    pub fn new(text: &str) -> Option<Self> {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./".contains(&byte)
        };
        let parts = |part: &str| !part.is_empty() && !part.starts_with('.');
        let whole = text.len() <= PATH_CHARS_MAX && text.bytes().all(plain);
        let ends = PICTURE_ENDS.iter().any(|end| text.ends_with(end));
        (whole && ends && text.split('/').all(parts)).then(|| Self(text.to_owned()))
    }

    /// The path's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The picture's kind, as the web names it.
    pub fn media_type(&self) -> &'static str {
        match self.0.rsplit('.').next() {
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("webp") => "image/webp",
            _ => "image/svg+xml",
        }
    }
}

/// Where people reach the festival: scheme, host and port, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// The address of that text, if it is one.
    pub fn new(text: &str) -> Option<Self> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        let fits = !host.is_empty() && text.len() <= URL_CHARS_MAX;
        (fits && host.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The address's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a festival looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    pub(in super::super) accent: Colour,
    pub(in super::super) glow: Colour,
    pub(in super::super) logo: Option<PicturePath>,
    pub(in super::super) picture: Option<PicturePath>,
}

impl Brand {
    /// The colour of buttons.
    pub fn accent(&self) -> Colour {
        self.accent
    }

    /// The second colour.
    pub fn glow(&self) -> Colour {
        self.glow
    }

    /// The brand's sign.
    pub fn logo(&self) -> Option<&PicturePath> {
        self.logo.as_ref()
    }

    /// What is shown where a page is shared.
    pub fn picture(&self) -> Option<&PicturePath> {
        self.picture.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::{Colour, PicturePath, Url};

    #[test]
    fn pictures_lie_beside_the_file_and_never_above_it() {
        for good in ["a.svg", "pictures/a-1.png", "a/b/c.webp"] {
            assert!(PicturePath::new(good).is_some(), "{good}");
        }
        for bad in ["", "a", "/a.svg", "../a.svg", "a/../b.svg", "a//b.svg", ".svg", "a\\b.svg"] {
            assert!(PicturePath::new(bad).is_none(), "{bad}");
        }
        assert!(PicturePath::new("https://a.example/a.svg").is_none());
    }

    #[test]
    fn colours_and_addresses_have_one_form() {
        assert_eq!(Colour::new("#cf3A16"), Some(Colour([0xcf, 0x3a, 0x16])));
        for bad in ["cf3a16", "#cf3a1", "#cf3a1g", "#cf3a166", "#+f3a16", "#é1234"] {
            assert!(Colour::new(bad).is_none(), "{bad}");
        }
        for good in ["https://fans.example", "http://10.0.0.1:8080", "http://[::1]:80"] {
            assert!(Url::new(good).is_some(), "{good}");
        }
        for bad in ["fans.example", "https://", "https://a/b", "ftp://a", "https://a\"b"] {
            assert!(Url::new(bad).is_none(), "{bad}");
        }
    }
}
