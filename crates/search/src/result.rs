//! What a search found, as `result.json` states it.

use crate::{Method, MixingChoice, Stop};
use radars_space::Architecture;
use radars_supernet::Traffic;
use serde::{Deserialize, Serialize};

/// The result of a run.
///
/// Everything but [`Times`] is a function of the configuration, the data and the device's code path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// Version of this form: [`RunResult::SCHEMA`].
    pub schema: u32,
    /// How the search was done.
    pub method: Method,
    /// The built-in space that was searched; none when the space came from a file.
    pub preset: Option<String>,
    /// How the SuperNets held their mixtures.
    pub mixing: MixingChoice,
    /// What all randomness derives from.
    pub seed: u64,
    /// The device and its code path, on which the result may depend.
    pub device: String,
    /// Hash over everything deterministic: every architecture and reward in order, and the final weights. Two
    /// runs are the same run exactly when their fingerprints agree.
    pub fingerprint: String,
    /// The winner.
    pub best: Best,
    /// The architectures that are worth most, best first, with their own exact rewards; the winner leads.
    pub front: Vec<Kept>,
    /// Device memory of the whole run.
    pub memory: MemoryUse,
    /// What was done.
    pub search: SearchCounts,
    /// How long it took.
    pub time: Times,
}

/// The winner of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// One candidate a layer.
    pub architecture: Architecture,
    /// The reward by which it won: its exact reward, or with a predictor what the model of all measurements takes it to
    /// be worth; its proxy reward when the run was stopped before any was trained to convergence; none where it was
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// The accuracy in that reward, a fraction, on the rewards split; none where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub val_accuracy: Option<f64>,
    /// Accuracy on the test set after the final training, a fraction; none when the run was interrupted
    /// before its end.
    pub test_accuracy: Option<f64>,
    /// The same with the label among the five most likely classes; none of five classes or fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_top5_accuracy: Option<f64>,
    /// Adjusted operations for one image.
    pub aops: u64,
    /// Multiply-accumulates for one image.
    pub macs: u64,
    /// Trained values.
    pub params: u64,
}

/// One of the architectures that a search kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// One candidate a layer.
    pub architecture: Architecture,
    /// Its exact reward.
    pub reward: f64,
    /// Accuracy on the rewards split, a fraction.
    pub accuracy: f64,
    /// Adjusted operations for one image.
    pub aops: u64,
}

/// Device memory of a run: the largest figure over all that it trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryUse {
    /// The bound.
    pub bound_bytes: usize,
    /// Most bytes in use at once, according to the plans.
    pub planned_peak_bytes: usize,
    /// Most bytes in use at once, in the run.
    pub actual_peak_bytes: usize,
    /// End of the highest range in use: the smallest bound that would have done.
    pub high_water_bytes: usize,
}

/// What a search did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchCounts {
    /// Iterations of exploration and exploitation.
    pub iterations: usize,
    /// Episodes of exploration, over all iterations.
    pub episodes: usize,
    /// Architectures trained to convergence, over all iterations.
    pub retrained: usize,
    /// What was spent: multiply-accumulates of training, the final training aside.
    pub spent: u64,
    /// What was moved between host and device beyond batches and results.
    pub traffic: Traffic,
    /// Why it ended.
    pub stop: Stop,
}

/// How long a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// The search, final training excluded, as in the paper.
    pub search_seconds: f64,
    /// The final training from scratch and its test.
    pub final_training_seconds: f64,
    /// The parts of the search.
    pub phases: PhaseTimes,
}

/// How long the phases of a search took, over all iterations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseTimes {
    /// Sampling, training and measuring.
    pub exploration_seconds: f64,
    /// Training the best of it to convergence.
    pub retraining_seconds: f64,
    /// DNAS in the pruned subspace, the training of the derived architecture included.
    pub exploitation_seconds: f64,
}

impl RunResult {
    /// Version of the form that this program writes.
    pub const SCHEMA: u32 = 2;

    /// The result without its times: equal for equal runs.
    #[must_use]
    pub fn without_times(&self) -> Self {
        let time = Times {
            search_seconds: 0.0,
            final_training_seconds: 0.0,
            phases: PhaseTimes::default(),
        };
        Self {
            time,
            ..self.clone()
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use radars_space::{Candidate, Precision};

    pub(crate) fn example() -> RunResult {
        let bits = |integer, fraction| Precision { integer, fraction };
        let architecture = Architecture(vec![
            Candidate::quantised(3, bits(3, 6), bits(1, 6)),
            Candidate::quantised(5, bits(1, 3), bits(3, 3)),
        ]);
        RunResult {
            schema: RunResult::SCHEMA,
            method: Method::Radars,
            preset: Some("fashion-small".into()),
            mixing: radars_supernet::Mixing::Materialised.into(),
            seed: 7,
            device: "cpu isa=portable matmul=fma".into(),
            fingerprint: "0123456789abcdef".into(),
            best: Best {
                architecture: architecture.clone(),
                reward: Some(0.1 + 0.2), // 17 digits, all of which have to survive
                val_accuracy: Some(0.875),
                test_accuracy: Some(0.88),
                test_top5_accuracy: None,
                aops: u64::MAX,
                macs: 1_000_000,
                params: 12_345,
            },
            front: vec![Kept {
                architecture,
                reward: 0.1 + 0.2,
                accuracy: 0.875,
                aops: u64::MAX,
            }],
            memory: MemoryUse {
                bound_bytes: 96 << 20,
                planned_peak_bytes: 1024,
                actual_peak_bytes: 1024,
                high_water_bytes: 1280,
            },
            search: SearchCounts {
                iterations: 2,
                episodes: 20,
                retrained: 11,
                spent: 123_456,
                traffic: Traffic::default(),
                stop: Stop::TimeLimit,
            },
            time: Times {
                search_seconds: 12.5,
                final_training_seconds: 3.25,
                phases: PhaseTimes {
                    exploration_seconds: 6.0,
                    retraining_seconds: 4.0,
                    exploitation_seconds: 2.5,
                },
            },
        }
    }

    #[test]
    fn comes_back_from_json_to_the_last_bit() {
        let result = example();
        let json = serde_json::to_string_pretty(&result).unwrap();
        assert_eq!(serde_json::from_str::<RunResult>(&json).unwrap(), result);
    }

    /// The keys that programs which read `result.json` rely on, in their order.
    #[test]
    fn has_the_promised_keys() {
        let keys = |value: &serde_json::Value, path: &str| -> String {
            let at = value.pointer(path).and_then(|v| v.as_object()).unwrap();
            let mut keys: Vec<&str> = at.keys().map(String::as_str).collect();
            keys.sort_unstable();
            keys.join(" ")
        };
        let json = serde_json::to_value(example()).unwrap();
        assert_eq!(
            keys(&json, ""),
            "best device fingerprint front memory method mixing preset schema search seed time"
        );
        assert_eq!(
            keys(&json, "/best"),
            "aops architecture macs params reward test_accuracy val_accuracy"
        );
        assert_eq!(
            keys(&json, "/memory"),
            "actual_peak_bytes bound_bytes high_water_bytes planned_peak_bytes"
        );
        assert_eq!(
            keys(&json, "/search"),
            "episodes iterations retrained spent stop traffic"
        );
        assert_eq!(
            keys(&json, "/time"),
            "final_training_seconds phases search_seconds"
        );
        assert_eq!(
            keys(&json, "/time/phases"),
            "exploitation_seconds exploration_seconds retraining_seconds"
        );
        assert_eq!(json["method"], "radars");
        assert_eq!(json["mixing"], "materialised");
        assert_eq!(json["search"]["stop"], "time-limit");
    }

    #[test]
    fn times_alone_do_not_make_another_run() {
        let (one, mut other) = (example(), example());
        other.time.search_seconds += 1.0;
        assert_ne!(one, other);
        assert_eq!(one.without_times(), other.without_times());
        other.best.reward = Some(0.1 + 0.2 + 1e-16);
        assert_ne!(one.without_times(), other.without_times());
    }
}
