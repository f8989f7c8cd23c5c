//! The materialised mixture: every candidate's output computed and kept, as in the DNAS literature.
//!
//! `y = sum_m c_m conv(Qa_m(x), Qw_m(W_m))`, with `c_m` the mixing weight times the candidate's gain.
//! Backward, with `x_m = Qa_m(x)`, `w_m = Qw_m(W_m)`:
//!
//! | gradient of | is |
//! |---|---|
//! | `c_m` | `<dy, conv(x_m, w_m)>`, so the outputs are kept when it is wanted |
//! | `W_m` | `c_m * wgrad(x_m, dy)` where `Qw_m` passes |
//! | `x` | `sum over a of [sum over m with Qa_m = a of dgrad(dy, c_m w_m)]` where `Qa` passes |
//!
//! Candidates with one activation format share the quantised input. Weights are quantised again on the
//! way back instead of being kept.

use radars_nn::autograd::{Backward, Tape, Var};
use radars_nn::tensor::{
    Backend, BinaryOp, Coefficient, Conv2d, Conv2dOptions, DType, Error, FixedPoint, MaskOp,
    Result, Tensor, UnaryOp,
};

/// What a candidate does before it convolves; no format stands for a float operand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CandidateFormat {
    /// Format of the input.
    pub activation: Option<FixedPoint>,
    /// Format of the weights.
    pub weight: Option<FixedPoint>,
}

/// The mixture of candidates `(formats, weights)`; see the module's formula.
///
/// # Shapes
/// `x [n, h, w, ci]`, `c [candidates]`, weights `[co, k_m, k_m, ci / groups]` of odd `k_m`, padded by
/// `k_m / 2`; gives `[n, ho, wo, co]`.
///
/// # Errors
/// Those of the tensor operations.
pub fn materialised<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    c: Var<B>,
    candidates: Vec<(CandidateFormat, Var<B>)>,
    stride: usize,
    groups: usize,
) -> Result<Var<B>> {
    let needs = Needs {
        x: x.requires_gradient(),
        c: c.requires_gradient(),
        weights: candidates.iter().any(|(_, w)| w.requires_gradient()),
    };
    let mut ids = vec![x.id(), c.id()];
    ids.extend(candidates.iter().map(|(_, w)| w.id()));
    let (mut terms, mut outputs, mut mixed) = (Vec::new(), Vec::new(), None);
    let mut inputs: Vec<(Option<FixedPoint>, Tensor<B>)> = Vec::new();
    for (m, (format, w)) in candidates.into_iter().enumerate() {
        let w = w.into_value();
        let input = match inputs.iter().find(|(a, _)| *a == format.activation) {
            Some((_, input)) => input.clone(),
            None => {
                let input = quantised(x.value(), format.activation)?;
                inputs.push((format.activation, input.clone()));
                input
            }
        };
        let options = Conv2dOptions {
            stride,
            padding: w.dims().get(1).map_or(0, |k| k / 2),
            groups,
        };
        let geometry = input.conv2d_geometry(&w, options)?;
        let y = input.conv2d(&quantised(&w, format.weight)?, options)?;
        let coefficient = c.value().coefficient(m)?;
        match &mut mixed {
            None => {
                let mut sum = Tensor::zeros(tape.arena(), y.shape())?;
                sum.accumulate(coefficient, &y)?;
                mixed = Some(sum);
            }
            Some(sum) => sum.accumulate(coefficient, &y)?,
        }
        if needs.c {
            outputs.push(y);
        }
        terms.push(Term {
            format,
            w,
            geometry,
        });
    }
    let Some(mixed) = mixed else {
        let (what, expected) = ("the number of candidates", "at least 1");
        return Err(Error::Geometry {
            op: "materialised",
            what,
            value: 0,
            expected,
        });
    };
    if !needs.weights {
        inputs.clear();
    }
    let backward = Materialised {
        x: x.into_value(),
        c: c.into_value(),
        terms,
        inputs,
        outputs,
        needs,
    };
    Ok(tape.record_many(backward, ids, mixed))
}

#[derive(Clone, Copy)]
struct Needs {
    x: bool,
    c: bool,
    weights: bool,
}

struct Term<B: Backend> {
    format: CandidateFormat,
    w: Tensor<B>,
    geometry: Conv2d,
}

struct Materialised<B: Backend> {
    x: Tensor<B>,
    c: Tensor<B>,
    terms: Vec<Term<B>>,
    /// The quantised inputs, for the weights' gradients; empty when those are not wanted.
    inputs: Vec<(Option<FixedPoint>, Tensor<B>)>,
    /// The candidates' outputs, for the mixing weights' gradients; empty when those are not wanted.
    outputs: Vec<Tensor<B>>,
    needs: Needs,
}

impl<B: Backend> Backward<B> for Materialised<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let Materialised {
            x,
            c,
            terms,
            inputs,
            outputs,
            needs,
        } = *self;
        let mut gradients: Vec<Option<Tensor<B>>> = (0..terms.len() + 2).map(|_| None).collect();
        if needs.c {
            let mut dc = Tensor::empty(c.arena(), "materialised", c.shape(), DType::F32)?;
            for (m, output) in outputs.into_iter().enumerate() {
                dc.write_part(m, &dy.dot(&output)?)?;
            }
            gradients[1] = Some(dc);
        }
        if needs.weights {
            for (m, term) in terms.iter().enumerate() {
                let input = inputs.iter().find(|(a, _)| *a == term.format.activation);
                let Some((_, input)) = input else { continue };
                let dw = dy.conv2d_weight_gradient(input, &term.geometry)?;
                let dw = scaled(dw, &c, m)?;
                gradients[m + 2] = Some(passed(dw, &term.w, term.format.weight)?);
            }
        }
        drop(inputs);
        if needs.x {
            gradients[0] = input_gradient(&x, &c, &terms, &dy)?;
        }
        Ok(gradients)
    }

    fn saved_bytes(&self) -> usize {
        let inputs: usize = self
            .inputs
            .iter()
            .map(|(_, t)| {
                if t.shares_memory(&self.x) {
                    0
                } else {
                    t.bytes()
                }
            })
            .sum();
        let outputs: usize = self.outputs.iter().map(Tensor::bytes).sum();
        self.x.bytes() + inputs + outputs
    }
}

/// The gradient of the shared input, one activation format after the other.
fn input_gradient<B: Backend>(
    x: &Tensor<B>,
    c: &Tensor<B>,
    terms: &[Term<B>],
    dy: &Tensor<B>,
) -> Result<Option<Tensor<B>>> {
    let mut formats: Vec<Option<FixedPoint>> = Vec::new();
    for term in terms {
        if !formats.contains(&term.format.activation) {
            formats.push(term.format.activation);
        }
    }
    let mut sum: Option<Tensor<B>> = None;
    for format in formats {
        let mut of_format: Option<Tensor<B>> = None;
        for (m, term) in terms
            .iter()
            .enumerate()
            .filter(|(_, t)| t.format.activation == format)
        {
            let w = scaled(quantised(&term.w, term.format.weight)?, c, m)?;
            let dx = dy.conv2d_input_gradient(&w, &term.geometry)?;
            add(&mut of_format, dx)?;
        }
        if let Some(dx) = of_format {
            add(&mut sum, passed(dx, x, format)?)?;
        }
    }
    Ok(sum)
}

/// `Q(x)`, or `x` itself where there is no quantiser.
fn quantised<B: Backend>(x: &Tensor<B>, format: Option<FixedPoint>) -> Result<Tensor<B>> {
    match format {
        None => Ok(x.clone()),
        Some(format) => x.unary(UnaryOp::FakeQuantise(format)),
    }
}

/// `gradient` where the quantiser passes it at its input `x`, in the gradient's memory.
fn passed<B: Backend>(
    gradient: Tensor<B>,
    x: &Tensor<B>,
    format: Option<FixedPoint>,
) -> Result<Tensor<B>> {
    match format {
        None => Ok(gradient),
        Some(format) => gradient.masked_in_place(&x.mask(MaskOp::InRange(format))?),
    }
}

/// `c[m] * t`, in the memory of `t`.
fn scaled<B: Backend>(t: Tensor<B>, c: &Tensor<B>, m: usize) -> Result<Tensor<B>> {
    // A float candidate's weights are the parameter itself, which has other owners.
    let t = if t.is_unique() { t } else { t.copy()? };
    t.binary_in_place(BinaryOp::Mul, &c.narrow(m, 1)?)
}

fn add<B: Backend>(sum: &mut Option<Tensor<B>>, term: Tensor<B>) -> Result<()> {
    match sum {
        None => *sum = Some(term),
        Some(sum) => sum.accumulate(Coefficient::Constant(1.0), &term)?,
    }
    Ok(())
}
