//! An answer to one of a crowd's requests: few kinds of it, many of each.

use super::AnyBody;
use crate::kit::guard;
use crate::kit::request_id::{RequestId, X_REQUEST_ID};
use crate::kit::tls;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::{Either, Full};

/// An answer, before it is written.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// The type of its body.
    pub kind: &'static str,
    /// How long it may be kept, in the words of `Cache-Control`.
    pub keep: &'static str,
    /// In how many seconds to ask again.
    pub retry_after_s: Option<u32>,
    /// The request's name, if it has one.
    pub id: Option<RequestId>,
    /// Its body.
    pub body: Content,
}

/// An answer's body.
#[derive(Clone, Debug)]
pub enum Content {
    /// One that many get alike.
    Shared(Bytes),
    /// One that is this answer's alone. To share it would cost an allocation more.
    Own(Vec<u8>),
}

impl Content {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Own(bytes) => bytes,
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Shared(bytes)
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Own(bytes)
    }
}

impl From<Content> for Bytes {
    fn from(content: Content) -> Self {
        match content {
            Content::Shared(bytes) => bytes,
            Content::Own(bytes) => bytes.into(),
        }
    }
}

impl Reply {
    /// An answer that nobody keeps.
    pub fn new(status: StatusCode, kind: &'static str, body: impl Into<Content>) -> Self {
        let body = body.into();
        Self { status, kind, keep: "no-store", retry_after_s: None, id: None, body }
    }

    /// Writes it as it goes out at this date; over https with what answers there have of their
    /// own, and at the connection's end saying so.
    pub(super) fn write(&self, out: &mut Vec<u8>, date: &str, https: bool, last: bool) {
        let mut number = itoa::Buffer::new();
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(self.status.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.status.canonical_reason().unwrap_or_default().as_bytes());
        let mut field = |name: &str, value: &[u8]| {
            for part in [b"\r\n", name.as_bytes(), b": ", value] {
                out.extend_from_slice(part);
            }
        };
        field("content-type", self.kind.as_bytes());
        field("cache-control", self.keep.as_bytes());
        if let Some(seconds) = self.retry_after_s {
            field("retry-after", number.format(seconds).as_bytes());
        }
        if let Some(id) = &self.id {
            field(X_REQUEST_ID.as_str(), id.text().as_bytes());
        }
        for (name, value) in &guard::GUARDS {
            field(name.as_str(), value.as_bytes());
        }
        if https {
            field("strict-transport-security", tls::STRICTLY.as_bytes());
        }
        if last {
            field("connection", b"close");
        }
        let body = self.body.bytes();
        field("content-length", number.format(body.len()).as_bytes());
        field("date", date.as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(body);
    }
}

impl From<Reply> for Response<AnyBody> {
    fn from(reply: Reply) -> Self {
        let mut answer = Self::new(Either::Left(Full::new(reply.body.into())));
        *answer.status_mut() = reply.status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(reply.keep));
        if let Some(seconds) = reply.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(id) = reply.id {
            id.put(headers);
        }
        guard::guard(headers);
        answer
    }
}
