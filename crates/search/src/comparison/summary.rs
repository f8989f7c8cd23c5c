//! A row of the table: what a method came to over all seeds.

use super::{Comparison, Entrant, Group, Outcome, Run, Sample};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a method came to, with one trade-off and one value of every swept setting.
///
/// Means are over the runs that are done; without any there are none. Accuracies are fractions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The method's name.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings.
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
    /// `test`, or `validation` where winners were not trained from scratch.
    pub accuracy_on: &'static str,
    /// Mean accuracy of the winners.
    pub mean_accuracy: Option<f64>,
    /// Its standard deviation over seeds.
    pub std_accuracy: Option<f64>,
    /// The standard error of the mean.
    pub se_accuracy: Option<f64>,
    /// Mean of the winners' exact rewards.
    pub mean_reward: Option<f64>,
    /// Its standard deviation.
    pub std_reward: Option<f64>,
    /// The standard error of the mean.
    pub se_reward: Option<f64>,
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
        let sample = |value: &dyn Fn(&crate::RunResult) -> Option<f64>| {
            let values: Option<Vec<f64>> = done.iter().map(|result| value(result)).collect();
            values.and_then(|values| Sample::of(&values))
        };
        let mean = |sample: Option<Sample>| sample.map(|s| s.mean);
        let deviation = |sample: Option<Sample>| sample.and_then(|s| s.deviation);
        let error = |sample: Option<Sample>| sample.and_then(|s| s.error);
        let accuracy = sample(&|result| accuracy(comparison, result));
        let reward = sample(&|result| result.best.reward);
        let aops = sample(&|result| Some(result.best.aops as f64));
        let seconds = sample(&|result| Some(result.time.search_seconds));
        let spent = sample(&|result| Some(result.search.spent as f64));
        let traffic = sample(&|result| {
            let traffic = result.search.traffic;
            Some((traffic.uploaded_bytes + traffic.downloaded_bytes) as f64)
        });
        let worst = worst(runs);
        let late = mean(seconds).zip(limit).is_some_and(|(s, limit)| s > limit);
        let settings = group.point.iter();
        let results = || runs.iter().filter_map(|run| run.result.as_ref());
        Summary {
            method: entrant.to_string(),
            reward_alpha: group.reward_alpha,
            settings: settings
                .map(|s| (s.key.name().to_owned(), s.value.clone()))
                .collect(),
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
            accuracy_on: accuracy_on(comparison),
            mean_accuracy: mean(accuracy),
            std_accuracy: deviation(accuracy),
            se_accuracy: error(accuracy),
            mean_reward: mean(reward),
            std_reward: deviation(reward),
            se_reward: error(reward),
            mean_aops: mean(aops),
            std_aops: deviation(aops),
            mean_search_seconds: mean(seconds),
            std_search_seconds: deviation(seconds),
            mean_spent_macs: mean(spent),
            budget_macs: runs.iter().filter_map(|run| run.budget).max(),
            peak_bytes: results().map(|r| r.memory.actual_peak_bytes).max(),
            planned_peak_bytes: results().map(|r| r.memory.planned_peak_bytes).max(),
            bound_bytes: comparison.config.memory.as_u64(),
            mean_traffic_bytes: mean(traffic),
        }
    }
}

/// Which accuracies are compared.
pub(super) fn accuracy_on(comparison: &Comparison) -> &'static str {
    match comparison.final_training {
        true => "test",
        false => "validation",
    }
}

/// The winner's accuracy, on the test set where it was tested.
pub(super) fn accuracy(comparison: &Comparison, result: &crate::RunResult) -> Option<f64> {
    match comparison.final_training {
        true => result.best.test_accuracy,
        false => result.best.val_accuracy,
    }
}

/// Results of runs that are done.
fn done<'a>(runs: &[&'a Run]) -> Vec<&'a crate::RunResult> {
    let done = runs.iter().filter(|run| run.outcome == Outcome::Done);
    done.filter_map(|run| run.result.as_ref()).collect()
}

/// The mean seconds beyond which a method is out of time.
fn limit(times: f64, of_group: &[(Entrant, Vec<&Run>)]) -> Option<f64> {
    let finished = of_group.iter().filter(|(entrant, _)| entrant.searches());
    let means = finished.filter_map(|(_, runs)| {
        let seconds: Vec<f64> = done(runs).iter().map(|r| r.time.search_seconds).collect();
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
