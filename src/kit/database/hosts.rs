//! Which machines a URL names.

use std::net::IpAddr;

/// The hosts before the path, without ports; an empty one where none is named.
pub(super) fn hosts_of(place: &str) -> Vec<String> {
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    // Whatever a password may hold, the last `@` is behind it.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = |named: &str| match named.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address.to_owned(),
        None => named.split(':').next().unwrap_or_default().to_owned(),
    };
    authority.split(',').map(|named| decoded(&host(named)).unwrap_or_default()).collect()
}

/// Whether it is a socket's folder, or nothing, which is this machine's.
pub(super) fn is_socket(host: &str) -> bool {
    host.is_empty() || host.starts_with('/')
}

/// Whether no network lies between.
pub(super) fn is_local(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    is_socket(host) || host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// `%2F` and its like as what they stand for.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        if byte == b'%' {
            let mut digit = || char::from(left.next()?).to_digit(16);
            bytes.push((digit()? * 16 + digit()?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
