//! The reader `dataset`, on what libFuzzer makes of its seeds.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: radars_tests::readers::seeds::place("dataset"),
    |bytes: &[u8]| radars_tests::readers::read("dataset", bytes)
);
