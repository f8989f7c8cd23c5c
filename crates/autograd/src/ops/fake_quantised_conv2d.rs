//! Two-dimensional convolution of operands on fixed-point grids, channels last.

use crate::{Backward, Kept, Tape, Var};
use radars_tensor::{Backend, Conv2d, Conv2dOptions, ConvValues, MaskOp, Result, Tensor, Values};

/// Convolves images `Qx(x)` with `Qw(w)`, see [`conv2d`](super::conv2d()); `values` says which of the two
/// is quantised, and what is known of the other.
///
/// The result, and every gradient, is that of [`fake_quantise`](super::fake_quantise()) of what is
/// quantised, followed by [`conv2d`](super::conv2d()), bit for bit. Kept are, each for the gradient of the other, `x`
/// as it was given (or what it is computed from, [`Kept`]) or, where it is quantised, its codes (the values, if it
/// has none), and `w` as it was given, also for the gradient of its own quantiser; of a quantised `x` that wants a
/// gradient, one bit an element.
///
/// # Shapes
/// `x [n, h, w, ci]`, `w [co, k, k, ci / groups]`; the result is `[n, ho, wo, co]` with
/// `ho = (h + 2 padding - k) / stride + 1`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Geometry`],
/// [`radars_tensor::Error::OverBound`].
///
/// # Source
/// Straight-through estimator: Bengio et al. 2013.
pub fn fake_quantised_conv2d<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    w: Var<B>,
    values: ConvValues,
    options: Conv2dOptions,
) -> Result<Var<B>> {
    let geometry = x.value().conv2d_geometry(w.value(), options)?;
    let y = x
        .value()
        .fake_quantised_conv2d(w.value(), values, options)?;
    let gate = match values.x {
        Values::Quantise(format) if x.requires_gradient() => {
            Some(x.value().mask(MaskOp::InRange(format))?)
        }
        _ => None,
    };
    let (x_id, w_id) = (x.id(), w.id());
    let dx = x.requires_gradient();
    let mut values = values;
    let x = match values.x {
        _ if !w.requires_gradient() => None,
        Values::Quantise(format) if format.code_dtype().is_some() => {
            values.x = Values::Codes(format);
            Some(Kept::Value(x.into_value().encode(format)?))
        }
        _ => Some(Kept::new(x)),
    };
    let backward = FakeQuantisedConv2dBackward {
        geometry,
        values,
        dx,
        x,
        w: w.into_value(),
        gate,
    };
    Ok(tape.record(backward, [x_id, w_id], y))
}

struct FakeQuantisedConv2dBackward<B: Backend> {
    geometry: Conv2d,
    /// What is known of the operands as they are kept.
    values: ConvValues,
    /// For the gradient of `w`.
    x: Option<Kept<B>>,
    /// For both gradients.
    w: Tensor<B>,
    /// Whether that of `x` is wanted.
    dx: bool,
    /// Where the quantiser of `x`, if there is one, lets it pass.
    gate: Option<Tensor<B>>,
}

impl<B: Backend> Backward<B> for FakeQuantisedConv2dBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let FakeQuantisedConv2dBackward {
            geometry: g,
            values,
            x,
            w,
            dx,
            gate,
        } = *self;
        // First, so that `x` can make room for its own gradient.
        let dw = x
            .map(|x| dy.fake_quantised_conv2d_weight_gradient(&x.into_value()?, &w, values, &g))
            .transpose()?;
        let dx = dx
            .then(|| dy.fake_quantised_conv2d_input_gradient(&w, values, &g))
            .transpose()?;
        let dx = match (dx, gate) {
            (Some(dx), Some(gate)) => Some(dx.masked_in_place(&gate)?),
            (dx, _) => dx,
        };
        Ok(vec![dx, dw])
    }

    fn saved_bytes(&self) -> usize {
        let kept = self.gate.iter().chain([&self.w]);
        self.x.as_ref().map_or(0, Kept::bytes) + kept.map(Tensor::bytes).sum::<usize>()
    }
}
