//! A connection that leaves HTTP: an answer that lasts for hours takes the bare socket, and with
//! it go the connection's buffers and its task, which would cost more than whoever waits.

use super::AnyBody;
use axum::http::Response;
use bytes::Bytes;
use std::net::TcpStream;
use std::sync::Arc;

/// Takes a socket that does not block, and the head that goes out first.
type Take = dyn Fn(TcpStream, Bytes) + Send + Sync;

/// In an answer's extensions: who takes the connection where it can be given. The answer has a
/// body all the same, for connections that cannot, and its length is not known beforehand.
#[derive(Clone)]
pub struct Handover(Arc<Take>);

impl Handover {
    /// To this.
    pub fn to(take: impl Fn(TcpStream, Bytes) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Hands a socket over.
    pub(super) fn take(&self, socket: TcpStream, head: Bytes) {
        (self.0)(socket, head);
    }
}

/// An answer's head as it goes out; what follows ends with the connection.
pub(super) fn head(answer: &Response<AnyBody>) -> Bytes {
    let mut head = format!("HTTP/1.1 {}\r\n", answer.status()).into_bytes();
    for (name, value) in answer.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"connection: close\r\n\r\n");
    head.into()
}
