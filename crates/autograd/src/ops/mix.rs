//! Mixtures weighted by a vector on the device: of tensors, and of quantised forms of one tensor.

use super::in_place;
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, BinaryOp, DType, FixedPoint, Result, Shape, Tensor};

/// The mixture `y = sum over m of p[m] * terms[m]`, m ascending.
///
/// `dp[m] = <dy, terms[m]>`, `dterms[m] = p[m] * dy`. Keeps the terms if `p` wants a gradient, and `p` if
/// any term does.
///
/// # Shapes
/// `p [terms]`; the terms: equal; the result has the shape of a term.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Geometry`] when there are no terms,
/// [`radars_tensor::Error::OverBound`].
pub fn mix<B: Backend>(tape: &mut Tape<B>, p: Var<B>, terms: Vec<Var<B>>) -> Result<Var<B>> {
    let ids: Vec<_> = terms.iter().map(Var::id).collect();
    let values: Vec<_> = terms.into_iter().map(Var::into_value).collect();
    let y = p.value().mix(&values)?;
    let wanted: Vec<_> = ids.iter().map(Option::is_some).collect();
    let backward = MixBackward {
        p: wanted.contains(&true).then(|| p.value().clone()),
        p_shape: p.value().shape(),
        terms: p.requires_gradient().then_some(values),
        wanted,
    };
    let inputs = [p.id()].into_iter().chain(ids).collect();
    Ok(tape.record_many(backward, inputs, y))
}

struct MixBackward<B: Backend> {
    /// For the gradients of the terms.
    p: Option<Tensor<B>>,
    p_shape: Shape,
    /// For the gradient of `p`.
    terms: Option<Vec<Tensor<B>>>,
    /// Which terms want a gradient.
    wanted: Vec<bool>,
}

impl<B: Backend> Backward<B> for MixBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let MixBackward {
            p,
            p_shape,
            terms,
            wanted,
        } = *self;
        let dp = match terms {
            None => None,
            Some(terms) => {
                let mut dp = Tensor::empty(dy.arena(), "mix_backward", p_shape, DType::F32)?;
                for (m, term) in terms.into_iter().enumerate() {
                    dp.write_part(m, &dy.dot(&term)?)?;
                }
                Some(dp)
            }
        };
        let mut gradients = vec![dp];
        gradients.extend(wanted.iter().map(|_| None));
        // From here on `dy` is needed for the terms alone, and the last of them may have its memory.
        let (Some(p), Some(last)) = (p, wanted.iter().rposition(|&wanted| wanted)) else {
            return Ok(gradients);
        };
        for m in (0..last).filter(|&m| wanted[m]) {
            gradients[m + 1] = Some(dy.binary(BinaryOp::Mul, &p.narrow(m, 1)?)?);
        }
        gradients[last + 1] = Some(in_place::binary(dy, BinaryOp::Mul, &p.narrow(last, 1)?)?);
        Ok(gradients)
    }

    fn saved_bytes(&self) -> usize {
        let terms = self.terms.iter().flatten();
        self.p.iter().chain(terms).map(Tensor::bytes).sum()
    }
}

/// The mixture of quantised forms `y = sum over m of p[m] * quantise_m(x)`, m ascending.
///
/// Straight through: `dx = dy * sum over m of p[m] * passes_m(x)`, where `passes_m` is 1 where the rounded
/// code lies within the limits of format m, else 0; `dp[m] = <dy, quantise_m(x)>`. Keeps `x` and `p`; the
/// quantised forms are computed again on the way back.
///
/// # Shapes
/// `x`: any; `p [formats]`; the result has the shape of `x`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
pub fn mix_quantised<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    p: Var<B>,
    formats: &[FixedPoint],
) -> Result<Var<B>> {
    let y = x.value().mix_quantised(formats, p.value())?;
    let inputs = [x.id(), p.id()];
    let backward = MixQuantisedBackward {
        x: x.into_value(),
        p: p.into_value(),
        formats: formats.to_vec(),
        wanted: (inputs[0].is_some(), inputs[1].is_some()),
    };
    Ok(tape.record(backward, inputs, y))
}

struct MixQuantisedBackward<B: Backend> {
    x: Tensor<B>,
    p: Tensor<B>,
    formats: Vec<FixedPoint>,
    /// Whether `x` and `p` want a gradient.
    wanted: (bool, bool),
}

impl<B: Backend> Backward<B> for MixQuantisedBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let (dx, dp) = dy.mix_quantised_backward(&self.formats, &self.p, &self.x, self.wanted)?;
        Ok(vec![dx, dp])
    }

    fn saved_bytes(&self) -> usize {
        self.x.bytes() + self.p.bytes()
    }
}
