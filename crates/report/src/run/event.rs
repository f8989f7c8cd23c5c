//! The lines of `events.jsonl` that a report knows.

use radars_space::Architecture;
use serde::Deserialize;

/// A line of `events.jsonl`.
#[derive(Debug, Deserialize)]
pub struct Line {
    /// Seconds since the run began. Never less than in the line before.
    #[serde(default)]
    pub elapsed_seconds: f64,
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. Iterations, episodes and epochs count from 0.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    Started(Started),
    TrainingStarted(TrainingStarted),
    Epoch(Epoch),
    Episode(Episode),
    Retrained(Retrained),
    Pruned(Pruned),
    DnasSkipped(DnasSkipped),
    DnasEpoch(DnasEpoch),
    Derived(Derived),
    SharedEpoch(SharedEpoch),
    Screened(Screened),
    Best(BestEvent),
    SearchEnded(SearchEnded),
    Tested(Tested),
    /// The run was stopped, and went on from a checkpoint.
    Resumed,
    /// An event of a later version, or one that a report has no use for.
    #[serde(other)]
    Other,
}

/// How thoroughly an architecture was trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    Proxy,
    Exact,
    Final,
    #[serde(other)]
    Other,
}

/// The memory of a training, planned and seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Memory {
    pub planned_peak_bytes: u64,
    pub actual_peak_bytes: u64,
}

/// Why an architecture was not trained.
#[derive(Clone, Debug, Deserialize)]
pub struct Refusal {
    #[serde(default)]
    pub why: String,
}

#[derive(Debug, Deserialize)]
pub struct Started {
    pub device: Option<String>,
    pub version: Option<String>,
    pub bound_bytes: Option<u64>,
    pub images: Option<Vec<usize>>,
}

#[derive(Debug, Deserialize)]
pub struct TrainingStarted {
    pub fidelity: Fidelity,
    pub planned_peak_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct Epoch {
    pub fidelity: Fidelity,
    pub loss: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub struct Episode {
    #[serde(default)]
    pub iteration: usize,
    pub architecture: Architecture,
    #[serde(default)]
    pub repeated: bool,
    /// None in older logs, where it is always brief.
    pub fidelity: Option<Fidelity>,
    pub accuracy: Option<f64>,
    pub aops: Option<u64>,
    pub reward: Option<f64>,
    pub refused: Option<Refusal>,
    /// In nats a decision; none where the method has no controller.
    pub entropy: Option<f64>,
    pub baseline: Option<f64>,
    pub memory: Option<Memory>,
    #[serde(default)]
    pub seconds: f64,
}

#[derive(Debug, Deserialize)]
pub struct Retrained {
    #[serde(default)]
    pub iteration: usize,
    pub architecture: Architecture,
    pub accuracy: Option<f64>,
    pub reward: Option<f64>,
    pub aops: Option<u64>,
    pub memory: Option<Memory>,
    #[serde(default)]
    pub seconds: f64,
}

/// There is no differentiable search in an iteration.
#[derive(Debug, Deserialize)]
pub struct DnasSkipped {
    #[serde(default)]
    pub iteration: usize,
    #[serde(default)]
    pub why: String,
}

/// SN was chosen. Without architectures, the SuperNet holds every candidate of the space.
#[derive(Debug, Deserialize)]
pub struct Pruned {
    #[serde(default)]
    pub iteration: usize,
    #[serde(default)]
    pub architectures: Vec<Architecture>,
    /// The rule that chose them.
    pub rule: Option<String>,
    /// How many of those that were chosen from are not among them.
    #[serde(default)]
    pub left_out: usize,
    #[serde(default)]
    pub candidates: Vec<usize>,
    pub mixing: Option<String>,
    /// Images of a step on the device at once.
    pub micro_batch: Option<usize>,
    /// The layers that are computed again on the way back, from 0.
    #[serde(default)]
    pub recompute: Vec<usize>,
    pub paths: Option<f64>,
    pub planned_peak_bytes: Option<u64>,
    pub refused_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct DnasEpoch {
    #[serde(default)]
    pub iteration: usize,
    #[serde(default)]
    pub alpha_trained: bool,
    pub weight_loss: Option<f64>,
    pub alpha_loss: Option<f64>,
    /// Mixing weights without noise, by layer and vector.
    #[serde(default)]
    pub alpha: Vec<Vec<Vec<Option<f32>>>>,
    #[serde(default)]
    pub seconds: f64,
}

#[derive(Debug, Deserialize)]
pub struct Derived {
    #[serde(default)]
    pub iteration: usize,
    pub architecture: Architecture,
    pub accuracy: Option<f64>,
    pub reward: Option<f64>,
    pub aops: Option<u64>,
    pub refused: Option<Refusal>,
    pub supernet_memory: Option<Memory>,
    pub memory: Option<Memory>,
}

#[derive(Debug, Deserialize)]
pub struct SharedEpoch {
    pub loss: Option<f64>,
}

/// Paths were measured with the weights they inherit from a one-shot SuperNet.
#[derive(Debug, Deserialize)]
pub struct Screened {
    pub paths: Option<usize>,
    pub best: Option<Architecture>,
    pub accuracy: Option<f64>,
    pub reward: Option<f64>,
    pub memory: Option<Memory>,
    pub traffic: Option<Traffic>,
    #[serde(default)]
    pub seconds: f64,
}

/// Bytes of weights that went between host and device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Traffic {
    pub uploaded_bytes: u64,
    pub downloaded_bytes: u64,
}

#[derive(Debug, Deserialize)]
pub struct BestEvent {
    pub architecture: Architecture,
    pub reward: f64,
    pub accuracy: Option<f64>,
    pub aops: u64,
}

#[derive(Debug, Deserialize)]
pub struct SearchEnded {
    pub stop: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Tested {
    pub test_accuracy: Option<f64>,
    pub memory: Option<Memory>,
    #[serde(default)]
    pub seconds: f64,
}

/// The events of a log, whether its last line is torn, and how many whole lines are no event.
pub fn lines(text: &str) -> (Vec<Line>, bool, usize) {
    let torn = !text.is_empty() && !text.ends_with('\n');
    let mut whole: Vec<&str> = text.lines().collect();
    if torn {
        whole.pop();
    }
    let mut read = Vec::with_capacity(whole.len());
    let mut unreadable = 0;
    // A clock that begins anew when a run is resumed goes on where it stood.
    let (mut last, mut shift) = (0.0_f64, 0.0_f64);
    for text in whole.into_iter().filter(|line| !line.trim().is_empty()) {
        let Ok(mut line) = serde_json::from_str::<Line>(text) else {
            unreadable += 1;
            continue;
        };
        if line.elapsed_seconds + shift < last {
            shift = last - line.elapsed_seconds;
        }
        line.elapsed_seconds += shift;
        last = line.elapsed_seconds;
        read.push(line);
    }
    (read, torn, unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_over() {
        let text = concat!(
            r#"{"elapsed_seconds":1.5,"event":"much-later","left":[1,2]}"#,
            "\n",
            r#"{"elapsed_seconds":2.0,"event":"epoch","fidelity":"warm","phase":"x","epoch":3,"loss":0.25}"#,
            "\n",
        );
        let (lines, torn, unreadable) = lines(text);
        assert_eq!((lines.len(), torn, unreadable), (2, false, 0));
        assert!(matches!(lines[0].event, Event::Other));
        let Event::Epoch(epoch) = &lines[1].event else {
            panic!("{:?}", lines[1]);
        };
        assert_eq!((epoch.fidelity, epoch.loss), (Fidelity::Other, Some(0.25)));
    }

    #[test]
    fn a_torn_line_is_left_out_and_a_damaged_one_counted() {
        let whole = r#"{"elapsed_seconds":1.0,"event":"search-ended","stop":"target"}"#;
        let text = format!(
            "{whole}\n{{\"event\":\"episode\"}}\n{whole}\n{}",
            &whole[..30]
        );
        let (lines, torn, unreadable) = lines(&text);
        assert_eq!((lines.len(), torn, unreadable), (2, true, 1));
    }

    /// 1, 3, then a resumed run's clock from 0.5: 3, and half a second later 3.5.
    #[test]
    fn a_clock_that_begins_anew_goes_on() {
        let text: String = [1.0, 3.0, 0.5, 1.0]
            .map(|at| format!("{{\"elapsed_seconds\":{at},\"event\":\"resumed\"}}\n"))
            .concat();
        let times: Vec<f64> = lines(&text).0.iter().map(|l| l.elapsed_seconds).collect();
        assert_eq!(times, [1.0, 3.0, 3.0, 3.5]);
    }
}
