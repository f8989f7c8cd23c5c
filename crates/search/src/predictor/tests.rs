//! What the model of measurements expects, on spaces small enough to tell what is right.

use super::*;
use radars_space::{Choices, Layer};

/// Four layers of three kernels.
fn space() -> Space {
    let layer = || Layer::conv(8, 1, Choices::float(&[1, 3, 5]).unwrap());
    Space::new("four", (0..4).map(|_| layer()).collect()).unwrap()
}

fn fit(space: &Space, measured: &[([usize; 4], f64, f64)]) -> Predictor {
    let architectures: Vec<Architecture> = (measured.iter())
        .map(|(choices, ..)| space.architecture(choices).unwrap())
        .collect();
    let observations: Vec<Observation<'_>> = (architectures.iter().zip(measured))
        .map(|(architecture, &(_, brevity, accuracy))| Observation {
            architecture,
            brevity,
            accuracy,
        })
        .collect();
    let fitted = Predictor::fit(space, 1000, FINAL, &observations);
    fitted.unwrap().unwrap()
}

/// Brevities of trainings of 2, 8 and 40 epochs.
const PROXY: f64 = 1.0;
const EXACT: f64 = 0.25;
const FINAL: f64 = 0.05;

#[test]
fn nothing_is_learned_from_nothing() {
    assert!(Predictor::fit(&space(), 0, FINAL, &[]).unwrap().is_none());
}

/// What the larger kernel does in all layers is expected of it in a part of them, half of it in half of them.
#[test]
fn what_a_choice_does_in_all_layers_is_expected_in_each() {
    let predictor = fit(
        &space(),
        &[
            ([0; 4], EXACT, 0.70),
            ([1; 4], EXACT, 0.80),
            ([2; 4], EXACT, 0.80),
        ],
    );
    let accuracy = |choices: [usize; 4]| predictor.predict_choices(&choices).accuracy();
    let (small, half, large) = (accuracy([0; 4]), accuracy([0, 1, 1, 0]), accuracy([1; 4]));
    assert!(
        small < half - 0.02 && half < large - 0.02,
        "{small} {half} {large}"
    );
    // Geometric in the error: between the two, at the middle of their logarithms.
    let middle = 1.0 - ((1.0 - small) * (1.0 - large)).sqrt();
    assert!((half - middle).abs() < 0.005, "{half} {middle}");
}

/// Nine networks alike and one lucky draw: the estimate of the lucky one is nearer to the others than to its draw.
#[test]
fn a_lucky_draw_is_shrunk() {
    let mut measured = vec![([1, 1, 1, 2], EXACT, 0.84)];
    for choices in [
        [1, 1, 1, 1],
        [1, 1, 2, 1],
        [1, 2, 1, 1],
        [2, 1, 1, 1],
        [1, 1, 2, 2],
    ] {
        measured.push((choices, EXACT, 0.80));
    }
    let predictor = fit(&space(), &measured);
    let accuracy = predictor.predict_choices(&[1, 1, 1, 2]).accuracy();
    assert!((0.795..0.82).contains(&accuracy), "{accuracy}");
}

/// Proxies say that 5 is best, exact trainings that 3 is: the latter decide, and proxies still tell 1 from the rest.
#[test]
fn exact_rewards_correct_what_proxies_favour() {
    let mut measured = Vec::new();
    for (choice, proxy) in [(0, 0.5), (1, 0.70), (2, 0.72)] {
        measured.push(([choice; 4], PROXY, proxy));
    }
    measured.push(([1; 4], EXACT, 0.86));
    measured.push(([2; 4], EXACT, 0.84));
    let predictor = fit(&space(), &measured);
    let accuracy = |choice| predictor.predict_choices(&[choice; 4]).accuracy();
    assert!(accuracy(1) > accuracy(2) && accuracy(2) > accuracy(0) + 0.05);
}

/// Errors of exp(s - 2), s the brevity: exp(-1) of a proxy, exp(-1.75) of an exact training, exp(-1.95) of a final one.
#[test]
fn what_the_final_training_comes_to_is_told_from_two_fidelities() {
    let mut measured = Vec::new();
    for choices in [
        [0; 4],
        [1; 4],
        [2; 4],
        [0, 1, 2, 0],
        [1, 2, 0, 1],
        [2, 0, 1, 2],
    ] {
        for brevity in [PROXY, EXACT] {
            measured.push((choices, brevity, 1.0 - libm::exp(brevity - 2.0)));
        }
    }
    let estimate = fit(&space(), &measured).predict_choices(&[1; 4]);
    assert!(
        (estimate.log_error - -1.95).abs() < 0.03,
        "{}",
        estimate.log_error
    );
}

/// The larger kernel has three quarters of the error at two epochs, as much at eight: at forty the smaller one is
/// expected to be better.
#[test]
fn what_brief_trainings_favour_fades() {
    let mut measured = Vec::new();
    for choices in [[1; 4], [1, 1, 1, 2], [1, 1, 2, 1]] {
        measured.extend([(choices, PROXY, 0.6), (choices, EXACT, 0.8)]);
    }
    for choices in [[2; 4], [2, 2, 2, 1], [2, 2, 1, 2]] {
        measured.extend([(choices, PROXY, 0.69), (choices, EXACT, 0.8)]);
    }
    let predictor = fit(&space(), &measured);
    let accuracy = |choice| predictor.predict_choices(&[choice; 4]).accuracy();
    assert!(accuracy(1) > accuracy(2), "{} {}", accuracy(1), accuracy(2));
}

#[test]
fn what_was_not_tried_is_less_certain_and_more_is_hoped_for() {
    let predictor = fit(
        &space(),
        &[
            ([1; 4], PROXY, 0.7),
            ([1; 4], EXACT, 0.8),
            ([1, 1, 1, 0], PROXY, 0.69),
            ([1, 1, 1, 0], EXACT, 0.79),
        ],
    );
    let known = predictor.predict_choices(&[1; 4]);
    let unknown = predictor.predict_choices(&[2, 0, 2, 0]);
    // Of one measurement on 1000 images, the logarithm of an error of 0.2 is known to 0.07; at 40 epochs, to less.
    assert!(known.deviation < 0.1 && unknown.deviation > 1.5 * known.deviation);
    assert!(unknown.hoped_for(1.0) > unknown.accuracy());
    assert!(unknown.hoped_for(100.0) <= 1.0);
}

/// An architecture that was named differently is the same to the last bit, and order of layers matters.
#[test]
fn depth_is_told_from_share() {
    let measured = [
        ([0, 0, 1, 1], EXACT, 0.85),
        ([1, 1, 0, 0], EXACT, 0.75),
        ([0, 0, 0, 0], EXACT, 0.80),
        ([1, 1, 1, 1], EXACT, 0.80),
    ];
    let space = space();
    let predictor = fit(&space, &measured);
    let architecture = space.architecture(&[0, 0, 0, 1]).unwrap();
    let behind = predictor.predict(&space, &architecture).unwrap();
    assert_eq!(behind, predictor.predict_choices(&[0, 0, 0, 1]));
    let in_front = predictor.predict_choices(&[1, 0, 0, 0]);
    assert!(behind.accuracy() > in_front.accuracy() + 0.01);
}
