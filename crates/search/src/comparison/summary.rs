//! A row of the table: what a method came to over all seeds.

use super::{Comparison, Entrant, Group, Outcome, Run, Sample};
use crate::RunResult;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a method came to, with one trade-off and one value of every swept setting.
///
/// Means are over the runs that are done; without any there are none. Accuracies are fractions, intervals are 95 %
/// confidence intervals of the mean by Student's t. What files of schema 1 do not have is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The method's name.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings, and `gamma` where several were compared.
    pub settings: BTreeMap<String, String>,
    /// `done`, `OOM`, `OOT` or `failed`: the worst over all seeds.
    pub outcome: String,
    /// Why it failed.
    pub message: Option<String>,
    /// The smallest bound that would have done, where it is out of memory.
    pub needed_bytes: Option<usize>,
    /// Runs that are done.
    pub finished: usize,
    /// Runs.
    pub seeds: usize,
    /// `test`, or `validation` where winners were neither judged nor trained from scratch.
    pub accuracy_on: String,
    /// Mean accuracy of the winners; of a winner that was judged, the mean over its trainings.
    pub mean_accuracy: Option<f64>,
    /// Its standard deviation over seeds.
    pub std_accuracy: Option<f64>,
    /// The standard error of the mean.
    pub se_accuracy: Option<f64>,
    /// Its interval.
    #[serde(default)]
    pub interval_accuracy: Option<[f64; 2]>,
    /// Mean true reward of the winners; none where they were not judged.
    #[serde(default)]
    pub mean_true_reward: Option<f64>,
    /// Its standard deviation over seeds.
    #[serde(default)]
    pub std_true_reward: Option<f64>,
    /// The standard error of the mean.
    #[serde(default)]
    pub se_true_reward: Option<f64>,
    /// Its interval.
    #[serde(default)]
    pub interval_true_reward: Option<[f64; 2]>,
    /// Mean of the rewards that winners were selected by; where they were not judged, of those measured in the search.
    pub mean_reward: Option<f64>,
    /// Its standard deviation.
    pub std_reward: Option<f64>,
    /// The standard error of the mean.
    pub se_reward: Option<f64>,
    /// Mean optimism: the reward that a winner was selected by minus its true one.
    #[serde(default)]
    pub mean_optimism: Option<f64>,
    /// Its interval.
    #[serde(default)]
    pub interval_optimism: Option<[f64; 2]>,
    /// Mean of the winners' adjusted operations.
    pub mean_aops: Option<f64>,
    /// Its standard deviation.
    pub std_aops: Option<f64>,
    /// Mean time of the searches, final trainings aside.
    pub mean_search_seconds: Option<f64>,
    /// Its standard deviation.
    pub std_search_seconds: Option<f64>,
    /// Mean of what was spent, in training MACs.
    pub mean_spent_macs: Option<f64>,
    /// The most that any run was allowed to spend; none without a budget.
    pub budget_macs: Option<u64>,
    /// Mean share of its budget that a run spent; none without a budget.
    #[serde(default)]
    pub mean_budget_share: Option<f64>,
    /// The smallest such share.
    #[serde(default)]
    pub least_budget_share: Option<f64>,
    /// Most device memory in use over all runs.
    pub peak_bytes: Option<usize>,
    /// The same, as planned.
    pub planned_peak_bytes: Option<usize>,
    /// The bound.
    pub bound_bytes: u64,
    /// What was moved between host and device for weights that do not stay there, the mean over seeds.
    pub mean_traffic_bytes: Option<f64>,
}

impl Summary {
    /// One row for every method, trade-off and value of the swept settings, group by group.
    pub fn all(comparison: &Comparison, runs: &[Run]) -> Vec<Summary> {
        let mut rows = Vec::new();
        for group in comparison.groups() {
            let of_entrant = |entrant: Entrant| -> Vec<&Run> {
                let same = |run: &&Run| run.spec.group == group && run.spec.entrant == entrant;
                runs.iter().filter(same).collect()
            };
            let entrants = comparison.entrants().into_iter();
            let of_group: Vec<_> = entrants.map(|e| (e, of_entrant(e))).collect();
            let limit = limit(comparison.out_of_time, &of_group);
            for (entrant, runs) in of_group.iter().filter(|(_, runs)| !runs.is_empty()) {
                rows.push(Self::of(comparison, *entrant, &group, runs, limit));
            }
        }
        rows
    }

    fn of(
        comparison: &Comparison,
        entrant: Entrant,
        group: &Group,
        runs: &[&Run],
        limit: Option<f64>,
    ) -> Self {
        let done = done(runs);
        let sample = |value: &dyn Fn(&Run) -> Option<f64>| {
            let values: Option<Vec<f64>> = done.iter().map(|run| value(run)).collect();
            values.and_then(|values| Sample::of(&values))
        };
        let found =
            |value: &dyn Fn(&RunResult) -> Option<f64>| sample(&|run| value(run.result.as_ref()?));
        let mean = |sample: Option<Sample>| sample.map(|s| s.mean);
        let deviation = |sample: Option<Sample>| sample.and_then(|s| s.deviation);
        let error = |sample: Option<Sample>| sample.and_then(|s| s.error);
        let interval = |sample: Option<Sample>| sample.and_then(|s| s.interval());
        let accuracy = sample(&|run| accuracy(comparison, run));
        let true_reward = sample(&true_reward);
        let optimism = sample(&|run| run.judged.as_ref()?.optimism);
        let reward = sample(&|run| match run.judged {
            Some(_) => run.result.as_ref()?.best.reward,
            None => measured_reward(run),
        });
        let aops = found(&|result| Some(result.best.aops as f64));
        let seconds = found(&|result| Some(result.time.search_seconds));
        let spent = found(&|result| Some(result.search.spent as f64));
        let traffic = found(&|result| {
            let traffic = result.search.traffic;
            Some((traffic.uploaded_bytes + traffic.downloaded_bytes) as f64)
        });
        let shares: Vec<f64> = done.iter().filter_map(|run| run.budget_share()).collect();
        let worst = worst(runs);
        let times = entrant.factor.unwrap_or(1.0);
        let late = mean(seconds)
            .zip(limit)
            .is_some_and(|(s, limit)| s > limit * times);
        let results = || runs.iter().filter_map(|run| run.result.as_ref());
        Summary {
            method: entrant.to_string(),
            reward_alpha: group.reward_alpha,
            settings: group.settings(),
            outcome: match &worst {
                Outcome::Done if late => "OOT".to_owned(),
                outcome => outcome.to_string(),
            },
            message: match &worst {
                Outcome::Failed { message } => Some(message.clone()),
                _ => None,
            },
            needed_bytes: match &worst {
                Outcome::OutOfMemory { needed_bytes, .. } => Some(*needed_bytes),
                _ => None,
            },
            finished: done.len(),
            seeds: runs.len(),
            accuracy_on: comparison.accuracy_on().to_owned(),
            mean_accuracy: mean(accuracy),
            std_accuracy: deviation(accuracy),
            se_accuracy: error(accuracy),
            interval_accuracy: interval(accuracy),
            mean_true_reward: mean(true_reward),
            std_true_reward: deviation(true_reward),
            se_true_reward: error(true_reward),
            interval_true_reward: interval(true_reward),
            mean_reward: mean(reward),
            std_reward: deviation(reward),
            se_reward: error(reward),
            mean_optimism: mean(optimism),
            interval_optimism: interval(optimism),
            mean_aops: mean(aops),
            std_aops: deviation(aops),
            mean_search_seconds: mean(seconds),
            std_search_seconds: deviation(seconds),
            mean_spent_macs: mean(spent),
            budget_macs: runs.iter().filter_map(|run| run.budget).max(),
            mean_budget_share: Sample::of(&shares).map(|shares| shares.mean),
            least_budget_share: shares.into_iter().min_by(f64::total_cmp),
            peak_bytes: results().map(|r| r.memory.actual_peak_bytes).max(),
            planned_peak_bytes: results().map(|r| r.memory.planned_peak_bytes).max(),
            bound_bytes: comparison.config.memory.as_u64(),
            mean_traffic_bytes: mean(traffic),
        }
    }
}

impl Comparison {
    /// On which images accuracies are measured that are compared: `test` or `validation`.
    pub fn accuracy_on(&self) -> &'static str {
        match self.final_training || self.judge > 0 {
            true => "test",
            false => "validation",
        }
    }
}

impl Run {
    /// What it spent of its budget, a fraction; none without a budget.
    pub fn budget_share(&self) -> Option<f64> {
        let spent = self.result.as_ref()?.search.spent;
        Some(spent as f64 / self.budget? as f64)
    }
}

/// The winner's accuracy: as it was judged, else on the test set where it was tested.
pub(super) fn accuracy(comparison: &Comparison, run: &Run) -> Option<f64> {
    let best = &run.result.as_ref()?.best;
    match &run.judged {
        Some(judged) => Some(judged.accuracy),
        None if comparison.final_training => best.test_accuracy,
        None => match run.history.exact(&best.architecture) {
            Some(measured) => Some(measured.accuracy),
            None => best.val_accuracy,
        },
    }
}

/// The winner's reward as the search measured it: its exact reward, whatever it was selected by, since what RADARS's
/// model expects of a final training is no reward that other methods know; the one it was selected by without such.
pub(super) fn measured_reward(run: &Run) -> Option<f64> {
    let best = &run.result.as_ref()?.best;
    match run.history.exact(&best.architecture) {
        Some(measured) => Some(measured.reward),
        None => best.reward,
    }
}

/// The winner's true reward.
pub(super) fn true_reward(run: &Run) -> Option<f64> {
    run.judged.as_ref().map(|judged| judged.reward)
}

/// Runs that are done.
fn done<'a>(runs: &[&'a Run]) -> Vec<&'a Run> {
    let done = |run: &&&Run| run.outcome == Outcome::Done && run.result.is_some();
    runs.iter().filter(done).copied().collect()
}

/// The mean seconds, of searches with the common budget, beyond which a method is out of time.
fn limit(times: f64, of_group: &[(Entrant, Vec<&Run>)]) -> Option<f64> {
    let common = |entrant: &Entrant| entrant.searches() && entrant.factor.is_none();
    let finished = of_group.iter().filter(|(entrant, _)| common(entrant));
    let means = finished.filter_map(|(_, runs)| {
        let results = done(runs).into_iter().filter_map(|run| run.result.as_ref());
        let seconds: Vec<f64> = results.map(|r| r.time.search_seconds).collect();
        Some(Sample::of(&seconds)?.mean)
    });
    means.min_by(f64::total_cmp).map(|fastest| fastest * times)
}

/// The worst outcome; of equals the first.
fn worst(runs: &[&Run]) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Done => 0,
        Outcome::OutOfTime { .. } => 1,
        Outcome::OutOfMemory { .. } => 2,
        Outcome::Failed { .. } => 3,
    };
    let worse = |a: Outcome, b: &Outcome| if rank(b) > rank(&a) { b.clone() } else { a };
    let outcomes = runs.iter().map(|run| &run.outcome);
    outcomes.fold(Outcome::Done, worse)
}
