//! The reinforcement-learning controller of an architecture search.
//!
//! A [`Controller`] makes a sequence of decisions, one choice each: [`Controller::sample`] draws an
//! architecture, somebody trains it and measures its reward, and [`Controller::update`] makes good ones
//! likelier: REINFORCE after every episode, with a reward's rank among the latest as its advantage
//! ([`Baseline`]) and an entropy bonus. The policy is logits, which decisions that are alike may share in part
//! ([`Decisions`]), or an LSTM that sees the choices before ([`Policy`]). [`ControllerSettings::quantnas`] are the
//! settings of a published controller. Random numbers are a function of the seed and the episode's number, all
//! the rest is [`ControllerState`]: a restored controller goes on as the original would have. It knows
//! nothing of search spaces or networks, only how many choices each decision has, and which are alike.
//!
//! ```
//! use radars_controller::nn::tensor::{Arena, Backend, Cpu, random::Seed};
//! use radars_controller::{Controller, ControllerSettings};
//!
//! let (cpu, settings, decisions) = (Cpu::new(1)?, ControllerSettings::logits(), [2, 3]);
//! let bound = Controller::<Cpu>::arena_bytes(cpu.spec(), &decisions, settings)?;
//! let arena = Arena::with_bound(cpu, bound)?;
//! let mut controller = Controller::new(&arena, &decisions, settings, Seed(1))?;
//! for episode in 0..100 {
//!     let choices = controller.sample(episode)?.choices;
//!     let reward = choices.iter().sum::<usize>() as f64;
//!     controller.update(&choices, reward)?;
//! }
//! assert_eq!(controller.most_likely()?, [1, 2]);
//! # Ok::<(), radars_controller::Error>(())
//! ```

mod baseline;
mod controller;
mod decisions;
mod distribution;
mod error;
mod loss;
mod optimizer;
mod policy;
mod settings;
mod state;

pub use baseline::Baseline;
pub use controller::{Controller, Sample, Update};
pub use decisions::Decisions;
pub use error::{Error, Result};
pub use radars_nn as nn;
pub use settings::{Advantage, ControllerSettings, Optimizer, Policy};
pub use state::{ControllerState, Rollout};
