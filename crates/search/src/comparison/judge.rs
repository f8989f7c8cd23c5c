//! What a winner is worth: trained from scratch with seeds that no search had, on images that chose nothing.
//!
//! A search names the best of what it measured, so the reward by which a winner won is too high on average: of
//! equally good architectures the luckiest leads. Measured again, the luck is gone.

use super::folder::{Search, Work};
use super::outcome::{Ended, Terms};
use super::{Comparison, Outcome, Spec, Stage};
use crate::fingerprint::number;
use crate::{Result, RunResult};
use radars_space::Reward;
use radars_tensor::random::Seed;
use serde::{Deserialize, Serialize};

/// The folder, within that of the comparison, of the trainings that judge.
const FOLDER: &str = "judge";

/// What the winner of a run is worth. Accuracies are fractions of the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The trainings that it was judged by.
    pub trainings: Vec<Judgement>,
    /// The true reward: the mean over the trainings.
    pub reward: f64,
    /// The mean accuracy.
    pub accuracy: f64,
    /// The mean share of images with the label among the five most likely classes; none of five classes or fewer.
    pub top5_accuracy: Option<f64>,
    /// By how much the reward that the winner was selected by exceeds the true one.
    pub optimism: Option<f64>,
}

/// One training of a winner by the final recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Its seed.
    pub seed: u64,
    /// Its run folder, in the folder of the comparison.
    pub folder: String,
    /// Accuracy on the test images.
    pub accuracy: f64,
    /// The label is among the five most likely classes.
    pub top5_accuracy: Option<f64>,
    /// Eq. 2 with that accuracy.
    pub reward: f64,
}

impl Judged {
    fn of(trainings: Vec<Judgement>, selected_by: Option<f64>) -> Self {
        let count = trainings.len() as f64;
        let mean = |value: fn(&Judgement) -> f64| trainings.iter().map(value).sum::<f64>() / count;
        let (reward, accuracy) = (mean(|t| t.reward), mean(|t| t.accuracy));
        let top5: Option<Vec<f64>> = trainings.iter().map(|t| t.top5_accuracy).collect();
        Judged {
            reward,
            accuracy,
            top5_accuracy: top5.map(|top5| top5.iter().sum::<f64>() / count),
            optimism: selected_by.map(|selected_by| selected_by - reward),
            trainings,
        }
    }
}

/// The seeds that winners of searches with `seed` are judged with: the first so many of a sequence that depends on
/// `seed` alone. None of them is `seed`, and none comes twice.
///
/// They are below 2^32, short enough for names of folders.
pub fn judge_seeds(seed: u64, count: usize) -> Vec<u64> {
    let sequence = (0..).map(|index| Seed(seed).derive("judge", index).0 >> 32);
    let mut seeds = Vec::with_capacity(count);
    for fresh in sequence {
        if seeds.len() == count {
            break;
        }
        if fresh != seed && !seeds.contains(&fresh) {
            seeds.push(fresh);
        }
    }
    seeds
}

/// What judging came to.
pub(super) enum Judging {
    /// The winner was judged; whether all of its trainings were over before.
    Judged(Judged, bool),
    /// The final recipe cannot train the winner.
    Unfit(Outcome),
    /// The user ended it.
    Interrupted,
}

/// Judges the winner of a run. A training that is there, of this run or of another one with the same winner and
/// the same seeds, is not done again.
pub(super) fn judge(
    comparison: &Comparison,
    stage: &mut Stage<'_>,
    (spec, reward): (&Spec, Reward),
    found: &RunResult,
    search: &mut Search<'_>,
) -> Result<Judging> {
    let winner = &found.best.architecture;
    let terms = Terms {
        final_training: true,
        ..Terms::default()
    };
    let (mut trainings, mut all_earlier) = (Vec::new(), true);
    let seeds = judge_seeds(spec.seed, comparison.judge);
    for (index, &seed) in seeds.iter().enumerate() {
        if stage.stop.reason().is_some() {
            return Ok(Judging::Interrupted);
        }
        let name = format!("{FOLDER}/{:016x}-{seed}", number(winner));
        let work = Work {
            path: &stage.folder.join(&name),
            task: &comparison.judging(winner, seed, stage.data)?,
            terms,
        };
        let of = seeds.len();
        let (ended, earlier) = work.done(
            stage,
            &|onlooker, _| onlooker.judges(spec, index + 1, of),
            search,
        )?;
        all_earlier &= earlier;
        let (outcome, result) = match ended {
            Ended::Interrupted => return Ok(Judging::Interrupted),
            Ended::Over(outcome, result) => (outcome, result),
        };
        let best = result.map(|result| result.best);
        let Some((accuracy, best)) = best.and_then(|best| Some((best.test_accuracy?, best))) else {
            return Ok(Judging::Unfit(outcome));
        };
        trainings.push(Judgement {
            seed,
            folder: name,
            accuracy,
            top5_accuracy: best.test_top5_accuracy,
            reward: reward.reward(accuracy, best.aops as f64),
        });
    }
    let judged = Judged::of(trainings, found.best.reward);
    Ok(Judging::Judged(judged, all_earlier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_fresh_and_those_of_fewer_come_first() {
        for seed in 0..200 {
            let seeds = judge_seeds(seed, 5);
            assert_eq!(seeds[..3], judge_seeds(seed, 3));
            let mut different = seeds.clone();
            different.push(seed);
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), 6, "{seed}: {seeds:?}");
        }
        assert_ne!(judge_seeds(0, 3), judge_seeds(1, 3));
        assert!(judge_seeds(7, 0).is_empty());
    }

    /// By hand: accuracies 0.5 and 0.75 have mean 0.625; won by 0.875, 0.25 above a true reward of 0.625.
    #[test]
    fn the_true_reward_is_a_mean_and_optimism_what_exceeds_it() {
        let training = |accuracy, top5_accuracy| Judgement {
            seed: 1,
            folder: String::new(),
            accuracy,
            top5_accuracy,
            reward: accuracy,
        };
        let two = || vec![training(0.5, Some(0.75)), training(0.75, None)];
        let judged = Judged::of(two(), Some(0.875));
        assert_eq!((judged.reward, judged.accuracy), (0.625, 0.625));
        assert_eq!((judged.optimism, judged.top5_accuracy), (Some(0.25), None));
        assert_eq!(Judged::of(two(), None).optimism, None);
    }
}
