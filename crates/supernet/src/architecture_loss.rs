//! What the steps of the architecture weights descend.

use crate::Result;
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::{Backend, Tensor};
use radars_nn::{Pass, loss};
use radars_space::{Reward, Space};
use serde::{Deserialize, Serialize};

/// How fast the resource term of the product loss grows: its base `C` is e to this, which is what a network of twice
/// the limit adds.
const SHARPNESS: f64 = 10.0;

/// The largest exponent of the resource term; `exp(88)` is the end of the numbers.
const MOST_EXPONENT: f64 = 40.0;

/// What the steps of the architecture weights descend, `E[AOPS]` being the expectation under the mixing weights of the
/// forward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchitectureLoss {
    /// `alpha * CE + (1 - alpha) * E[AOPS] / gamma`, with Eq. 2's trade-off and the cross entropy `CE` in nats in place
    /// of the error: the paper's. What does not depend on the architecture weights (`beta`, the classifier) is left
    /// out.
    #[default]
    Weighted,
    /// `alpha * E[error] + (1 - alpha) * E[AOPS] / gamma`: Eq. 2 itself, for answers that are drawn from the softmax.
    /// Where most answers are right, a point of accuracy is several hundredths of a nat, so that [`Self::Weighted`]
    /// gives cost less weight than this does.
    ExpectedError,
    /// `CE * E[AOPS] / gamma`, of the whole network; under a limit also `+ C^((E[AOPS] - limit) / limit)`. There is no
    /// `alpha`: a per cent of one is worth a per cent of the other.
    ///
    /// `C` is `e^10`, or less where that would leave the numbers at the dearest architecture.
    ///
    /// # Source
    /// EDD: Li et al. 2020, "EDD: efficient differentiable DNN architecture and implementation co-search" (DAC), with
    /// AOPS for performance and resource. Its variables of the implementation beside the architecture are left out.
    Product {
        /// The limit on AOPS.
        max_aops: Option<u64>,
    },
}

/// A loss for a space and a trade-off.
#[derive(Clone, Copy)]
pub(crate) struct Objective {
    loss: ArchitectureLoss,
    accuracy_weight: f32,
    /// What the classifier adds to `E[AOPS] / gamma`.
    classifier: f32,
    /// Slope and offset of the resource term's exponent as a function of `E[AOPS] / gamma`.
    resource: Option<(f32, f32)>,
}

impl ArchitectureLoss {
    /// What one more expected AOPS adds to the cost that a SuperNet computes.
    pub(crate) fn cost_slope(self, reward: Reward) -> f64 {
        match self {
            ArchitectureLoss::Weighted | ArchitectureLoss::ExpectedError => reward.cost_slope(),
            ArchitectureLoss::Product { .. } => 1.0 / reward.gamma(),
        }
    }
}

impl Objective {
    pub(crate) fn new(loss: ArchitectureLoss, reward: Reward, space: &Space) -> Result<Self> {
        let resource = match loss {
            ArchitectureLoss::Product {
                max_aops: Some(limit),
            } => {
                let limit = limit.max(1) as f64;
                let (_, dearest) = space.aops_range()?;
                let sharpness = SHARPNESS.min(MOST_EXPONENT * limit / dearest.max(1) as f64);
                let slope = sharpness * reward.gamma() / limit;
                Some((slope as f32, -sharpness as f32))
            }
            _ => None,
        };
        Ok(Objective {
            loss,
            accuracy_weight: reward.alpha() as f32,
            classifier: (space.classifier_cost()?.aops as f64 / reward.gamma()) as f32,
            resource,
        })
    }

    /// The loss of `logits [n, classes]` and the expected `cost` of what they were computed with, one element each.
    pub(crate) fn of<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        logits: Var<B>,
        labels: Tensor<B>,
        cost: Var<B>,
    ) -> Result<Var<B>> {
        let term = match self.loss {
            ArchitectureLoss::ExpectedError => loss::expected_error(pass, logits, &labels)?,
            _ => loss::cross_entropy(pass, logits, &labels, 0.0)?,
        };
        drop(labels);
        let tape = pass.tape();
        if !matches!(self.loss, ArchitectureLoss::Product { .. }) {
            let accuracy_term = ops::affine(tape, term, self.accuracy_weight, 0.0)?;
            return Ok(ops::add(tape, accuracy_term, cost)?);
        }
        let performance = ops::affine(tape, cost, 1.0, self.classifier)?;
        let product = ops::mul(tape, term, performance.clone())?;
        let Some((slope, offset)) = self.resource else {
            return Ok(product);
        };
        let exponent = ops::affine(tape, performance, slope, offset)?;
        let resource = ops::exp(tape, exponent)?;
        Ok(ops::add(tape, product, resource)?)
    }
}

#[cfg(test)]
mod tests;
