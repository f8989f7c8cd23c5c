//! What a run of a comparison found on its way, from its events.

use crate::{Error, Event, Fidelity, Phase, Result};
use radars_space::Architecture;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// When a better reward was reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// What the search had spent, in training MACs.
    pub spent_macs: u64,
    /// Seconds since it began.
    pub seconds: f64,
    /// The best exact reward from then on.
    pub reward: f64,
}

/// An architecture that was measured in a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// One candidate a layer.
    pub architecture: Architecture,
    /// Accuracy on the rewards split, a fraction.
    pub accuracy: f64,
    /// Adjusted operations for one image.
    pub aops: u64,
    /// Its reward.
    pub reward: f64,
    /// How thoroughly it was trained.
    pub fidelity: Fidelity,
    /// In which phase.
    pub phase: Phase,
}

/// What a run found on its way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct History {
    /// Each time its best exact reward rose.
    pub curve: Vec<Reached>,
    /// Everything that it measured, in order.
    pub found: Vec<Found>,
}

/// A line of `events.jsonl`.
#[derive(Deserialize)]
struct Line {
    elapsed_seconds: f64,
    phase: Phase,
    #[serde(flatten)]
    event: Event,
}

impl History {
    /// Reads the events of a run. Lines that are not whole, and events of later versions, are passed over.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(super) fn read(events: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(events).map_err(|source| Error::File {
            path: events.to_path_buf(),
            source,
        })?;
        let mut history = Self::default();
        let lines = text.lines();
        for line in lines.filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
            history.add(line);
        }
        Ok(history)
    }

    /// The best exact reward; none where nothing was trained to convergence.
    pub fn best(&self) -> Option<f64> {
        Some(self.curve.last()?.reward)
    }

    /// What the training of an architecture to convergence came to; none without one.
    pub fn exact(&self, architecture: &Architecture) -> Option<&Found> {
        let of = |found: &&Found| {
            found.fidelity == Fidelity::Exact && found.architecture == *architecture
        };
        self.found.iter().find(of)
    }

    fn add(&mut self, line: Line) {
        let Line {
            elapsed_seconds,
            phase,
            event,
        } = line;
        let mut found = |architecture, accuracy, aops, reward, fidelity| {
            self.found.push(Found {
                architecture,
                accuracy,
                aops,
                reward,
                fidelity,
                phase,
            });
        };
        match event {
            Event::Episode {
                architecture,
                repeated: false,
                accuracy: Some(accuracy),
                fidelity,
                aops,
                reward,
                ..
            } => found(architecture, accuracy, aops, reward, fidelity),
            Event::Retrained {
                architecture,
                accuracy,
                reward,
                aops,
                ..
            } => found(architecture, accuracy, aops, reward, Fidelity::Exact),
            // Without memory it had been trained before.
            Event::Derived {
                architecture,
                accuracy: Some(accuracy),
                reward: Some(reward),
                aops,
                memory: Some(_),
                ..
            } => found(architecture, accuracy, aops, reward, Fidelity::Exact),
            Event::Best { reward, spent, .. } => {
                let best = self.curve.last();
                // Phases keep a best architecture each.
                if best.is_none_or(|best| best.reward < reward) {
                    self.curve.push(Reached {
                        spent_macs: spent,
                        seconds: elapsed_seconds,
                        reward,
                    });
                }
            }
            _ => {}
        }
    }

    /// When a reward was first reached; none when it was not.
    pub fn reaching(&self, reward: f64) -> Option<Reached> {
        let mut curve = self.curve.iter();
        curve.find(|reached| reached.reward >= reward).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"
{"elapsed_seconds":1.0,"phase":"exploration","event":"episode","iteration":0,"episode":0,"architecture":[],"repeated":false,"accuracy":0.5,"fidelity":"proxy","aops":7,"reward":0.25,"refused":null,"entropy":null,"baseline":null,"memory":null,"spent":10,"seconds":1.0}
{"elapsed_seconds":1.5,"phase":"exploration","event":"episode","iteration":0,"episode":1,"architecture":[],"repeated":true,"accuracy":0.5,"fidelity":"proxy","aops":7,"reward":0.25,"refused":null,"entropy":null,"baseline":null,"memory":null,"spent":10,"seconds":0.0}
{"elapsed_seconds":2.0,"phase":"exploitation","event":"best","iteration":0,"architecture":[],"reward":0.5,"accuracy":0.6,"aops":7,"spent":20}
{"elapsed_seconds":3.0,"phase":"exploitation","event":"best","iteration":0,"architecture":[],"reward":0.4,"accuracy":0.6,"aops":7,"spent":30}
{"elapsed_seconds":3.5,"phase":"exploitation","event":"of-a-later-version","spent":30}
{"elapsed_seconds":4.0,"phase":"exploitation","event":"best","iteration":1,"architecture":[],"reward":0.75,"accuracy":0.8,"aops":7,"spent":40}
{"elapsed_seconds":5.0,"phase":"exploita"#;

    #[test]
    fn events_make_a_rising_curve_and_a_list_without_repeats() {
        let folder = tempfile::tempdir().unwrap();
        let events = folder.path().join("events.jsonl");
        std::fs::write(&events, LINES).unwrap();
        let history = History::read(&events).unwrap();
        let points = history.curve.iter();
        let points: Vec<_> = points
            .map(|p| (p.spent_macs, p.seconds, p.reward))
            .collect();
        assert_eq!(points, [(20, 2.0, 0.5), (40, 4.0, 0.75)]);
        assert_eq!(history.found.len(), 1);
        assert_eq!(history.found[0].fidelity, Fidelity::Proxy);
        assert_eq!(history.found[0].reward, 0.25);
        assert_eq!(history.reaching(0.5).map(|p| p.spent_macs), Some(20));
        assert_eq!(history.reaching(0.51).map(|p| p.spent_macs), Some(40));
        assert_eq!(history.reaching(0.76), None);
    }
}
