//! The evaluator that trains: epochs over the splits, on one arena of the backend.

mod child;
mod one_shot;
mod plans;
mod supernet;

use crate::evaluator::{
    DataSizes, Evaluator, Exploitation, Exploited, Measured, Shared, Sharing, Training,
};
use crate::{DnasConfig, Fidelity, Memory, Problem, Result, Task, Watch};
use plans::Plans;
use radars_data::{Batch, Loader, LoaderOptions};
use radars_space::{Architecture, Candidate};
use radars_supernet::nn::Schedule;
use radars_supernet::{Images, Mixing, Plan, StepSize, SuperNetPlan, plan_child, plan_supernet};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Backend, Region};

/// Trains child networks and SuperNets for a task; one at a time, all in the same arena.
pub struct Trainer<'a, B: Backend> {
    task: &'a Task,
    arena: Arena<B>,
    spec: B::Spec,
    weights: Loader,
    alpha: Loader,
    rewards: Loader,
    all: Loader,
    test: Loader,
    /// For brief trainings, where they see a part of the classes.
    proxy: Option<ProxyLoaders>,
    plans: Plans,
}

/// The images of the proxy task.
struct ProxyLoaders {
    weights: Loader,
    rewards: Loader,
}

impl<'a, B: Backend> Trainer<'a, B> {
    /// A trainer that has all of `region`.
    ///
    /// # Errors
    /// [`crate::Error::Data`].
    pub fn new(region: Region<B>, task: &'a Task) -> Result<Self> {
        let arena = Arena::new(region);
        let spec = arena.backend().spec();
        let config = &task.problem.config;
        let (train, test) = (&task.data.train, &task.data.test);
        let augment = config.data.augment();
        let training = |stream| LoaderOptions {
            augment,
            ..LoaderOptions::training(stream, config.batch)
        };
        let evaluation = LoaderOptions::evaluation(config.batch);
        let proxy = task.proxy.as_ref().map(|proxy| {
            let of = |indices: &[usize], options| {
                Loader::of_classes(train.clone(), &proxy.classes, indices, options)
            };
            let weights = of(&proxy.splits.weights, training("weights"))?;
            let rewards = of(&proxy.splits.rewards, evaluation)?;
            radars_data::Result::Ok(ProxyLoaders { weights, rewards })
        });
        Ok(Trainer {
            task,
            spec,
            weights: Loader::new(
                train.clone(),
                task.splits.weights.clone(),
                training("weights"),
            )?,
            alpha: Loader::new(train.clone(), task.splits.alpha.clone(), training("alpha"))?,
            rewards: Loader::new(train.clone(), task.splits.rewards.clone(), evaluation)?,
            all: Loader::new(train.clone(), train.indices(), training("all"))?,
            test: Loader::new(test.clone(), test.indices(), evaluation)?,
            proxy: proxy.transpose()?,
            arena,
            plans: Plans::default(),
        })
    }

    fn problem(&self) -> &'a Problem {
        &self.task.problem
    }

    fn seed(&self) -> Seed {
        Seed(self.problem().config.seed)
    }

    fn supernet<'b>(
        &'b self,
        candidates: &'b [Vec<Candidate>],
        mixing: Mixing,
    ) -> SuperNetPlan<'b> {
        SuperNetPlan {
            space: &self.problem().space,
            candidates,
            mixing,
            reward: self.problem().reward,
        }
    }

    /// What the arena saw since its peaks were reset, and what it saw of the same training before the run was
    /// left.
    fn memory(&self, plan: Plan, before: Memory) -> Memory {
        let stats = self.arena.stats();
        let mut memory = Memory {
            planned_peak_bytes: plan.peak_bytes,
            actual_peak_bytes: stats.peak_bytes,
            high_water_bytes: stats.high_water_bytes,
        };
        memory.include(before);
        memory
    }

    /// Cosine to zero over `epochs` epochs of `steps` steps, after the warm-up.
    fn schedule(&self, epochs: usize, steps: usize) -> Schedule {
        let training = &self.problem().config.training;
        let warm_up = training.warmup_epochs.min(epochs as f64 / 4.0) * steps as f64;
        Schedule::Cosine {
            rate: training.rate as f32,
            floor: 0.0,
            steps: (epochs * steps) as u64,
            warm_up: warm_up as u64,
        }
    }
}

/// A batch as the trainers take it.
fn images(batch: &Batch) -> Images<'_> {
    Images {
        bytes: &batch.bytes,
        placements: &batch.placements,
        labels: &batch.labels,
    }
}

impl<B: Backend> Evaluator for Trainer<'_, B> {
    fn bound_bytes(&self) -> usize {
        self.arena.bound_bytes()
    }

    fn data(&self) -> DataSizes {
        let splits = &self.task.splits;
        let test = self.task.data.test.len();
        DataSizes {
            images: match self.problem().config.architecture {
                Some(_) => [splits.weights.len(), 0, 0, test],
                None => {
                    let [alpha, rewards] = [&splits.alpha, &splits.rewards].map(Vec::len);
                    [splits.weights.len(), alpha, rewards, test]
                }
            },
            bytes: self.task.data.bytes(),
        }
    }

    fn plan(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
        step: StepSize,
    ) -> Result<Plan> {
        let task = self.task;
        let mut batches = match fidelity {
            Fidelity::Proxy => task.proxy_batches(),
            Fidelity::Exact => task.search_batches(),
            Fidelity::Final => task.final_batches(),
        };
        batches.step = step;
        let space = task.space(fidelity);
        let classes = space.classes()?;
        self.plans.child(architecture, classes, batches, || {
            let settings = task.weight_settings();
            plan_child::<B>(&self.spec, space, architecture, batches, settings)
        })
    }

    fn cost(&self, architecture: &Architecture, fidelity: Fidelity) -> Result<u64> {
        self.child_cost(architecture, fidelity)
    }

    fn recomputation_cost(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
    ) -> Result<Vec<u64>> {
        self.child_recomputation_cost(architecture, fidelity)
    }

    fn train(&mut self, training: Training<'_>, watch: &mut Watch<'_>) -> Result<Option<Measured>> {
        self.train_child(training, watch)
    }

    fn plan_supernet(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        step: StepSize,
    ) -> Result<Plan> {
        self.plans.supernet(candidates, mixing, step, || {
            let of = self.supernet(candidates, mixing);
            plan_supernet::<B>(&self.spec, of, step, self.task.dnas_settings())
        })
    }

    fn exploitation_cost(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        dnas: DnasConfig,
    ) -> Result<u64> {
        self.supernet_cost(candidates, mixing, dnas)
    }

    fn exploitation_recomputation_cost(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        dnas: DnasConfig,
    ) -> Result<Vec<u64>> {
        self.supernet_recomputation_cost(candidates, mixing, dnas)
    }

    fn exploit(
        &mut self,
        exploitation: Exploitation<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Exploited>> {
        self.train_supernet(exploitation, watch)
    }

    fn plan_sharing(&self, candidates: &[Vec<Candidate>]) -> Result<Plan> {
        self.plan_one_shot(candidates)
    }

    fn sharing_cost(&self, sharing: &Sharing<'_>) -> Result<u64> {
        self.one_shot_cost(sharing)
    }

    fn share(&mut self, sharing: Sharing<'_>, watch: &mut Watch<'_>) -> Result<Option<Shared>> {
        self.train_one_shot(sharing, watch)
    }
}
