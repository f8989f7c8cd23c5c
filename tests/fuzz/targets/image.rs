//! The reader `image`, on what libFuzzer makes of its seeds.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: radars_tests::readers::seeds::place("image"),
    |bytes: &[u8]| radars_tests::readers::read("image", bytes)
);
