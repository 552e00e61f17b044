//! Which of the two languages a visitor reads: what the address says, else what was chosen
//! before, else what the browser asks for.

use crate::drops::gate::cookie;
use crate::festivals::Names;
use crate::kit::words::Lang;
use axum::http::{HeaderMap, header};

/// The cookie that remembers a chosen language.
pub const LANG_COOKIE: &str = "fanfare-lang";

impl Lang {
    /// A name in this language.
    pub fn of(self, names: &Names) -> &str {
        match self {
            Self::Zh => names.zh(),
            Self::En => names.en(),
        }
    }

    /// The language of a request without a choice in its address.
    pub fn of_request(headers: &HeaderMap) -> Self {
        let chosen = cookie(headers, LANG_COOKIE).and_then(Self::named);
        chosen.unwrap_or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
            Self::accepted(accepted.unwrap_or_default())
        })
    }

    /// The better liked of the two in an `Accept-Language`; English if it names neither.
    fn accepted(header: &str) -> Self {
        let mut best = (0.0, Self::En);
        for part in header.split(',') {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
            let lang = match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("zh") => Self::Zh,
                Some("en") => Self::En,
                _ => continue,
            };
            // Of two liked equally the first counts.
            if weight.is_some_and(|weight| weight > best.0) {
                best = (weight.unwrap_or_default(), lang);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_liked_language_counts() {
        for (header, lang) in [
            ("", Lang::En),
            ("zh", Lang::Zh),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("zh-Hant-HK", Lang::Zh),
            ("en-GB,en;q=0.9,zh;q=0.8", Lang::En),
            ("en;q=0.3, zh;q=0.7", Lang::Zh),
            ("de, zh;q=0.1", Lang::Zh),
            ("de,fr", Lang::En),
            ("zh;q=0", Lang::En),
            ("zh;q=NaN,é;;q=,", Lang::En),
        ] {
            assert_eq!(Lang::accepted(header), lang, "{header}");
        }
    }
}
