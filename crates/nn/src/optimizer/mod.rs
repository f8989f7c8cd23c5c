//! Optimizers: they own their state, and update the parameters in place on the device.

mod adam;
mod clip;
mod sgd;

pub use adam::{Adam, AdamSettings};
pub use clip::clip_coefficient;
pub use sgd::{Sgd, SgdSettings};

use crate::{Error, ParameterGradients, ParameterId, Parameters, Result, Role, Trains};
use radars_autograd::tensor::{Backend, Coefficient, Tensor};
use serde::{Deserialize, Serialize};

/// Which parameters the weight decay pulls towards zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// [`Role::Weight`] and [`Role::Architecture`]: scales and shifts of batch normalisations and biases
    /// are few, and pulling them to zero hurts.
    #[default]
    WeightsAndArchitecture,
    /// Every parameter that is trained.
    All,
}

impl Decay {
    /// `weight_decay` for a parameter of this role.
    fn of(self, role: Role, weight_decay: f32) -> f32 {
        match (self, role) {
            (Decay::All, _) | (_, Role::Weight | Role::Architecture) => weight_decay,
            _ => 0.0,
        }
    }
}

/// State tensors of an optimizer, `N` for each trained parameter, zero at first.
///
/// They are a [`Parameters`] store of their own, so they are saved and restored as a network is.
struct State<B: Backend, const N: usize> {
    store: Parameters<B>,
    /// By position of the parameter in the network's store.
    slots: Vec<Option<[ParameterId; N]>>,
}

impl<B: Backend, const N: usize> State<B, N> {
    /// State for the parameters that `trains` includes, named `{parameter}.{part}`.
    fn new(parameters: &Parameters<B>, trains: Trains, parts: [&str; N]) -> Result<Self> {
        let mut store = Parameters::new(parameters.arena());
        let mut slots = Vec::with_capacity(parameters.len());
        for (_, parameter) in parameters.iter() {
            slots.push(match trains.includes(parameter.role()) {
                false => None,
                true => {
                    let mut ids = Vec::with_capacity(N);
                    for part in parts {
                        let name = format!("{}.{part}", parameter.name());
                        let shape = parameter.value().shape();
                        ids.push(store.add_full(name, Role::Statistic, shape, 0.0)?);
                    }
                    ids.try_into().ok()
                }
            });
        }
        Ok(State { store, slots })
    }

    /// The state tensors of a parameter.
    fn of(&self, parameters: &Parameters<B>, id: ParameterId) -> Result<[ParameterId; N]> {
        let slot = self.slots.get(id.index()).copied().flatten();
        slot.ok_or_else(|| Error::NotTrained {
            name: parameters.name(id).to_owned(),
        })
    }
}

/// The factor of all gradients: 1, or what clips their norm.
fn coefficient<B: Backend>(clip: &Option<Tensor<B>>) -> Coefficient<'_, B> {
    match clip {
        Some(clip) => Coefficient::Element(clip.view()),
        None => Coefficient::Constant(1.0),
    }
}

/// Computes the factor that clips `gradients`, where a norm is set.
fn clip<B: Backend>(
    parameters: &Parameters<B>,
    gradients: &ParameterGradients<B>,
    max_norm: Option<f32>,
) -> Result<Option<Tensor<B>>> {
    let clip = |max_norm| clip_coefficient(parameters.arena(), gradients, max_norm);
    max_norm.map(clip).transpose()
}
