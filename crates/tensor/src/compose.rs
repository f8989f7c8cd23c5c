//! Fused operations made of primitives: the defaults of [`Backend`]'s fused methods.
//!
//! A backend that has no kernel of its own for one of them uses these; parity tests compare a kernel
//! with them. Each has its scratch size beside it, in terms of the primitives' own.

mod kernel_merge;

pub use kernel_merge::{merge_kernels, merge_kernels_backward};

use crate::geometry::{Axis, BatchNorm, Conv2d};
use crate::op::{BinaryOp, Coefficient, ConvValues, MaskOp, Op, Operand, UnaryOp, Values};
use crate::{
    Activation, Backend, BatchNormInference, BatchNormSaved, FixedPoint, Mut, Ref, Result, aligned,
};

const F32: usize = size_of::<f32>();

/// Scratch of the composed form of a fused `op`; 0 for operations that have none.
pub fn scratch_bytes<B: Backend>(spec: &B::Spec, op: &Op<'_>) -> usize {
    let quantised = |values, elements: usize| match values {
        Values::Quantise(_) => aligned(elements * F32),
        Values::Float | Values::OnGrid(_) => 0,
    };
    match *op {
        Op::FakeQuantisedConv2dFprop(g, ConvValues { x, w }) => {
            quantised(x, g.input_elements())
                + quantised(w, g.weight_elements())
                + B::scratch_bytes(spec, &Op::Conv2dFprop(g))
        }
        Op::FakeQuantisedConv2dDgrad(g, ConvValues { w, .. }) => {
            quantised(w, g.weight_elements()) + B::scratch_bytes(spec, &Op::Conv2dDgrad(g))
        }
        Op::FakeQuantisedConv2dWgrad(g, ConvValues { x, w }) => {
            let mask = match w {
                Values::Quantise(_) => g.weight_elements().div_ceil(8),
                Values::Float | Values::OnGrid(_) => 0,
            };
            let plain = B::scratch_bytes(spec, &Op::Conv2dWgrad(g));
            (quantised(x, g.input_elements()) + plain).max(mask)
        }
        Op::BatchNormActivation(g) => B::scratch_bytes(spec, &Op::BatchNorm(g)),
        Op::BatchNormActivationBackward(g) => {
            aligned(g.rows * g.channels * F32)
                + aligned(2 * g.channels * F32)
                + B::scratch_bytes(spec, &Op::BatchNormBackward(g))
        }
        Op::MixQuantised(_, n) => n * F32,
        Op::MixQuantisedBackward(_, n) => aligned(n * F32) + B::scratch_bytes(spec, &Op::Dot(n)),
        Op::MergeKernels(ref g) => kernel_merge::scratch_bytes(g),
        Op::MergeKernelsBackward(ref g) => kernel_merge::backward_scratch_bytes::<B>(spec, g),
        _ => 0,
    }
}

/// [`Backend::fake_quantised_conv2d_fprop`]: quantise into scratch, then convolve.
pub fn fake_quantised_conv2d_fprop<B: Backend>(
    backend: &B,
    g: &Conv2d,
    values: ConvValues,
    x: Ref<'_, B>,
    w: Ref<'_, B>,
    y: Mut<'_, B>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "fake_quantised_conv2d_fprop";
    let g = &g.checked()?;
    let x = x.checked(NAME, "x", g.input_elements() * F32)?;
    let w = w.checked(NAME, "w", g.weight_elements() * F32)?;
    let y = y.checked(NAME, "y", g.output_elements() * F32)?;
    let (x, scratch) = Taken::new(backend, NAME, values.x, x, scratch)?;
    let (w, scratch) = Taken::new(backend, NAME, values.w, w, scratch)?;
    backend.conv2d_fprop(g, x.view(), w.view(), y, scratch)
}

/// [`Backend::fake_quantised_conv2d_dgrad`]: quantise the weights into scratch, then the plain gradient.
pub fn fake_quantised_conv2d_dgrad<B: Backend>(
    backend: &B,
    g: &Conv2d,
    values: ConvValues,
    dy: Ref<'_, B>,
    w: Ref<'_, B>,
    dx: Mut<'_, B>,
    scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "fake_quantised_conv2d_dgrad";
    let g = &g.checked()?;
    let dy = dy.checked(NAME, "dy", g.output_elements() * F32)?;
    let w = w.checked(NAME, "w", g.weight_elements() * F32)?;
    let dx = dx.checked(NAME, "dx", g.input_elements() * F32)?;
    let (w, scratch) = Taken::new(backend, NAME, values.w, w, scratch)?;
    backend.conv2d_dgrad(g, dy, w.view(), dx, scratch)
}

/// [`Backend::fake_quantised_conv2d_wgrad`]: quantise the images into scratch, then the plain gradient, then
/// the mask of the weights' quantiser, in the same scratch.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub fn fake_quantised_conv2d_wgrad<B: Backend>(
    backend: &B,
    g: &Conv2d,
    values: ConvValues,
    x: Ref<'_, B>,
    w: Ref<'_, B>,
    dy: Ref<'_, B>,
    dw: Mut<'_, B>,
    mut scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "fake_quantised_conv2d_wgrad";
    let g = &g.checked()?;
    let x = x.checked(NAME, "x", g.input_elements() * F32)?;
    let w = w.checked(NAME, "w", g.weight_elements() * F32)?;
    let dy = dy.checked(NAME, "dy", g.output_elements() * F32)?;
    let mut dw = dw.checked(NAME, "dw", g.weight_elements() * F32)?;
    let (x, rest) = Taken::new(backend, NAME, values.x, x, scratch.reborrow())?;
    backend.conv2d_wgrad(g, x.view(), dy, dw.reborrow(), rest)?;
    match values.w {
        Values::Float | Values::OnGrid(_) => Ok(()),
        Values::Quantise(format) => {
            let bytes = g.weight_elements().div_ceil(8);
            let (mut mask, _) = scratch.split(NAME, "scratch", bytes)?;
            backend.mask(MaskOp::InRange(format), w, mask.reborrow())?;
            backend.apply_mask(mask.as_ref(), dw)
        }
    }
}

/// An operand as a convolution takes it: where it lies, or quantised in scratch.
enum Taken<'a, B: Backend> {
    AsIs(Ref<'a, B>),
    Quantised(Mut<'a, B>),
}

impl<'a, B: Backend> Taken<'a, B> {
    /// The operand, and what is left of the scratch.
    fn new(
        backend: &B,
        op: &'static str,
        values: Values,
        operand: Ref<'a, B>,
        scratch: Mut<'a, B>,
    ) -> Result<(Self, Mut<'a, B>)> {
        match values {
            Values::Float | Values::OnGrid(_) => Ok((Taken::AsIs(operand), scratch)),
            Values::Quantise(format) => {
                let (mut quantised, rest) = scratch.split(op, "scratch", operand.bytes())?;
                let quantise = UnaryOp::FakeQuantise(format);
                backend.unary(quantise, Operand::Read(operand), quantised.reborrow())?;
                Ok((Taken::Quantised(quantised), rest))
            }
        }
    }

    fn view(&self) -> Ref<'_, B> {
        match self {
            Taken::AsIs(operand) => *operand,
            Taken::Quantised(quantised) => quantised.as_ref(),
        }
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
