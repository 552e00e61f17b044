//! Style, script and icon, compiled in. Their addresses carry a hash of their bytes, so browsers
//! may keep them for good and a new version is fetched at once.

use crate::kit::hex;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// A file of `assets/`.
struct Asset {
    name: String,
    kind: &'static str,
    bytes: &'static [u8],
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    let css = include_bytes!("../../assets/fanfare.css");
    let clock = include_bytes!("../../assets/clock.js");
    let icon = include_bytes!("../../assets/icon.svg");
    [
        asset("fanfare", "css", "text/css; charset=utf-8", css),
        asset("clock", "js", "text/javascript; charset=utf-8", clock),
        asset("icon", "svg", "image/svg+xml", icon),
    ]
});

fn asset(stem: &str, end: &str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = hex::hex(&Sha256::digest(bytes)[..8]);
    Asset { name: format!("{stem}-{hash}.{end}"), kind, bytes }
}

/// The addresses every page links to: style, script, icon.
pub fn addresses() -> [String; 3] {
    std::array::from_fn(|at| format!("/assets/{}", ASSETS[at].name))
}

/// `GET /assets/{file}`.
pub async fn asset_file(Path(file): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.bytes).into_response()
}
