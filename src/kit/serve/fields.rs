//! A request's header fields, wherever they stand.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Fields of a request: taken apart by hyper, or as they came.
pub trait Fields {
    /// The values of all fields of this name, in their order.
    fn all(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &[u8]>;

    /// The first of them.
    fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// What stands before the names of the cookies that count.
    fn cookies_are(&self) -> &'static str {
        ""
    }
}

impl Fields for HeaderMap {
    fn all(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.get_all(name).iter().map(HeaderValue::as_bytes)
    }

    fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        self.get(name).map(HeaderValue::as_bytes)
    }
}
