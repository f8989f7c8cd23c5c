//! Reverse-mode differentiation on an explicit, owned tape that accounts for every byte it keeps.
//!
//! A [`Tape`] records the operations of one forward pass; [`Tape::backward`] walks them in reverse and
//! gives the gradients of the leaves. Nothing is global and nothing is kept that the way back does not
//! need: what an operation saves depends on which of its inputs want a gradient, is dropped the moment
//! it has been used, and is counted by [`Tape::saved_bytes`]. All memory comes from one bounded
//! [`tensor::Arena`], so a pass that does not fit ends in an error, and the same code on the planning
//! backend [`tensor::Meta`] tells beforehand, to the byte, whether it will. Layers, parameters that outlive a
//! pass and optimizers are the business of `radars-nn`.
//!
//! ```
//! use radars_autograd::tensor::{Arena, Cpu, Tensor};
//! use radars_autograd::{Tape, Var, ops};
//!
//! # fn main() -> Result<(), radars_autograd::tensor::Error> {
//! let arena = Arena::with_bound(Cpu::new(1)?, 1 << 20)?; // 1 MiB, no more
//! let mut tape = Tape::new(&arena);
//!
//! let x = Var::constant(Tensor::from_slice(&arena, [1, 3], &[1.0f32, 2.0, 3.0])?);
//! let w = tape.leaf(Tensor::from_slice(&arena, [3, 1], &[0.5f32, -1.0, 0.25])?);
//! let id = w.id();
//!
//! let y = ops::matmul(&mut tape, x, false, w, false)?; // -0.75
//! let y = ops::affine(&mut tape, y, -1.0, 0.0)?;
//! let y = ops::relu(&mut tape, y)?;
//! let loss = ops::mean(&mut tape, y)?;
//! assert_eq!(loss.value().item()?, 0.75);
//! assert_eq!(tape.saved_bytes(), 13); // x for the gradient of w, one bit for relu's mask
//!
//! let mut gradients = tape.backward(loss)?;
//! let gradient = id.and_then(|id| gradients.take(id));
//! assert_eq!(gradient.map(|g| g.read()).transpose()?, Some(vec![-1.0f32, -2.0, -3.0]));
//! # Ok(())
//! # }
//! ```
//!
//! An operation of one's own is a function that computes with [`tensor::Tensor`] and ends in
//! [`Tape::record`], beside a struct that implements [`Backward`]; those of [`ops`] are written no
//! differently.
mod kept;
pub mod ops;
mod tape;

pub use kept::{Kept, Origin};
pub use radars_tensor as tensor;
pub use tape::{Backward, Gradients, Tape, Var, VarId};
