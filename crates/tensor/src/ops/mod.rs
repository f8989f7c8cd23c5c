//! Operations on tensors: check shapes once, allocate the result and the scratch, hand views down.

mod codes;
mod convolution;
mod elementwise;
mod fake_quantised_convolution;
mod image;
mod kernel_merge;
mod loss;
mod mixture;
mod normalisation;
mod optimizer;
mod product;
mod reduction;

pub use normalisation::Normalised;

use crate::{Arena, Backend, Buffer, Op, Result};

/// The scratch buffer of an operation.
fn scratch<B: Backend>(arena: &Arena<B>, name: &'static str, op: &Op<'_>) -> Result<Buffer<B>> {
    arena.allocate(name, B::scratch_bytes(&arena.backend().spec(), op))
}
