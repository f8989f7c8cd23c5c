//! The plan equals the run: over random spaces, SuperNets and batch sizes the planning backend makes
//! the same allocations as the CPU, at the same offsets, and the high-water mark is the smallest bound.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod spaces;

use radars_nn::tensor::random::{Seed, Stream};
use radars_nn::tensor::{ALIGN, Arena, Backend, Cpu, Error, Isa, Meta, Stats};
use radars_nn::{AdamSettings, SgdSettings};
use radars_search::{Config, Recomputation, fitting_child};
use radars_space::{Architecture, Candidate, Reward, Space};
use radars_supernet::{
    ArchitectureLoss, BatchSizes, ChildTrainer, DnasSettings, DnasTrainer, Images, Mixing, Plan,
    Recompute, Relaxation, Result, StepSize, SuperNetPlan, WeightSettings, child_forward_macs,
    plan_child, plan_supernet, supernet_forward_macs,
};
use rand::RngExt;
use spaces::{random_blocks, random_space};

const BATCHES: usize = 8;
const CASES: u64 = 12;

fn settings() -> WeightSettings {
    WeightSettings {
        sgd: SgdSettings {
            nesterov: true,
            ..SgdSettings::default()
        },
        label_smoothing: 0.1,
        statistics_batches: 1,
    }
}

fn dnas_settings(loss: ArchitectureLoss) -> DnasSettings {
    DnasSettings {
        weights: settings(),
        alpha: AdamSettings::architecture(),
        loss,
    }
}

/// What is trained.
#[derive(Clone, Debug)]
enum Net {
    Child(Architecture),
    SuperNet(Mixing, Vec<Vec<Candidate>>),
}

#[derive(Debug)]
struct Case {
    space: Space,
    net: Net,
    batch: usize,
    micro_batch: usize,
    recompute: Recompute,
    loss: ArchitectureLoss,
    evaluated: usize,
}

fn random_case(number: u64, net: impl Fn(&Space, &mut Stream) -> Net) -> Case {
    random_case_of(random_space, number, net)
}

fn random_case_of(
    space: fn(&mut Stream) -> Space,
    number: u64,
    net: impl Fn(&Space, &mut Stream) -> Net,
) -> Case {
    let mut rng = Seed(number).stream("plan test", 0);
    let space = space(&mut rng);
    let net = net(&space, &mut rng);
    let batch = rng.random_range(1..=9);
    Case {
        space,
        net,
        batch,
        micro_batch: batch,
        recompute: Recompute::NONE,
        loss: match number % 3 {
            0 => ArchitectureLoss::Weighted,
            1 => ArchitectureLoss::ExpectedError,
            _ => ArchitectureLoss::Product {
                max_aops: Some(1_000_000),
            },
        },
        evaluated: rng.random_range(0..=20),
    }
}

/// The case in steps of 2, then of 3 equal micro-batches, of two of which the last is smaller, of more than two of
/// which the last is, and of 7 equal ones.
fn in_micro_batches(case: Case) -> [Case; 5] {
    [(8, 4), (9, 3), (7, 4), (11, 3), (7, 1)].map(|(batch, micro_batch)| Case {
        batch,
        micro_batch,
        recompute: case.recompute,
        loss: case.loss,
        space: case.space.clone(),
        net: case.net.clone(),
        evaluated: case.evaluated,
    })
}

fn child(space: &Space, rng: &mut Stream) -> Net {
    Net::Child(space.random(rng))
}

fn supernet(mixing: Mixing, space: &Space, rng: &mut Stream) -> Net {
    let architectures: Vec<Architecture> = (0..rng.random_range(1..=6))
        .map(|_| space.random(rng))
        .collect();
    let candidates = (0..space.layers().len()).map(|layer| {
        let mut of_layer = Vec::new();
        for architecture in &architectures {
            if !of_layer.contains(&architecture.layers()[layer]) {
                of_layer.push(architecture.layers()[layer]);
            }
        }
        of_layer
    });
    Net::SuperNet(mixing, candidates.collect())
}

/// The steps of a training, as the planner takes them, with random images.
fn run<B: Backend>(arena: &Arena<B>, case: &Case) -> Result<()> {
    let pixels = case.space.input()?.elements() as usize;
    let mut rng = Seed(1).stream("images", 0);
    let bytes: Vec<u8> = (0..pixels * case.batch.max(case.evaluated))
        .map(|_| rng.random())
        .collect();
    let placements = vec![[1, -1, 1]; case.batch.max(case.evaluated)];
    let labels: Vec<i32> = (0..case.batch.max(case.evaluated))
        .map(|i| i as i32 % 4)
        .collect();
    let images = |n: usize| Images {
        bytes: &bytes[..n * pixels],
        placements: &placements[..n],
        labels: &labels[..n],
    };
    match &case.net {
        Net::Child(architecture) => {
            let mut trainer =
                ChildTrainer::new(arena, &case.space, architecture, settings(), Seed(3))?;
            trainer = trainer.in_micro_batches(case.micro_batch);
            trainer = trainer.recomputing(case.recompute);
            for _ in 0..BATCHES {
                trainer.step(images(case.batch), 0.05)?;
            }
            trainer.estimate_statistics(images(case.batch.min(case.micro_batch)))?;
            // Piece by piece, since the planning backend has no logits to count right ones in.
            let mut left = case.evaluated;
            while left > 0 {
                let mut batch = left.min(case.batch);
                left -= batch;
                while batch > 0 {
                    let part = batch.min(case.micro_batch);
                    batch -= part;
                    trainer.logits(images(part))?;
                }
            }
        }
        Net::SuperNet(mixing, candidates) => {
            let reward = Reward::balanced(1_000_000);
            let of = SuperNetPlan {
                space: &case.space,
                candidates,
                mixing: *mixing,
                reward,
            };
            let trainer = DnasTrainer::new(arena, of, dnas_settings(case.loss), Seed(3))?;
            let trainer = trainer.in_micro_batches(case.micro_batch);
            let mut trainer = trainer.recomputing(case.recompute);
            for step in 0..BATCHES {
                let noise = trainer
                    .vectors()
                    .into_iter()
                    .map(|n| vec![0.1 * step as f32; n])
                    .collect();
                let relaxation = Relaxation {
                    temperature: 1.0,
                    noise,
                };
                trainer.weight_step(images(case.batch), &relaxation, 0.05)?;
                trainer.alpha_step(images(case.batch), &relaxation, 0.05)?;
            }
        }
    }
    Ok(())
}

fn plan(case: &Case) -> Plan {
    let spec = Cpu::new(1).unwrap().spec();
    let step = StepSize {
        images: case.batch,
        micro_batch: case.micro_batch,
        recompute: case.recompute,
    };
    match &case.net {
        Net::Child(architecture) => {
            let batches = BatchSizes {
                step,
                evaluated: case.evaluated,
            };
            plan_child::<Cpu>(&spec, &case.space, architecture, batches, settings()).unwrap()
        }
        Net::SuperNet(mixing, candidates) => {
            let reward = Reward::balanced(1_000_000);
            let of = SuperNetPlan {
                space: &case.space,
                candidates,
                mixing: *mixing,
                reward,
            };
            plan_supernet::<Cpu>(&spec, of, step, dnas_settings(case.loss)).unwrap()
        }
    }
}

/// Trace and statistics of a whole run under a bound.
fn traced<B: Backend>(
    backend: B,
    bound: usize,
    case: &Case,
) -> Result<(Vec<(usize, usize)>, Stats)> {
    let arena = Arena::with_bound(backend, bound)?;
    arena.record_trace();
    run(&arena, case)?;
    let stats = arena.stats();
    assert_eq!(stats.live_bytes, 0, "everything is given back: {case:?}");
    Ok((arena.take_trace(), stats))
}

fn check(case: &Case) {
    let planned = plan(case);
    for isa in Isa::available() {
        let cpu = || Cpu::with_isa(2, isa).unwrap();
        let plan_of_isa = Meta::<Cpu>::new(cpu().spec());
        let unbounded = traced(plan_of_isa, 1 << 40, case).unwrap();
        let bound = unbounded.1.high_water_bytes;
        let peak = unbounded.1.peak_bytes;
        assert!(bound <= peak + peak / 50, "{bound} for {peak}: {case:?}");
        let at_the_mark = traced(cpu(), bound, case).unwrap();
        assert_eq!(at_the_mark, unbounded, "{case:?}");
        let refused = traced(cpu(), bound - ALIGN, case).unwrap_err();
        assert!(
            matches!(refused.tensor(), Some(Error::OverBound { .. })),
            "{refused}: {case:?}"
        );
        if isa == Isa::detect() {
            let (peak, mark) = (unbounded.1.peak_bytes, unbounded.1.high_water_bytes);
            assert_eq!(
                (planned.peak_bytes, planned.high_water_bytes),
                (peak, mark),
                "{case:?}"
            );
        }
    }
}

#[test]
fn of_child_networks() {
    (0..CASES).for_each(|number| check(&random_case(number, child)));
}

#[test]
fn of_materialised_supernets() {
    let net = |space: &Space, rng: &mut Stream| supernet(Mixing::Materialised, space, rng);
    (0..CASES).for_each(|number| check(&random_case(number, net)));
}

#[test]
fn of_merged_supernets() {
    let net = |space: &Space, rng: &mut Stream| supernet(Mixing::Merged, space, rng);
    (0..CASES).for_each(|number| check(&random_case(number, net)));
}

#[test]
fn of_factorised_supernets() {
    let net = |space: &Space, rng: &mut Stream| supernet(Mixing::Factorised, space, rng);
    (0..CASES).for_each(|number| check(&random_case(number, net)));
}

/// Inverted residuals and residuals, in floats and quantised; kept and recomputed, whole and in micro-batches.
#[test]
fn of_blocks() {
    for number in 0..CASES {
        let mixing = Mixing::ALL[number as usize % Mixing::ALL.len()];
        let net = |space: &Space, rng: &mut Stream| supernet(mixing, space, rng);
        let cases = [
            random_case_of(random_blocks, number, child),
            random_case_of(random_blocks, number, net),
        ];
        for mut case in cases {
            check(&case);
            case.recompute = Recompute::all(case.space.layers().len());
            case.micro_batch = case.batch.div_ceil(2);
            check(&case);
        }
    }
}

#[test]
fn of_layers_that_are_recomputed() {
    let supernets = Mixing::ALL
        .map(|mixing| move |space: &Space, rng: &mut Stream| supernet(mixing, space, rng));
    for number in 0..CASES / 2 {
        let mut cases: Vec<Case> = vec![random_case(number, child)];
        cases.extend(supernets.map(|net| random_case(number, net)));
        for mut case in cases {
            // The first layer, the second and third, all of up to four; and with that in micro-batches.
            case.recompute = match number % 3 {
                0 => Recompute::NONE.with(0),
                1 => Recompute::NONE.with(1).with(2),
                _ => Recompute::all(4),
            };
            check(&case);
            case.micro_batch = case.batch.div_ceil(2);
            check(&case);
        }
    }
}

/// What computing every layer again costs.
fn forward_macs(Case { space, net, .. }: &Case) -> Vec<u64> {
    match net {
        Net::Child(architecture) => child_forward_macs(space, architecture).unwrap(),
        Net::SuperNet(mixing, of) => supernet_forward_macs(space, of, *mixing).unwrap(),
    }
}

/// Halfway between what all layers kept need and what all layers recomputed need, the planner chooses a set; of the
/// sets that cost less none fits, and what is chosen is what is run.
#[test]
fn of_layers_that_the_planner_chooses() {
    let supernets = Mixing::ALL
        .map(|mixing| move |space: &Space, rng: &mut Stream| supernet(mixing, space, rng));
    let mut config = Config::preset("fashion-small").unwrap();
    (config.batch, config.recompute) = (32, Recomputation::Auto);
    let mut chosen = 0;
    for number in 0..CASES / 2 {
        let mut cases: Vec<Case> = vec![random_case(number, child)];
        cases.extend(supernets.map(|net| random_case(number, net)));
        for mut case in cases {
            // So many images that what layers keep is most of what there is.
            (case.batch, case.micro_batch) = (32, 32);
            let layers = forward_macs(&case);
            let mut recomputing = |recompute| {
                case.recompute = recompute;
                plan(&case)
            };
            let kept = recomputing(Recompute::NONE).high_water_bytes;
            let all = recomputing(Recompute::all(layers.len())).high_water_bytes;
            let bound = (kept + all) / 2;
            let plan = |step: StepSize| Ok(recomputing(step.recompute));
            let planned = fitting_child(&config, bound, || Ok(layers.clone()), plan).unwrap();
            let cost = planned.recompute.cost(&layers);
            let sets = Recompute::choices(&layers).into_iter();
            for set in sets.filter(|set| all < kept && set.cost(&layers) < cost) {
                assert!(!recomputing(set).fits(bound), "{set}");
            }
            chosen += usize::from(all < kept && planned.fits(bound));
            assert_eq!(recomputing(planned.recompute), planned);
            check(&case);
        }
    }
    assert!(chosen >= 8, "{chosen} of {}", 2 * CASES);
}

#[test]
fn of_steps_in_micro_batches() {
    let materialised = |space: &Space, rng: &mut Stream| supernet(Mixing::Materialised, space, rng);
    let merged = |space: &Space, rng: &mut Stream| supernet(Mixing::Merged, space, rng);
    let factorised = |space: &Space, rng: &mut Stream| supernet(Mixing::Factorised, space, rng);
    for net in [child, materialised, merged, factorised] {
        for number in 0..CASES / 4 {
            let cases = in_micro_batches(random_case(number, net));
            cases.iter().for_each(check);
        }
    }
}
