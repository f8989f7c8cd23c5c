//! The CUDA backend: hand-written kernels behind [`radars_tensor::Backend`].
//!
//! [`Cuda::open`] opens a card through the driver alone: no toolkit, no compiler, no library beside it. An
//! arena on it is one device allocation of exactly the bound, and the ranges in it are those that the plan
//! on [`radars_tensor::Meta`] gave out, so what was planned without a card is what the card holds. Where
//! there is no driver nothing panics: [`devices`] and [`Cuda::open`] say what is missing. It is a backend and
//! nothing else: tensors, networks and gradients are written for any backend, in `radars-tensor` and above.
//!
//! ```
//! use radars_cuda::Cuda;
//! use radars_cuda::tensor::{Arena, Backend, Cpu, Result, Tensor, UnaryOp};
//!
//! fn program<B: Backend>(backend: B) -> Result<Vec<f32>> {
//!     let arena = Arena::with_bound(backend, 1 << 20)?; // 1 MiB, no more
//!     let x = Tensor::from_slice(&arena, [4], &[-1.0f32, 0.0, 1.0, 2.0])?;
//!     x.unary(UnaryOp::Relu)?.read()
//! }
//!
//! # fn main() -> Result<()> {
//! let y = match Cuda::open(0) {
//!     Ok(card) => program(card)?,
//!     Err(_) => program(Cpu::new(1)?)?, // no driver, no card, or one that is too old
//! };
//! assert_eq!(y, [0.0, 0.0, 1.0, 2.0]);
//! # Ok(())
//! # }
//! ```
//!
//! # Kernels
//! A launcher gives its kernel typed values, and its list of types is compared with the kernel's own
//! signature: by a test that needs no card, and again whenever a card is opened. Results have an order of
//! summation that depends on sizes alone; no kernel adds floats atomically. So the same spec
//! ([`CudaSpec`]) gives the same bits, in every run and on every card of that compute capability.

#![allow(
    clippy::type_complexity,
    reason = "the parameters of a kernel are a tuple of types: complex by nature, read once"
)]

mod backend;
mod batch_norm;
mod codes;
mod conv;
mod cuda;
mod device;
mod elementwise;
mod embedding;
mod error;
mod fill;
mod images;
mod launch;
mod mask;
mod matmul;
mod memory;
mod mixed_op;
mod operand;
mod optimizer;
mod parameter;
mod peak;
mod pool;
mod quantiser;
mod reduce;
mod softmax;
mod staging;

pub use cuda::Cuda;
pub use device::{CudaSpec, DeviceInfo, devices};
pub use memory::CudaMemory;
pub use radars_tensor as tensor;

/// The launchers of every family.
pub(crate) const KERNELS: &[&[&dyn launch::Signed]] = &[
    batch_norm::KERNELS,
    codes::KERNELS,
    conv::depthwise::KERNELS,
    conv::gemm::KERNELS,
    conv::scale::KERNELS,
    conv::wgrad::KERNELS,
    elementwise::KERNELS,
    embedding::KERNELS,
    fill::KERNELS,
    images::KERNELS,
    mask::KERNELS,
    matmul::KERNELS,
    mixed_op::KERNELS,
    optimizer::KERNELS,
    peak::KERNELS,
    pool::KERNELS,
    reduce::KERNELS,
    softmax::KERNELS,
];
