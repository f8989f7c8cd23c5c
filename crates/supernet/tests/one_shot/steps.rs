//! What a step trains and leaves alone, and how a SuperNet is saved and restored.

use crate::fixture::{
    SEED, arena, batch, candidates, images, of_path, one_shot, path, settings, space, values,
};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu};
use radars_supernet::nn::{Role, Trains};
use radars_supernet::{ChildTrainer, Error, OneShot, OneShotState};

const RATE: f32 = 0.05;

fn step(one_shot: &mut OneShot, arena: &Arena<Cpu>, positions: [usize; 2], index: u64) -> f64 {
    let bytes = images(4, index);
    one_shot
        .step(arena, &path(positions), batch(&bytes), RATE)
        .unwrap()
}

/// A child's trainer with the weights and velocities of a path.
fn child(arena: &Arena<Cpu>, state: &OneShotState, positions: [usize; 2]) -> ChildTrainer<Cpu> {
    let mut child =
        ChildTrainer::new(arena, &space(), &path(positions), settings(), Seed(77)).unwrap();
    let mut to = child.state().unwrap();
    let mut parameters = of_path(&state.parameters, positions).into_iter();
    let ids: Vec<_> = child.parameters().iter().collect();
    for (saved, (_, parameter)) in to.parameters.iter_mut().zip(ids) {
        if parameter.role() != Role::Statistic {
            let from = parameters.next().unwrap();
            assert_eq!(from.shape, saved.shape);
            saved.values = from.values.clone();
        }
    }
    assert!(parameters.next().is_none());
    let momenta = of_path(&state.momenta, positions);
    assert_eq!(momenta.len(), to.momenta.len());
    for (to, from) in to.momenta.iter_mut().zip(momenta) {
        to.values = from.values.clone();
    }
    child.restore(&to).unwrap();
    child
}

/// The values of a child's trained parameters and velocities.
fn trained(child: &ChildTrainer<Cpu>) -> Vec<Vec<f32>> {
    let weights = child.parameters().iter();
    let weights = weights.filter(|(_, p)| Trains::Weights.includes(p.role()));
    let weights = weights.map(|(_, p)| p.value().read().unwrap());
    let momenta = child.state().unwrap().momenta;
    weights
        .chain(momenta.into_iter().map(|m| m.values))
        .collect()
}

#[test]
fn a_step_is_that_of_a_child_with_the_same_weights() {
    let arena = arena(16 << 20);
    let mut one_shot = one_shot();
    // The last path has a candidate that was trained on two paths, and one that was trained on another.
    for (index, positions) in [[0, 2], [1, 3], [0, 3], [0, 3]].into_iter().enumerate() {
        step(&mut one_shot, &arena, positions, index as u64);
    }
    let before = one_shot.state();
    let loss = step(&mut one_shot, &arena, [0, 2], 9);

    let mut child = child(&arena, &before, [0, 2]);
    assert_eq!(trained(&child), values(&before, [0, 2]));
    child.step(batch(&images(4, 9)), RATE).unwrap();
    assert_eq!(child.take_mean_loss().unwrap(), Some(loss));
    assert_eq!(trained(&child), values(&one_shot.state(), [0, 2]));
    assert_ne!(trained(&child), values(&before, [0, 2]));
}

#[test]
fn a_step_leaves_candidates_off_its_path_alone() {
    let arena = arena(16 << 20);
    let mut one_shot = one_shot();
    step(&mut one_shot, &arena, [0, 2], 0);
    let first = one_shot.state();
    // 3 parameters a candidate, 2 of the classifier.
    assert_eq!(first.parameters.len(), 2 * 3 + 2);
    step(&mut one_shot, &arena, [1, 2], 1);
    let second = one_shot.state();
    assert_eq!(second.parameters.len(), 3 * 3 + 2);
    let group = |state: &OneShotState, name: &str| {
        let lists = [&state.parameters, &state.momenta];
        let saved = lists.into_iter().flatten();
        let saved = saved.filter(|saved| saved.name.starts_with(name));
        saved.map(|saved| saved.values.clone()).collect::<Vec<_>>()
    };
    let off = "layer0.candidate0.";
    assert_eq!(group(&first, off).len(), 6);
    assert_eq!(group(&first, off), group(&second, off));
    for on in ["layer1.candidate2.", "classifier."] {
        assert_ne!(group(&first, on), group(&second, on), "{on}");
    }
}

/// At rate 0 the weights stay as they were drawn.
#[test]
fn initial_weights_depend_on_the_seed_and_the_name_alone() {
    let arena = arena(16 << 20);
    let drawn = |seed, paths: [[usize; 2]; 2]| {
        let mut one_shot = OneShot::new(&space(), &candidates(), settings(), seed).unwrap();
        for positions in paths {
            let bytes = images(4, 0);
            one_shot
                .step(&arena, &path(positions), batch(&bytes), 0.0)
                .unwrap();
        }
        one_shot.state().parameters
    };
    let forward = drawn(SEED, [[0, 2], [1, 3]]);
    assert_eq!(forward, drawn(SEED, [[1, 3], [0, 2]]));
    assert_ne!(forward, drawn(Seed(5), [[0, 2], [1, 3]]));
    // Candidates 0 and 3 of layer 0 have weights of one shape.
    let weights = |positions: [usize; 2]| {
        let saved = drawn(SEED, [positions, positions]);
        of_path(&saved, positions)[0].clone()
    };
    let (a, b) = (weights([0, 2]), weights([3, 2]));
    assert_eq!(a.shape, b.shape);
    assert_ne!(a.values, b.values);
}

#[test]
fn a_restored_supernet_goes_on_to_the_bit() {
    let arena = arena(16 << 20);
    let paths = [[0, 2], [1, 3], [2, 2], [0, 3], [3, 0], [1, 1]];
    let mut straight = one_shot();
    let run = |one_shot: &mut OneShot, range: std::ops::Range<usize>| {
        let step = |index: usize| step(one_shot, &arena, paths[index], index as u64);
        range.map(step).collect::<Vec<f64>>()
    };
    run(&mut straight, 0..3);
    let state = straight.state();
    let losses = run(&mut straight, 3..6);

    let mut resumed = one_shot();
    run(&mut resumed, 4..6);
    resumed.restore(&state).unwrap();
    assert_eq!(resumed.state(), state);
    assert_eq!(run(&mut resumed, 3..6), losses);
    assert_eq!(resumed.state(), straight.state());
    assert_eq!(resumed.host_bytes(), straight.host_bytes());
}

#[test]
fn a_state_of_another_supernet_is_refused_and_changes_nothing() {
    let arena = arena(16 << 20);
    let mut trained = one_shot();
    step(&mut trained, &arena, [0, 2], 0);
    let state = trained.state();

    let mut other = one_shot();
    let untouched = other.state();
    let mut refuse = |change: fn(&mut OneShotState), at: usize, found: &str| {
        let mut state = state.clone();
        change(&mut state);
        match other.restore(&state).unwrap_err() {
            Error::Nn(radars_supernet::nn::Error::Saved {
                index, found: name, ..
            }) => assert_eq!((index, name.as_str()), (at, found)),
            error => panic!("{error}"),
        }
        assert_eq!(other.state(), untouched);
    };
    refuse(
        |s| s.parameters[5].shape.reverse(),
        5,
        "layer1.candidate2.weight",
    );
    refuse(
        |s| s.parameters[5].name.push('x'),
        5,
        "layer1.candidate2.weightx",
    );
    refuse(
        |s| s.parameters[2].name = "layer0.candidate4.weight".into(),
        2,
        "layer0.candidate4.weight",
    );
    refuse(|s| drop(s.momenta.pop()), 7, "");
    refuse(|s| drop(s.parameters.pop()), 7, "");
}

#[test]
fn a_path_through_a_candidate_that_is_not_there_is_refused() {
    let arena = arena(16 << 20);
    let mut one_shot = one_shot();
    let mut stranger = path([0, 0]);
    stranger.0[1].kernel = 7;
    let bytes = images(4, 0);
    let error = one_shot.step(&arena, &stranger, batch(&bytes), RATE);
    assert!(matches!(error, Err(Error::Path { layer: 1, .. })));
    stranger.0.pop();
    let error = one_shot.step(&arena, &stranger, batch(&bytes), RATE);
    assert!(matches!(
        error,
        Err(Error::Candidates {
            expected: 2,
            found: 1
        })
    ));
    assert!(OneShot::new(&space(), &[vec![], vec![]], settings(), SEED).is_err());
}
