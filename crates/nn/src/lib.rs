//! Layers, fake quantisers, losses, optimizers and schedules for quantised CNNs.
//!
//! A network is plain data. Layers are small structs of [`ParameterId`]s and settings; the tensors they
//! name live in one [`Parameters`] store, which can be saved, restored and counted as a whole. A
//! [`Pass`] runs the layers in a [`Mode`]: it knows what is trained, hands parameters out as leaves or
//! constants, and goes back to their gradients; an optimizer ([`Sgd`], [`Adam`]) then updates them in
//! place. A [`Schedule`] and an [`Initialiser`] are pure functions. Nothing reads a value on the way, so
//! the same program on the backend [`tensor::Meta`] plans the memory of the real run, to the byte. There is
//! no model type and no training loop: what is connected, and fed with which batches, is the caller's program.
//!
//! ```
//! use radars_nn::autograd::{Var, ops};
//! use radars_nn::tensor::{Activation, Arena, Cpu, Tensor, random::Seed};
//! use radars_nn::*;
//!
//! # fn main() -> Result<()> {
//! let arena = Arena::with_bound(Cpu::new(2)?, 4 << 20)?;
//! let mut parameters = Parameters::new(&arena);
//! let mut settings = Conv2dSettings::same(3, 8, 3);
//! settings.weight_format = Some(Quantiser::weights(1, 3).format());
//! let conv = Conv2d::new(&mut parameters, "conv", settings, Seed(1))?;
//! let norm = BatchNorm2d::new(&mut parameters, "bn", 8, Some(Activation::Relu))?;
//! let head = Linear::new(&mut parameters, "head", LinearSettings::new(8, 10), Seed(1))?;
//! let mut sgd = Sgd::new(SgdSettings::default(), &parameters, Trains::Weights)?;
//!
//! let images = Tensor::full(&arena, [4, 16, 16, 3], 0.5)?;
//! let labels = Tensor::from_slice(&arena, [4], &[0, 1, 2, 3])?;
//! let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
//! let x = conv.forward(&mut pass, Var::constant(images))?;
//! let x = norm.forward(&mut pass, x)?;
//! let x = ops::global_average_pool(pass.tape(), x)?;
//! let logits = head.forward(&mut pass, x)?;
//! let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.1)?;
//! let gradients = pass.backward(loss)?;
//! sgd.step(&mut parameters, gradients, 0.1)?;
//! # Ok(())
//! # }
//! ```

mod error;
mod initialise;
mod layer;
pub mod loss;
mod optimizer;
mod parameters;
mod pass;
mod quantiser;
mod schedule;
mod segment;

pub use error::{Error, Result};
pub use initialise::{Fans, Initialiser};
pub use layer::{BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings, Mapping};
pub use optimizer::{Adam, AdamSettings, Decay, Sgd, SgdSettings, clip_coefficient};
pub use parameters::{Parameter, ParameterId, Parameters, Role, SavedParameter, Trains};
pub use pass::{Mode, ParameterGradients, Pass, Share};
pub use quantiser::Quantiser;
pub use radars_autograd as autograd;
pub use radars_autograd::tensor;
pub use schedule::Schedule;
pub use segment::Segment;
