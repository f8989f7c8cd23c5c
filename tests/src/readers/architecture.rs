//! Architectures, and the candidates of SuperNets.

use super::Reader;
use radars_search::candidates_of;
use radars_space::{Architecture, Candidate, Space};
use radars_supernet::{Mixing, supernet_step_macs};

pub(super) const READER: Reader = Reader {
    name: "architecture",
    read,
    seeds,
};

fn read(bytes: &[u8]) {
    if let Ok(architecture) = serde_json::from_slice::<Architecture>(bytes) {
        let written = serde_json::to_vec(&architecture).expect("read from JSON");
        let again = serde_json::from_slice::<Architecture>(&written);
        assert_eq!(again.ok().as_ref(), Some(&architecture));
        assert!(!architecture.to_string().is_empty() || architecture.layers().is_empty());
        for space in spaces() {
            // One of another space can have a cost too: it is how baselines are counted.
            let _ = (space.cost(&architecture), space.blocks(&architecture));
            let _ = (space.indices(&architecture), space.reward());
        }
    }
    if let Ok(candidates) = serde_json::from_slice::<Vec<Vec<Candidate>>>(bytes) {
        for space in spaces() {
            for mixing in Mixing::ALL {
                let _ = supernet_step_macs(&space, &candidates, mixing);
            }
            let _ = space.memory_estimate_of(&candidates, 32);
        }
    }
}

fn spaces() -> impl Iterator<Item = Space> {
    let presets = ["fashion-small", "imagenet-mobile"];
    presets
        .into_iter()
        .filter_map(|name| Space::preset(name).ok())
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for space in spaces() {
        let decisions = space.decisions();
        let last = decisions.iter().map(|decision| decision.choices - 1);
        let corners = [vec![0; decisions.len()], last.collect()];
        let corners = corners.iter().filter_map(|c| space.architecture(c).ok());
        let corners: Vec<Architecture> = corners.collect();
        seeds.extend(corners.iter().map(serde_json::to_vec));
        seeds.push(serde_json::to_vec(&candidates_of(&corners)));
    }
    seeds.into_iter().flatten().collect()
}
