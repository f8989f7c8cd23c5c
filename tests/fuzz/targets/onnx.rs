//! The reader `onnx`, on what libFuzzer makes of its seeds.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: radars_tests::readers::seeds::place("onnx"),
    |bytes: &[u8]| radars_tests::readers::read("onnx", bytes)
);
