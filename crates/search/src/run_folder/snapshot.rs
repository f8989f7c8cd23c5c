//! What a checkpoint of a run holds, and the networks in it as tensors.

use crate::{
    Checkpoint, ExploiterState, ExplorerState, Findings, Kept, Memory, Network, NetworkState,
    PathEvaluatorState, Phase, PhaseState, Resumed, RunState,
};
use radars_supernet::nn::SavedParameter;
use radars_supernet::{ChildState, DnasState, OneShotState, Traffic};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// All that a checkpoint holds but tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(super) struct Snapshot {
    /// The device and its code path.
    pub device: String,
    /// Hash of the configuration and the space.
    pub config: String,
    /// Seconds that the run had taken.
    pub seconds: f64,
    /// How many events of each phase belong to what is kept; those after them happen again.
    pub events: BTreeMap<Phase, u64>,
    run: RunState,
    exploration: Option<ExplorerState>,
    exploitation: Option<ExploiterState>,
    networks: BTreeMap<Phase, Head>,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Snapshot::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    /// What no run comes to is refused, as what cannot be read is.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let snapshot = Snapshot::deserialize(deserializer)?;
        match snapshot.is_sound() {
            true => Ok(snapshot),
            false => Err(D::Error::custom("counts that no run comes to")),
        }
    }
}

/// A network without its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    work: String,
    epochs: usize,
    memory: Memory,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Child,
    SuperNet {
        alpha_steps: u64,
    },
    OneShot {
        traffic: Traffic,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        evaluator: Option<PathEvaluatorState>,
    },
}

/// The groups of a network's tensors.
const PARTS: [&str; 3] = ["parameters", "momenta", "alpha-moments"];

/// `exploration.momenta`.
fn group(phase: Phase, part: &str) -> String {
    let phase = match phase {
        Phase::Run => "run",
        Phase::Exploration => "exploration",
        Phase::Exploitation => "exploitation",
    };
    format!("{phase}.{part}")
}

impl Snapshot {
    /// Whether its counts can be counted on: those of records and episodes fit each other, and none is near the end of
    /// its range.
    fn is_sound(&self) -> bool {
        let explored = |state: &ExplorerState| {
            let iterations = state.iterations.iter();
            let ends = iterations.clone().map(|explored| explored.episodes);
            let mut spent = iterations.map(|explored| (explored.spent, explored.memory));
            ends.chain([state.episodes]).is_sorted()
                && spent.all(|(spent, memory)| can_grow(spent) && of_memory(&memory))
                && can_grow(state.episodes as u64)
                && can_grow(state.stale as u64)
                && found(&state.findings)
        };
        let exploited = |state: &ExploiterState| {
            let memory = state
                .chosen
                .as_ref()
                .and_then(|chosen| chosen.found.as_ref());
            can_grow(state.iterations as u64)
                && memory.is_none_or(|exploited| of_memory(&exploited.memory))
                && found(&state.findings)
        };
        let network = |head: &Head| {
            let sound = match &head.kind {
                Kind::OneShot { traffic, evaluator } => {
                    let of_lessons = |e: &PathEvaluatorState| {
                        [e.lessons, e.credit, e.spent].into_iter().all(can_grow)
                    };
                    of_traffic(traffic) && evaluator.as_ref().is_none_or(of_lessons)
                }
                Kind::Child | Kind::SuperNet { .. } => true,
            };
            can_grow(head.epochs as u64) && of_memory(&head.memory) && sound
        };
        self.events.values().all(|&events| can_grow(events))
            && self.exploration.as_ref().is_none_or(explored)
            && self.exploitation.as_ref().is_none_or(exploited)
            && self.networks.values().all(network)
    }
}

/// Whether a few of such counts can be added.
fn can_grow(count: u64) -> bool {
    count < 1 << 60
}

fn of_memory(memory: &Memory) -> bool {
    let Memory {
        planned_peak_bytes,
        actual_peak_bytes,
        high_water_bytes,
    } = *memory;
    let bytes = [planned_peak_bytes, actual_peak_bytes, high_water_bytes];
    bytes.iter().all(|&bytes| can_grow(bytes as u64))
}

fn of_traffic(traffic: &Traffic) -> bool {
    can_grow(traffic.uploaded_bytes) && can_grow(traffic.downloaded_bytes)
}

fn found(findings: &Findings) -> bool {
    findings
        .best
        .is_none_or(|best| best < findings.records.len())
        && can_grow(findings.trained as u64)
        && can_grow(findings.spent)
        && of_memory(&findings.memory)
        && of_traffic(&findings.traffic)
}

impl Checkpoint<Snapshot> {
    /// Takes in where a phase is.
    pub(super) fn keep(&mut self, phase: Phase, kept: Kept<'_>) {
        self.state.networks.remove(&phase);
        for part in PARTS {
            self.tensors.remove(&group(phase, part));
        }
        match kept {
            Kept::Phase(PhaseState::Run(state)) => self.state.run = *state,
            Kept::Phase(PhaseState::Exploration(state)) => {
                self.state.exploration = Some(state.clone());
            }
            Kept::Phase(PhaseState::Exploitation(state)) => {
                self.state.exploitation = Some(state.clone());
            }
            Kept::Network(network) => self.keep_network(phase, network),
        }
    }

    fn keep_network(&mut self, phase: Phase, state: &NetworkState) {
        let none = Vec::new();
        let (kind, tensors): (Kind, [&Vec<SavedParameter>; 3]) = match &state.network {
            Network::Child(child) => (Kind::Child, [&child.parameters, &child.momenta, &none]),
            Network::SuperNet(dnas) => (
                Kind::SuperNet {
                    alpha_steps: dnas.alpha_steps,
                },
                [&dnas.parameters, &dnas.momenta, &dnas.alpha_moments],
            ),
            Network::OneShot(shared, evaluator) => (
                Kind::OneShot {
                    traffic: shared.traffic,
                    evaluator: evaluator.clone(),
                },
                [&shared.parameters, &shared.momenta, &none],
            ),
        };
        for (part, tensors) in PARTS.into_iter().zip(tensors) {
            self.tensors.insert(group(phase, part), tensors.clone());
        }
        let head = Head {
            work: state.work.clone(),
            epochs: state.epochs,
            memory: state.memory,
            kind,
        };
        self.state.networks.insert(phase, head);
    }

    /// Where a search goes on from.
    pub(super) fn resumed(&self) -> Resumed {
        let state = &self.state;
        let networks = state.networks.iter();
        Resumed {
            run: state.run,
            exploration: state.exploration.clone(),
            exploitation: state.exploitation.clone(),
            networks: networks
                .map(|(&phase, head)| (phase, self.network(phase, head)))
                .collect(),
            seconds: state.seconds,
        }
    }

    fn network(&self, phase: Phase, head: &Head) -> NetworkState {
        let [parameters, momenta, alpha_moments] = PARTS.map(|part| {
            let tensors = self.tensors.get(&group(phase, part));
            tensors.cloned().unwrap_or_default()
        });
        let network = match &head.kind {
            Kind::Child => Network::Child(ChildState {
                parameters,
                momenta,
            }),
            Kind::SuperNet { alpha_steps } => Network::SuperNet(DnasState {
                parameters,
                momenta,
                alpha_moments,
                alpha_steps: *alpha_steps,
            }),
            Kind::OneShot { traffic, evaluator } => {
                let shared = OneShotState {
                    parameters,
                    momenta,
                    traffic: *traffic,
                };
                Network::OneShot(shared, evaluator.clone())
            }
        };
        NetworkState {
            work: head.work.clone(),
            epochs: head.epochs,
            memory: head.memory,
            network,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_no_run_comes_to_is_refused() {
        let snapshot = Snapshot {
            exploration: Some(ExplorerState::default()),
            events: BTreeMap::from([(Phase::Run, 1)]),
            ..Snapshot::default()
        };
        let json = serde_json::to_value(&snapshot).unwrap();
        let read = |json| serde_json::from_value::<Snapshot>(json);
        assert_eq!(read(json.clone()).unwrap(), snapshot);
        for (place, value) in [
            // The first of no records.
            ("/exploration/findings/best", 0),
            ("/exploration/findings/trained", i64::MAX),
            ("/exploration/episodes", i64::MAX),
            ("/events/run", i64::MAX),
        ] {
            let mut damaged = json.clone();
            *damaged.pointer_mut(place).unwrap() = value.into();
            let error = read(damaged).unwrap_err().to_string();
            assert!(error.contains("no run comes to"), "{place}: {error}");
        }
    }
}
