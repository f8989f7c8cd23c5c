//! Clipping of the global norm of gradients.

use crate::{ParameterId, Result};
use radars_autograd::tensor::{Arena, Backend, Coefficient, ReduceOp, Tensor, UnaryOp};

/// The factor `min(1, max_norm / (norm + 1e-6))` that clips the norm of all `gradients` together, one
/// element.
///
/// It is never read by the host, so that a step is planned as it runs, and needs no synchronisation.
///
/// # Errors
/// [`crate::tensor::Error::OverBound`], [`crate::tensor::Error::Elements`].
///
/// # Source
/// Pascanu et al. 2013, Algorithm 1.
pub fn clip_coefficient<B: Backend>(
    arena: &Arena<B>,
    gradients: &[(ParameterId, Tensor<B>)],
    max_norm: f32,
) -> Result<Tensor<B>> {
    let mut sum = Tensor::zeros(arena, [1])?;
    for (_, gradient) in gradients {
        let squares = gradient.reduce_all(ReduceOp::SumOfSquares)?;
        sum.accumulate(Coefficient::Constant(1.0), &squares)?;
    }
    Ok(sum.unary_in_place(UnaryOp::ClipCoefficient { max_norm })?)
}
