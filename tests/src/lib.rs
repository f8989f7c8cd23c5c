//! Tests that cross crates, in `tests/`, and the CUDA simulator that they share.

pub mod simulator;
