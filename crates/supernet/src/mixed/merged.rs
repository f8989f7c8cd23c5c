//! The merged mixture: candidates with weights of their own, one convolution an activation format.
//!
//! With `x_a = Qa(x)`, `w_m = Qw_m(W_m)`, `c_m` the mixing weight times the candidate's gain and `K` the
//! largest kernel among the candidates of `a`, by linearity
//!
//! `y = sum_m c_m conv(x_a, w_m) = sum_a conv(x_a, V_a)`, where `V_a = sum over m in a of c_m pad(w_m)`.
//!
//! | gradient of | is |
//! |---|---|
//! | `V_a` | `G_a = wgrad_K(x_a, dy)`, never of a single candidate |
//! | `c_m` | `<crop(G_a), w_m>`, an inner product in the space of weights: no output of a candidate is needed |
//! | `W_m` | `c_m crop(G_a)` where `Qw_m` passes |
//! | `x` | `sum over a of dgrad_K(dy, V_a)` where `Qa` passes |
//!
//! Nothing is kept but `x`, which all groups share, or what it is computed from again if that is kept anyway, the
//! weights, which are parameters, and `c`. What is quantised and what is merged is computed again on the way
//! back: a pass over the weights and one over `x` for each group, beside a convolution for each.
//!
//! # Why groups are never divided by kernel size
//!
//! Multiply-adds that are not on padding grow with the kernel, so a group divided into parts by kernel size
//! costs the convolution of its largest kernel, as the whole does, and one for every other part on top.
//! A smaller kernel in the middle of a larger one that is there anyway is free; its margin of zeros is not
//! stored, let alone multiplied, in the space of weights: the merge adds as many elements as it has. Candidates
//! of different activation formats cannot share a convolution, as their inputs differ.

use super::CandidateFormat;
use radars_nn::autograd::{Backward, Kept, Tape, Var};
use radars_nn::tensor::{
    Backend, Coefficient, Conv2d, Conv2dOptions, ConvValues, DType, Error, FixedPoint, KernelTerm,
    MaskOp, Result, Tensor, Values,
};

/// The mixture of candidates `(formats, weights)`; see the module's formula.
///
/// # Shapes
/// `x [n, h, w, ci]`, `c [candidates]`, weights `[co, k_m, k_m, ci / groups]` of odd `k_m`, padded by
/// `k_m / 2`; gives `[n, ho, wo, co]`.
///
/// # Errors
/// Those of the tensor operations.
pub fn merged<B: Backend>(
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
    };
    let mut ids = vec![x.id(), c.id()];
    ids.extend(candidates.iter().map(|(_, w)| w.id()));
    let groups = grouped(candidates);
    let mut y: Option<Tensor<B>> = None;
    for group in &groups {
        let v = group.merge(c.value())?;
        let options = group.options(stride, channel_groups);
        let part = (x.value()).fake_quantised_conv2d(&v, group.values(), options)?;
        drop(v);
        match &mut y {
            None => y = Some(part),
            Some(y) => y.accumulate(Coefficient::Constant(1.0), &part)?,
        }
    }
    let Some(y) = y else {
        let (what, expected) = ("the number of candidates", "at least 1");
        return Err(Error::Geometry {
            op: "merged",
            what,
            value: 0,
            expected,
        });
    };
    let backward = Merged {
        x: Kept::new(x),
        c: c.into_value(),
        groups,
        needs,
        stride,
        channel_groups,
    };
    Ok(tape.record_many(backward, ids, y))
}

#[derive(Clone, Copy)]
struct Needs {
    x: bool,
    c: bool,
}

/// The candidates of one activation format.
struct Group<B: Backend> {
    activation: Option<FixedPoint>,
    /// The largest kernel's side.
    side: usize,
    terms: Vec<KernelTerm>,
    weights: Vec<Tensor<B>>,
    /// Whose gradient is wanted.
    wanted: Vec<bool>,
}

/// The groups, in order of first appearance.
fn grouped<B: Backend>(candidates: Vec<(CandidateFormat, Var<B>)>) -> Vec<Group<B>> {
    let mut groups: Vec<Group<B>> = Vec::new();
    for (m, (format, w)) in candidates.into_iter().enumerate() {
        let of_format = |group: &Group<B>| group.activation == format.activation;
        let at = groups.iter().position(of_format).unwrap_or_else(|| {
            groups.push(Group {
                activation: format.activation,
                side: 0,
                terms: Vec::new(),
                weights: Vec::new(),
                wanted: Vec::new(),
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        let side = w.value().dims().get(1).copied().unwrap_or(1);
        group.side = group.side.max(side);
        group.terms.push(KernelTerm {
            coefficient: m,
            side,
            format: format.weight,
        });
        group.wanted.push(w.requires_gradient());
        group.weights.push(w.into_value());
    }
    groups
}

impl<B: Backend> Group<B> {
    /// A candidate with the largest kernel, which is as large as `V_a`.
    fn largest(&self) -> &Tensor<B> {
        let largest = self.terms.iter().position(|term| term.side == self.side);
        &self.weights[largest.unwrap_or(0)]
    }

    /// `V_a`.
    fn merge(&self, c: &Tensor<B>) -> Result<Tensor<B>> {
        c.merge_kernels(&self.terms, &self.weights, self.side)
    }

    /// Of the convolution's operands.
    fn values(&self) -> ConvValues {
        ConvValues {
            x: self.activation.map_or(Values::Float, Values::Quantise),
            w: Values::Float,
        }
    }

    fn options(&self, stride: usize, channel_groups: usize) -> Conv2dOptions {
        Conv2dOptions {
            stride,
            padding: self.side / 2,
            groups: channel_groups,
        }
    }

    fn wants_weights(&self) -> bool {
        self.wanted.contains(&true)
    }

    /// The gradients of the weights that are wanted, and where it is given, those of their coefficients.
    fn weight_gradients(
        &self,
        (x, c): (&Tensor<B>, &Tensor<B>),
        dy: &Tensor<B>,
        g: &Conv2d,
        dc: Option<&mut Tensor<B>>,
    ) -> Result<Vec<Option<Tensor<B>>>> {
        let values = self.values();
        let dv = dy.fake_quantised_conv2d_weight_gradient(x, self.largest(), values, g)?;
        dv.merge_kernels_backward(c, &self.terms, &self.weights, &self.wanted, dc)
    }

    /// What flows back to `x`, which only a quantiser needs to be told.
    fn input_gradient(
        &self,
        x: Option<&Tensor<B>>,
        c: &Tensor<B>,
        dy: &Tensor<B>,
        g: &Conv2d,
    ) -> Result<Tensor<B>> {
        let dx = dy.conv2d_input_gradient(&self.merge(c)?, g)?;
        match (self.activation, x) {
            (Some(format), Some(x)) => dx.masked_in_place(&x.mask(MaskOp::InRange(format))?),
            _ => Ok(dx),
        }
    }
}

struct Merged<B: Backend> {
    x: Kept<B>,
    c: Tensor<B>,
    groups: Vec<Group<B>>,
    needs: Needs,
    stride: usize,
    channel_groups: usize,
}

impl<B: Backend> Backward<B> for Merged<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let Merged {
            x,
            c,
            groups,
            needs,
            stride,
            channel_groups,
        } = *self;
        let mut x = Some(x.into_value()?);
        let candidates: usize = groups.iter().map(|group| group.terms.len()).sum();
        let mut gradients: Vec<Option<Tensor<B>>> = (0..candidates + 2).map(|_| None).collect();
        let empty = || Tensor::empty(c.arena(), "merged", c.shape(), DType::F32);
        let mut dc = needs.c.then(empty).transpose()?;
        let mut dx: Option<Tensor<B>> = None;
        for (index, group) in groups.iter().enumerate() {
            let Some(input) = &x else { break };
            let options = group.options(stride, channel_groups);
            let g = input.conv2d_geometry(group.largest(), options)?;
            if needs.c || group.wants_weights() {
                let of_group = group.weight_gradients((input, &c), &dy, &g, dc.as_mut())?;
                for (term, dw) in group.terms.iter().zip(of_group) {
                    gradients[term.coefficient + 2] = dw;
                }
            }
            // Without a quantiser the last gradient takes the room of the input.
            if index + 1 == groups.len() && group.activation.is_none() {
                x = None;
            }
            if needs.x {
                let part = group.input_gradient(x.as_ref(), &c, &dy, &g)?;
                match &mut dx {
                    None => dx = Some(part),
                    Some(dx) => dx.accumulate(Coefficient::Constant(1.0), &part)?,
                }
            }
        }
        gradients[0] = dx;
        gradients[1] = dc;
        Ok(gradients)
    }

    fn saved_bytes(&self) -> usize {
        self.x.bytes() + self.c.bytes()
    }
}
