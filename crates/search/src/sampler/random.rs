//! Random search: every decision uniformly at random.

use super::{Proposal, Sampler};
use crate::Result;
use radars_tensor::random::Seed;
use rand::RngExt;

/// Draws every decision uniformly.
pub(crate) struct Random {
    decisions: Vec<usize>,
    seed: Seed,
}

impl Random {
    /// For decisions with so many choices.
    pub fn new(decisions: Vec<usize>, seed: Seed) -> Self {
        Random { decisions, seed }
    }

    /// The choices of draw number `draw`.
    pub fn draw(&self, draw: u64) -> Vec<usize> {
        let mut rng = self.seed.stream("random architecture", draw);
        // u32, so that 32-bit machines draw the same.
        let mut choose = |&choices: &usize| rng.random_range(0..choices as u32) as usize;
        self.decisions.iter().map(&mut choose).collect()
    }
}

impl Sampler for Random {
    fn propose(&mut self, episode: u64) -> Result<Option<Proposal>> {
        let nats: f64 = self.decisions.iter().map(|&n| libm::log(n as f64)).sum();
        Ok(Some(Proposal {
            choices: self.draw(episode),
            entropy: Some(nats / self.decisions.len().max(1) as f64),
        }))
    }
}
