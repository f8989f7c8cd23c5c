//! Independent logits for every decision.

use super::Choose;
use crate::Result;
use radars_nn::tensor::Backend;
use radars_nn::{ParameterId, Parameters, Pass, Role};

/// One vector of logits a decision, zero at first: all choices alike.
pub(crate) struct Logits {
    logits: Vec<ParameterId>,
}

impl Logits {
    pub(super) fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        decisions: &[usize],
    ) -> Result<Self> {
        let mut logits = Vec::with_capacity(decisions.len());
        for (decision, &choices) in decisions.iter().enumerate() {
            let name = format!("decision.{decision}.logits");
            logits.push(parameters.add_full(name, Role::Weight, [1, choices], 0.0)?);
        }
        Ok(Logits { logits })
    }

    pub(super) fn walk<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        choose: &mut Choose<'_, B>,
    ) -> Result<()> {
        for (decision, &id) in self.logits.iter().enumerate() {
            let logits = pass.parameter(id);
            choose(pass, decision, logits)?;
        }
        Ok(())
    }
}
