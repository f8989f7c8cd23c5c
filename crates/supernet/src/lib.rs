//! Child networks and SuperNets of a search space, and plans of their memory that are exact to the byte.
//!
//! An architecture becomes a [`Child`], trained by a [`ChildTrainer`]; some candidates in every layer become
//! a [`SuperNet`], whose network and architecture weights a [`DnasTrainer`] trains in turn, until
//! [`DnasTrainer::derive`] names the best path. How a SuperNet holds the mixture of its candidates is a
//! [`Mixing`]; [`mixed`] has the mathematics of each. A [`OneShot`] trains one path of its candidates at a
//! time and keeps the others in host memory. A step may take its images in micro-batches ([`StepSize`]), whose
//! gradients add up to those of all of them at once. [`plan_child`], [`plan_supernet`] and [`plan_one_shot`] run the
//! very same programs on a backend that stores nothing, so what they say is what training takes, and a bound of
//! [`Plan::high_water_bytes`] is enough, to the byte. That mark is within 2 % of the most bytes that live at once,
//! since steps and evaluations run by a [`nn::tensor::Layout`] made for them. Everything is steps on batches that
//! the caller brings: no data sets, no epochs, no random numbers but those of a seed.
//!
//! ```
//! use radars_space::{Architecture, BitChoices, Choices, ImageShape, Layer, Space};
//! use radars_supernet::nn::SgdSettings;
//! use radars_supernet::nn::tensor::{Arena, Backend, Cpu, random::Seed};
//! use radars_supernet::{BatchSizes, ChildTrainer, Images, WeightSettings, plan_child};
//!
//! let bits = BitChoices { integer: vec![1], fraction: vec![3, 6] };
//! let layer = Layer::conv(8, 2, Choices::quantised(&[1, 3], &bits, &bits)?);
//! let images = ImageShape { height: 8, width: 8, channels: 3 };
//! let space = Space::new("tiny", vec![layer])?.resolve(images, 10)?;
//! let architecture = Architecture(vec![space.candidates(0)?[0]]);
//!
//! let settings = WeightSettings { sgd: SgdSettings::default(), label_smoothing: 0.0, statistics_batches: 0 };
//! let batches = BatchSizes { step: 4.into(), evaluated: 0 };
//! let cpu = Cpu::new(1)?;
//! let plan = plan_child::<Cpu>(&cpu.spec(), &space, &architecture, batches, settings)?;
//! let arena = Arena::with_bound(cpu, plan.high_water_bytes)?;
//! let mut trainer = ChildTrainer::new(&arena, &space, &architecture, settings, Seed(0))?;
//! let bytes = [191; 4 * 8 * 8 * 3];
//! trainer.step(Images { bytes: &bytes, placements: &[[0; 3]; 4], labels: &[0, 1, 2, 3] }, 0.1)?;
//! assert_eq!(arena.stats().peak_bytes, plan.peak_bytes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod architecture_loss;
mod batch;
mod block;
mod child;
mod dnas;
mod error;
mod evaluator;
mod format;
mod layouts;
mod micro_batch;
pub mod mixed;
mod mixing;
mod one_shot;
mod plan;
mod recompute;
mod state;
mod supernet;
mod trainer;
mod training_macs;

pub use architecture_loss::ArchitectureLoss;
pub use batch::Images;
pub use child::Child;
pub use dnas::{DnasSettings, DnasTrainer, SuperNetPlan};
pub use error::{Error, Result};
pub use evaluator::ChildEvaluator;
pub use micro_batch::StepSize;
pub use mixing::Mixing;
pub use one_shot::{
    InheritedPath, OneShot, OneShotState, Traffic, plan_inherited_path, plan_one_shot,
    plan_one_shot_path,
};
pub use plan::{BatchSizes, Plan, plan_child, plan_supernet};
pub use radars_nn as nn;
pub use recompute::Recompute;
pub use state::{ChildState, DnasState};
pub use supernet::{Mixture, Relaxation, SuperNet};
pub use trainer::{ChildTrainer, WeightSettings};
pub use training_macs::{
    SuperNetMacs, child_evaluation_macs, child_forward_macs, child_step_macs,
    supernet_forward_macs, supernet_step_macs,
};
