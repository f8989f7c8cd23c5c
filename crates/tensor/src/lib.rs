//! Tensors in a bounded memory arena.
mod backend;
pub mod compose;
mod cpu;
mod element;
mod error;
mod fixed_point;
mod geometry;
mod memory;
mod meta;
mod op;
mod ops;
pub mod random;
mod shape;
mod tensor;

pub use backend::{Backend, BatchNormInference, BatchNormSaved};
pub use cpu::{Cpu, CpuSpec, Isa, MatMulIsa};
pub use element::{DType, Element};
pub use error::{Error, Result};
pub use fixed_point::FixedPoint;
pub use geometry::{
    Activation, Axis, BatchNorm, Conv2d, Conv2dOptions, CrossEntropy, Embedding, MatMul, Pool2d,
    PoolKind,
};
pub use memory::{ALIGN, Arena, Buffer, Mut, Ref, Region, Stats, Suballocator, aligned};
pub use meta::Meta;
pub use op::{AdamStep, BinaryOp, Coefficient, MaskOp, Op, Operand, ReduceOp, SgdStep, UnaryOp};
pub use ops::Normalised;
pub use shape::{MAX_RANK, Shape};
pub use tensor::Tensor;
