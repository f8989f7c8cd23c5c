//! Policies: from the choices made so far to the logits of the next decision.

mod cell;
mod logits;
mod lstm;

use crate::{ControllerSettings, Decisions, Policy, Result};
use logits::Logits;
use lstm::Lstm;
use radars_nn::autograd::Var;
use radars_nn::tensor::Backend;
use radars_nn::tensor::random::Seed;
use radars_nn::{Parameters, Pass};

/// Given the pass, a decision and its logits `[1, choices]`: which choice the walk goes on with.
pub(crate) type Choose<'a, B> = dyn FnMut(&mut Pass<'_, B>, usize, Var<B>) -> Result<usize> + 'a;

/// A policy; its parameters are in the controller's store.
pub(crate) enum Network {
    Lstm(Lstm),
    Logits(Logits),
}

impl Network {
    /// Adds the parameters of the policy.
    pub(crate) fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        decisions: &Decisions,
        settings: &ControllerSettings,
        seed: Seed,
    ) -> Result<Self> {
        Ok(match settings.policy {
            Policy::Lstm => {
                Network::Lstm(Lstm::new(parameters, decisions.choices(), settings, seed)?)
            }
            Policy::Logits => Network::Logits(Logits::new(parameters, decisions, settings.shared)?),
        })
    }

    /// Goes through the decisions in order and asks for the choice of each.
    ///
    /// Sampling and learning are this same walk, so both see the same logits to the bit.
    pub(crate) fn walk<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        choose: &mut Choose<'_, B>,
    ) -> Result<()> {
        match self {
            Network::Lstm(lstm) => lstm.walk(pass, choose),
            Network::Logits(logits) => logits.walk(pass, choose),
        }
    }
}
