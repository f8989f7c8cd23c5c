//! Fused operations made of primitives: the defaults of [`Backend`]'s fused methods.
//!
//! A backend that has no kernel of its own for one of them uses these; parity tests compare a kernel
//! with them. Each has its scratch size beside it, in terms of the primitives' own.

mod fake_quantised_convolution;
mod kernel_merge;

pub use fake_quantised_convolution::{
    fake_quantised_conv2d_dgrad, fake_quantised_conv2d_fprop, fake_quantised_conv2d_wgrad,
};
pub use kernel_merge::{merge_kernels, merge_kernels_backward};

use crate::geometry::{Axis, BatchNorm};
use crate::op::{BinaryOp, Coefficient, Op, Operand, UnaryOp, Values};
use crate::{
    Activation, Backend, BatchNormInference, BatchNormSaved, FixedPoint, Mut, Ref, Result, aligned,
};

const F32: usize = size_of::<f32>();

/// Scratch of the composed form of a fused `op`; 0 for operations that have none.
pub fn scratch_bytes<B: Backend>(spec: &B::Spec, op: &Op<'_>) -> usize {
    match *op {
        Op::FakeQuantisedConv2dFprop(..)
        | Op::FakeQuantisedConv2dDgrad(..)
        | Op::FakeQuantisedConv2dWgrad(..) => {
            fake_quantised_convolution::scratch_bytes::<B>(spec, op)
        }
        Op::BatchNormActivation(g) => B::scratch_bytes(spec, &Op::BatchNorm(g)),
        Op::BatchNormActivationBackward(g) => {
            aligned(g.rows * g.channels * F32)
                + aligned(2 * g.channels * F32)
                + B::scratch_bytes(spec, &Op::BatchNormBackward(g))
        }
        Op::BatchNormEncode(g, _) => {
            aligned(g.rows * g.channels * F32) + B::scratch_bytes(spec, &Op::BatchNormActivation(g))
        }
        Op::MixQuantised(_, n) => n * F32,
        Op::MixQuantisedBackward(_, n) => aligned(n * F32) + B::scratch_bytes(spec, &Op::Dot(n)),
        Op::MergeKernels(ref g) => kernel_merge::scratch_bytes(g),
        Op::MergeKernelsBackward(ref g) => kernel_merge::backward_scratch_bytes::<B>(spec, g),
        _ => 0,
    }
}

/// [`Backend::batch_norm_activation`]: normalise, then activate in place.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub fn batch_norm_activation<B: Backend>(
    backend: &B,
    g: &BatchNorm,
    activation: Activation,
    x: Mut<'_, B>,
    gamma: Ref<'_, B>,
    beta: Ref<'_, B>,
    mut y: Mut<'_, B>,
    stats: Mut<'_, B>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    backend.batch_norm(g, x, gamma, beta, y.reborrow(), stats, scratch)?;
    backend.unary(activation.into(), Operand::InPlace, y)
}

/// [`Backend::batch_norm_encode`]: normalise and quantise into scratch, then encode.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub fn batch_norm_encode<B: Backend>(
    backend: &B,
    g: &BatchNorm,
    format: FixedPoint,
    x: Mut<'_, B>,
    gamma: Ref<'_, B>,
    beta: Ref<'_, B>,
    y: Mut<'_, B>,
    stats: Mut<'_, B>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "batch_norm_encode";
    let elements = g.rows * g.channels;
    let y = y.checked(NAME, "y", Values::Codes(format).bytes(NAME, elements)?)?;
    let (mut values, rest) = scratch.split(NAME, "scratch", elements * F32)?;
    let (activation, floats) = (Activation::ReluQuantise(format), values.reborrow());
    backend.batch_norm_activation(g, activation, x, gamma, beta, floats, stats, rest)?;
    backend.encode(format, values.as_ref(), y)
}

/// [`Backend::batch_norm_activation_backward`]: rebuild `z = gamma * xhat + beta`, mask `dy`, go on.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub fn batch_norm_activation_backward<B: Backend>(
    backend: &B,
    g: &BatchNorm,
    activation: Activation,
    saved: BatchNormSaved<'_, B>,
    mut dy: Mut<'_, B>,
    dgamma: Mut<'_, B>,
    dbeta: Mut<'_, B>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "batch_norm_activation_backward";
    let (mut z, rest) = scratch.split(NAME, "scratch", g.rows * g.channels * F32)?;
    let (mut identity, rest) = rest.split(NAME, "scratch", 2 * g.channels * F32)?;
    // z = gamma * (xhat - 0) / sqrt(1 + 0) + beta, with a mean of 0 and a variance of 1.
    backend.fill(0.0, identity.reborrow())?;
    let half = g.channels * F32;
    backend.fill(1.0, identity.reborrow().slice(half..2 * half))?;
    let identity = identity.as_ref();
    let parameters = BatchNormInference {
        gamma: saved.gamma,
        beta: saved.beta,
        mean: identity.slice(0..half),
        variance: identity.slice(half..2 * half),
        activation: None,
    };
    let plain = BatchNorm { epsilon: 0.0, ..*g };
    backend.batch_norm_inference(&plain, Operand::Read(saved.xhat), parameters, z.reborrow())?;
    backend.binary(
        BinaryOp::ActivationBackward(activation),
        Operand::InPlace,
        dy.as_ref(),
        z.reborrow(),
    )?;
    backend.copy(z.as_ref(), dy.reborrow())?;
    backend.batch_norm_backward(g, saved, dy, dgamma, dbeta, rest)
}

/// [`Backend::mix`]: start from zero, add term after term.
pub fn mix<B: Backend>(
    backend: &B,
    p: Ref<'_, B>,
    terms: &[Ref<'_, B>],
    mut y: Mut<'_, B>,
) -> Result<()> {
    backend.fill(0.0, y.reborrow())?;
    for (m, term) in terms.iter().enumerate() {
        backend.accumulate(Coefficient::Element(element(p, m)), *term, y.reborrow())?;
    }
    Ok(())
}

/// [`Backend::mix_quantised`]: quantise into scratch, add term after term.
pub fn mix_quantised<B: Backend>(
    backend: &B,
    formats: &[FixedPoint],
    p: Ref<'_, B>,
    x: Ref<'_, B>,
    mut y: Mut<'_, B>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    let (mut term, _) = scratch.split("mix_quantised", "scratch", x.bytes())?;
    backend.fill(0.0, y.reborrow())?;
    for (m, &format) in formats.iter().enumerate() {
        backend.unary(
            UnaryOp::FakeQuantise(format),
            Operand::Read(x),
            term.reborrow(),
        )?;
        backend.accumulate(
            Coefficient::Element(element(p, m)),
            term.as_ref(),
            y.reborrow(),
        )?;
    }
    Ok(())
}

/// [`Backend::mix_quantised_backward`]: one format after the other through scratch.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub fn mix_quantised_backward<B: Backend>(
    backend: &B,
    formats: &[FixedPoint],
    p: Ref<'_, B>,
    x: Ref<'_, B>,
    dy: Ref<'_, B>,
    mut dx: Option<Mut<'_, B>>,
    mut dp: Option<Mut<'_, B>>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    let (mut term, mut rest) = scratch.split("mix_quantised_backward", "scratch", x.bytes())?;
    if let Some(dx) = &mut dx {
        backend.fill(0.0, dx.reborrow())?;
    }
    for (m, &format) in formats.iter().enumerate() {
        if let Some(dx) = &mut dx {
            let passes = BinaryOp::FakeQuantiseBackward(format);
            backend.binary(passes, Operand::Read(x), dy, term.reborrow())?;
            backend.accumulate(
                Coefficient::Element(element(p, m)),
                term.as_ref(),
                dx.reborrow(),
            )?;
        }
        if let Some(dp) = &mut dp {
            backend.unary(
                UnaryOp::FakeQuantise(format),
                Operand::Read(x),
                term.reborrow(),
            )?;
            let out = dp.reborrow().slice(m * F32..(m + 1) * F32);
            backend.dot(dy, term.as_ref(), out, rest.reborrow())?;
        }
    }
    Ok(())
}

/// The one-element view of element `index` of a vector.
fn element<B: Backend>(vector: Ref<'_, B>, index: usize) -> Ref<'_, B> {
    vector.slice(index * F32..(index + 1) * F32)
}

/// The axis of all elements of a tensor.
pub fn all(elements: usize) -> Axis {
    Axis {
        outer: 1,
        axis: elements,
        inner: 1,
    }
}
