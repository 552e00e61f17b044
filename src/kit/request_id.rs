//! The name of a request: it leads from the answer somebody got to what was logged about it.
//!
//! A proxy or a caller may give it, in `X-Request-Id` or as the trace of `traceparent`; then it is
//! taken if it is nothing but 8 to 64 hex digits and hyphens, as all that make such names write
//! them. So nobody's name or address comes into the log by it, and no line of somebody's own.

use super::serve::Fields;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where it stands, in requests and answers.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How many characters it has.
const CHARS: std::ops::RangeInclusive<usize> = 8..=64;

/// A request's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The one a request came with.
    pub fn sent(fields: &impl Fields) -> Option<Self> {
        let given = fields.first(&X_REQUEST_ID).filter(|id| is_one(id));
        let given = given.and_then(|id| HeaderValue::from_bytes(id).ok());
        given.map(Self).or_else(|| fields.first(&TRACEPARENT).and_then(trace))
    }

    /// One that no other request of this process has, and hardly one of any other.
    pub fn made() -> Self {
        static FIRST: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
        static MADE: AtomicU64 = AtomicU64::new(0);
        // An odd factor takes each number to another one, and neighbours far apart.
        let turn = MADE.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let text = format!("{:016x}", FIRST.wrapping_add(turn));
        Self(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("00000000")))
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Has an answer carry it.
    pub fn put(self, headers: &mut HeaderMap) {
        headers.insert(X_REQUEST_ID.clone(), self.0);
    }
}

fn is_one(bytes: &[u8]) -> bool {
    CHARS.contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-')
}

/// The trace's name in `version-trace-parent-flags`. Source: W3C Trace Context, 3.2.
fn trace(value: &[u8]) -> Option<RequestId> {
    let mut parts = str::from_utf8(value).ok()?.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let named = trace.len() == 32 && is_one(trace.as_bytes()) && trace.bytes().any(|b| b != b'0');
    let named = named && version.len() == 2 && version != "ff";
    named.then(|| HeaderValue::try_from(trace).ok().map(RequestId))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &'static str, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).unwrap());
        RequestId::sent(&headers).map(|id| id.text().to_owned())
    }

    #[test]
    fn a_name_is_taken_that_can_be_nobodys_and_breaks_no_line() {
        for good in ["0123abcd", "550e8400-e29b-41d4-a716-446655440000", &"f".repeat(64)] {
            assert_eq!(sent("x-request-id", good).as_deref(), Some(good));
        }
        let bad = ["", "abc", "Zaphod-Beeblebrox", "203.0.113.77", "0123abcd x=1", "0123:abcd"];
        for bad in bad.into_iter().chain([&*"f".repeat(65)]) {
            assert_eq!(sent("x-request-id", bad), None, "{bad}");
        }
    }

    #[test]
    fn a_trace_gives_its_own_name_and_yields_to_a_requests() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(sent("traceparent", &parent).as_deref(), Some(trace));
        let nought = "0".repeat(32);
        for bad in [trace, "00", &parent.replace(trace, &nought), &parent.replace("00-4b", "ff-4b")]
        {
            assert_eq!(sent("traceparent", bad), None, "{bad}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::try_from(parent).unwrap());
        headers.insert("x-request-id", HeaderValue::from_static("0123abcd"));
        assert_eq!(RequestId::sent(&headers).unwrap().text(), "0123abcd");
        headers.insert("x-request-id", HeaderValue::from_static("not one"));
        assert_eq!(RequestId::sent(&headers).unwrap().text(), trace);
    }

    #[test]
    fn names_that_are_made_differ_and_are_such_names() {
        let made = [(); 1_000].map(|()| RequestId::made().text().to_owned());
        assert!(made.iter().all(|id| is_one(id.as_bytes())), "{made:?}");
        let all: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(all.len(), made.len());
    }
}
