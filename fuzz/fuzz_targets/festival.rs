//! See `crates/fuzz/src/festival.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fanfare_fuzz::fuzz_festival(bytes));
