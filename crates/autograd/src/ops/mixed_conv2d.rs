//! Two-dimensional convolution of a mixture of quantised images, channels last.

use super::{conv2d, mix_quantised};
use crate::{Backward, Kept, Tape, Var};
use radars_tensor::{Backend, Conv2d, Conv2dOptions, FixedPoint, Result, Tensor};

/// Convolves the mixture `sum over m of p[m] * quantise_m(x)` with `w`.
///
/// The result, and every gradient, is that of [`mix_quantised`](super::mix_quantised()) followed by
/// [`conv2d`](super::conv2d()), bit for bit. But where `x` is kept for the way back already, the mixture is not:
/// it is computed again, in one pass over memory. Keeps `x`, or its [`Origin`](crate::Origin), `p` and `w`; the
/// mixture alone where neither `x` nor `p` wants a gradient.
///
/// # Shapes
/// `x [n, h, w, ci]`, `p [formats]`, `w [co, k, k, ci / groups]`; the result is `[n, ho, wo, co]` with
/// `ho = (h + 2 padding - k) / stride + 1`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Geometry`],
/// [`radars_tensor::Error::OverBound`].
pub fn mixed_conv2d<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    p: Var<B>,
    formats: &[FixedPoint],
    w: Var<B>,
    options: Conv2dOptions,
) -> Result<Var<B>> {
    if !x.requires_gradient() && !p.requires_gradient() {
        let mixed = mix_quantised(tape, x, p, formats)?;
        return conv2d(tape, mixed, w, options);
    }
    let geometry = x.value().conv2d_geometry(w.value(), options)?;
    let mixed = x.value().mix_quantised(formats, p.value())?;
    let y = mixed.conv2d(w.value(), options)?;
    drop(mixed);
    let inputs = [x.id(), p.id(), w.id()];
    let backward = MixedConv2dBackward {
        geometry,
        formats: formats.to_vec(),
        wanted: inputs.map(|id| id.is_some()),
        x: Kept::new(x),
        p: p.into_value(),
        w: w.into_value(),
    };
    Ok(tape.record(backward, inputs, y))
}

struct MixedConv2dBackward<B: Backend> {
    geometry: Conv2d,
    formats: Vec<FixedPoint>,
    /// Whether `x`, `p` and `w` want a gradient; `x` or `p` does.
    wanted: [bool; 3],
    x: Kept<B>,
    p: Tensor<B>,
    w: Tensor<B>,
}

impl<B: Backend> Backward<B> for MixedConv2dBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let MixedConv2dBackward {
            geometry: g,
            formats,
            wanted: [x_wanted, p_wanted, w_wanted],
            x,
            p,
            w,
        } = *self;
        let x = x.into_value()?;
        let dw = if w_wanted {
            let mixed = x.mix_quantised(&formats, &p)?;
            Some(dy.conv2d_weight_gradient(&mixed, &g)?)
        } else {
            None
        };
        let dmixed = dy.conv2d_input_gradient(&w, &g)?;
        drop((dy, w));
        let (dx, dp) = dmixed.mix_quantised_backward(&formats, &p, &x, (x_wanted, p_wanted))?;
        Ok(vec![dx, dp, dw])
    }

    fn saved_bytes(&self) -> usize {
        self.x.bytes() + self.p.bytes() + self.w.bytes()
    }
}
