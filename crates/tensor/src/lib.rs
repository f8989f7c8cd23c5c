//! Tensors that never use more memory than they were given, and plans that say beforehand how much that is.
//!
//! An [`Arena`] is one reservation of exactly the bound the user set; every [`Tensor`] and every scratch
//! buffer is a range of it, and what does not fit is [`Error::OverBound`], never an abort. A [`Backend`]
//! computes on such ranges and allocates nothing: `Tensor` checks the shapes, takes the output and the
//! scratch from the arena, and hands views down. So the planning twin of a backend, [`Meta`], can run the
//! same program without computing: it makes the same allocations in the same order, and its
//! [`Stats::high_water_bytes`] is, to the byte, the smallest bound in which the program runs. What is so known
//! of a program also gives a [`Layout`], by which it runs with hardly any gaps: [`Arena::play`]. [`Cpu`] has
//! convolutions in AVX-512 and portable ones, quantisers and batch normalisation fused into single passes,
//! and sums in an order that no number of threads changes. What a new backend does not fuse, [`compose`]
//! makes of its primitives. Images are channels last, elements f32; other types are storage ([`DType`]).
//! Networks, gradients and search spaces are the business of the crates above.
//!
//! ```
//! use radars_tensor::{Arena, Backend, Conv2dOptions, Cpu, Error, Meta, Result, Tensor, UnaryOp};
//!
//! fn program<B: Backend>(arena: &Arena<B>) -> Result<Tensor<B>> {
//!     let images = Tensor::full(arena, [8, 16, 16, 3], 0.5)?;
//!     let weight = Tensor::full(arena, [32, 3, 3, 3], 0.1)?;
//!     let same = Conv2dOptions { stride: 1, padding: 1, groups: 1 };
//!     images.conv2d(&weight, same)?.unary_in_place(UnaryOp::Relu)
//! }
//!
//! # fn main() -> Result<()> {
//! let cpu = Cpu::new(2)?;
//! let plan = Arena::with_bound(Meta::<Cpu>::new(cpu.spec()), usize::MAX)?;
//! program(&plan)?;
//! let bound = plan.stats().high_water_bytes; // about 0.3 MiB, known before anything ran
//!
//! let arena = Arena::with_bound(cpu, bound)?;
//! let y = program(&arena)?;
//! assert!((y.read::<f32>()?[16 * 32 + 32] - 27.0 * 0.05).abs() < 1e-5); // 3 x 3 x 3 products
//! assert_eq!(arena.stats().high_water_bytes, bound);
//!
//! let tight = Arena::with_bound(Cpu::new(2)?, bound - 256)?;
//! assert!(matches!(program(&tight), Err(Error::OverBound { .. })));
//! # Ok(())
//! # }
//! ```

mod backend;
pub mod compose;
mod cpu;
mod element;
mod error;
mod fixed_point;
mod geometry;
mod image;
mod kernel_merge;
mod memory;
mod meta;
mod op;
mod operands;
mod ops;
pub mod random;
mod shape;
mod tensor;

pub use backend::Backend;
pub use cpu::{Cpu, CpuSpec, Isa, MatMulIsa};
pub use element::{DType, Element};
pub use error::{Error, Result};
pub use fixed_point::FixedPoint;
pub use geometry::{
    Activation, Axis, BatchNorm, Conv2d, Conv2dOptions, CrossEntropy, Embedding, MatMul, Pool2d,
    PoolKind,
};
pub use image::{ImageBatch, Placement};
pub use kernel_merge::{KernelMerge, KernelTerm};
pub use memory::{
    ALIGN, Arena, Buffer, Layout, Lifetimes, Mut, Playing, Ref, Region, Stats, Suballocator,
    aligned,
};
pub use meta::Meta;
pub use op::{
    AdamStep, BinaryOp, Coefficient, ConvValues, MaskOp, Op, Operand, ReduceOp, SgdStep, UnaryOp,
    Values,
};
pub use operands::{BatchNormInference, BatchNormSaved};
pub use ops::Normalised;
pub use shape::{MAX_RANK, Shape};
pub use tensor::Tensor;
