//! Files by their addresses. Text is kept compressed too: it is sent a hundred thousand times.

use super::name_of;
use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write as _;

/// A file browsers keep for good.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its kind, as the web names it.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
    /// The same with gzip, where that is shorter.
    pub gzip: Option<Bytes>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Shelf(BTreeMap<String, Asset>);

impl Shelf {
    /// Puts a file; gives its address.
    pub fn put(&mut self, stem: &str, end: &str, bytes: Vec<u8>) -> String {
        let name = name_of(stem, end, &bytes);
        let gzip = gzipped(&bytes, Compression::best()).filter(|gzip| gzip.len() < bytes.len());
        let address = format!("/assets/{name}");
        let bytes = Bytes::from(bytes);
        self.0.insert(name, Asset { media_type: media_type(end), bytes, gzip });
        address
    }

    /// The file of this name.
    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.0.get(name)
    }
}

fn media_type(end: &str) -> &'static str {
    match end {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

/// Bytes with gzip.
pub fn gzipped(bytes: &[u8], how: Compression) -> Option<Bytes> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), how);
    gzip.write_all(bytes).ok()?;
    gzip.finish().ok().map(Bytes::from)
}
