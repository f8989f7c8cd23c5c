//! Convolutions of operands on fixed-point grids: prepare the operands in scratch, then convolve.
//!
//! Codes are decoded first, and the values they stand for handed to the backend once more: it may have a kernel
//! for them. What is to be quantised is quantised, and the plain convolution is taken of it.

use super::F32;
use crate::geometry::Conv2d;
use crate::op::{ConvValues, MaskOp, Op, Operand, UnaryOp, Values};
use crate::{Backend, Mut, Ref, Result, aligned};

/// Scratch of the composed form of `op`, one of these three; 0 for any other.
pub(super) fn scratch_bytes<B: Backend>(spec: &B::Spec, op: &Op<'_>) -> usize {
    let decoded = |of: Values, elements: usize| match of {
        Values::Codes(_) => aligned(elements * F32),
        Values::Float | Values::OnGrid(_) | Values::Quantise(_) => 0,
    };
    let quantised = |of: Values, elements: usize| match of {
        Values::Quantise(_) => aligned(elements * F32),
        Values::Float | Values::OnGrid(_) | Values::Codes(_) => 0,
    };
    let rest = |op| B::scratch_bytes(spec, &op);
    match *op {
        Op::FakeQuantisedConv2dFprop(g, v) if v.hold_codes() => {
            decoded(v.x, g.input_elements())
                + decoded(v.w, g.weight_elements())
                + rest(Op::FakeQuantisedConv2dFprop(g, v.decoded()))
        }
        Op::FakeQuantisedConv2dFprop(g, v) => {
            quantised(v.x, g.input_elements())
                + quantised(v.w, g.weight_elements())
                + rest(Op::Conv2dFprop(g))
        }
        Op::FakeQuantisedConv2dDgrad(g, v) if v.hold_codes() => {
            decoded(v.w, g.weight_elements()) + rest(Op::FakeQuantisedConv2dDgrad(g, v.decoded()))
        }
        Op::FakeQuantisedConv2dDgrad(g, v) => {
            quantised(v.w, g.weight_elements()) + rest(Op::Conv2dDgrad(g))
        }
        Op::FakeQuantisedConv2dWgrad(g, v) if v.hold_codes() => {
            decoded(v.x, g.input_elements())
                + decoded(v.w, g.weight_elements())
                + rest(Op::FakeQuantisedConv2dWgrad(g, v.decoded()))
        }
        Op::FakeQuantisedConv2dWgrad(g, v) => {
            let mask = match v.w {
                Values::Quantise(_) => g.weight_elements().div_ceil(8),
                Values::Float | Values::OnGrid(_) | Values::Codes(_) => 0,
            };
            (quantised(v.x, g.input_elements()) + rest(Op::Conv2dWgrad(g))).max(mask)
        }
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
    let x = x.checked(NAME, "x", values.x.bytes(NAME, g.input_elements())?)?;
    let w = w.checked(NAME, "w", values.w.bytes(NAME, g.weight_elements())?)?;
    let y = y.checked(NAME, "y", g.output_elements() * F32)?;
    if values.hold_codes() {
        let (x, scratch) = Taken::decoded(backend, NAME, values.x, x, scratch)?;
        let (w, scratch) = Taken::decoded(backend, NAME, values.w, w, scratch)?;
        let (values, x, w) = (values.decoded(), x.view(), w.view());
        return backend.fake_quantised_conv2d_fprop(g, values, x, w, y, scratch);
    }
    let (x, scratch) = Taken::quantised(backend, NAME, values.x, x, scratch)?;
    let (w, scratch) = Taken::quantised(backend, NAME, values.w, w, scratch)?;
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
    let w = w.checked(NAME, "w", values.w.bytes(NAME, g.weight_elements())?)?;
    let dx = dx.checked(NAME, "dx", g.input_elements() * F32)?;
    if values.hold_codes() {
        let (w, scratch) = Taken::decoded(backend, NAME, values.w, w, scratch)?;
        return backend.fake_quantised_conv2d_dgrad(g, values.decoded(), dy, w.view(), dx, scratch);
    }
    let (w, scratch) = Taken::quantised(backend, NAME, values.w, w, scratch)?;
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
    let x = x.checked(NAME, "x", values.x.bytes(NAME, g.input_elements())?)?;
    let w = w.checked(NAME, "w", values.w.bytes(NAME, g.weight_elements())?)?;
    let dy = dy.checked(NAME, "dy", g.output_elements() * F32)?;
    let mut dw = dw.checked(NAME, "dw", g.weight_elements() * F32)?;
    if values.hold_codes() {
        let (x, scratch) = Taken::decoded(backend, NAME, values.x, x, scratch)?;
        let (w, scratch) = Taken::decoded(backend, NAME, values.w, w, scratch)?;
        let (values, x, w) = (values.decoded(), x.view(), w.view());
        return backend.fake_quantised_conv2d_wgrad(g, values, x, w, dy, dw, scratch);
    }
    let (x, rest) = Taken::quantised(backend, NAME, values.x, x, scratch.reborrow())?;
    backend.conv2d_wgrad(g, x.view(), dy, dw.reborrow(), rest)?;
    match values.w {
        Values::Float | Values::OnGrid(_) | Values::Codes(_) => Ok(()),
        Values::Quantise(format) => {
            let bytes = g.weight_elements().div_ceil(8);
            let (mut mask, _) = scratch.split(NAME, "scratch", bytes)?;
            backend.mask(MaskOp::InRange(format), w, mask.reborrow())?;
            backend.apply_mask(mask.as_ref(), dw)
        }
    }
}

/// An operand as a convolution takes it: where it lies, or prepared in scratch.
enum Taken<'a, B: Backend> {
    AsIs(Ref<'a, B>),
    Prepared(Mut<'a, B>),
}

impl<'a, B: Backend> Taken<'a, B> {
    /// The operand, its codes decoded, and what is left of the scratch.
    fn decoded(
        backend: &B,
        op: &'static str,
        values: Values,
        operand: Ref<'a, B>,
        scratch: Mut<'a, B>,
    ) -> Result<(Self, Mut<'a, B>)> {
        let Values::Codes(format) = values else {
            return Ok((Taken::AsIs(operand), scratch));
        };
        let bytes = operand.bytes() / values.dtype(op)?.bytes() * F32;
        let (mut prepared, rest) = scratch.split(op, "scratch", bytes)?;
        backend.decode(format, operand, prepared.reborrow())?;
        Ok((Taken::Prepared(prepared), rest))
    }

    /// The operand, quantised where it is to be, and what is left of the scratch.
    fn quantised(
        backend: &B,
        op: &'static str,
        values: Values,
        operand: Ref<'a, B>,
        scratch: Mut<'a, B>,
    ) -> Result<(Self, Mut<'a, B>)> {
        let Values::Quantise(format) = values else {
            return Ok((Taken::AsIs(operand), scratch));
        };
        let (mut prepared, rest) = scratch.split(op, "scratch", operand.bytes())?;
        let quantise = UnaryOp::FakeQuantise(format);
        backend.unary(quantise, Operand::Read(operand), prepared.reborrow())?;
        Ok((Taken::Prepared(prepared), rest))
    }

    fn view(&self) -> Ref<'_, B> {
        match self {
            Taken::AsIs(operand) => *operand,
            Taken::Prepared(prepared) => prepared.as_ref(),
        }
    }
}
