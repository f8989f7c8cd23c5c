//! Tests of checkpoints: what comes back and what is kept; the submodules have faults and damage.

mod damage;
mod faults;
mod full_disk;

use super::*;
use crate::Error;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs;

/// A state with what serde makes of most types.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    episode: u64,
    reward: f64,
    temperature: f32,
    best: Option<Vec<f64>>,
    by_name: BTreeMap<String, (i64, f64)>,
    phase: Phase,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Explore,
    Exploit {
        alpha: Vec<f32>,
    },
    Train(f64, u32),
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> SavedParameter {
    SavedParameter {
        name: name.into(),
        shape: shape.to_vec(),
        values: values.to_vec(),
    }
}

/// The `number`-th state of a run.
fn sample(number: u64) -> Checkpoint<State> {
    let step = number as f32;
    Checkpoint {
        state: State {
            episode: number,
            reward: 0.1 * number as f64,
            phase: Phase::Exploit {
                alpha: vec![step, 1.0 / 3.0],
            },
            ..State::default()
        },
        tensors: BTreeMap::from([
            // Not in the order of their names, and safetensors would sort them.
            (
                "policy".into(),
                vec![
                    tensor("z", &[2, 2], &[step, 1.5, -0.0, f32::INFINITY]),
                    tensor("a/b", &[], &[7.0]),
                    tensor("none", &[0, 3], &[]),
                ],
            ),
            ("moments".into(), vec![tensor("z", &[1], &[step])]),
            ("empty".into(), vec![]),
        ]),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Writes the samples 1 to `last`.
fn write_samples(run: &Path, last: u64) {
    let mut checkpoints = Checkpoints::open(run).unwrap();
    for number in 1..=last {
        let mut disk = faults::FaultyDisk::quick();
        checkpoints.write_on(&mut disk, &sample(number)).unwrap();
    }
}

fn read(run: &Path) -> Restored<State> {
    Checkpoints::read(run).unwrap()
}

#[test]
fn what_was_written_last_comes_back_and_the_two_newest_are_kept() {
    let run = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::open(run.path()).unwrap();
    for number in 1..=5 {
        checkpoints.write(&sample(number)).unwrap();
        let restored = read(run.path());
        assert_eq!(restored.checkpoint, sample(number));
        assert_eq!(restored.refused, []);
        assert_eq!(restored.program, env!("CARGO_PKG_VERSION"));
    }
    let folder = run.path().join("checkpoint");
    assert_eq!(names(&folder), ["00000004", "00000005", "lock"]);
    assert_eq!(
        names(&folder.join("00000005")),
        ["manifest.json", "state.json", "tensors.safetensors"]
    );

    drop(checkpoints);
    Checkpoints::open(run.path())
        .unwrap()
        .write(&sample(6))
        .unwrap();
    assert_eq!(names(&folder), ["00000005", "00000006", "lock"]);
}

#[test]
fn a_tensor_file_is_what_safetensors_reads() {
    let run = tempfile::tempdir().unwrap();
    write_samples(run.path(), 1);
    let bytes = fs::read(run.path().join("checkpoint/00000001/tensors.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let z = file.tensor("policy/z").unwrap();
    assert_eq!(z.shape(), [2, 2]);
    // IEEE 754: 1.0, 1.5, -0.0 and infinity, lowest byte first.
    let expected = [0x3f80_0000_u32, 0x3fc0_0000, 0x8000_0000, 0x7f80_0000];
    assert_eq!(z.data(), expected.map(u32::to_le_bytes).concat());
}

#[test]
fn without_checkpoints_there_is_nothing_to_resume() {
    let run = tempfile::tempdir().unwrap();
    let none = Checkpoints::read::<State>(run.path());
    assert!(matches!(none, Err(Error::NoCheckpoint { .. })), "{none:?}");
    let none = Checkpoints::read::<State>(&run.path().join("absent"));
    assert!(matches!(none, Err(Error::NoCheckpoint { .. })), "{none:?}");
    // Killed before the first one.
    drop(Checkpoints::open(run.path()).unwrap());
    let none = Checkpoints::read::<State>(run.path()).unwrap_err();
    assert!(none.to_string().contains("nothing to resume"), "{none}");
}

#[test]
fn one_at_a_time_may_write() {
    let run = tempfile::tempdir().unwrap();
    let first = Checkpoints::open(run.path()).unwrap();
    let second = Checkpoints::open(run.path());
    assert!(
        matches!(second, Err(Error::CheckpointsInUse { .. })),
        "{second:?}"
    );
    drop(first);
    assert!(Checkpoints::open(run.path()).is_ok());
}

#[test]
fn floats_that_json_cannot_hold_are_refused_by_name() {
    let run = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::open(run.path()).unwrap();
    let mut field_of = |change: fn(&mut State)| {
        let mut checkpoint = sample(1);
        change(&mut checkpoint.state);
        match checkpoints.write(&checkpoint) {
            Err(Error::NotFinite { field, value, .. }) => {
                assert!(!value.is_finite());
                field
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field_of(|s| s.reward = f64::NAN), "reward");
    assert_eq!(
        field_of(|s| s.temperature = f32::NEG_INFINITY),
        "temperature"
    );
    assert_eq!(
        field_of(|s| s.best = Some(vec![0.0, f64::INFINITY])),
        "best[1]"
    );
    let in_map = field_of(|s| {
        s.by_name = BTreeMap::from([("a".into(), (0, 1.0)), ("b".into(), (0, f64::NAN))]);
    });
    assert_eq!(in_map, "by_name.b[1]");
    let in_struct = field_of(|s| {
        s.phase = Phase::Exploit {
            alpha: vec![f32::NAN],
        };
    });
    assert_eq!(in_struct, "phase.Exploit.alpha[0]");
    let in_tuple = field_of(|s| s.phase = Phase::Train(f64::NAN, 0));
    assert_eq!(in_tuple, "phase.Train[0]");
    // Nothing was touched.
    assert_eq!(names(&run.path().join("checkpoint")), ["lock"]);
}

#[test]
fn tensors_that_would_not_come_back_are_refused() {
    let run = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::open(run.path()).unwrap();
    let mut refused = |group: &str, tensors: Vec<SavedParameter>| {
        let tensors = BTreeMap::from([(group.to_owned(), tensors)]);
        let error = checkpoints.write(&Checkpoint { state: (), tensors });
        error.unwrap_err().to_string()
    };
    let twice = refused(
        "g",
        vec![tensor("w", &[], &[1.0]), tensor("w", &[], &[2.0])],
    );
    assert!(
        twice.contains("`g/w`") && twice.contains("twice"),
        "{twice}"
    );
    let short = refused("g", vec![tensor("w", &[2, 3], &[1.0])]);
    assert!(short.contains("shape [2, 3] and 1 values"), "{short}");
    let huge = refused("g", vec![tensor("w", &[usize::MAX, 2], &[1.0])]);
    assert!(huge.contains("and 1 values"), "{huge}");
    let slash = refused("g/h", vec![tensor("w", &[], &[1.0])]);
    assert!(slash.contains("holds a `/`"), "{slash}");
}

/// Every float there is, by its bits.
fn floats() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(any::<u32>().prop_map(f32::from_bits), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_bit_comes_back(
        values in floats(),
        wide in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..40),
        text in ".*",
    ) {
        let run = tempfile::tempdir().unwrap();
        let single: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let double: Vec<f64> = wide.into_iter().filter(|v| v.is_finite()).collect();
        let checkpoint = Checkpoint {
            state: (single.clone(), double.clone(), text.clone()),
            tensors: BTreeMap::from([(text, vec![tensor("v", &[values.len()], &values)])])
                .into_iter()
                .filter(|(group, _)| !group.contains('/'))
                .collect(),
        };
        Checkpoints::open(run.path()).unwrap().write(&checkpoint).unwrap();
        let back = Checkpoints::read::<(Vec<f32>, Vec<f64>, String)>(run.path()).unwrap().checkpoint;
        let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&back.state.0), bits(&single));
        let wide_bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(wide_bits(&back.state.1), wide_bits(&double));
        prop_assert_eq!(&back.state.2, &checkpoint.state.2);
        for (group, tensors) in &checkpoint.tensors {
            prop_assert_eq!(bits(&back.tensors[group][0].values), bits(&tensors[0].values));
        }
    }
}
