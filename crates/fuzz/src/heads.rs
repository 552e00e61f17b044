//! The witness's file.

use fanfare::kit::heads;

/// Words of the form.
pub(crate) const WORDS: &[&str] = &["fanfare-heads 2 ", "\n", " ", "/", "0", "-1", "4294967295"];

/// What is read was written so, byte by byte.
///
/// # Panics
/// If two texts are the same heads.
pub fn fuzz_heads(bytes: &[u8]) {
    if let Some(heads) = heads::from_bytes(bytes) {
        assert_eq!(heads::to_text(&heads).as_bytes(), bytes, "another spelling of the same heads");
        assert!(heads.len() <= bytes.len() / 64, "more lanes than there is room for");
    }
}
