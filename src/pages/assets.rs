//! Style, scripts and pictures. Their addresses carry a hash of their bytes, so browsers may keep
//! them for good and a new version is fetched at once.

use super::visit::takes_gzip;
use crate::app::App;
use crate::look::Look;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What a file is sent with. A brand's picture that is opened by itself runs nothing.
const GUARDS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::VARY, "Accept-Encoding"),
];

/// `GET /assets/{file}`.
pub async fn asset_file(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Response {
    self::file(&app.look, &headers, &file)
}

/// The file of this name.
pub fn file(look: &Look, headers: &HeaderMap, name: &str) -> Response {
    let Some(asset) = look.shelf.get(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let packed = asset.gzip.as_ref().filter(|_| takes_gzip(headers));
    let bytes = packed.unwrap_or(&asset.bytes).clone();
    let mut answer = ([(header::CONTENT_TYPE, asset.media_type)], bytes).into_response();
    let headers = answer.headers_mut();
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}
