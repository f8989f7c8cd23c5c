//! Launchers of the convolutions: which kernels compute which geometry, and what scratch they want.
//!
//! Tiles, kernels, scratch and the order of every sum follow from the geometry and from what is known of the
//! operands ([`ConvValues`]), never from the card.

pub(crate) mod depthwise;
mod gather;
pub(crate) mod gemm;
mod operand;
pub(crate) mod scale;
#[cfg(test)]
mod tests;
pub(crate) mod wgrad;

use crate::Cuda;
use crate::operand::{read, write};
use gather::Direction;
use gemm::Plan;
use radars_tensor::{Conv2d, ConvValues, Mut, Op, Ref, Result, Values};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

/// Both operands any floats: the plain convolution.
pub(crate) const FLOATS: ConvValues = ConvValues {
    x: Values::Float,
    w: Values::Float,
};

/// Bytes of scratch of a convolution; 0 for any other operation.
pub(crate) fn scratch_bytes(op: &Op<'_>) -> usize {
    let (g, direction, values) = match *op {
        Op::Conv2dFprop(g) => (g, Direction::Fprop, FLOATS),
        Op::Conv2dDgrad(g) => (g, Direction::Dgrad, FLOATS),
        Op::FakeQuantisedConv2dFprop(g, values) => (g, Direction::Fprop, values),
        Op::FakeQuantisedConv2dDgrad(g, values) => (g, Direction::Dgrad, values),
        Op::Conv2dWgrad(g) => return wgrad_scratch_bytes(&g, FLOATS),
        Op::FakeQuantisedConv2dWgrad(g, values) => return wgrad_scratch_bytes(&g, values),
        _ => return 0,
    };
    match depthwise::applies(&g) {
        true => depthwise::scratch_bytes(&g),
        false => Plan::new(&g, direction, values).scratch_bytes(),
    }
}

fn wgrad_scratch_bytes(g: &Conv2d, values: ConvValues) -> usize {
    match depthwise::applies(g) {
        true => depthwise::wgrad_scratch_bytes(g),
        false => wgrad::scratch_bytes(g, values),
    }
}

/// The name of a method in errors: that of the plain convolution, where nothing is known of the operands.
fn name(values: ConvValues, plain: &'static str, fused: &'static str) -> &'static str {
    if values == FLOATS { plain } else { fused }
}

/// The convolution `y = x * w` of operands with those values.
///
/// # Errors
/// [`radars_tensor::Error::Geometry`]; [`radars_tensor::Error::Length`]; [`radars_tensor::Error::Kernel`].
pub(crate) fn fprop(
    cuda: &Cuda,
    g: &Conv2d,
    values: ConvValues,
    x: R<'_>,
    w: R<'_>,
    y: M<'_>,
    scratch: M<'_>,
) -> Result<()> {
    let op = name(values, "conv2d_fprop", "fake_quantised_conv2d_fprop");
    let g = &g.checked()?;
    let x = read(op, "x", x, g.input_elements())?;
    let w = read(op, "w", w, g.weight_elements())?;
    let y = write(op, "y", y, g.output_elements())?;
    if depthwise::applies(g) {
        return depthwise::fprop(cuda, op, g, values, x, w, y, scratch);
    }
    Plan::new(g, Direction::Fprop, values).launch(cuda, op, x, w, y, scratch)
}

/// The gradient `dx` of the convolution's input, weights with those values.
///
/// # Errors
/// As for [`fprop`].
pub(crate) fn dgrad(
    cuda: &Cuda,
    g: &Conv2d,
    values: ConvValues,
    dy: R<'_>,
    w: R<'_>,
    dx: M<'_>,
    scratch: M<'_>,
) -> Result<()> {
    let op = name(values, "conv2d_dgrad", "fake_quantised_conv2d_dgrad");
    let g = &g.checked()?;
    let dy = read(op, "dy", dy, g.output_elements())?;
    let w = read(op, "w", w, g.weight_elements())?;
    let dx = write(op, "dx", dx, g.input_elements())?;
    if depthwise::applies(g) {
        return depthwise::dgrad(cuda, op, g, values, dy, w, dx, scratch);
    }
    Plan::new(g, Direction::Dgrad, values).launch(cuda, op, dy, w, dx, scratch)
}

/// The gradient `dw` of the convolution's weights, images with those values; zero where a quantiser of the
/// latent weights `w` lets no gradient pass.
///
/// # Errors
/// As for [`fprop`].
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(crate) fn wgrad(
    cuda: &Cuda,
    g: &Conv2d,
    values: ConvValues,
    x: R<'_>,
    w: Option<R<'_>>,
    dy: R<'_>,
    dw: M<'_>,
    scratch: M<'_>,
) -> Result<()> {
    // The plain gradient is not given the weights.
    let op = match w {
        None => "conv2d_wgrad",
        Some(_) => "fake_quantised_conv2d_wgrad",
    };
    let g = &g.checked()?;
    let x = read(op, "x", x, g.input_elements())?;
    let w = w
        .map(|w| read(op, "w", w, g.weight_elements()))
        .transpose()?;
    let dy = read(op, "dy", dy, g.output_elements())?;
    let dw = write(op, "dw", dw, g.weight_elements())?;
    match depthwise::applies(g) {
        true => depthwise::wgrad(cuda, op, g, values, x, w, dy, dw, scratch),
        false => wgrad::wgrad(cuda, op, g, values, x, w, dy, dw, scratch),
    }
}
