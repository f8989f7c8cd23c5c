//! Several trade-offs: a front for each method, and its hypervolume.

use super::{compared, comparison};
use radars_search::Method;
use radars_search::comparison::{Comparison, Fronts};

#[test]
fn gammas_and_alphas_make_a_trade_off_each() {
    let comparison = Comparison {
        reward_alphas: vec![0.7, 0.9],
        reward_gammas: vec![3e8, 3e9],
        ..comparison(&[Method::Radars], &[0])
    };
    let compared = compared(&comparison);
    let names: Vec<String> = compared.runs.iter().map(|run| run.spec.folder()).collect();
    assert_eq!(
        names,
        [
            "radars-0-alpha-0.7-gamma-3e8",
            "radars-0-alpha-0.7-gamma-3e9",
            "radars-0-alpha-0.9-gamma-3e8",
            "radars-0-alpha-0.9-gamma-3e9"
        ]
    );
    // Eq. 2 of what was found, with the trade-off of its run.
    for (run, (alpha, gamma)) in
        (compared.runs.iter()).zip([(0.7, 3e8), (0.7, 3e9), (0.9, 3e8), (0.9, 3e9)])
    {
        let best = &run.result.as_ref().unwrap().best;
        let cost = 1.0 - best.aops as f64 / gamma;
        let reward = alpha * best.val_accuracy.unwrap() + (1.0 - alpha) * cost;
        assert!(
            (best.reward.unwrap() - reward).abs() < 1e-12,
            "{}",
            run.spec
        );
    }
}

/// Each hypervolume is the area that is found by counting: of a grid of points, those that a winner is as good as.
#[test]
fn hypervolumes_are_the_shares_of_a_grid() {
    let comparison = Comparison {
        reward_gammas: vec![1e8, 1e9, 1e10],
        judge: 1,
        ..comparison(
            &[Method::Radars, Method::Random, Method::Uniform],
            &[0, 1, 2],
        )
    };
    let compared = compared(&comparison);
    let fronts = Fronts::of(&comparison, &compared.runs).unwrap();
    let winner = |run: &radars_search::comparison::Run| {
        let error = 1.0 - run.judged.as_ref().unwrap().accuracy;
        (error, run.result.as_ref().unwrap().best.aops as f64)
    };
    let all: Vec<(f64, f64)> = compared.runs.iter().map(winner).collect();
    let largest = |values: Vec<f64>| 1.1 * values.into_iter().fold(0.0, f64::max);
    assert_eq!(
        fronts.reference_error,
        largest(all.iter().map(|w| w.0).collect())
    );
    assert_eq!(
        fronts.reference_aops,
        largest(all.iter().map(|w| w.1).collect())
    );
    const GRID: usize = 400;
    for (row, name) in fronts.methods.iter().zip(["radars", "random", "uniform"]) {
        assert_eq!((row.method.as_str(), row.hypervolumes.len()), (name, 3));
        for (&volume, seed) in row.hypervolumes.iter().zip([0, 1, 2]) {
            let own = compared
                .runs
                .iter()
                .filter(|run| run.spec.seed == seed && run.spec.entrant.to_string() == row.method);
            let own: Vec<(f64, f64)> = own.map(winner).collect();
            assert_eq!(own.len(), 3);
            let middle = |index: usize, of: f64| (index as f64 + 0.5) / GRID as f64 * of;
            let beaten = (0..GRID * GRID).filter(|at| {
                let error = middle(at / GRID, fronts.reference_error);
                let aops = middle(at % GRID, fronts.reference_aops);
                own.iter()
                    .any(|winner| winner.0 <= error && winner.1 <= aops)
            });
            let share = beaten.count() as f64 / (GRID * GRID) as f64;
            assert!(
                (volume - share).abs() < 0.01,
                "{name}, {seed}: {volume}, not {share}"
            );
        }
    }
    let methods: Vec<&str> = fronts
        .differences
        .iter()
        .map(|d| d.method.as_str())
        .collect();
    assert_eq!(methods, ["random", "uniform"]);
    let volumes = |method: usize| &fronts.methods[method].hypervolumes;
    let mean = (0..3)
        .map(|seed| volumes(0)[seed] - volumes(1)[seed])
        .sum::<f64>()
        / 3.0;
    let difference = fronts.differences[0].hypervolume.unwrap();
    assert!((difference.difference - mean).abs() < 1e-12);
    assert_eq!(difference.pairs, 3);
    let methods: Vec<&str> = fronts
        .over_uniform
        .iter()
        .map(|d| d.method.as_str())
        .collect();
    assert_eq!(methods, ["radars", "random"]);
}

#[test]
fn a_single_trade_off_and_winners_that_were_not_judged_have_no_fronts() {
    let single = Comparison {
        judge: 1,
        ..comparison(&[Method::Radars], &[0])
    };
    assert_eq!(Fronts::of(&single, &compared(&single).runs), None);
    let unjudged = Comparison {
        reward_alphas: vec![0.7, 0.9],
        ..comparison(&[Method::Radars], &[0])
    };
    assert_eq!(Fronts::of(&unjudged, &compared(&unjudged).runs), None);
}
