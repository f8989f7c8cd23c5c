//! A convolution layer of a SuperNet: its candidates mixed before one batch norm and one activation.

use super::layer::{MixedLayer, SearchedLayer, Shared};
use crate::Result;
use radars_nn::autograd::Var;
use radars_nn::tensor::Backend;
use radars_nn::{BatchNorm2d, ParameterId, Pass};
use radars_space::Candidate;
use std::rc::Rc;

/// A mixture of convolutions, which is linear, and what follows it.
pub(super) struct MixedConv<B: Backend> {
    pub mixture: Rc<dyn MixedLayer<B>>,
    pub norm: BatchNorm2d,
}

impl<B: Backend> SearchedLayer<B> for MixedConv<B> {
    fn alphas(&self) -> &[ParameterId] {
        self.mixture.alphas()
    }

    fn forward(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        p: Vec<Var<B>>,
        recompute: bool,
    ) -> Result<Var<B>> {
        let operands = self.mixture.operands(pass, p)?;
        Ok(match recompute {
            true => {
                let operands = [x].into_iter().chain(operands).collect();
                let shared = Shared(self.mixture.clone());
                self.norm.forward_recomputed(pass, shared, operands)?
            }
            false => {
                let x = self.mixture.mix(pass.tape(), x, operands)?;
                self.norm.forward(pass, x)?
            }
        })
    }

    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>> {
        self.mixture.expected_cost(pass, p)
    }

    fn derive(&self, choices: &[usize]) -> Candidate {
        self.mixture.derive(choices)
    }
}
