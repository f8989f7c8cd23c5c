//! Regularised evolution: the oldest of a population dies, the best of a few has offspring.

use super::{Proposal, Random, Sampler, SamplerState};
use crate::{Error, Result};
use radars_tensor::random::Seed;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A member of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Individual {
    /// One choice a decision.
    pub choices: Vec<usize>,
    /// What it was worth.
    pub reward: f64,
}

/// Regularised evolution.
///
/// # Source
/// Real et al. 2019, "Regularized evolution for image classifier architecture search", Algorithm 1, with one
/// mutated decision an offspring.
pub(crate) struct Evolution {
    decisions: Vec<usize>,
    seed: Seed,
    random: Random,
    population: VecDeque<Individual>,
    /// Most that live at a time.
    size: usize,
    /// Of how many the best is the parent.
    tournament: usize,
}

impl Evolution {
    /// For decisions with so many choices: a population of `size`, tournaments of `tournament`.
    pub fn new(decisions: Vec<usize>, size: usize, tournament: usize, seed: Seed) -> Self {
        Evolution {
            random: Random::new(decisions.clone(), seed),
            population: VecDeque::with_capacity(size + 1),
            decisions,
            seed,
            size,
            tournament,
        }
    }

    fn offspring(&self, episode: u64) -> Vec<usize> {
        let mut rng = self.seed.stream("offspring", episode);
        let mut below = |n: usize| rng.random_range(0..n.max(1) as u32) as usize;
        let mut parent = &self.population[below(self.population.len())];
        for _ in 1..self.tournament {
            let rival = &self.population[below(self.population.len())];
            if rival.reward > parent.reward {
                parent = rival;
            }
        }
        let mut choices = parent.choices.clone();
        let decision = below(choices.len());
        // Any choice but the parent's.
        let shift = 1 + below(self.decisions[decision].saturating_sub(1));
        choices[decision] = (choices[decision] + shift) % self.decisions[decision].max(1);
        choices
    }
}

impl Sampler for Evolution {
    fn propose(&mut self, episode: u64) -> Result<Option<Proposal>> {
        let choices = match self.population.len() < self.size {
            true => self.random.draw(episode),
            false => self.offspring(episode),
        };
        Ok(Some(Proposal {
            choices,
            entropy: None,
        }))
    }

    fn learn(&mut self, choices: &[usize], reward: f64) -> Result<Option<f64>> {
        self.population.push_back(Individual {
            choices: choices.to_vec(),
            reward,
        });
        if self.population.len() > self.size {
            self.population.pop_front();
        }
        Ok(None)
    }

    fn state(&self) -> Result<SamplerState> {
        Ok(SamplerState::Population(
            self.population.iter().cloned().collect(),
        ))
    }

    fn restore(&mut self, state: &SamplerState) -> Result<()> {
        let SamplerState::Population(population) = state else {
            return Err(Error::OtherMethod);
        };
        self.population = population.iter().cloned().collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evolution() -> Evolution {
        Evolution::new(vec![3, 4, 2], 4, 3, Seed(1))
    }

    #[test]
    fn the_oldest_dies_and_the_first_are_random() {
        let mut evolution = evolution();
        let mut tried = Vec::new();
        for episode in 0..6 {
            let choices = evolution.propose(episode).unwrap().unwrap().choices;
            evolution.learn(&choices, episode as f64).unwrap();
            tried.push(choices);
        }
        assert_eq!(tried[..4], [0, 1, 2, 3].map(|e| evolution.random.draw(e)));
        let living: Vec<f64> = evolution.population.iter().map(|i| i.reward).collect();
        assert_eq!(living, [2.0, 3.0, 4.0, 5.0]);
    }

    /// In 200 tournaments of 3 of 4, the worst wins (1/4)^3 of the time: about 3; the best 1 - (3/4)^3: 116.
    #[test]
    fn offspring_differ_from_a_good_parent_in_one_decision() {
        let mut evolution = Evolution::new(vec![9; 5], 4, 3, Seed(1));
        for member in 0..4 {
            evolution.learn(&[member; 5], member as f64).unwrap();
        }
        let mut children_of = [0; 4];
        for episode in 0..200 {
            let child = evolution.offspring(episode);
            for (number, parent) in evolution.population.iter().enumerate() {
                let differing = child.iter().zip(&parent.choices).filter(|(c, p)| c != p);
                children_of[number] += usize::from(differing.count() == 1);
            }
            assert!(child.iter().zip(&evolution.decisions).all(|(c, n)| c < n));
        }
        assert!((95..140).contains(&children_of[3]), "{children_of:?}");
        assert!(children_of[0] < 15, "{children_of:?}");
        assert_eq!(children_of.iter().sum::<usize>(), 200);
    }

    #[test]
    fn it_goes_on_from_its_state() {
        let mut first = evolution();
        for episode in 0..5 {
            let choices = first.propose(episode).unwrap().unwrap().choices;
            first.learn(&choices, (episode % 3) as f64).unwrap();
        }
        let mut second = evolution();
        second.restore(&first.state().unwrap()).unwrap();
        let next = |e: &mut Evolution| e.propose(5).unwrap().unwrap().choices;
        assert_eq!(next(&mut first), next(&mut second));
        assert!(second.restore(&SamplerState::Nothing).is_err());
    }
}
