//! Pooling: over windows, and over whole images.

use crate::{Backward, Tape, Var};
use radars_tensor::{Axis, Backend, DType, Error, Pool2d, PoolKind, ReduceOp, Result, Tensor};

/// The maximum or the mean of every window of images `x`; the border of `padding` pixels takes no part.
///
/// The gradient of a maximum goes to the first largest pixel in row order, that of a mean evenly to the
/// pixels of the window. Keeps `x` for a maximum, nothing for a mean.
///
/// # Shapes
/// `x [n, h, w, c]`; the result is `[n, ho, wo, c]` with `ho = (h + 2 padding - kernel) / stride + 1`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Geometry`],
/// [`radars_tensor::Error::OverBound`].
pub fn pool2d<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    kind: PoolKind,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Result<Var<B>> {
    let geometry = x.value().pool2d_geometry(kind, kernel, stride, padding)?;
    let y = x.value().pool2d(&geometry)?;
    let input = x.id();
    let x = match kind {
        PoolKind::Max => Some(x.into_value()),
        PoolKind::Average => None,
    };
    Ok(tape.record(Pool2dBackward { geometry, x }, [input], y))
}

struct Pool2dBackward<B: Backend> {
    geometry: Pool2d,
    x: Option<Tensor<B>>,
}

impl<B: Backend> Backward<B> for Pool2dBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let Pool2dBackward { geometry, x } = *self;
        let x = match x {
            Some(x) => x,
            // A mean asks for the size of its input, never for the values: a short-lived range will do.
            None => {
                let [h, w, c] = geometry.input;
                let shape = [geometry.batch, h, w, c];
                Tensor::empty(dy.arena(), "pool2d_backward", shape, DType::F32)?
            }
        };
        Ok(vec![Some(dy.pool2d_backward(&x, &geometry)?)])
    }

    fn saved_bytes(&self) -> usize {
        self.x.as_ref().map_or(0, Tensor::bytes)
    }
}

/// The mean of every channel over all pixels of an image: `y[n, c] = mean over i, j of x[n, i, j, c]`.
///
/// `dx[n, i, j, c] = dy[n, c] / (h * w)`. Keeps nothing.
///
/// # Shapes
/// `x [n, h, w, c]`; the result is `[n, c]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
pub fn global_average_pool<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    let &[batch, height, width, channels] = x.value().dims() else {
        let shape = x.value().shape();
        return Err(Error::Shapes {
            op: "global_average_pool",
            left: shape,
            right: shape,
            expected: "images [n, h, w, c]",
        });
    };
    let axis = Axis {
        outer: batch,
        axis: height * width,
        inner: channels,
    };
    let y = x.value().reduce(ReduceOp::Mean, axis, [batch, channels])?;
    let backward = GlobalAveragePoolBackward {
        input: [batch, height, width, channels],
        axis,
    };
    Ok(tape.record(backward, [x.id()], y))
}

struct GlobalAveragePoolBackward {
    input: [usize; 4],
    axis: Axis,
}

impl<B: Backend> Backward<B> for GlobalAveragePoolBackward {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let share = 1.0 / self.axis.axis as f32;
        Ok(vec![Some(dy.broadcast(self.axis, share, self.input)?)])
    }

    fn saved_bytes(&self) -> usize {
        0
    }
}
