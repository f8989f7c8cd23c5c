//! Adam.

use super::{Decay, State, clip, coefficient};
use crate::{ParameterGradients, Parameters, Result, Trains};
use radars_autograd::tensor::{AdamStep, Backend};
use serde::{Deserialize, Serialize};

/// How [`Adam`] steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSettings {
    /// Decay of the first and of the second moment.
    pub betas: (f32, f32),
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// L2 penalty, added to the gradient after clipping.
    pub weight_decay: f32,
    /// Which parameters it decays.
    pub decay: Decay,
    /// The largest norm of all gradients together.
    pub clip_norm: Option<f32>,
}

impl Default for AdamSettings {
    /// Betas 0.9 and 0.999, epsilon 1e-8, no weight decay, no clipping (Kingma and Ba 2015).
    fn default() -> Self {
        AdamSettings {
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            weight_decay: 0.0,
            decay: Decay::default(),
            clip_norm: None,
        }
    }
}

impl AdamSettings {
    /// For architecture weights: betas 0.5 and 0.999, weight decay 1e-3 (Liu et al. 2019, DARTS).
    pub fn architecture() -> Self {
        AdamSettings {
            betas: (0.5, 0.999),
            weight_decay: 1e-3,
            ..AdamSettings::default()
        }
    }
}

/// Adam; keeps two moments for every trained parameter, and the number of steps.
///
/// See [`AdamStep`] for the equations. The bias corrections count the steps of the optimizer, also those
/// in which a parameter had no gradient.
pub struct Adam<B: Backend> {
    settings: AdamSettings,
    state: State<B, 2>,
    steps: u64,
}

impl<B: Backend> Adam<B> {
    /// An optimizer of the parameters that `trains` includes; allocates their moments.
    ///
    /// # Errors
    /// [`crate::tensor::Error::OverBound`].
    pub fn new(settings: AdamSettings, parameters: &Parameters<B>, trains: Trains) -> Result<Self> {
        Ok(Adam {
            settings,
            state: State::new(parameters, trains, ["m", "v"])?,
            steps: 0,
        })
    }

    /// How it steps.
    pub fn settings(&self) -> AdamSettings {
        self.settings
    }

    /// One step; parameters without a gradient, and their moments, stay as they are.
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
        // It may have been restored as any number.
        self.steps = self.steps.saturating_add(1);
        let settings = self.settings;
        let clip = clip(parameters, &gradients, settings.clip_norm)?;
        let correction = |beta: f32| (1.0 - libm::pow(f64::from(beta), self.steps as f64)) as f32;
        let bias_corrections = (correction(settings.betas.0), correction(settings.betas.1));
        for (id, gradient) in gradients {
            let [m, v] = self.state.of(parameters, id)?;
            let step = AdamStep {
                rate,
                betas: settings.betas,
                epsilon: settings.epsilon,
                weight_decay: settings
                    .decay
                    .of(parameters.role(id), settings.weight_decay),
                bias_corrections,
            };
            let (m, v) = self.state.store.two_mut(m, v);
            parameters
                .value_mut(id)
                .adam_step(&step, coefficient(&clip), &gradient, m, v)?;
        }
        Ok(())
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments, `{parameter}.m` and `{parameter}.v`, to be saved together with [`Adam::steps`].
    pub fn state(&self) -> &Parameters<B> {
        &self.state.store
    }

    /// The moments, to be restored together with [`Adam::set_steps`].
    pub fn state_mut(&mut self) -> &mut Parameters<B> {
        &mut self.state.store
    }

    /// Restores the number of steps taken.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }
}
