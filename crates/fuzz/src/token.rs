//! Session tokens: one that is accepted was made here, to the last bit.
//!
//! Where the first byte is odd the rest is signed with the right key first, so that what stands
//! behind the code is reached: nothing is accepted there either but what the maker writes.

use fanfare::kit::hex;
use fanfare::kit::token::{Session, TokenError, Tokens, Use};

/// Words of the form.
pub(crate) const WORDS: &[&str] = &["A", "-", "_", "=", "\u{1}", "\u{2}", "\u{0}"];

/// A key that signs nothing else. Its code has no sanctity, its form has.
const KEY: [u8; 32] = [3; 32];

/// Bytes that are signed, of both kinds.
const SIGNED: [usize; 2] = [14, 23];

/// What is accepted is what the maker makes of the same session.
///
/// # Panics
/// If a token is accepted that is not made here, or said to be over when it is not.
pub fn fuzz_token(bytes: &[u8]) {
    let tokens = Tokens::new(KEY);
    let Some((choice, bytes)) = bytes.split_first() else { return };
    if choice % 2 == 1 {
        for signed in SIGNED.iter().filter_map(|&length| bytes.get(..length)) {
            let mac = blake3::keyed_hash(&KEY, signed);
            held(&tokens, &hex::base64(&[signed, &mac.as_bytes()[..16]].concat()));
        }
    } else if let Ok(text) = str::from_utf8(bytes) {
        held(&tokens, text);
    }
}

fn held(tokens: &Tokens, text: &str) {
    for used in [Use::Session, Use::Guest] {
        let Ok((session, number)) = tokens.signed(text, used) else { continue };
        let again = if text.len() == 52 {
            assert_eq!(used, Use::Session, "a numbered token renews a guest");
            tokens.make_numbered(&session, number)
        } else {
            tokens.make(&session, used)
        };
        assert_eq!(again, text, "a token nobody made");
        let Session { until_s, .. } = session;
        let ends_ms = i64::from(until_s) * 1_000;
        assert_eq!(tokens.read(text, used, ends_ms - 1), Ok((session, number)));
        assert_eq!(tokens.read(text, used, ends_ms), Err(TokenError::Expired));
        let other = if used == Use::Session { Use::Guest } else { Use::Session };
        assert_eq!(tokens.signed(text, other), Err(TokenError::Forged), "good for two uses");
        assert_eq!(Tokens::new([4; 32]).signed(text, used), Err(TokenError::Forged));
    }
}
