//! A reward that takes no training: a fixed score for every choice and for every pair of neighbours.

use radars_controller::{Controller, ControllerSettings, Decisions, Result};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Cpu};
use rand::RngExt;

/// Standard deviation of the noise on a reward, uniform; that of the rewards of random architectures is
/// about 0.04 with 30 decisions. Accuracies after a short training are noisier still.
const NOISE: f64 = 0.01;

/// `0.7 * mean score of the choices + 0.3 * mean score of neighbouring pairs`, between 0 and 1, plus noise.
pub struct Surrogate {
    seed: Seed,
    scores: Vec<Vec<f64>>,
    /// By decision, its choice and the choice before.
    pairs: Vec<Vec<Vec<f64>>>,
}

impl Surrogate {
    /// Scores drawn uniformly from [0, 1).
    pub fn new(decisions: &[usize], seed: Seed) -> Self {
        let mut rng = seed.stream("surrogate", 0);
        let mut row = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.random()).collect() };
        let scores = decisions.iter().map(|&n| row(n)).collect();
        let pairs = decisions
            .windows(2)
            .map(|pair| (0..pair[1]).map(|_| row(pair[0])).collect())
            .collect();
        Surrogate {
            seed,
            scores,
            pairs,
        }
    }

    /// The reward of an architecture, measured in an episode.
    pub fn reward(&self, choices: &[usize], episode: u64) -> f64 {
        let single = self.scores.iter().zip(choices).map(|(s, &c)| s[c]);
        let single = single.sum::<f64>() / choices.len() as f64;
        let pairs = self.pairs.iter().zip(choices.windows(2));
        let pairs = pairs.map(|(scores, c)| scores[c[1]][c[0]]).sum::<f64>();
        let pairs = pairs / self.pairs.len().max(1) as f64;
        let unit: f64 = self.seed.stream("noise", episode).random();
        0.7 * single + 0.3 * pairs + NOISE * 12f64.sqrt() * (unit - 0.5)
    }
}

/// A controller in an arena of exactly its size.
pub fn controller(
    decisions: impl Into<Decisions>,
    settings: ControllerSettings,
    seed: Seed,
    threads: usize,
) -> Result<Controller<Cpu>> {
    let cpu = Cpu::new(threads)?;
    let decisions = decisions.into();
    let bound = Controller::<Cpu>::arena_bytes(cpu.spec(), decisions.clone(), settings)?;
    Controller::new(&Arena::with_bound(cpu, bound)?, decisions, settings, seed)
}

/// What an episode showed.
pub struct Episode {
    /// The reward.
    pub reward: f64,
    /// Entropy of the policy, in nats, mean over the decisions.
    pub entropy: f64,
}

/// A search of `episodes` episodes.
pub fn search(
    decisions: &[usize],
    settings: ControllerSettings,
    seed: Seed,
    episodes: u64,
) -> Result<Vec<Episode>> {
    let surrogate = Surrogate::new(decisions, seed);
    let mut controller = controller(decisions, settings, seed, 1)?;
    (0..episodes)
        .map(|episode| {
            let sample = controller.sample(episode)?;
            let reward = surrogate.reward(&sample.choices, episode);
            controller.update(&sample.choices, reward)?;
            let entropy = sample.entropy;
            Ok(Episode { reward, entropy })
        })
        .collect()
}

/// The mean of a quantity.
pub fn mean<T>(values: &[T], quantity: impl Fn(&T) -> f64) -> f64 {
    values.iter().map(quantity).sum::<f64>() / values.len() as f64
}
