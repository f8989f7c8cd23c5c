//! The materialised mixture: every candidate's output computed and kept, as in the DNAS literature.
//!
//! `y = sum_m c_m conv(Qa_m(x), Qw_m(W_m))`, with `c_m` the mixing weight times the candidate's gain.
//! Backward, with `x_a = Qa(x)`, `w_m = Qw_m(W_m)` and `K` the largest kernel among the candidates of `a`:
//!
//! | gradient of | is |
//! |---|---|
//! | `c_m` | `<dy, conv(x_a, w_m)>`, so the outputs are kept when it is wanted |
//! | `W_m` | `c_m * crop(wgrad_K(x_a, dy))` where `Qw_m` passes |
//! | `x` | `sum over a of dgrad_K(dy, sum over m with Qa_m = a of c_m pad(w_m))` where `Qa` passes |
//!
//! Candidates with one activation format share the quantised input, and as convolution is linear also one
//! convolution for each way back. Of `x` only the masks of its quantisers are kept, one bit an element and
//! format. Weights are quantised again on the way back instead of being kept.

use radars_nn::autograd::{Backward, Tape, Var};
use radars_nn::tensor::{
    Backend, BinaryOp, Coefficient, Conv2d, Conv2dOptions, ConvValues, DType, Error, FixedPoint,
    MaskOp, Result, Tensor, UnaryOp, Values,
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
    channel_groups: usize,
) -> Result<Var<B>> {
    let needs = Needs {
        x: x.requires_gradient(),
        c: c.requires_gradient(),
        weights: candidates.iter().any(|(_, w)| w.requires_gradient()),
    };
    let mut ids = vec![x.id(), c.id()];
    ids.extend(candidates.iter().map(|(_, w)| w.id()));
    let (mut groups, mut inputs): (Vec<Group<B>>, Vec<Tensor<B>>) = (Vec::new(), Vec::new());
    let (mut outputs, mut mixed) = (Vec::new(), None);
    for (m, (format, w)) in candidates.into_iter().enumerate() {
        let w = w.into_value();
        let known = groups
            .iter()
            .position(|group| group.activation == format.activation);
        let input = match known {
            Some(group) => inputs[group].clone(),
            None => quantised(x.value(), format.activation)?,
        };
        let options = Conv2dOptions {
            stride,
            padding: w.dims().get(1).map_or(0, |k| k / 2),
            groups: channel_groups,
        };
        let geometry = input.conv2d_geometry(&w, options)?;
        let values = ConvValues {
            x: on_grid(format.activation),
            w: format.weight.map_or(Values::Float, Values::Quantise),
        };
        let y = input.fake_quantised_conv2d(&w, values, options)?;
        if needs.c {
            outputs.push(y.clone());
        }
        match &mut mixed {
            None => mixed = Some(scaled(y, c.value(), m)?),
            Some(sum) => sum.accumulate(c.value().coefficient(m)?, &y)?,
        }
        let term = Term {
            m,
            format: format.weight,
            kernel: geometry.kernel,
            w,
        };
        match known {
            Some(group) => groups[group].add(term, geometry),
            None => {
                let gate = format.activation.filter(|_| needs.x);
                let gate = gate.map(|format| x.value().mask(MaskOp::InRange(format)));
                inputs.push(input);
                groups.push(Group {
                    activation: format.activation,
                    gate: gate.transpose()?,
                    geometry,
                    largest: 0,
                    terms: vec![term],
                });
            }
        }
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
        c: c.into_value(),
        groups,
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

/// The candidates of one activation format.
struct Group<B: Backend> {
    activation: Option<FixedPoint>,
    /// Where the quantiser lets the gradient of `x` pass; none without a quantiser, and when that gradient
    /// is not wanted.
    gate: Option<Tensor<B>>,
    /// The convolution with the largest kernel.
    geometry: Conv2d,
    /// Which term has that kernel.
    largest: usize,
    terms: Vec<Term<B>>,
}

struct Term<B: Backend> {
    /// Position among all candidates.
    m: usize,
    format: Option<FixedPoint>,
    kernel: usize,
    w: Tensor<B>,
}

impl<B: Backend> Group<B> {
    fn add(&mut self, term: Term<B>, geometry: Conv2d) {
        if geometry.kernel > self.geometry.kernel {
            (self.geometry, self.largest) = (geometry, self.terms.len());
        }
        self.terms.push(term);
    }

    /// The gradients of the weights, by position of the candidate.
    fn weight_gradients(
        &self,
        input: Tensor<B>,
        c: &Tensor<B>,
        dy: &Tensor<B>,
    ) -> Result<Vec<(usize, Tensor<B>)>> {
        // Of the weights themselves: their quantisers differ, each has its mask below.
        let values = ConvValues {
            x: on_grid(self.activation),
            w: Values::Float,
        };
        let (w, g) = (&self.terms[self.largest].w, &self.geometry);
        let shared = dy.fake_quantised_conv2d_weight_gradient(&input, w, values, g)?;
        drop(input);
        let gradient = |term: &Term<B>| {
            let dw = scaled(shared.crop_kernel(term.kernel)?, c, term.m)?;
            let dw = match term.format {
                None => dw,
                Some(format) => dw.masked_in_place(&term.w.mask(MaskOp::InRange(format))?)?,
            };
            Ok((term.m, dw))
        };
        self.terms.iter().map(gradient).collect()
    }

    /// What flows back to `x`.
    fn input_gradient(self, c: &Tensor<B>, dy: &Tensor<B>) -> Result<Tensor<B>> {
        let Conv2d {
            kernel,
            input: [_, _, ci],
            output: [_, _, co],
            groups,
            ..
        } = self.geometry;
        let mut w = Tensor::zeros(dy.arena(), [co, kernel, kernel, ci / groups])?;
        for term in &self.terms {
            w.embed_kernel(c.coefficient(term.m)?, &quantised(&term.w, term.format)?)?;
        }
        let dx = dy.conv2d_input_gradient(&w, &self.geometry)?;
        match self.gate {
            None => Ok(dx),
            Some(gate) => dx.masked_in_place(&gate),
        }
    }
}

struct Materialised<B: Backend> {
    c: Tensor<B>,
    groups: Vec<Group<B>>,
    /// The quantised input of every group, for the weights' gradients; empty when those are not wanted.
    inputs: Vec<Tensor<B>>,
    /// The candidates' outputs, for the mixing weights' gradients; empty when those are not wanted.
    outputs: Vec<Tensor<B>>,
    needs: Needs,
}

impl<B: Backend> Backward<B> for Materialised<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let Materialised {
            c,
            groups,
            inputs,
            outputs,
            needs,
        } = *self;
        let candidates: usize = groups.iter().map(|group| group.terms.len()).sum();
        let mut gradients: Vec<Option<Tensor<B>>> = (0..candidates + 2).map(|_| None).collect();
        if needs.c {
            let mut dc = Tensor::empty(c.arena(), "materialised", c.shape(), DType::F32)?;
            for (m, output) in outputs.into_iter().enumerate() {
                dc.write_part(m, &dy.dot(&output)?)?;
            }
            gradients[1] = Some(dc);
        }
        for (group, input) in groups.iter().zip(inputs) {
            for (m, dw) in group.weight_gradients(input, &c, &dy)? {
                gradients[m + 2] = Some(dw);
            }
        }
        if needs.x {
            let mut sum: Option<Tensor<B>> = None;
            for group in groups {
                let dx = group.input_gradient(&c, &dy)?;
                match &mut sum {
                    None => sum = Some(dx),
                    Some(sum) => sum.accumulate(Coefficient::Constant(1.0), &dx)?,
                }
            }
            gradients[0] = sum;
        }
        Ok(gradients)
    }

    fn saved_bytes(&self) -> usize {
        let gates = self.groups.iter().filter_map(|group| group.gate.as_ref());
        let saved = gates.chain(&self.inputs).chain(&self.outputs);
        saved.map(Tensor::bytes).sum()
    }
}

/// `Q(x)`, or `x` itself where there is no quantiser.
fn quantised<B: Backend>(x: &Tensor<B>, format: Option<FixedPoint>) -> Result<Tensor<B>> {
    match format {
        None => Ok(x.clone()),
        Some(format) => x.unary(UnaryOp::FakeQuantise(format)),
    }
}

/// What is known of an input that was quantised, where there is a quantiser.
fn on_grid(format: Option<FixedPoint>) -> Values {
    format.map_or(Values::Float, Values::OnGrid)
}

/// `c[m] * t`, in the memory of `t` when nothing else owns it.
fn scaled<B: Backend>(t: Tensor<B>, c: &Tensor<B>, m: usize) -> Result<Tensor<B>> {
    let c = c.narrow(m, 1)?;
    match t.is_unique() {
        true => t.binary_in_place(BinaryOp::Mul, &c),
        false => t.binary(BinaryOp::Mul, &c),
    }
}
