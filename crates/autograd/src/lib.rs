//! Reverse-mode differentiation on an explicit, owned tape.
pub mod ops;
mod tape;

pub use radars_tensor as tensor;
pub use tape::{Backward, Gradients, Tape, Var, VarId};
