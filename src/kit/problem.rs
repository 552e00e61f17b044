//! Problem answers (RFC 9457): a code for programs, a sentence for people, what to do next.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A refusal as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// The code the contract names.
    pub code: &'static str,
    /// What pages know it by: the code, or one of several reasons that have it.
    pub reason: &'static str,
    /// One sentence for people.
    pub title: String,
    /// Seconds to wait before asking again.
    pub retry_after_s: Option<u32>,
    /// Further members the contract names for this code.
    pub more: Map<String, Value>,
}

/// When to ask again for a drop that is not served: what opens it takes minutes, seldom less.
const SHUT_AGAIN_S: u32 = 20;

/// Every code with its status and its sentence, in the contract's order.
const CODES: [(&str, u16, &str); 21] = [
    ("no_session", 401, "Sign in first, or renew your session."),
    ("not_entitled", 403, "This drop is for fans who meet its rule."),
    ("not_allowed", 403, "Your role does not allow this."),
    ("no_such_drop", 404, "There is no such drop."),
    ("no_such_item", 404, "The drop has no such item or variant."),
    ("no_such_claim", 404, "You have no such claim."),
    ("not_open", 409, "The drop has not opened yet."),
    ("paused", 409, "The drop is paused; your place in it is safe."),
    ("closed", 409, "The drop is over."),
    ("sold_out", 409, "Sold out."),
    ("limit_reached", 409, "You have as many as one fan may have."),
    ("not_held", 409, "The claim is not held any more."),
    ("too_large", 413, "The request is too large."),
    ("not_json", 415, "Send JSON, with content type application/json."),
    ("invalid", 422, "Something in the request is not right."),
    ("key_reused", 422, "This idempotency key was used before, with other fields."),
    ("too_fast", 429, "Too many requests; wait a moment."),
    ("busy", 503, "Busy; nothing was done. Ask again in a moment."),
    ("unsure", 503, "It may have been done. Ask the same again: the answer will be true."),
    ("not_found", 404, "There is nothing here."),
    ("wrong_method", 405, "This address takes other methods; see Allow."),
];

impl Problem {
    /// The problem with this code.
    pub fn new(code: &'static str) -> Self {
        let known = CODES.iter().find(|(name, ..)| *name == code);
        let (code, status, title) = known.copied().unwrap_or(("busy", 503, "Busy."));
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
            code,
            reason: code,
            title: title.to_owned(),
            retry_after_s: matches!(code, "too_fast" | "busy" | "unsure").then_some(1),
            more: Map::new(),
        }
    }

    /// A drop that exists and is not served now. `reason` says what was asked for of it:
    /// `drop_shut`, `claim_shut`, or `mine_shut`, where claims in it may be missing from a list.
    pub fn shut(reason: &'static str) -> Self {
        let title = "A drop cannot be reached at the moment; nothing was done, and what you have \
                     in it stands. Ask again in a few minutes.";
        let (title, retry_after_s) = (title.to_owned(), Some(SHUT_AGAIN_S));
        Self { reason, title, retry_after_s, ..Self::new("busy") }
    }

    /// With one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// A field that is not right, and why.
    pub fn invalid(field: &str, why: &str) -> Self {
        Self::new("invalid").with("field", field).with("why", why)
    }

    /// The body.
    pub fn body(&self) -> Vec<u8> {
        let mut body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "code": self.code,
        });
        if let Value::Object(body) = &mut body {
            body.extend(self.more.clone());
        }
        body.to_string().into_bytes()
    }
}

/// What an answer to a program was refused for, for whoever counts it.
#[derive(Clone, Copy, Debug)]
pub struct Refused(pub &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body()).into_response();
        response.extensions_mut().insert(Refused(self.code));
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The same code, known to live as long as the program.
pub fn known(code: &str) -> &'static str {
    CODES.iter().map(|(name, ..)| *name).find(|name| *name == code).unwrap_or("busy")
}

/// All codes.
pub fn codes() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|(name, ..)| *name)
}
