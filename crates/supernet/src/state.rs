//! Everything of a network in training, on the host: what a checkpoint holds.
//!
//! A state is taken between epochs, after the mean losses were read: the sums of losses are no part of it,
//! and restoring clears them. Rates, temperatures and the batches to come are the caller's.

use crate::{ChildTrainer, DnasTrainer, Result};
use radars_nn::SavedParameter;
use radars_nn::tensor::Backend;
use serde::{Deserialize, Serialize};

/// Everything of a child network in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildState {
    /// Weights and statistics.
    pub parameters: Vec<SavedParameter>,
    /// The optimizer's velocities.
    pub momenta: Vec<SavedParameter>,
}

/// Everything of a SuperNet in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DnasState {
    /// Weights, statistics and architecture weights.
    pub parameters: Vec<SavedParameter>,
    /// The velocities of the network weights' optimizer.
    pub momenta: Vec<SavedParameter>,
    /// The moments of the architecture weights' optimizer.
    pub alpha_moments: Vec<SavedParameter>,
    /// Steps that the architecture weights' optimizer has taken.
    pub alpha_steps: u64,
}

impl<B: Backend> ChildTrainer<B> {
    /// Everything but the sum of losses: take it when [`ChildTrainer::take_mean_loss`] has been asked.
    ///
    /// # Errors
    /// [`radars_nn::tensor::Error::NoValues`] on the planning backend.
    pub fn state(&self) -> Result<ChildState> {
        Ok(ChildState {
            parameters: self.parameters.save()?,
            momenta: self.optimizer.state().save()?,
        })
    }

    /// Goes on from a state, to the bit; the sum of losses is cleared.
    ///
    /// # Errors
    /// [`radars_nn::Error::Saved`] when the state is of another network; the trainer is of no use then.
    pub fn restore(&mut self, state: &ChildState) -> Result<()> {
        self.parameters.restore(&state.parameters)?;
        self.optimizer.state_mut().restore(&state.momenta)?;
        self.losses.clear()
    }
}

impl<B: Backend> DnasTrainer<B> {
    /// Everything but the sums of losses: take it when [`DnasTrainer::take_mean_losses`] has been asked.
    ///
    /// # Errors
    /// [`radars_nn::tensor::Error::NoValues`] on the planning backend.
    pub fn state(&self) -> Result<DnasState> {
        Ok(DnasState {
            parameters: self.parameters.save()?,
            momenta: self.weight_optimizer.state().save()?,
            alpha_moments: self.alpha_optimizer.state().save()?,
            alpha_steps: self.alpha_optimizer.steps(),
        })
    }

    /// Goes on from a state, to the bit; the sums of losses are cleared.
    ///
    /// The trainer has to be made from the seed of the one that the state was taken of: the constant gains of
    /// the candidates are functions of the initial weights, and no part of the state.
    ///
    /// # Errors
    /// [`radars_nn::Error::Saved`] when the state is of another SuperNet; the trainer is of no use then.
    pub fn restore(&mut self, state: &DnasState) -> Result<()> {
        self.parameters.restore(&state.parameters)?;
        self.weight_optimizer.state_mut().restore(&state.momenta)?;
        let moments = self.alpha_optimizer.state_mut();
        moments.restore(&state.alpha_moments)?;
        self.alpha_optimizer.set_steps(state.alpha_steps);
        self.weight_losses.clear()?;
        self.alpha_losses.clear()
    }
}
