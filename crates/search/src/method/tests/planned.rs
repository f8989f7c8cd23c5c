//! What the planner decides, and what comes of it.

use super::fake::{Fake, Run, finished, problem};
use crate::{Event, Fidelity, MicroBatch, Recomputation, SnRule};
use radars_supernet::Recompute;

/// By exact reward 3, 5, 7, of which 5 takes too much beside 3, and 7 does not.
fn too_much() -> Fake {
    Fake {
        exact_accuracy: [0.1, 0.9, 0.8, 0.7],
        candidate_bytes: [1, 60, 41, 2],
        ..Fake::default()
    }
}

fn pruned(run: &Run) -> &Event {
    let mut events = run.events.iter();
    let pruned = events.find(|event| matches!(event, Event::Pruned { .. }));
    pruned.unwrap()
}

#[test]
fn a_pack_passes_over_what_does_not_fit() {
    let problem = problem(|config| {
        config.search.iterations = 1;
        config.search.sn_rule = SnRule::Pack;
    });
    let run = finished(&problem, too_much());
    assert_eq!(run.fake.exploited(), [[3, 7]]);
    let Event::Pruned {
        rule,
        architectures,
        left_out,
        planned_peak_bytes,
        refused_bytes,
        ..
    } = pruned(&run)
    else {
        unreachable!("it is one");
    };
    assert_eq!(*rule, Some(SnRule::Pack));
    assert_eq!((architectures.len(), *left_out), (2, 1));
    assert_eq!((*planned_peak_bytes, *refused_bytes), (62, Some(101)));
}

/// All three take 103 in whole batches; in halves 52.
#[test]
fn a_supernet_is_trained_in_micro_batches_that_fit() {
    let problem = problem(|config| {
        config.search.iterations = 1;
        config.micro_batch = Some(MicroBatch::Auto);
    });
    let run = finished(&problem, too_much());
    assert_eq!(run.fake.exploited(), [[3, 5, 7]]);
    let Event::Pruned {
        micro_batch,
        planned_peak_bytes,
        refused_bytes,
        ..
    } = pruned(&run)
    else {
        unreachable!("it is one");
    };
    assert_eq!((*micro_batch, *planned_peak_bytes), (16, 52));
    assert_eq!(*refused_bytes, None);
}

/// Kernel 7 takes 300 in whole batches, 75 in quarters; kernel 5 takes 900, and 113 still in eighths of 4 images.
#[test]
fn a_sampled_child_is_trained_in_micro_batches_that_fit() {
    let fake = Fake {
        child_bytes: [1, 1, 900, 300],
        ..Fake::default()
    };
    let trained = |micro_batch| {
        let problem = problem(|config| {
            config.search.iterations = 1;
            config.micro_batch = micro_batch;
        });
        let run = finished(&problem, fake.clone());
        let mut kernels = run.fake.trained(Fidelity::Proxy);
        kernels.sort_unstable();
        kernels
    };
    assert_eq!(trained(None), [1, 3]);
    assert_eq!(trained(Some(MicroBatch::Auto)), [1, 3, 7]);
    assert_eq!(trained(Some(MicroBatch::Images(1))), [1, 3, 5, 7]);
}

/// All three take 103 with every layer kept; a third less recomputed.
#[test]
fn a_supernet_is_recomputed_before_it_is_trained_in_micro_batches() {
    let problem = problem(|config| {
        config.search.iterations = 1;
        config.micro_batch = Some(MicroBatch::Auto);
        config.recompute = Recomputation::Auto;
    });
    let run = finished(&problem, too_much());
    assert_eq!(run.fake.exploited(), [[3, 5, 7]]);
    let Event::Pruned {
        micro_batch,
        recompute,
        planned_peak_bytes,
        ..
    } = pruned(&run)
    else {
        unreachable!("it is one");
    };
    assert_eq!((*micro_batch, *planned_peak_bytes), (32, 69));
    assert_eq!(*recompute, Recompute::NONE.with(0));
    // 4 brief trainings at 1, 3 to convergence at 10, 6 epochs of DNAS at 2 and 1 more each.
    assert_eq!(run.explored.findings.spent, 4);
    assert_eq!(run.exploited.findings.spent, 30 + 6 * 3);
}

/// Kernel 7 takes 140 with its layer kept, 94 recomputed, which costs 1 more of a brief training and 3 more of one to
/// convergence; kernel 5 takes 900 and 600.
#[test]
fn a_sampled_child_is_recomputed_where_that_makes_it_fit() {
    let fake = Fake {
        child_bytes: [1, 1, 900, 140],
        ..Fake::default()
    };
    let problem = problem(|config| {
        config.search.iterations = 1;
        config.recompute = Recomputation::Auto;
    });
    let run = finished(&problem, fake);
    let mut kernels = run.fake.trained(Fidelity::Proxy);
    kernels.sort_unstable();
    assert_eq!(kernels, [1, 3, 7]);
    assert_eq!(run.explored.findings.spent, 1 + 1 + 2);
    // The SuperNet of three candidates fits as it is: 6 epochs at 2.
    assert_eq!(run.exploited.findings.spent, 10 + 10 + 13 + 12);
}
