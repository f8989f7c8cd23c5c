//! How well the samplers search, on NAS-Bench-201's CIFAR-10 table, where somebody has it: the controller with
//! the settings the program ships with, random search and regularised evolution.
//!
//! The table is not part of the repository; without it nothing is checked, and the test says so. The
//! figures themselves, with random search among them:
//! `cargo xtask compare --table FILE --methods quantnas,random,evolution --episodes 300 --at 100,300 --seeds 300`;
//! with `--controller published` those of QuantNAS's own controller.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_search::tabular::{Figure, Study, Table};
use radars_search::{Config, Method, QuantnasController, StopSignal};
use std::io::Write;
use std::path::Path;

/// Searches of each method: standard errors are 0.01 to 0.03 percent then.
const SEARCHES: u64 = 300;

/// A mean and its standard error, in percent.
fn mean_and_error(figure: &Figure) -> (f64, f64) {
    let sample = figure.sample().unwrap();
    (100.0 * sample.mean, 100.0 * sample.error.unwrap())
}

#[test]
fn the_controller_passes_regularised_evolution() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/nasbench201_cifar10.csv.gz");
    if !file.exists() {
        // Written past the harness, which shows what a test prints only when it fails.
        let _ = writeln!(
            std::io::stderr(),
            "NOT CHECKED: {} is not there",
            file.display()
        );
        return;
    }
    let table = Table::read(&file).unwrap();
    // 5 operations on 6 edges; the best is known to be 91.61 percent.
    assert_eq!(table.rows().len(), 15_625);
    assert!((100.0 * table.optimum().mean() - 91.61).abs() < 0.005);
    let mut config = Config::preset("fashion-small").unwrap();
    // RADARS's, not the published one of QuantNAS.
    config.baselines.quantnas_controller = QuantnasController::Own;
    let study = Study {
        table: &table,
        config,
        methods: vec![Method::Quantnas, Method::Random, Method::Evolution],
        searches: SEARCHES,
        at: vec![100, 300],
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let studied = study.run(threads, &StopSignal::default(), &|| ());
    let studied = studied.unwrap().unwrap();
    let figure = |method: usize, at: usize| mean_and_error(&studied[method].figures[at]);
    // Independent implementations of both controls came to these, over 300 searches.
    for (method, at, seen) in [(1, 0, 90.99), (1, 1, 91.21), (2, 0, 91.33), (2, 1, 91.52)] {
        let (mean, error) = figure(method, at);
        let method = studied[method].method;
        // The figures seen have about the same error.
        let apart = (mean - seen).abs() / (error * f64::sqrt(2.0));
        assert!(apart < 4.0, "{method}: {mean:.3} +- {error:.3}, not {seen}");
    }
    for (at, least) in [(0, 91.20), (1, 91.45)] {
        let ((controller, error), (evolution, other)) = (figure(0, at), figure(2, at));
        println!(
            "controller {controller:.3} +- {error:.3}, evolution {evolution:.3} +- {other:.3}"
        );
        assert!(controller >= least, "{controller:.3}, not {least}");
        let ahead = (controller - evolution) / f64::hypot(error, other);
        assert!(
            ahead > 2.0,
            "{controller:.3} against {evolution:.3}: {ahead:.1} standard errors"
        );
    }
}
