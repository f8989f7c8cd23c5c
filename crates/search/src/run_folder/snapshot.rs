//! What a checkpoint of a run holds, and the networks in it as tensors.

use crate::{
    Checkpoint, ExploiterState, ExplorerState, Kept, Memory, Network, NetworkState, Phase,
    PhaseState, Resumed, RunState,
};
use radars_supernet::nn::SavedParameter;
use radars_supernet::{ChildState, DnasState, OneShotState, Traffic};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that a checkpoint holds but tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// A network without its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    work: String,
    epochs: usize,
    memory: Memory,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Child,
    SuperNet { alpha_steps: u64 },
    OneShot { traffic: Traffic },
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
            Network::OneShot(shared) => (
                Kind::OneShot {
                    traffic: shared.traffic,
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
        let network = match head.kind {
            Kind::Child => Network::Child(ChildState {
                parameters,
                momenta,
            }),
            Kind::SuperNet { alpha_steps } => Network::SuperNet(DnasState {
                parameters,
                momenta,
                alpha_moments,
                alpha_steps,
            }),
            Kind::OneShot { traffic } => Network::OneShot(OneShotState {
                parameters,
                momenta,
                traffic,
            }),
        };
        NetworkState {
            work: head.work.clone(),
            epochs: head.epochs,
            memory: head.memory,
            network,
        }
    }
}
