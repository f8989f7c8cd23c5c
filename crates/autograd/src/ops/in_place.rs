//! Reusing memory: results take over the memory of operands that nothing else owns.

use radars_tensor::{Backend, BinaryOp, Result, Tensor, UnaryOp};

/// `tensor` itself when it is its memory's only owner, else a copy of it.
///
/// A gradient may have other owners (an addition hands the same one to both its inputs), so a
/// [`Backward`](crate::Backward) calls this before it overwrites `dy`.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`] when the copy does not fit.
pub fn exclusive<B: Backend>(tensor: Tensor<B>) -> Result<Tensor<B>> {
    if tensor.is_unique() {
        return Ok(tensor);
    }
    tensor.copy()
}

/// `op(x)`, in the memory of `x` when nothing else owns it.
pub(super) fn unary<B: Backend>(x: Tensor<B>, op: UnaryOp) -> Result<Tensor<B>> {
    if x.is_unique() {
        return x.unary_in_place(op);
    }
    x.unary(op)
}

/// `op(a, b)`, in the memory of `a` when nothing else owns it.
pub(super) fn binary<B: Backend>(a: Tensor<B>, op: BinaryOp, b: &Tensor<B>) -> Result<Tensor<B>> {
    if a.is_unique() {
        return a.binary_in_place(op, b);
    }
    a.binary(op, b)
}
