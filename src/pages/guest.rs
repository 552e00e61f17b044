//! `POST /guest`: one tap makes a guest's session.

use super::form::Posted;
use axum::response::Response;
use serde::Deserialize;

/// What the form says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The page to go back to.
    #[serde(default)]
    back: String,
}

/// `POST /guest`.
pub async fn enter(posted: Posted<Entry>) -> Response {
    let Posted { mut visit, form } = posted;
    match visit.enter(None) {
        Ok(_) => visit.go(inside(&form.back)),
        Err(problem) => visit.fault(problem.into()),
    }
}

/// A path of ours, or the fan's own page.
pub fn inside(back: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_');
    let ours = back.starts_with('/') && !back.starts_with("//") && back.bytes().all(plain);
    if ours { back } else { "/me" }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(inside("/drops/lamp-3"), "/drops/lamp-3");
        for bad in ["", "//evil.example", "https://evil.example", "/\\evil", "/a\r\nb", "/%2f"] {
            assert_eq!(inside(bad), "/me", "{bad}");
        }
    }
}
