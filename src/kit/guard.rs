//! What every answer carries, whatever it is: a browser guesses no type, loads and runs nothing of
//! it, frames it nowhere and tells nobody where a link was followed from. Pages and files carry
//! their own, which allow what they need and no more.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Them all.
pub const GUARDS: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Guards an answer in each way in which it does not guard itself.
pub fn guard(headers: &mut HeaderMap) {
    for (name, value) in GUARDS {
        headers.entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_its_own_guards() {
        let mut headers = HeaderMap::new();
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        guard(&mut headers);
        assert_eq!(headers.len(), 3);
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
    }
}
