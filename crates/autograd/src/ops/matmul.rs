//! Matrix product: `c = op(a) * op(b)`, where `op` transposes or does nothing.

use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, Result, Tensor};

/// The matrix product of `a` and `b`, either of them transposed first.
///
/// `da = dc * b^T` and `db = a^T * dc`, transposed where the operand was. Keeps `a` if `b` wants a
/// gradient, and `b` if `a` does.
///
/// # Shapes
/// `a [m, k]` (transposed: `[k, m]`) and `b [k, n]` (transposed: `[n, k]`) give `[m, n]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
pub fn matmul<B: Backend>(
    tape: &mut Tape<B>,
    a: Var<B>,
    transpose_a: bool,
    b: Var<B>,
    transpose_b: bool,
) -> Result<Var<B>> {
    let c = a.value().matmul(transpose_a, b.value(), transpose_b)?;
    let backward = MatMulBackward {
        a: b.requires_gradient().then(|| a.value().clone()),
        b: a.requires_gradient().then(|| b.value().clone()),
        transpose_a,
        transpose_b,
    };
    Ok(tape.record(backward, [a.id(), b.id()], c))
}

struct MatMulBackward<B: Backend> {
    /// For the gradient of `b`.
    a: Option<Tensor<B>>,
    /// For the gradient of `a`.
    b: Option<Tensor<B>>,
    transpose_a: bool,
    transpose_b: bool,
}

impl<B: Backend> Backward<B> for MatMulBackward<B> {
    fn backward(self: Box<Self>, dc: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let MatMulBackward {
            a,
            b,
            transpose_a,
            transpose_b,
        } = *self;
        let db = a
            .map(|a| match transpose_b {
                false => a.matmul(!transpose_a, &dc, false),
                true => dc.matmul(true, &a, transpose_a),
            })
            .transpose()?;
        let da = b
            .map(|b| match transpose_a {
                false => dc.matmul(false, &b, !transpose_b),
                true => b.matmul(transpose_b, &dc, true),
            })
            .transpose()?;
        Ok(vec![da, db])
    }

    fn saved_bytes(&self) -> usize {
        [&self.a, &self.b]
            .into_iter()
            .flatten()
            .map(Tensor::bytes)
            .sum()
    }
}
