//! Logits for every decision, which decisions that are alike may share in part.

use super::Choose;
use crate::{Decisions, Result};
use radars_nn::autograd::ops;
use radars_nn::tensor::Backend;
use radars_nn::{ParameterId, Parameters, Pass, Role};

/// One vector of logits a decision, `own`, zero at first: all choices alike. With a scale, decisions that are
/// alike have one more vector together, and the logits of each are `shared + scale * own`.
pub(crate) struct Logits {
    own: Vec<ParameterId>,
    /// By decision; none of those that are like no other.
    shared: Vec<Option<ParameterId>>,
    scale: f32,
}

impl Logits {
    /// Adds the parameters: those that are shared first.
    pub(super) fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        decisions: &Decisions,
        scale: Option<f64>,
    ) -> Result<Self> {
        let choices = decisions.choices();
        let mut shared: Vec<Option<ParameterId>> = vec![None; choices.len()];
        if scale.is_some() {
            for (decision, first) in decisions.alike().into_iter().enumerate() {
                shared[decision] = match first {
                    Some(first) if first < decision => shared[first],
                    Some(_) => {
                        let name = format!("like.{decision}.logits");
                        let shape = [1, choices[decision]];
                        Some(parameters.add_full(name, Role::Weight, shape, 0.0)?)
                    }
                    None => None,
                };
            }
        }
        let mut own = Vec::with_capacity(choices.len());
        for (decision, &choices) in choices.iter().enumerate() {
            let name = format!("decision.{decision}.logits");
            own.push(parameters.add_full(name, Role::Weight, [1, choices], 0.0)?);
        }
        let scale = scale.unwrap_or(1.0) as f32;
        Ok(Logits { own, shared, scale })
    }

    pub(super) fn walk<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        choose: &mut Choose<'_, B>,
    ) -> Result<()> {
        for (decision, (&own, &shared)) in self.own.iter().zip(&self.shared).enumerate() {
            let mut logits = pass.parameter(own);
            if let Some(shared) = shared {
                let shared = pass.parameter(shared);
                let scaled = ops::affine(pass.tape(), logits, self.scale, 0.0)?;
                logits = ops::add(pass.tape(), shared, scaled)?;
            }
            choose(pass, decision, logits)?;
        }
        Ok(())
    }
}
