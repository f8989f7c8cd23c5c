//! What the designs and the model of measurements are worth, on tasks whose truth is known: the error of a network is a
//! product over its choices, and every measurement is noisy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_search::space::{Architecture, HyperParameter, ImageShape, Space};
use radars_search::supernet::{Plan, StepSize};
use radars_search::{
    Config, DataSizes, Evaluator, Evaluators, Fidelity, Measured, Memory, Problem, Result, Rewards,
    Setup, Silent, StopSignal, Training, Watch, search_with,
};

/// The error of a network, trained for ever: 0.15 times a factor for every choice, a sixth of its logarithm a layer.
struct Truth {
    /// Whether larger kernels pay in the last layers alone; else a kernel of 3 is best everywhere.
    layers_differ: bool,
}

impl Truth {
    fn log_error(&self, space: &Space, architecture: &Architecture) -> f64 {
        let choices = space.indices(architecture).unwrap();
        let decisions = space.decisions();
        let terms = decisions.iter().zip(choices).map(|(decision, choice)| {
            let behind = decision.layer >= 3;
            let table: &[f64] = match decision.kind {
                HyperParameter::Kernel if !self.layers_differ => &[0.5, 0.0, 0.02, 0.05],
                HyperParameter::Kernel if behind => &[0.9, 0.0, -0.25, -0.27],
                HyperParameter::Kernel => &[0.5, 0.0, 0.02, 0.05],
                HyperParameter::ActivationFraction | HyperParameter::WeightFraction => {
                    &[0.4, 0.0, -0.04]
                }
                _ => &[0.0, 0.03],
            };
            table[choice] / 6.0
        });
        0.15_f64.ln() + terms.sum::<f64>()
    }
}

struct Surrogate<'a> {
    truth: &'a Truth,
    space: &'a Space,
    seed: u64,
}

impl Surrogate<'_> {
    /// A standard normal number of the seed, the architecture and the fidelity.
    fn noise(&self, training: &Training<'_>) -> f64 {
        let text = format!(
            "{} {} {:?}",
            self.seed, training.architecture, training.fidelity
        );
        let hash = blake3::hash(text.as_bytes());
        let uniform = hash.as_bytes().chunks(4).map(|bytes| {
            let bytes: [u8; 4] = bytes.try_into().unwrap();
            f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
        });
        // The sum of 8 uniform numbers has a variance of 8 / 12.
        (uniform.sum::<f64>() - 4.0) / (8.0_f64 / 12.0).sqrt()
    }
}

impl Evaluator for Surrogate<'_> {
    fn bound_bytes(&self) -> usize {
        1 << 30
    }

    fn data(&self) -> DataSizes {
        DataSizes {
            images: [2000, 500, 1000, 1000],
            bytes: 0,
        }
    }

    fn plan(&self, _: &Architecture, _: Fidelity, step: StepSize) -> Result<Plan> {
        Ok(Plan {
            micro_batch: step.images,
            ..Plan::default()
        })
    }

    fn cost(&self, _: &Architecture, fidelity: Fidelity) -> Result<u64> {
        Ok(match fidelity {
            Fidelity::Proxy => 1,
            _ => 4,
        })
    }

    fn train(&mut self, training: Training<'_>, _: &mut Watch<'_>) -> Result<Option<Measured>> {
        let log_error = self.truth.log_error(self.space, training.architecture);
        // Fades with the epochs, 2, 8 and 40.
        let brief = match training.fidelity {
            Fidelity::Proxy => 0.6,
            Fidelity::Exact => 0.15,
            Fidelity::Final => 0.03,
        };
        let error = (log_error + brief + 0.06 * self.noise(&training)).exp();
        Ok(Some(Measured {
            accuracy: 1.0 - error.min(0.9),
            top5: None,
            memory: Memory::default(),
            weights: String::new(),
        }))
    }

    fn offers_supernets(&self) -> bool {
        false
    }
}

/// The mean true reward of what searches with these settings find, over `seeds`.
fn worth(truth: &Truth, seeds: u64, change: impl Fn(&mut Config)) -> f64 {
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    let space = Space::preset("fashion-small").unwrap();
    let space = space.resolve(images, 10).unwrap();
    let found = (0..seeds).map(|seed| {
        let mut config = Config::preset("fashion-small").unwrap();
        config.seed = seed;
        (
            config.search.iterations,
            config.search.episodes,
            config.search.retrain,
        ) = (2, 10, 5);
        change(&mut config);
        let problem = Problem {
            config,
            reward: space.reward().unwrap(),
            space: space.clone(),
        };
        let surrogate = Surrogate {
            truth,
            space: &space,
            seed,
        };
        let (stop, mut observer) = (StopSignal::default(), Silent);
        let setup = Setup::new("surrogate", &mut observer, &stop);
        let best = search_with(Evaluators::Shared(surrogate), &problem, setup)
            .unwrap()
            .best;
        let accuracy = 1.0 - truth.log_error(&space, &best.architecture).exp();
        problem.reward.reward(accuracy, best.aops as f64)
    });
    found.sum::<f64>() / seeds as f64
}

fn plain(config: &mut Config) {
    config.search.designs = false;
    config.search.predictor = false;
    config.search.rewards = Rewards::Proxy;
}

/// Both on a task where layers are alike and on one where they are not, by more than a point of accuracy.
#[test]
fn designs_and_the_model_find_more_than_sampling_on_either_kind_of_task() {
    for layers_differ in [false, true] {
        let truth = Truth { layers_differ };
        let sampled = worth(&truth, 8, plain);
        let modelled = worth(&truth, 8, |config| {
            config.search.designs = true;
            config.search.predictor = true;
            config.search.rewards = Rewards::Pooled;
        });
        assert!(
            modelled > sampled + 0.01,
            "layers differ: {layers_differ}; {modelled} against {sampled}"
        );
    }
}

/// The same architectures could be found by what each of them measured; on 16 seeds together, the model's are worth more.
#[test]
fn the_model_is_worth_more_than_each_measurement_by_itself() {
    let truth = Truth {
        layers_differ: true,
    };
    let alone = worth(&truth, 16, |config| config.search.predictor = false);
    let together = worth(&truth, 16, |_| {});
    assert!(together > alone + 0.002, "{together} against {alone}");
}
