//! The control: what stands here is found, or the fuzzers find nothing.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(!bytes.starts_with(b"lost"), "planted");
});
