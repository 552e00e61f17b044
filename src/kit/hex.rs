//! Bytes as text: hexadecimal for what people compare, base64url for what programs carry.

use base64_simd::{Out, URL_SAFE_NO_PAD};
use std::fmt::Write as _;

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads lower- or upper-case hexadecimal of exactly `N` bytes; spaces and colons, which people
/// put between groups, are skipped.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b' ' | b':')).collect();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let digit = |d: u8| char::from(d).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(bytes)
}

/// Base64url without padding.
pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Writes the bytes from there on as base64url without padding.
pub fn base64_behind(text: &mut Vec<u8>, from: usize) {
    let mut room = [0; 96];
    let bytes = &text[from..];
    // A few bytes need no allocation of their own meanwhile.
    let long: Vec<u8>;
    let bytes = match room.get_mut(..bytes.len()) {
        Some(short) => {
            short.copy_from_slice(bytes);
            &*short
        }
        None => {
            long = bytes.to_vec();
            &long
        }
    };
    text.resize(from + URL_SAFE_NO_PAD.encoded_length(bytes.len()), 0);
    let _ = URL_SAFE_NO_PAD.encode(bytes, Out::from_slice(&mut text[from..]));
}

/// Reads base64url without padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back() {
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
        assert_eq!(from_hex::<3>("00 FF:10"), Some([0, 255, 16]));
        assert_eq!(from_hex::<3>("00ff1"), None);
        assert_eq!(from_hex::<1>("é"), None);
        assert_eq!(from_base64(&base64(b"fan")).as_deref(), Some(&b"fan"[..]));
    }
    #[test]
    fn what_is_written_in_its_place_is_what_the_library_writes() {
        for length in 0..200 {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8 ^ 0x5a).collect();
            let mut text = b"a".to_vec();
            text.extend(&bytes);
            base64_behind(&mut text, 1);
            assert_eq!(text, format!("a{}", URL_SAFE_NO_PAD.encode_to_string(&bytes)).into_bytes());
        }
    }
}
