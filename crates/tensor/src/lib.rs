//! Tensors in a bounded memory arena.
mod backend;
pub mod compose;
mod cpu;
mod element;
mod error;
mod fixed_point;
mod geometry;
mod memory;
mod op;
pub mod random;
mod shape;

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
pub use op::{AdamStep, BinaryOp, Coefficient, MaskOp, Op, Operand, ReduceOp, SgdStep, UnaryOp};
pub use shape::{MAX_RANK, Shape};
