//! Tests that cross crates, in `tests/`, and what they share: the CUDA simulator, and the readers of foreign files.

pub mod readers;
pub mod simulator;
