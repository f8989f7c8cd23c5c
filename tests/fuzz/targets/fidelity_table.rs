//! The reader `fidelity_table`, on what libFuzzer makes of its seeds.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: radars_tests::readers::seeds::place("fidelity_table"),
    |bytes: &[u8]| radars_tests::readers::read("fidelity_table", bytes)
);
