//! Kernels of several sizes merged into one: convolution is linear, so the mixture of convolutions is
//! one convolution with the mixture of their padded kernels.

use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, BinaryOp, DType, Error, Result, Shape, Tensor};

/// `y = sum over m of p[m] * pad(kernels[m])`, m ascending, every kernel in the middle of `y`.
///
/// `dkernels[m] = p[m] * crop(dy)` and `dp[m] = <crop(dy), kernels[m]>`, one after the other. Keeps the
/// kernels if `p` wants a gradient, and `p` if any kernel does.
///
/// # Shapes
/// `p [kernels]`, `kernels[m] [co, k, k, ci]` with k odd and at most `side`; the result is
/// `[co, side, side, ci]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Geometry`] when there are no kernels,
/// [`radars_tensor::Error::OverBound`].
pub fn merge_kernels<B: Backend>(
    tape: &mut Tape<B>,
    p: Var<B>,
    kernels: Vec<Var<B>>,
    side: usize,
) -> Result<Var<B>> {
    let ids: Vec<_> = kernels.iter().map(Var::id).collect();
    let kernels: Vec<_> = kernels.into_iter().map(Var::into_value).collect();
    let shape = merged_shape(p.value(), &kernels, side)?;
    let mut y = Tensor::zeros(p.value().arena(), shape)?;
    for (m, kernel) in kernels.iter().enumerate() {
        y.embed_kernel(p.value().coefficient(m)?, kernel)?;
    }
    let backward = MergeKernelsBackward {
        p: ids.iter().any(Option::is_some).then(|| p.value().clone()),
        p_shape: p.value().shape(),
        wanted: ids.iter().map(Option::is_some).collect(),
        sides: kernels.iter().map(|kernel| kernel.dims()[1]).collect(),
        kernels: p.requires_gradient().then_some(kernels),
    };
    let inputs = [p.id()].into_iter().chain(ids).collect();
    Ok(tape.record_many(backward, inputs, y))
}

/// The shape of the merged kernel; that of each kernel is checked when it is embedded.
fn merged_shape<B: Backend>(p: &Tensor<B>, kernels: &[Tensor<B>], side: usize) -> Result<Shape> {
    const NAME: &str = "merge_kernels";
    let Some(first) = kernels.first() else {
        return Err(Error::Geometry {
            op: NAME,
            what: "the number of kernels",
            value: 0,
            expected: "at least 1",
        });
    };
    if p.elements() != kernels.len() {
        return Err(Error::Shapes {
            op: NAME,
            left: p.shape(),
            right: Shape::from([kernels.len()]),
            expected: "one weight a kernel",
        });
    }
    let &[co, _, _, ci] = first.dims() else {
        return Err(Error::Shapes {
            op: NAME,
            left: first.shape(),
            right: Shape::from([side, side]),
            expected: "kernels [co, k, k, ci]",
        });
    };
    Ok(Shape::from([co, side, side, ci]))
}

struct MergeKernelsBackward<B: Backend> {
    /// For the gradients of the kernels.
    p: Option<Tensor<B>>,
    p_shape: Shape,
    /// For the gradient of `p`.
    kernels: Option<Vec<Tensor<B>>>,
    /// The side of every kernel.
    sides: Vec<usize>,
    /// Which kernels want a gradient.
    wanted: Vec<bool>,
}

impl<B: Backend> Backward<B> for MergeKernelsBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let MergeKernelsBackward {
            p,
            p_shape,
            kernels,
            sides,
            wanted,
        } = *self;
        let count = sides.len();
        let mut dp = match &kernels {
            Some(_) => Some(Tensor::empty(
                dy.arena(),
                "merge_kernels_backward",
                p_shape,
                DType::F32,
            )?),
            None => None,
        };
        let mut kernels = kernels.into_iter().flatten();
        let mut gradients = Vec::with_capacity(count + 1);
        gradients.push(None);
        for (m, (side, wanted)) in sides.into_iter().zip(wanted).enumerate() {
            let kernel = kernels.next();
            if kernel.is_none() && !wanted {
                gradients.push(None);
                continue;
            }
            let cropped = dy.crop_kernel(side)?;
            if let (Some(dp), Some(kernel)) = (&mut dp, kernel) {
                dp.write_part(m, &cropped.dot(&kernel)?)?;
            }
            gradients.push(match (&p, wanted) {
                (Some(p), true) => Some(cropped.binary_in_place(BinaryOp::Mul, &p.narrow(m, 1)?)?),
                _ => None,
            });
        }
        gradients[0] = dp;
        Ok(gradients)
    }

    fn saved_bytes(&self) -> usize {
        let kernels = self.kernels.iter().flatten();
        self.p.iter().chain(kernels).map(Tensor::bytes).sum()
    }
}
