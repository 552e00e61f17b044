//! Bytes as text: hexadecimal for what people compare, base64url for what programs carry.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends base64url without padding.
pub fn push_base64(text: &mut String, bytes: &[u8]) {
    let mut room = [0; 128];
    let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut room).unwrap_or_default();
    // In one piece where it fits: in pieces it takes twice as long.
    match str::from_utf8(&room[..length]) {
        Ok(short) if length > 0 => text.push_str(short),
        _ => URL_SAFE_NO_PAD.encode_string(bytes, text),
    }
}

/// What each byte of base64url text stands for; `NONE` where it stands for nothing.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let all = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut at = 0;
    while at < all.len() {
        values[all[at] as usize] = at as u8;
        at += 1;
    }
    values
};

const NONE: u8 = 0x80;

/// Reads base64url text of whole groups, four characters for three bytes each; whether it is that
/// and fills `bytes`. Every request brings such a text, and the library would take three times as
/// long for all the others there are.
pub fn read_groups(text: &[u8], bytes: &mut [u8]) -> bool {
    let (fours, threes) = (text.as_chunks::<4>(), bytes.as_chunks_mut::<3>());
    if !fours.1.is_empty() || !threes.1.is_empty() || fours.0.len() != threes.0.len() {
        return false;
    }
    let mut seen = 0;
    for (four, three) in fours.0.iter().zip(threes.0) {
        let [a, b, c, d] = four.map(|byte| VALUES[usize::from(byte)]);
        seen |= a | b | c | d;
        *three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    seen & NONE == 0
}

/// Reads base64url without padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
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
    fn groups_are_read_as_the_library_reads_them() {
        // Every byte at every place of a group, and lengths that are no groups.
        for at in 0..8 {
            for byte in 0..=u8::MAX {
                let mut text = *b"Ab3-_z09";
                text[at] = byte;
                let mut bytes = [0; 6];
                let read = read_groups(&text, &mut bytes).then_some(bytes.to_vec());
                assert_eq!(read, URL_SAFE_NO_PAD.decode(text).ok(), "{byte} at {at}");
            }
        }
        for length in [0, 3, 5, 6, 7, 9] {
            assert!(!read_groups(&b"AbAbAbAbAb"[..length], &mut [0; 6]), "{length}");
        }
        assert!(!read_groups(b"AbAbAbAb", &mut [0; 5]));
    }

    #[test]
    fn what_is_appended_is_what_the_library_writes() {
        for length in 0..200 {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8 ^ 0x5a).collect();
            let mut text = "a".to_owned();
            push_base64(&mut text, &bytes);
            assert_eq!(text, format!("a{}", URL_SAFE_NO_PAD.encode(&bytes)));
        }
    }
}
