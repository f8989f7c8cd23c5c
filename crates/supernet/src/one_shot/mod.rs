//! The single-path SuperNet: one candidate a layer is trained at a time, all others wait in host memory.
//!
//! Every candidate of every layer has weights, scale, shift and velocities of its own; the classifier is
//! shared. A step uploads the parameters of one path, takes one step of its network as a child's trainer
//! does, and downloads them again, so the device holds the training of one path and nothing else, and every
//! byte that goes either way is counted.
//!
//! Running statistics are kept nowhere: what the paths before left in a candidate is the statistic of no
//! path. They are estimated anew for each path that is evaluated, from a few batches of training images.
//!
//! # Source
//! Guo et al. 2020, "Single path one-shot neural architecture search with uniform sampling", sections 3.1
//! and 3.4.

mod bank;
mod inherited;
mod plan;
mod saved;

pub use inherited::InheritedPath;
pub use plan::{plan_inherited_path, plan_one_shot, plan_one_shot_path};
pub use saved::OneShotState;

use crate::child::Weights;
use crate::{Child, ChildTrainer, Images, Result, WeightSettings};
use bank::{Bank, Trained};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend};
use radars_nn::{ParameterId, Parameters, Trains};
use radars_space::{Architecture, Candidate, Space};
use serde::{Deserialize, Serialize};

/// Bytes of parameters and velocities that went between host and device; batches are not counted, since
/// every training has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// To the device.
    pub uploaded_bytes: u64,
    /// From the device.
    pub downloaded_bytes: u64,
}

/// A single-path SuperNet; see the module's page.
pub struct OneShot {
    space: Space,
    bank: Bank,
    settings: WeightSettings,
    traffic: Traffic,
}

impl OneShot {
    /// A SuperNet of a list of candidates for every layer; initial weights are a function of `seed`.
    ///
    /// # Errors
    /// [`crate::Error::Candidates`] when a layer has none; [`crate::Error::Space`] before [`Space::resolve`].
    pub fn new(
        space: &Space,
        candidates: &[Vec<Candidate>],
        settings: WeightSettings,
        seed: Seed,
    ) -> Result<Self> {
        Ok(OneShot {
            bank: Bank::new(space, candidates, seed)?,
            space: space.clone(),
            settings,
            traffic: Traffic::default(),
        })
    }

    /// One step of a path at learning rate `rate`; gives the loss before it.
    ///
    /// After an error the path's parameters are what they were.
    ///
    /// # Errors
    /// [`crate::Error::Path`], [`crate::Error::Candidates`] when the path is none of this SuperNet;
    /// [`crate::Error::Batch`]; [`crate::Error::Nn`] when memory does not suffice.
    pub fn step<B: Backend>(
        &mut self,
        arena: &Arena<B>,
        path: &Architecture,
        batch: Images<'_>,
        rate: f32,
    ) -> Result<f64> {
        let positions = self.bank.positions(path)?;
        let mut trainer = one_path(arena, &self.space, path, self.settings)?;
        let ids = trained_ids(trainer.parameters());
        let velocities: Vec<_> = trainer.optimizer.state().iter().map(|(id, _)| id).collect();
        let mut streamed = self.bank.path_mut(&positions);
        for ((trained, &id), &velocity) in streamed.iter().zip(&ids).zip(&velocities) {
            trainer.parameters.value_mut(id).write(&trained.value)?;
            let state = trainer.optimizer.state_mut();
            state.value_mut(velocity).write(&trained.velocity)?;
            self.traffic.uploaded_bytes += bytes(&trained.value) + bytes(&trained.velocity);
        }
        trainer.step(batch, rate)?;
        let loss = trainer.take_mean_loss()?.unwrap_or(f64::NAN);
        let read = |(&id, &velocity)| {
            Ok(Trained {
                value: trainer.parameters.value(id).read()?,
                velocity: trainer.optimizer.state().value(velocity).read()?,
            })
        };
        let stepped = ids.iter().zip(&velocities).map(read);
        let stepped: Vec<Trained> = stepped.collect::<Result<_>>()?;
        for (trained, stepped) in streamed.iter_mut().zip(stepped) {
            self.traffic.downloaded_bytes += bytes(&stepped.value) + bytes(&stepped.velocity);
            **trained = stepped;
        }
        Ok(loss)
    }

    /// A path with the weights it inherits, on the device, to be evaluated.
    ///
    /// # Errors
    /// As [`OneShot::step`].
    pub fn inherit<B: Backend>(
        &mut self,
        arena: &Arena<B>,
        path: &Architecture,
    ) -> Result<InheritedPath<B>> {
        let positions = self.bank.positions(path)?;
        let mut parameters = Parameters::new(arena);
        let network = Child::with_weights(&mut parameters, &self.space, path, Weights::Unset)?;
        let groups = self.bank.path(&positions);
        let streamed = groups.iter().flat_map(|group| group.iter());
        for (trained, id) in streamed.zip(trained_ids(&parameters)) {
            parameters.value_mut(id).write(&trained.value)?;
            self.traffic.uploaded_bytes += bytes(&trained.value);
        }
        InheritedPath::new(network, parameters, self.space.input()?)
    }

    /// What went between host and device so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Bytes of all parameters and velocities on the host: those of the candidates that were trained.
    pub fn host_bytes(&self) -> usize {
        self.bank.bytes()
    }
}

/// The training of one path, whose weights are still to be written.
fn one_path<B: Backend>(
    arena: &Arena<B>,
    space: &Space,
    path: &Architecture,
    settings: WeightSettings,
) -> Result<ChildTrainer<B>> {
    ChildTrainer::with_weights(arena, space, path, settings, Weights::Unset)
}

/// The parameters that a step trains, in order.
fn trained_ids<B: Backend>(parameters: &Parameters<B>) -> Vec<ParameterId> {
    let trained = parameters.iter();
    let trained = trained.filter(|(_, p)| Trains::Weights.includes(p.role()));
    trained.map(|(id, _)| id).collect()
}

fn bytes(values: &[f32]) -> u64 {
    size_of_val(values) as u64
}
