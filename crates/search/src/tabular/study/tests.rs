//! Searches of a table small enough to know what they find.

use super::*;
use crate::QuantnasController;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Three decisions of three choices; the better, the larger the digits. One training each, all of them different.
fn table() -> Table {
    let mut csv = String::from("arch,val_acc\n");
    for index in 0..27 {
        let (a, b, c) = (index / 9, index / 3 % 3, index % 3);
        csv += &format!("{a}{b}{c},{}\n", 10 + 10 * (a + b + c) + index);
    }
    Table::from_csv(csv.as_bytes(), Path::new("t.csv")).unwrap()
}

fn study<'a>(table: &'a Table, methods: &[Method], searches: u64, at: &[usize]) -> Study<'a> {
    let mut config = Config::preset("fashion-small").unwrap();
    config.baselines.quantnas_controller = QuantnasController::Own;
    Study {
        table,
        config,
        methods: methods.to_vec(),
        searches,
        at: at.to_vec(),
    }
}

fn run(study: &Study<'_>, threads: usize) -> Vec<Studied> {
    let done = AtomicUsize::new(0);
    let counts = || {
        done.fetch_add(1, Ordering::Relaxed);
    };
    let studied = study.run(threads, &StopSignal::default(), &counts);
    let studied = studied.unwrap().unwrap();
    let searches = study.methods.len() * study.searches as usize;
    assert_eq!(done.into_inner(), searches);
    studied
}

const SAMPLING: [Method; 3] = [Method::Quantnas, Method::Random, Method::Evolution];

#[test]
fn the_result_does_not_depend_on_threads() {
    let table = table();
    let study = study(&table, &SAMPLING, 5, &[4, 9]);
    let one = run(&study, 1);
    for threads in [2, 3, 99] {
        assert_eq!(run(&study, threads), one);
    }
    let methods: Vec<Method> = one.iter().map(|studied| studied.method).collect();
    assert_eq!(methods, SAMPLING);
    assert!(
        one.iter()
            .all(|s| s.figures.iter().all(|f| f.found.len() == 5))
    );
}

/// Until its first step, after five rewards, it is the same whatever moves it; nothing of it is RADARS's.
#[test]
fn quantnas_has_the_controller_that_it_is_set_to() {
    let table = table();
    let found = |controller, at| {
        let mut study = study(&table, &[Method::Quantnas], 40, &[at]);
        study.config.baselines.quantnas_controller = controller;
        run(&study, 2).remove(0).figures.remove(0).found
    };
    use QuantnasController::{Own, Published, PublishedAdam};
    assert_eq!(found(Published, 5), found(PublishedAdam, 5));
    assert_ne!(found(Published, 40), found(PublishedAdam, 40));
    assert_ne!(found(Published, 5), found(Own, 5));
}

/// A figure is that of a search that ended there: what is done later changes nothing.
#[test]
fn a_figure_on_the_way_is_that_of_a_shorter_search() {
    let table = table();
    let long = run(&study(&table, &SAMPLING, 4, &[1, 12, 5]), 2);
    for (index, at) in [1, 12, 5].into_iter().enumerate() {
        let short = run(&study(&table, &SAMPLING, 4, &[at]), 2);
        for (long, short) in long.iter().zip(&short) {
            assert_eq!(long.figures[index], short.figures[0], "{}", long.method);
        }
    }
}

/// The figure is what the search itself calls the accuracy of its winner.
#[test]
fn the_figure_is_the_final_test_of_the_winner() {
    let table = table();
    let study = study(&table, &SAMPLING, 3, &[10]);
    for studied in run(&study, 1) {
        for (seed, &found) in studied.figures[0].found.iter().enumerate() {
            let mut problem = study.problem().unwrap();
            problem.config.method = studied.method;
            problem.config.seed = seed as u64;
            let evaluator = Tabular::new(&table, Seed(seed as u64));
            let (mut silent, stop) = (crate::Silent, StopSignal::default());
            let setup = Setup::new("table", &mut silent, &stop);
            let result = search_with(Evaluators::Shared(evaluator), &problem, setup).unwrap();
            assert_eq!(result.best.test_accuracy, Some(found));
            assert_eq!(result.search.spent, 10);
        }
    }
}

/// Of 27 architectures, 40 evaluations by random search miss the best one (26/27)^40 = 22 % of the time: 44 of
/// 200, give or take 4 standard deviations of 6. A method that learns finds it more often.
#[test]
fn methods_that_learn_find_the_optimum_more_often() {
    let table = table();
    let optimum = table.optimum().mean();
    // 10 + 10 * 6 + 26.
    assert!((optimum - 0.96).abs() < 1e-15);
    let missed = run(&study(&table, &SAMPLING, 200, &[40]), 2)
        .into_iter()
        .map(|studied| {
            let found = studied.figures[0].found.iter();
            found.filter(|&&found| found < optimum).count()
        });
    let missed: Vec<usize> = missed.collect();
    assert!((20..68).contains(&missed[1]), "{missed:?}");
    assert!(missed[0] < 20 && missed[2] < 20, "{missed:?}");
}

#[test]
fn what_a_table_cannot_do_is_refused_in_a_sentence() {
    let table = table();
    let refused = |methods: &[Method], at: &[usize]| {
        let study = study(&table, methods, 1, at);
        let error = study.run(1, &StopSignal::default(), &|| ()).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        refused(&[Method::Random, Method::Dnas], &[3]),
        "this evaluator does not offer SuperNets, which the method needs; take quantnas, random or evolution"
    );
    for method in [Method::Radars, Method::OneShot, Method::Uniform] {
        assert!(refused(&[method], &[3]).contains("take quantnas, random or evolution"));
    }
    for at in [&[][..], &[0, 3], &[3, usize::MAX]] {
        let error = refused(&[Method::Random], at);
        assert!(error.contains("has to be between 1 and 1000000"), "{error}");
    }
}

#[test]
fn an_interrupted_study_has_no_figures() {
    let table = table();
    let stop = StopSignal::default();
    stop.interrupt();
    let study = study(&table, &SAMPLING, 2, &[5]);
    assert_eq!(study.run(2, &stop, &|| ()).unwrap(), None);
}
