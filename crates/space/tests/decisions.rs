//! Decisions, indices and architectures are three views of the same thing.

#![allow(clippy::unwrap_used)] // fixtures sit outside the test functions

use proptest::prelude::*;
use radars_space::{
    Architecture, BitChoices, Candidate, Choices, Decision, Error, HyperParameter, Layer,
    Precision, Space,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeSet;

/// Two layers, some of whose lists have one choice only.
fn uneven() -> Space {
    let bits = |integer: &[u8], fraction: &[u8]| BitChoices {
        integer: integer.to_vec(),
        fraction: fraction.to_vec(),
    };
    let first = Choices::quantised(&[3], &bits(&[1], &[6]), &bits(&[1, 2], &[3])).unwrap();
    let second =
        Choices::quantised(&[1, 3], &bits(&[1, 3], &[4]), &bits(&[1], &[1, 3, 6])).unwrap();
    Space::new(
        "uneven",
        vec![Layer::conv(8, 1, first), Layer::conv(8, 1, second)],
    )
    .unwrap()
}

#[test]
fn only_real_decisions_are_asked_for_and_in_order() {
    use HyperParameter::{ActivationInteger, Kernel, WeightFraction, WeightInteger};
    let expected = [
        (0, WeightInteger, 2),
        (1, Kernel, 2),
        (1, ActivationInteger, 2),
        (1, WeightFraction, 3),
    ]
    .map(|(layer, kind, choices)| Decision {
        layer,
        kind,
        choices,
    });
    assert_eq!(uneven().decisions(), expected);
    assert_eq!(uneven().architecture_count(), 24.0);
    let architecture = uneven().architecture(&[1, 0, 1, 2]).unwrap();
    assert_eq!(architecture.to_string(), "k3 a1.6 w2.3 | k1 a3.4 w1.6");
}

#[test]
fn every_index_tuple_is_its_own_architecture() {
    let space = uneven();
    let mut seen = BTreeSet::new();
    for a in 0..2 {
        for b in 0..2 {
            for c in 0..2 {
                for d in 0..3 {
                    let architecture = space.architecture(&[a, b, c, d]).unwrap();
                    assert_eq!(space.indices(&architecture).unwrap(), [a, b, c, d]);
                    seen.insert(architecture);
                }
            }
        }
    }
    assert_eq!(seen.len(), 24);
}

#[test]
fn table_i_has_thirty_decisions_and_144_to_the_6_architectures() {
    let space = Space::preset("cifar10-quant").unwrap();
    let choices: Vec<usize> = space
        .decisions()
        .iter()
        .map(|decision| decision.choices)
        .collect();
    assert_eq!(choices, [4, 2, 3, 2, 3].repeat(6));
    assert_eq!(space.architecture_count(), 8_916_100_448_256.0); // 144^6
    assert_eq!(space.candidates(5).unwrap().len(), 144);
    assert!(matches!(
        space.candidates(6),
        Err(Error::Layer {
            layer: 6,
            layers: 6
        })
    ));
}

#[test]
fn what_is_not_in_the_space_is_refused() {
    let space = uneven();
    let message = |error: Error| error.to_string();
    assert_eq!(
        message(space.architecture(&[0, 0]).unwrap_err()),
        "4 decisions expected and 2 found"
    );
    assert_eq!(
        message(space.architecture(&[0, 0, 2, 0]).unwrap_err()),
        "decision 2 chooses number 2, there are 2 choices, numbered from 0"
    );
    let good = space.architecture(&[0, 0, 0, 0]).unwrap();
    let mut other = good.clone();
    other.0[1].kernel = 5;
    assert_eq!(
        message(space.indices(&other).unwrap_err()),
        "layer 2: `kernel` 5 is not a choice; the choices are [1, 3]"
    );
    // A list of one choice is no decision, but its value still has to be the one listed.
    let mut other = good.clone();
    let wide = Precision {
        integer: 3,
        fraction: 6,
    };
    other.0[0] = Candidate::quantised(3, wide, good.layers()[0].weight().unwrap());
    assert!(matches!(
        space.indices(&other),
        Err(Error::NotAChoice {
            layer: 0,
            kind: HyperParameter::ActivationInteger,
            value: 3,
            ..
        })
    ));
    assert_eq!(
        message(
            space
                .indices(&Architecture::uniform(Candidate::float(3), 2))
                .unwrap_err()
        ),
        "layer 1: the space is quantised and the candidate is not"
    );
    assert!(matches!(
        space.indices(&Architecture(vec![])),
        Err(Error::Depth {
            expected: 2,
            found: 0
        })
    ));
}

/// 24 architectures, 24,000 draws: 1,000 each expected, deviation 31; a draw that ignored a
/// decision would leave half of them at zero.
#[test]
fn random_architectures_are_uniform() {
    let space = uneven();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut counts = [0_usize; 24];
    for _ in 0..24_000 {
        let i = space.indices(&space.random(&mut rng)).unwrap();
        counts[((i[0] * 2 + i[1]) * 2 + i[2]) * 3 + i[3]] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
}

proptest! {
    #[test]
    fn indices_survive_the_way_there_and_back(seed: u64) {
        let space = Space::preset("fashion-small").unwrap();
        let architecture = space.random(&mut ChaCha8Rng::seed_from_u64(seed));
        let indices = space.indices(&architecture).unwrap();
        prop_assert_eq!(space.architecture(&indices).unwrap(), architecture.clone());
        let aops = space.cost(&architecture).unwrap().aops;
        let (cheapest, dearest) = space.aops_range().unwrap();
        prop_assert!((cheapest..=dearest).contains(&aops));
        let sum: u64 = architecture
            .layers()
            .iter()
            .enumerate()
            .map(|(layer, candidate)| space.candidate_aops(layer, candidate).unwrap())
            .sum();
        prop_assert_eq!(sum + space.classifier_cost().unwrap().aops, aops);
    }
}
