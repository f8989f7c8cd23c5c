//! Searches of a table whose truth is known.

use super::*;
use crate::tabular::fidelity::TableFile;
use radars_space::{Choices, ImageShape, Layer, Space};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Three layers of kernel 1, 3 or 5: the more 3x3, the better, at every fidelity, with two seeds that differ by
/// two points. A brief training costs 1, one to convergence 5.
fn table() -> FidelityTable {
    table_with("")
}

/// With these comments.
fn table_with(comments: &str) -> FidelityTable {
    let layer = Layer::conv(2, 1, Choices::float(&[1, 3, 5]).unwrap());
    let images = ImageShape {
        height: 4,
        width: 4,
        channels: 1,
    };
    let space = Space::new("nine", vec![layer; 3]).unwrap();
    let space = space.resolve(images, 10).unwrap();
    let mut csv =
        format!("{comments}arch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs\n");
    for index in 0..27 {
        let choices = [index / 9, index / 3 % 3, index % 3];
        let architecture = space.architecture(&choices).unwrap();
        let aops = space.cost(&architecture).unwrap().aops;
        let good = choices.iter().filter(|&&choice| choice == 1).count();
        let [a, b, c] = choices;
        for seed in [0, 1] {
            let accuracy = 0.5 + 0.1 * good as f64 + 0.001 * index as f64 + 0.02 * seed as f64;
            csv += &format!("{a}{b}{c},{aops},{seed},{accuracy},{accuracy},{accuracy},1,5,9\n");
        }
    }
    let file = Path::new("t.csv");
    let read = TableFile::from_csv(csv.as_bytes(), file).unwrap();
    FidelityTable::new(&read, Some(space), file).unwrap()
}

/// Accuracy alone.
fn study<'a>(
    table: &'a FidelityTable,
    methods: &[Method],
    seeds: u64,
    budget: u64,
) -> FidelityStudy<'a> {
    let mut config = Config::preset("fashion-small").unwrap();
    config.search.budget = Some(budget);
    FidelityStudy {
        table,
        config,
        reward: Reward::new(1.0, 0.0, 1.0).unwrap(),
        methods: methods.to_vec(),
        seeds: (0..seeds).collect(),
    }
}

fn run(study: &FidelityStudy<'_>, threads: usize) -> Vec<FidelityStudied> {
    let done = AtomicUsize::new(0);
    let counts = || {
        done.fetch_add(1, Ordering::Relaxed);
    };
    let studied = study.run(threads, &StopSignal::default(), &counts);
    assert_eq!(done.into_inner(), study.methods.len() * study.seeds.len());
    studied.unwrap().unwrap()
}

const SAMPLING: [Method; 4] = [
    Method::Quantnas,
    Method::Random,
    Method::Evolution,
    Method::Uniform,
];

/// The model of measurements has to know how brief the trainings were that it sees.
#[test]
fn epochs_are_the_tables_where_it_says_them() {
    let epochs = |table: &FidelityTable| {
        let training = study(table, &SAMPLING, 1, 60)
            .problem()
            .unwrap()
            .config
            .training;
        [
            training.proxy_epochs,
            training.exact_epochs,
            training.final_epochs,
        ]
    };
    let said = table_with("# proxy_epochs = 3\n# exact_epochs = 9\n# final_epochs = 27\n");
    assert_eq!(epochs(&said), [3, 9, 27]);
    let preset = Config::preset("fashion-small").unwrap().training;
    assert_eq!(epochs(&table())[1], preset.exact_epochs);
}

#[test]
fn the_result_does_not_depend_on_threads() {
    let table = table();
    let study = study(&table, &SAMPLING, 5, 60);
    let one = run(&study, 1);
    for threads in [2, 3, 99] {
        assert_eq!(run(&study, threads), one);
    }
    let methods: Vec<Method> = one.iter().map(|studied| studied.method).collect();
    assert_eq!(methods, SAMPLING);
}

/// The best is 3x3 everywhere: 0.5 + 0.3 + 0.013, and a point for the mean of the seeds. `uniform` tries that first;
/// QuantNAS, which pays 5 for each, knows all 27 architectures after 135, and the best cannot be taken for another.
#[test]
fn what_is_found_is_worth_what_the_table_says() {
    let table = table();
    let study = study(&table, &SAMPLING, 20, 1000);
    let (best, worth) = table
        .optimum(study.reward, &study.config.limits)
        .unwrap()
        .unwrap();
    assert_eq!(best.architecture.to_string(), "k3 | k3 | k3");
    assert!((worth - 0.823).abs() < 1e-12, "{worth}");
    for studied in run(&study, 2) {
        let method = studied.method;
        let rewards = studied.rewards();
        assert_eq!(rewards.len(), 20);
        assert!(rewards.iter().all(|&reward| reward <= worth), "{method}");
        for winner in &studied.winners {
            let known = table.get(&winner.architecture).unwrap();
            assert_eq!((winner.accuracy, winner.aops), (known.truth(), known.aops));
            assert!(winner.spent <= 1000, "{method}: {}", winner.spent);
            // What it won by is one of two draws, a point below and above the truth.
            let optimism = winner.selected.unwrap() - winner.reward;
            assert!(
                (optimism.abs() - 0.01).abs() < 1e-12,
                "{method}: {optimism}"
            );
        }
        let mean = studied.sample(|winner| winner.reward).unwrap().mean;
        assert!(worth - mean < 1e-12, "{method}: {mean}");
    }
}

/// What is spent is made of what the table says, 5 for a training to convergence: with a budget, `uniform` goes on after
/// its one plain network to the others that are alike in all layers, of which there are three.
#[test]
fn searches_pay_what_the_table_says() {
    let table = table();
    let studied = run(&study(&table, &SAMPLING, 3, 30), 2);
    let spent = |method: usize| studied[method].winners.iter().map(|winner| winner.spent);
    assert!(spent(3).eq([15; 3]), "{:?}", spent(3).collect::<Vec<_>>());
    // Six networks at 5 each.
    assert!(spent(0).eq([30; 3]), "{:?}", spent(0).collect::<Vec<_>>());
}

#[test]
fn what_a_table_cannot_do_is_refused_in_a_sentence() {
    let table = table();
    let refused = |methods: &[Method], budget| {
        let mut study = study(&table, methods, 1, 30);
        study.config.search.budget = budget;
        let error = study.run(1, &StopSignal::default(), &|| ()).unwrap_err();
        error.to_string()
    };
    for (method, words) in [
        (Method::Dnas, "SuperNets"),
        (Method::OneShot, "shared weights"),
    ] {
        let error = refused(&[Method::Random, method], Some(30));
        assert!(error.contains(words), "{error}");
    }
    assert!(refused(&[Method::Random], None).starts_with("search.budget is missing"));
    assert!(refused(&[Method::Quantnas], Some(4)).contains("too small"));
}

#[test]
fn an_interrupted_study_has_no_figures() {
    let table = table();
    let stop = StopSignal::default();
    stop.interrupt();
    let study = study(&table, &SAMPLING, 2, 100);
    assert_eq!(study.run(2, &stop, &|| ()).unwrap(), None);
}
