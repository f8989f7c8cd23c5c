//! A layer of a SuperNet whose candidates are whole blocks.
//!
//! `y = sum_b P_b branch_b(x)`, then what goes around the block and its activation. A block is not linear inside, so
//! every branch is computed, with weights and batch norms of its own. A branch is
//!
//! - one candidate, where the mixture is materialised;
//! - the candidates that differ in nothing but the kernel of their depthwise convolution, where it is merged: they
//!   share the 1x1 convolutions and the batch norms, and inside, by linearity,
//!   `sum_k q_k conv(x, W_k) = conv(x, sum_k q_k pad(W_k))`, one depthwise convolution whatever the number of
//!   kernels. `P` is over the branches then, and each has a `q` of its own over its kernels.
//!
//! Recomputed, a branch keeps nothing but the layer's input: on the way back the branches are computed again one
//! after the other, so the layer never takes the memory of more than one.
//!
//! # Source
//! The mixture of blocks is that of Wu et al. 2019 (FBNet), Eq. 6, the memory of one path at a time is Cai et al. 2019
//! (ProxylessNAS); kernels merged within one weight tensor: Stamoulis et al. 2019 (Single-Path NAS).

use super::layer::{SearchedLayer, Site};
use crate::block::{BlockNet, Build, NO_INPUT, Seam};
use crate::child::Weights;
use crate::{Mixing, Result};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::{Backend, Tensor};
use radars_nn::{ParameterId, Pass, Role, Segment};
use radars_space::{Candidate, LayerKind, Space};

/// See the module.
pub(super) struct MixedBlock<B: Backend> {
    branches: Vec<Branch<B>>,
    /// `P`, then the `q` of every branch that has one.
    alphas: Vec<ParameterId>,
}

struct Branch<B: Backend> {
    net: BlockNet,
    candidates: Vec<Candidate>,
    /// AOPS of every candidate, times the cost slope.
    costs: Tensor<B>,
}

/// Candidates that are held as one branch, in order of first appearance.
pub(crate) fn branches(
    kind: LayerKind,
    candidates: &[Candidate],
    mixing: Mixing,
) -> Vec<Vec<Candidate>> {
    let merges = mixing != Mixing::Materialised && kind == LayerKind::InvertedResidual;
    let mut branches: Vec<Vec<Candidate>> = Vec::new();
    for candidate in candidates {
        let alike = |branch: &&mut Vec<Candidate>| {
            merges && branch[0].with_kernel(candidate.kernel) == *candidate
        };
        match branches.iter_mut().find(alike) {
            Some(branch) => branch.push(*candidate),
            None => branches.push(vec![*candidate]),
        }
    }
    branches
}

impl<B: Backend> MixedBlock<B> {
    pub(super) fn new(
        site: &mut Site<'_, B>,
        space: &Space,
        candidates: &[Candidate],
        mixing: Mixing,
    ) -> Result<Self> {
        let layer = site.index;
        let seam = Seam {
            quantised_input: false,
            signed_input: site.signed_input,
            next: None,
        };
        let grouped = branches(space.layers()[layer].kind, candidates, mixing);
        let mut lengths = vec![grouped.len()];
        let mut built = Vec::with_capacity(grouped.len());
        for (index, candidates) in grouped.into_iter().enumerate() {
            let kernels: Vec<usize> = candidates.iter().map(|c| c.kernel).collect();
            let block = space.block(layer, &candidates[0])?;
            let mut build = Build {
                parameters: &mut *site.parameters,
                name: &format!("layer{layer}.branch{index}"),
                weights: Weights::Drawn(site.seed),
            };
            let net = BlockNet::new(&mut build, &block, &candidates[0], &kernels, seam)?;
            let mut costs = Vec::with_capacity(candidates.len());
            for candidate in &candidates {
                let aops = space.candidate_aops(layer, candidate)? as f64;
                costs.push((aops * site.cost_slope) as f32);
            }
            if kernels.len() > 1 {
                lengths.push(kernels.len());
            }
            built.push(Branch {
                net,
                costs: site.vector(&costs)?,
                candidates,
            });
        }
        let mut alphas = Vec::with_capacity(lengths.len());
        for (index, length) in lengths.into_iter().enumerate() {
            let name = match index {
                0 => format!("layer{layer}.alpha"),
                _ => format!("layer{layer}.alpha.kernels{index}"),
            };
            let alpha = (site.parameters).add_full(name, Role::Architecture, [length], 0.0)?;
            alphas.push(alpha);
        }
        Ok(MixedBlock {
            branches: built,
            alphas,
        })
    }

    /// Every branch with its mixing weights over kernels, of `p` without its first.
    fn with_kernels<V>(
        &self,
        kernels: impl IntoIterator<Item = V>,
    ) -> Vec<(&Branch<B>, Option<V>)> {
        let mut kernels = kernels.into_iter();
        let branches = self.branches.iter();
        branches
            .map(|branch| {
                let has = branch.candidates.len() > 1;
                (branch, if has { kernels.next() } else { None })
            })
            .collect()
    }
}

impl<B: Backend> SearchedLayer<B> for MixedBlock<B> {
    fn alphas(&self) -> &[ParameterId] {
        &self.alphas
    }

    fn forward(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        p: Vec<Var<B>>,
        recompute: bool,
    ) -> Result<Var<B>> {
        let mut p = p.into_iter();
        let of_branches = p.next().ok_or(NO_INPUT)?;
        let net = &self.branches[0].net;
        let around = net.has_identity().then(|| x.clone());
        let single = self.branches.len() == 1;
        let mut sum = None;
        for (index, (branch, q)) in self.with_kernels(p).into_iter().enumerate() {
            let weight = match single {
                true => None,
                false => Some(ops::narrow(pass.tape(), of_branches.clone(), index, 1)?),
            };
            let segment = Weighted {
                net: branch.net.clone(),
                has_weight: weight.is_some(),
            };
            let inputs = [x.clone()].into_iter().chain(weight).chain(q).collect();
            let term = match recompute {
                true => pass.recomputed(segment, inputs)?,
                false => segment.forward(pass, inputs)?,
            };
            // One term after the other, so that what is computed again is added in the same order.
            sum = Some(match sum {
                None => term,
                Some(sum) => ops::add(pass.tape(), sum, term)?,
            });
        }
        drop(x);
        let y = sum.ok_or(NO_INPUT)?;
        net.close(pass, y, around)
    }

    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>> {
        let mut expected: Option<Var<B>> = None;
        let kernels = p[1..].iter().cloned();
        for (index, (branch, q)) in self.with_kernels(kernels).into_iter().enumerate() {
            let costs = Var::constant(branch.costs.clone());
            let of_branch = match q {
                None => costs,
                Some(q) => ops::dot(pass.tape(), q, costs)?,
            };
            let weight = ops::narrow(pass.tape(), p[0].clone(), index, 1)?;
            let term = ops::mul(pass.tape(), weight, of_branch)?;
            expected = Some(match expected {
                None => term,
                Some(sum) => ops::add(pass.tape(), sum, term)?,
            });
        }
        Ok(expected.ok_or(NO_INPUT)?)
    }

    fn derive(&self, choices: &[usize]) -> Candidate {
        let kernels = choices[1..].iter().copied();
        let (branch, kernel) = self.with_kernels(kernels)[choices[0]];
        branch.candidates[kernel.unwrap_or(0)]
    }
}

/// `P_b branch_b(x)` as a segment: takes `x`, `P_b` where there is one, and the branch's `q` where there is one.
struct Weighted {
    net: BlockNet,
    has_weight: bool,
}

impl<B: Backend> Segment<B> for Weighted {
    fn forward(&self, pass: &mut Pass<'_, B>, inputs: Vec<Var<B>>) -> radars_nn::Result<Var<B>> {
        let mut inputs = inputs.into_iter();
        let x = inputs.next().ok_or(NO_INPUT)?;
        let weight = if self.has_weight { inputs.next() } else { None };
        let y = self.net.branch(pass, x, inputs.next())?;
        match weight {
            None => Ok(y),
            Some(weight) => Ok(ops::mix(pass.tape(), weight, vec![y])?),
        }
    }
}
