//! Two-dimensional convolution, channels last.

use crate::{Backward, Kept, Tape, Var};
use radars_tensor::{Backend, Conv2d, Conv2dOptions, Result, Tensor};

/// Convolves images `x` with `w`:
/// `y[n, i, j, o] = sum over u, v, c of x[n, s i + u - p, s j + v - p, c] * w[o, u, v, c]`
/// for stride `s` and padding `p`, where `c` runs over the channels of the group of `o`.
///
/// Keeps `x`, or what it is computed from ([`Kept`]), if `w` wants a gradient, and `w` if `x` does. On the way
/// back the gradient of `w` comes first, so that `x` can make room for its own.
///
/// # Shapes
/// `x [n, h, w, ci]`, `w [co, k, k, ci / groups]`; the result is `[n, ho, wo, co]` with
/// `ho = (h + 2 padding - k) / stride + 1`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Geometry`],
/// [`radars_tensor::Error::OverBound`].
pub fn conv2d<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    w: Var<B>,
    options: Conv2dOptions,
) -> Result<Var<B>> {
    let geometry = x.value().conv2d_geometry(w.value(), options)?;
    let y = x.value().conv2d(w.value(), options)?;
    let ids = [x.id(), w.id()];
    let [dx, dw] = ids.map(|id| id.is_some());
    let backward = Conv2dBackward {
        geometry,
        x: dw.then(|| Kept::new(x)),
        w: dx.then(|| w.into_value()),
    };
    Ok(tape.record(backward, ids, y))
}

struct Conv2dBackward<B: Backend> {
    geometry: Conv2d,
    /// For the gradient of `w`.
    x: Option<Kept<B>>,
    /// For the gradient of `x`.
    w: Option<Tensor<B>>,
}

impl<B: Backend> Backward<B> for Conv2dBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let Conv2dBackward { geometry, x, w } = *self;
        let dw = x
            .map(|x| dy.conv2d_weight_gradient(&x.into_value()?, &geometry))
            .transpose()?;
        let dx = w
            .map(|w| dy.conv2d_input_gradient(&w, &geometry))
            .transpose()?;
        Ok(vec![dx, dw])
    }

    fn saved_bytes(&self) -> usize {
        self.x.as_ref().map_or(0, Kept::bytes) + self.w.as_ref().map_or(0, Tensor::bytes)
    }
}
