//! See `crates/fuzz/src/heads.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fanfare_fuzz::fuzz_heads(bytes));
