//! What methods may spend: budgets beyond RADARS's, and what of theirs methods spent.

use super::{compared, comparison, measured, oracle, spent};
use radars_search::comparison::{
    Comparison, Outcome, Summary, differences, over_uniform, overtakings, reaches,
};
use radars_search::space::Architecture;
use radars_search::{Config, Fidelity, Method};

fn thrice(methods: &[Method], seeds: &[u64]) -> Comparison {
    Comparison {
        budget_factors: vec![3.0],
        ..comparison(methods, seeds)
    }
}

#[test]
fn a_factor_gives_the_others_as_many_times_the_budget() {
    let comparison = thrice(
        &[Method::Radars, Method::Quantnas, Method::Uniform],
        &[0, 1],
    );
    let compared = compared(&comparison);
    let names: Vec<String> = compared.runs.iter().map(|run| run.spec.folder()).collect();
    assert_eq!(
        names[..5],
        [
            "radars-0",
            "quantnas-0",
            "uniform-0",
            "quantnas-0-x3",
            "uniform-0-x3"
        ]
    );
    for of_seed in compared.runs.chunks(5) {
        let common = spent(&of_seed[0]).unwrap();
        assert_eq!(of_seed[1].budget, Some(common));
        assert_eq!(of_seed[3].budget, Some(3 * common));
        assert!(spent(&of_seed[3]) > spent(&of_seed[1]));
        assert!(spent(&of_seed[3]).unwrap() <= 3 * common);
        assert_eq!(
            of_seed[3].result.as_ref().unwrap().search.spent,
            spent(&of_seed[3]).unwrap()
        );
    }
    let rows = Summary::all(&comparison, &compared.runs);
    let names: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    assert_eq!(
        names,
        ["radars", "quantnas", "uniform", "quantnas x3", "uniform x3"]
    );
    assert_eq!(rows[0].mean_budget_share, None);
    let share = |run: usize| {
        spent(&compared.runs[run]).unwrap() as f64 / compared.runs[run].budget.unwrap() as f64
    };
    let quantnas = rows[1].mean_budget_share.unwrap();
    assert!((quantnas - (share(1) + share(6)) / 2.0).abs() < 1e-12);
    assert_eq!(rows[1].least_budget_share, Some(share(1).min(share(6))));
    let methods = |rows: &[radars_search::comparison::Difference]| -> Vec<String> {
        rows.iter().map(|row| row.method.clone()).collect()
    };
    assert_eq!(
        methods(&differences(&comparison, &compared.runs)),
        ["quantnas", "uniform", "quantnas x3", "uniform x3"]
    );
    assert_eq!(
        methods(&over_uniform(&comparison, &compared.runs)),
        ["radars", "quantnas", "quantnas x3"]
    );
}

/// QuantNAS sees nothing in any network: RADARS is ahead of all that it finds with its first training to convergence,
/// and QuantNAS never comes as far.
#[test]
fn both_ways_it_is_told_how_soon_one_came_as_far_as_the_other() {
    let comparison = thrice(&[Method::Radars, Method::Quantnas], &[0, 1, 2]);
    let measure = |config: &Config, architecture: &Architecture, _: Fidelity| match config.method {
        Method::Quantnas => 0.0,
        _ => oracle::accuracy(architecture),
    };
    let compared = measured(&comparison, &measure);
    let reaches = reaches(&comparison, &compared.runs);
    let reached: Vec<(&str, usize)> = (reaches.iter())
        .map(|row| (row.method.as_str(), row.reached))
        .collect();
    assert_eq!(
        reached,
        [("radars", 3), ("quantnas", 0), ("quantnas x3", 0)]
    );
    let overtakings = overtakings(&comparison, &compared.runs);
    assert_eq!(overtakings.len(), 2);
    let thrice = &overtakings[1];
    assert_eq!(
        (thrice.method.as_str(), thrice.reached, thrice.seeds),
        ("quantnas x3", 3, 3)
    );
    // What RADARS had spent when it first had any exact reward, of what the other spent in all.
    let first = |run: usize| compared.runs[3 * run].history.curve[0].spent_macs as f64;
    let whole = |run: usize| spent(&compared.runs[3 * run + 2]).unwrap() as f64;
    let expected = (first(0) + first(1) + first(2)) / (whole(0) + whole(1) + whole(2));
    assert!((thrice.share_macs.unwrap() - expected).abs() < 1e-12);
    assert!(
        (thrice.mean_spent_macs.unwrap() - (first(0) + first(1) + first(2)) / 3.0).abs() < 1e-9
    );
}

#[test]
fn a_factor_multiplies_a_budget_that_is_given() {
    let comparison = Comparison {
        budget: Some(20),
        budget_factors: vec![2.5],
        ..comparison(&[Method::Random], &[0])
    };
    let compared = compared(&comparison);
    assert_eq!(compared.runs[0].budget, Some(20));
    assert_eq!(compared.runs[1].budget, Some(50));
    assert!(compared.runs.iter().all(|run| run.outcome == Outcome::Done));
}
