//! What moves the parameters of a policy.

use crate::{ControllerSettings, ControllerState, Optimizer, Result};
use radars_nn::tensor::Backend;
use radars_nn::{
    Adam, AdamSettings, ParameterGradients, Parameters, SavedParameter, Sgd, SgdSettings, Trains,
};

/// An optimizer with its state.
pub(crate) enum Stepper<B: Backend> {
    Adam(Adam<B>),
    Sgd { sgd: Sgd<B>, steps: u64 },
}

impl<B: Backend> Stepper<B> {
    /// The optimizer that the settings name; allocates its state.
    pub(crate) fn new(settings: &ControllerSettings, parameters: &Parameters<B>) -> Result<Self> {
        let trains = Trains::Weights;
        Ok(match settings.optimizer {
            Optimizer::Adam => {
                let adam = AdamSettings {
                    betas: settings.betas,
                    ..AdamSettings::default()
                };
                Stepper::Adam(Adam::new(adam, parameters, trains)?)
            }
            Optimizer::Sgd => {
                let plain = SgdSettings {
                    momentum: 0.0,
                    weight_decay: 0.0,
                    clip_norm: None,
                    ..SgdSettings::default()
                };
                let sgd = Sgd::new(plain, parameters, trains)?;
                Stepper::Sgd { sgd, steps: 0 }
            }
        })
    }

    /// One step against the gradients.
    pub(crate) fn step(
        &mut self,
        parameters: &mut Parameters<B>,
        gradients: ParameterGradients<B>,
        rate: f32,
    ) -> Result<()> {
        match self {
            Stepper::Adam(adam) => adam.step(parameters, gradients, rate)?,
            Stepper::Sgd { sgd, steps } => {
                sgd.step(parameters, gradients, rate)?;
                *steps = steps.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> u64 {
        match self {
            Stepper::Adam(adam) => adam.steps(),
            Stepper::Sgd { steps, .. } => *steps,
        }
    }

    /// Its state: what [`ControllerState::moments`] holds.
    pub(crate) fn save(&self) -> Result<Vec<SavedParameter>> {
        Ok(match self {
            Stepper::Adam(adam) => adam.state().save()?,
            Stepper::Sgd { sgd, .. } => sgd.state().save()?,
        })
    }

    /// Takes over the moments of a state, and how many steps it has seen; all of it, or nothing and an error.
    pub(crate) fn restore(&mut self, state: &ControllerState) -> Result<()> {
        match self {
            Stepper::Adam(adam) => {
                adam.state_mut().restore(&state.moments)?;
                adam.set_steps(state.updates);
            }
            Stepper::Sgd { sgd, steps } => {
                sgd.state_mut().restore(&state.moments)?;
                *steps = state.updates;
            }
        }
        Ok(())
    }
}
