//! What a single-path SuperNet takes on the device and on the host, and what goes between them.

use crate::fixture::{SEED, arena, batch, candidates, images, one_shot, path, settings, space};
use radars_space::{Architecture, Space};
use radars_supernet::nn::tensor::{self, Arena, Backend, Cpu};
use radars_supernet::{
    BatchSizes, Images, OneShot, Result, StepSize, Traffic, plan_inherited_path, plan_one_shot,
    plan_one_shot_path,
};

/// 4 images a step; 4 and then 2 are evaluated.
const BATCHES: BatchSizes = BatchSizes {
    step: StepSize::whole(4),
    evaluated: 6,
};

/// Two steps and an evaluation of a path.
fn run(one_shot: &mut OneShot, arena: &Arena<Cpu>, positions: [usize; 2]) -> Result<()> {
    let path = path(positions);
    let bytes = images(4, 0);
    for _ in 0..2 {
        one_shot.step(arena, &path, batch(&bytes), 0.05)?;
    }
    let mut inherited = one_shot.inherit(arena, &path)?;
    inherited.estimate(batch(&bytes))?;
    inherited.correct(batch(&bytes))?;
    inherited.correct(Images {
        bytes: &images(2, 1),
        placements: &[[0; 3]; 2],
        labels: &[0, 1],
    })?;
    Ok(())
}

fn all_paths() -> impl Iterator<Item = [usize; 2]> {
    (0..4).flat_map(|first| (0..4).map(move |second| [first, second]))
}

#[test]
fn the_plan_of_a_path_is_what_it_takes() {
    let spec = Cpu::new(1).unwrap().spec();
    for positions in all_paths() {
        let path = path(positions);
        let plan = plan_one_shot_path::<Cpu>(&spec, &space(), &path, BATCHES, settings()).unwrap();
        let arena = arena(plan.high_water_bytes);
        run(&mut one_shot(), &arena, positions).unwrap();
        let stats = arena.stats();
        let taken = (stats.peak_bytes, stats.high_water_bytes, stats.live_bytes);
        let planned = (plan.peak_bytes, plan.high_water_bytes, 0);
        assert_eq!(taken, planned, "{path}");
    }
}

/// Losses of two batches, and then, if there is anything to be evaluated, an evaluation.
#[test]
fn the_plan_of_an_evaluation_is_what_it_takes() {
    let spec = Cpu::new(1).unwrap().spec();
    for positions in all_paths() {
        for evaluated in [0, 6] {
            let path = path(positions);
            let batches = BatchSizes {
                evaluated,
                ..BATCHES
            };
            let plan = plan_inherited_path::<Cpu>(&spec, &space(), &path, batches).unwrap();
            let arena = arena(plan.high_water_bytes);
            let mut supernet = one_shot();
            let mut inherited = supernet.inherit(&arena, &path).unwrap();
            let bytes = images(4, 0);
            for _ in 0..2 {
                inherited.loss(batch(&bytes)).unwrap();
            }
            for n in [4, 2] {
                if evaluated > 0 {
                    let part = Images {
                        bytes: &images(n, 1),
                        placements: &vec![[0; 3]; n],
                        labels: &vec![0; n],
                    };
                    inherited.correct(part).unwrap();
                }
            }
            let stats = arena.stats();
            let taken = (stats.peak_bytes, stats.high_water_bytes);
            assert_eq!(taken, (plan.peak_bytes, plan.high_water_bytes), "{path}");
        }
    }
}

#[test]
fn the_plan_of_the_supernet_is_that_of_its_largest_path() {
    let spec = Cpu::new(1).unwrap().spec();
    let plan = plan_one_shot::<Cpu>(&spec, &space(), &candidates(), BATCHES, settings()).unwrap();
    let tight = arena(plan.high_water_bytes);
    let mut supernet = one_shot();
    for positions in all_paths() {
        run(&mut supernet, &tight, positions).unwrap();
    }
    let stats = tight.stats();
    let taken = (stats.peak_bytes, stats.high_water_bytes);
    assert_eq!(taken, (plan.peak_bytes, plan.high_water_bytes));

    // Both kernels of side 5: candidate 2.
    let alone = arena(plan.high_water_bytes);
    run(&mut one_shot(), &alone, [2, 2]).unwrap();
    assert_eq!(alone.stats().peak_bytes, plan.peak_bytes);

    let short = arena(plan.high_water_bytes - 256);
    let mut supernet = one_shot();
    let over = all_paths().filter_map(|positions| run(&mut supernet, &short, positions).err());
    let over: Vec<_> = over.collect();
    assert!(!over.is_empty());
    for error in over {
        let tensor = error.tensor();
        assert!(matches!(tensor, Some(tensor::Error::OverBound { .. })));
    }
}

/// Kernels 3 and then 7 throughout need a higher mark than 7 in all layers, as blocks come to lie (on
/// AVX-512; elsewhere others may).
#[test]
fn the_plan_covers_smaller_paths_with_a_higher_mark() {
    let spec = Cpu::new(1).unwrap().spec();
    let space = Space::preset("cifar10-quant").unwrap();
    let candidate = |kernel| {
        let candidates = space.candidates(0).unwrap();
        *candidates.iter().find(|c| c.kernel == kernel).unwrap()
    };
    let [three, seven] = [3, 7].map(candidate);
    let batches = BatchSizes {
        step: 32.into(),
        evaluated: 0,
    };
    let candidates = vec![vec![three, seven]; 6];
    let plan = plan_one_shot::<Cpu>(&spec, &space, &candidates, batches, settings()).unwrap();
    for layer in 0..=6 {
        let mut path = Architecture::uniform(seven, 6);
        if let Some(candidate) = path.0.get_mut(layer) {
            *candidate = three;
        }
        let one = plan_one_shot_path::<Cpu>(&spec, &space, &path, batches, settings()).unwrap();
        assert!(one.fits(plan.high_water_bytes), "{path}");
        assert!(one.peak_bytes <= plan.peak_bytes, "{path}");
    }
}

/// Paths of any bits: codes of at most 8 take a byte, those of 9 take two.
#[test]
fn the_plan_covers_paths_of_fewer_bits() {
    let spec = Cpu::new(1).unwrap().spec();
    let space = Space::preset("cifar10-quant").unwrap();
    let batches = BatchSizes {
        step: 8.into(),
        evaluated: 12,
    };
    let all: Vec<_> = (0..6)
        .map(|layer| space.candidates(layer).unwrap())
        .collect();
    let plan = plan_one_shot::<Cpu>(&spec, &space, &all, batches, settings()).unwrap();
    for index in 0..200 {
        let path = space.random(&mut SEED.stream("path", index));
        let one = plan_one_shot_path::<Cpu>(&spec, &space, &path, batches, settings()).unwrap();
        assert!(one.peak_bytes <= plan.peak_bytes, "{path}");
        assert!(one.saved_bytes <= plan.saved_bytes, "{path}");
        assert!(one.fits(plan.high_water_bytes), "{path}");
    }
}

#[test]
fn a_step_that_does_not_fit_changes_nothing() {
    let mut supernet = one_shot();
    let bytes = images(4, 0);
    let wide = arena(16 << 20);
    supernet
        .step(&wide, &path([2, 2]), batch(&bytes), 0.05)
        .unwrap();
    let before = supernet.state();
    // Enough for the parameters and all of the step but its highest range.
    let spec = Cpu::new(1).unwrap().spec();
    let batches = BatchSizes {
        evaluated: 0,
        ..BATCHES
    };
    let largest = path([2, 2]);
    let plan = plan_one_shot_path::<Cpu>(&spec, &space(), &largest, batches, settings()).unwrap();
    let tight = arena(plan.high_water_bytes - 256);
    let step = supernet.step(&tight, &path([2, 2]), batch(&bytes), 0.05);
    assert!(step.is_err());
    let after = supernet.state();
    assert_eq!(after.parameters, before.parameters);
    assert_eq!(after.momenta, before.momenta);
}

/// Kernels 3 and 5: 3 * 3 * 3 * 8 = 216 and 5 * 5 * 8 * 16 = 3200 weights, scale and shift of 8 and 16
/// channels, a classifier of 16 * 5 weights and 5 biases: 3549 values, 4 bytes each.
#[test]
fn traffic_and_host_memory_are_those_of_the_paths_taken() {
    const PATH: u64 = 4 * (216 + 2 * 8 + 3200 + 2 * 16 + 80 + 5);
    let arena = arena(16 << 20);
    let mut supernet = one_shot();
    assert_eq!(supernet.traffic(), Traffic::default());
    assert_eq!(supernet.host_bytes(), 2 * 4 * 85, "the classifier");
    let bytes = images(4, 0);
    for _ in 0..3 {
        supernet
            .step(&arena, &path([0, 2]), batch(&bytes), 0.05)
            .unwrap();
    }
    // Values and velocities.
    assert_eq!(supernet.host_bytes() as u64, 2 * PATH);
    let both_ways = Traffic {
        uploaded_bytes: 3 * 2 * PATH,
        downloaded_bytes: 3 * 2 * PATH,
    };
    assert_eq!(supernet.traffic(), both_ways);

    // An evaluation needs no velocities and brings nothing back; kernel 1 in the first layer has 24 weights.
    let before = supernet.state();
    supernet.inherit(&arena, &path([1, 2])).unwrap();
    let uploaded_bytes = both_ways.uploaded_bytes + PATH - 4 * (216 - 24);
    assert_eq!(
        supernet.traffic(),
        Traffic {
            uploaded_bytes,
            ..both_ways
        }
    );
    assert_eq!(supernet.state().parameters, before.parameters);
}
