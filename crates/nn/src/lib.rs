//! Layers, fake quantisers, losses, optimizers and schedules for quantised CNNs.

mod error;
mod initialise;
mod layer;
pub mod loss;
mod optimizer;
mod parameters;
mod pass;
mod quantiser;
mod schedule;

pub use error::{Error, Result};
pub use initialise::{Fans, Initialiser};
pub use layer::{BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings};
pub use optimizer::{Adam, AdamSettings, Decay, Sgd, SgdSettings, clip_coefficient};
pub use parameters::{Parameter, ParameterId, Parameters, Role, SavedParameter, Trains};
pub use pass::{Mode, ParameterGradients, Pass};
pub use quantiser::Quantiser;
pub use radars_autograd as autograd;
pub use radars_autograd::tensor;
pub use schedule::Schedule;
