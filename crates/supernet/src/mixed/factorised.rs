//! The factorised mixture: one vector of mixing weights per hyper-parameter type, one convolution.
//!
//! By bilinearity of the convolution
//! `conv(sum_a p_a Qa(x), sum_k p_k pad(sum_w p_w g_kw Qw(W_k)))
//!   = sum_a sum_k sum_w p_a p_k p_w g_kw conv(Qa(x), Qw(W_k))`,
//! the mixture of all products of the types under product weights, with the weights `W_k` shared across
//! quantisers and `g_kw` the constant gain of kernel `k` under quantiser `w`. Memory grows with the sum of
//! the choices, not with their product.

use radars_nn::autograd::{Tape, Var, ops};
use radars_nn::tensor::{Backend, Conv2dOptions, FixedPoint, Result};

/// The mixing weights of one layer, each a vector that sums to one.
pub struct FactorisedWeights<B: Backend> {
    /// Of the activation formats; none in a float space.
    pub activation: Option<Var<B>>,
    /// Of the kernel sizes.
    pub kernel: Var<B>,
    /// Of the weight formats; none in a float space.
    pub weight: Option<Var<B>>,
}

/// A kernel size of a factorised layer.
pub struct FactorisedKernel<B: Backend> {
    /// The weights `[co, k, k, ci / groups]` of odd `k`.
    pub weights: Var<B>,
    /// The gains `g_kw`, one a weight format (one in a float space).
    pub gains: Var<B>,
}

/// The mixture of all products; see the module's formula.
///
/// # Shapes
/// `x [n, h, w, ci]` gives `[n, ho, wo, co]`; padding is half the largest kernel.
///
/// # Errors
/// Those of the tensor operations.
pub fn factorised<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    p: FactorisedWeights<B>,
    kernels: Vec<FactorisedKernel<B>>,
    formats: (&[FixedPoint], &[FixedPoint]),
    stride: usize,
    groups: usize,
) -> Result<Var<B>> {
    let (activations, weights) = formats;
    let mut side = 1;
    let mut mixed = Vec::with_capacity(kernels.len());
    for kernel in kernels {
        side = side.max(kernel.weights.value().dims().get(1).copied().unwrap_or(1));
        mixed.push(match &p.weight {
            Some(p) => {
                let coefficients = ops::mul(tape, p.clone(), kernel.gains)?;
                ops::mix_quantised(tape, kernel.weights, coefficients, weights)?
            }
            None => ops::mul(tape, kernel.weights, kernel.gains)?,
        });
    }
    let w = ops::merge_kernels(tape, p.kernel, mixed, side)?;
    let options = Conv2dOptions {
        stride,
        padding: side / 2,
        groups,
    };
    match p.activation {
        Some(p) => ops::mixed_conv2d(tape, x, p, activations, w, options),
        None => ops::conv2d(tape, x, w, options),
    }
}
