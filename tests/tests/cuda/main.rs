//! The CUDA backend against the CPU backend: on the simulator always, on a GPU where there is one.
//!
//! A family's tests are a module of [`fixture::Case`]s. Every `#[test]` runs its body, in a process of
//! its own, once for every device: see [`fixture::on_every_device`].
#![allow(
    clippy::unwrap_used,
    reason = "the functions that tests share unwrap as tests do"
)]

mod batch_norm;
mod codes;
mod conv;
mod depthwise;
mod devices;
mod elementwise;
mod fixture;
mod images;
mod kernel_merge;
mod matmul;
mod mixed_op;
mod optimizer;
mod pool;
mod processes;
mod random_geometry;
mod reduce;
mod softmax;
mod tolerance;
mod transfers;
mod wgrad;
