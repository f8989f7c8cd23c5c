//! The reader `space`, on what libFuzzer makes of its seeds.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: radars_tests::readers::seeds::place("space"),
    |bytes: &[u8]| radars_tests::readers::read("space", bytes)
);
