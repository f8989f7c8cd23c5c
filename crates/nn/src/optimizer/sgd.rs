//! Stochastic gradient descent with momentum.

use super::{Decay, State, clip, coefficient};
use crate::{ParameterGradients, Parameters, Result, Trains};
use radars_autograd::tensor::{Backend, SgdStep};
use serde::{Deserialize, Serialize};

/// How [`Sgd`] steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdSettings {
    /// Momentum.
    pub momentum: f32,
    /// Nesterov's variant.
    pub nesterov: bool,
    /// L2 penalty, added to the gradient after clipping.
    pub weight_decay: f32,
    /// Which parameters it decays.
    pub decay: Decay,
    /// The largest norm of all gradients together.
    pub clip_norm: Option<f32>,
}

impl Default for SgdSettings {
    /// Momentum 0.9, no Nesterov, weight decay 3e-4 on weights, clipped at norm 5 (DARTS).
    fn default() -> Self {
        SgdSettings {
            momentum: 0.9,
            nesterov: false,
            weight_decay: 3e-4,
            decay: Decay::default(),
            clip_norm: Some(5.0),
        }
    }
}

/// Stochastic gradient descent; keeps a velocity for every trained parameter.
///
/// See [`SgdStep`] for the equations.
pub struct Sgd<B: Backend> {
    settings: SgdSettings,
    state: State<B, 1>,
}

impl<B: Backend> Sgd<B> {
    /// An optimizer of the parameters that `trains` includes; allocates their velocities.
    ///
    /// # Errors
    /// [`crate::tensor::Error::OverBound`].
    pub fn new(settings: SgdSettings, parameters: &Parameters<B>, trains: Trains) -> Result<Self> {
        Ok(Sgd {
            settings,
            state: State::new(parameters, trains, ["velocity"])?,
        })
    }

    /// How it steps.
    pub fn settings(&self) -> SgdSettings {
        self.settings
    }

    /// One step; parameters without a gradient, and their velocities, stay as they are.
    ///
    /// # Errors
    /// [`crate::Error::NotTrained`]; [`crate::tensor::Error::Shared`] while somebody else holds a
    /// parameter; [`crate::tensor::Error::Shapes`], [`crate::tensor::Error::OverBound`].
    pub fn step(
        &mut self,
        parameters: &mut Parameters<B>,
        gradients: ParameterGradients<B>,
        rate: f32,
    ) -> Result<()> {
        let settings = self.settings;
        let clip = clip(parameters, &gradients, settings.clip_norm)?;
        for (id, gradient) in gradients {
            let [velocity] = self.state.of(parameters, id)?;
            let step = SgdStep {
                rate,
                momentum: settings.momentum,
                nesterov: settings.nesterov,
                weight_decay: settings
                    .decay
                    .of(parameters.role(id), settings.weight_decay),
            };
            let velocity = self.state.store.value_mut(velocity);
            parameters
                .value_mut(id)
                .sgd_step(&step, coefficient(&clip), &gradient, velocity)?;
        }
        Ok(())
    }

    /// The velocities, `{parameter}.velocity`, to be saved.
    pub fn state(&self) -> &Parameters<B> {
        &self.state.store
    }

    /// The velocities, to be restored.
    pub fn state_mut(&mut self) -> &mut Parameters<B> {
        &mut self.state.store
    }
}
