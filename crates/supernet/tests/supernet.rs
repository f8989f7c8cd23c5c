//! A SuperNet as a whole: what it derives, what it says an architecture costs, which step trains what, and
//! that DNAS finds the better candidate.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{
    Architecture, BitChoices, Candidate, Choices, ImageShape, Layer, Precision, Reward, Space,
};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu, Tensor};
use radars_supernet::nn::{AdamSettings, Mode, Parameters, Pass, Role, SgdSettings};
use radars_supernet::{
    DnasSettings, DnasTrainer, Images, Mixing, Relaxation, SuperNet, SuperNetPlan, WeightSettings,
};
use rand::RngExt;

const SIDE: usize = 8;

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap()
}

fn resolved(layers: Vec<Layer>, channels: usize, classes: usize) -> Space {
    let images = ImageShape {
        height: SIDE,
        width: SIDE,
        channels,
    };
    let space = Space::new("test", layers).unwrap();
    space.resolve(images, classes).unwrap()
}

fn bits(integer: u8, fraction: u8) -> Precision {
    Precision { integer, fraction }
}

/// Two layers, the second on half the resolution.
fn quantised_space() -> Space {
    let choices = BitChoices {
        integer: vec![1, 3],
        fraction: vec![1, 3, 6],
    };
    let choices = Choices::quantised(&[1, 3, 5], &choices, &choices).unwrap();
    let layers = vec![
        Layer::conv(8, 2, choices.clone()),
        Layer::conv(16, 1, choices),
    ];
    resolved(layers, 3, 10)
}

/// Candidates whose types are 2 kernels, 2 activations and 3 weights; in another order in the second layer.
fn candidates() -> Vec<Vec<Candidate>> {
    let first = vec![
        Candidate::quantised(3, bits(1, 3), bits(3, 1)),
        Candidate::quantised(5, bits(3, 6), bits(1, 6)),
        Candidate::quantised(3, bits(3, 6), bits(1, 3)),
    ];
    let second = first.iter().rev().copied().collect();
    vec![first, second]
}

const LAYERS: [&str; 2] = ["layer0", "layer1"];
const MATERIALISED: [&str; 1] = ["alpha"];
const FACTORISED: [&str; 3] = ["alpha.kernel", "alpha.activation", "alpha.weight"];

fn names(mixing: Mixing) -> &'static [&'static str] {
    match mixing {
        Mixing::Factorised => &FACTORISED,
        _ => &MATERIALISED,
    }
}

fn set(parameters: &mut Parameters<Cpu>, layer: &str, vector: &str, values: &[f32]) {
    let id = parameters.find(&format!("{layer}.{vector}")).unwrap();
    parameters.value_mut(id).write(values).unwrap();
}

fn supernet(parameters: &mut Parameters<Cpu>, mixing: Mixing, slope: f64) -> SuperNet<Cpu> {
    SuperNet::new(
        parameters,
        &quantised_space(),
        &candidates(),
        mixing,
        slope,
        Seed(1),
    )
    .unwrap()
}

#[test]
fn the_largest_mixing_weight_of_every_vector_is_derived() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let network = supernet(&mut parameters, Mixing::Materialised, 1.0);
    set(&mut parameters, "layer0", "alpha", &[-1.0, 0.5, 0.4]);
    set(&mut parameters, "layer1", "alpha", &[0.1, 0.2, 0.3]);
    let of = |layer: usize, candidate: usize| candidates()[layer][candidate];
    assert_eq!(
        network.derive(&parameters).unwrap(),
        Architecture(vec![of(0, 1), of(1, 2)])
    );

    let mut parameters = Parameters::new(&arena);
    let network = supernet(&mut parameters, Mixing::Factorised, 1.0);
    // By first appearance: kernels 3, 5; activations (1,3), (3,6); weights (3,1), (1,6), (1,3).
    set(&mut parameters, "layer0", "alpha.kernel", &[0.0, 0.1]);
    set(&mut parameters, "layer0", "alpha.activation", &[0.2, 0.1]);
    set(
        &mut parameters,
        "layer0",
        "alpha.weight",
        &[-0.3, -0.1, -0.2],
    );
    // All equal in the second layer: the first of each, kernels 3, 5; (3,6), (1,3); (1,3), (1,6), (3,1).
    let combined = Candidate::quantised(5, bits(1, 3), bits(1, 6));
    assert!(!candidates()[0].contains(&combined), "of the product only");
    let first = Candidate::quantised(3, bits(3, 6), bits(1, 3));
    assert_eq!(
        network.derive(&parameters).unwrap(),
        Architecture(vec![combined, first])
    );
}

fn expected_cost(network: &SuperNet<Cpu>, parameters: &mut Parameters<Cpu>) -> f64 {
    let images = Tensor::zeros(parameters.arena(), [2, SIDE, SIDE, 3]).unwrap();
    let relaxation = Relaxation {
        temperature: 1.0,
        noise: Vec::new(),
    };
    let mut pass = Pass::new(parameters, Mode::ARCHITECTURE);
    let mixture = network.forward(&mut pass, images, &relaxation).unwrap();
    f64::from(mixture.cost.value().item().unwrap())
}

fn softmax(values: &[f32]) -> Vec<f64> {
    let powers: Vec<f64> = values.iter().map(|&v| f64::from(v).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

fn assert_close(got: f64, expected: f64) {
    assert!(
        (got - expected).abs() <= 2e-6 * expected,
        "{got} is not {expected}"
    );
}

/// The expectation by its definition: every candidate (every product of the types) with its probability.
#[test]
fn the_cost_is_the_expected_aops() {
    let space = quantised_space();
    let slope = 1e-6;
    let arena = arena();
    let alphas = [[0.3, -0.5, 0.9], [-0.2, 0.0, 0.4]];
    let mut parameters = Parameters::new(&arena);
    let network = supernet(&mut parameters, Mixing::Materialised, slope);
    let mut expected = 0.0;
    for (layer, alpha) in alphas.iter().enumerate() {
        set(&mut parameters, LAYERS[layer], "alpha", alpha);
        for (p, candidate) in softmax(alpha).iter().zip(&candidates()[layer]) {
            expected += p * space.candidate_aops(layer, candidate).unwrap() as f64;
        }
    }
    assert_close(expected_cost(&network, &mut parameters), expected * slope);

    let mut parameters = Parameters::new(&arena);
    let network = supernet(&mut parameters, Mixing::Factorised, slope);
    let (kernel, activation) = ([0.7, -0.1], [-0.4, 0.2]);
    let types = [
        (
            [3, 5],
            [bits(1, 3), bits(3, 6)],
            [bits(3, 1), bits(1, 6), bits(1, 3)],
        ),
        (
            [3, 5],
            [bits(3, 6), bits(1, 3)],
            [bits(1, 3), bits(1, 6), bits(3, 1)],
        ),
    ];
    let mut expected = 0.0;
    for (layer, (kernels, activations, weights)) in types.into_iter().enumerate() {
        set(&mut parameters, LAYERS[layer], "alpha.kernel", &kernel);
        set(
            &mut parameters,
            LAYERS[layer],
            "alpha.activation",
            &activation,
        );
        set(
            &mut parameters,
            LAYERS[layer],
            "alpha.weight",
            &alphas[layer],
        );
        for (pk, k) in softmax(&kernel).iter().zip(kernels) {
            for (pa, a) in softmax(&activation).iter().zip(activations) {
                for (pw, w) in softmax(&alphas[layer]).iter().zip(weights) {
                    let aops = space.candidate_aops(layer, &Candidate::quantised(k, a, w));
                    expected += pk * pa * pw * aops.unwrap() as f64;
                }
            }
        }
    }
    assert_close(expected_cost(&network, &mut parameters), expected * slope);
}

#[test]
fn the_cost_of_a_certain_choice_is_the_aops_of_its_architecture() {
    let space = quantised_space();
    let arena = arena();
    for mixing in Mixing::ALL {
        let mut parameters = Parameters::new(&arena);
        let network = supernet(&mut parameters, mixing, 1e-6);
        for layer in LAYERS {
            for vector in names(mixing) {
                let id = parameters.find(&format!("{layer}.{vector}")).unwrap();
                let mut one_hot = vec![0.0; parameters.value(id).elements()];
                // exp(-200) is 0 in f32.
                one_hot[1] = 200.0;
                set(&mut parameters, layer, vector, &one_hot);
            }
        }
        let chosen = network.derive(&parameters).unwrap();
        let aops = space.cost(&chosen).unwrap().aops - space.classifier_cost().unwrap().aops;
        assert_close(expected_cost(&network, &mut parameters), aops as f64 * 1e-6);
    }
}

fn trainer(
    arena: &Arena<Cpu>,
    space: &Space,
    candidates: &[Vec<Candidate>],
    mixing: Mixing,
    reward: Reward,
    seed: u64,
) -> DnasTrainer<Cpu> {
    let weights = WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.0,
        statistics_batches: 0,
    };
    let settings = DnasSettings {
        weights,
        alpha: AdamSettings::architecture(),
        loss: Default::default(),
    };
    let of = SuperNetPlan {
        space,
        candidates,
        mixing,
        reward,
    };
    DnasTrainer::new(arena, of, settings, Seed(seed)).unwrap()
}

fn values(trainer: &DnasTrainer<Cpu>, role: Role) -> Vec<Vec<f32>> {
    let of_role = (trainer.parameters().iter()).filter(|(_, p)| p.role() == role);
    of_role.map(|(_, p)| p.value().read().unwrap()).collect()
}

#[test]
fn each_step_trains_its_own_weights_and_leaves_the_others_alone() {
    const NETWORK: [Role; 4] = [Role::Weight, Role::Norm, Role::Bias, Role::Statistic];
    let mut rng = Seed(2).stream("images", 0);
    let bytes: Vec<u8> = (0..4 * SIDE * SIDE * 3).map(|_| rng.random()).collect();
    let batch = Images {
        bytes: &bytes,
        placements: &[[0; 3]; 4],
        labels: &[0, 1, 2, 3],
    };
    let relaxation = Relaxation {
        temperature: 1.0,
        noise: Vec::new(),
    };
    let arena = arena();
    let reward = Reward::new(0.5, 0.0, 1e6).unwrap();
    for mixing in Mixing::ALL {
        let mut trainer = trainer(&arena, &quantised_space(), &candidates(), mixing, reward, 5);
        let all = |trainer: &DnasTrainer<Cpu>| {
            let network = NETWORK.map(|role| values(trainer, role));
            (network, values(trainer, Role::Architecture))
        };
        let before = all(&trainer);
        trainer.alpha_step(batch, &relaxation, 0.05).unwrap();
        let after_alpha = all(&trainer);
        assert_eq!(after_alpha.0, before.0, "{mixing}");
        assert_ne!(after_alpha.1, before.1, "{mixing}");
        trainer.weight_step(batch, &relaxation, 0.05).unwrap();
        let after_weights = all(&trainer);
        assert_eq!(after_weights.1, after_alpha.1, "{mixing}");
        for (role, (after, before)) in after_weights.0.iter().zip(&after_alpha.0).enumerate() {
            assert_ne!(after, before, "{:?} {mixing}", NETWORK[role]);
        }
    }
}

/// Of one seed they have the same weights; later steps differ more, as rounding flips codes.
#[test]
fn the_first_losses_of_merged_and_materialised_are_the_same() {
    let (bytes, labels) = ([90; 4 * SIDE * SIDE * 3], [0, 1, 2, 3]);
    let batch = Images {
        bytes: &bytes,
        placements: &[[0; 3]; 4],
        labels: &labels,
    };
    let relaxation = Relaxation {
        temperature: 1.0,
        noise: Vec::new(),
    };
    let (arena, reward) = (arena(), Reward::new(0.5, 0.0, 1e6).unwrap());
    let losses = [Mixing::Materialised, Mixing::Merged].map(|mixing| {
        let mut trainer = trainer(&arena, &quantised_space(), &candidates(), mixing, reward, 5);
        trainer.alpha_step(batch, &relaxation, 0.05).unwrap();
        trainer.weight_step(batch, &relaxation, 0.05).unwrap();
        let (weights, alphas) = trainer.take_mean_losses().unwrap();
        [weights.unwrap(), alphas.unwrap()]
    });
    for (merged, materialised) in losses[1].iter().zip(losses[0]) {
        let ratio = merged / materialised;
        assert!((ratio - 1.0).abs() < 1e-5, "{merged} {materialised}");
    }
}

/// Stripes across or along, of random phase, under much noise: pixels have the same values in both classes, so
/// one pixel says nothing about the class and its neighbours say all.
fn stripes(batch: u64) -> (Vec<u8>, Vec<i32>) {
    let mut rng = Seed(9).stream("stripes", batch);
    let (mut bytes, mut labels) = (Vec::new(), Vec::new());
    for image in 0..16 {
        let (class, phase) = (image % 2, rng.random_range(0..2_usize));
        for y in 0..SIDE {
            for x in 0..SIDE {
                let at = if class == 0 { x } else { y };
                let sign = if (at + phase).is_multiple_of(2) {
                    1.0
                } else {
                    -1.0
                };
                // From -3 .. 3 to bytes.
                bytes.push(((sign + rng.random_range(-2.0..2.0_f32) + 3.0) * 42.5) as u8);
            }
        }
        labels.push(class);
    }
    (bytes, labels)
}

/// The mixing weights of kernels 1 and 3 after DNAS on stripes, and the kernel it derives.
fn searched(mixing: Mixing, reward: Reward, seed: u64) -> ([f32; 2], usize) {
    let layer = Layer::conv(8, 1, Choices::float(&[1, 3]).unwrap());
    let space = resolved(vec![layer], 1, 2);
    let candidates = vec![vec![Candidate::float(1), Candidate::float(3)]];
    let arena = arena();
    let mut trainer = trainer(&arena, &space, &candidates, mixing, reward, seed);
    let relaxation = Relaxation {
        temperature: 1.0,
        noise: Vec::new(),
    };
    for step in 0..120 {
        let (bytes, labels) = stripes(2 * step);
        let images = Images {
            bytes: &bytes,
            placements: &[[0; 3]; 16],
            labels: &labels,
        };
        trainer.weight_step(images, &relaxation, 0.02).unwrap();
        let (bytes, labels) = stripes(2 * step + 1);
        let images = Images {
            bytes: &bytes,
            placements: &[[0; 3]; 16],
            labels: &labels,
        };
        trainer.alpha_step(images, &relaxation, 0.05).unwrap();
    }
    let p = &trainer.mixing_weights().unwrap()[0][0];
    ([p[0], p[1]], trainer.derive().unwrap().layers()[0].kernel)
}

/// With every initialisation the better one leads; how far depends on it.
#[test]
fn dnas_finds_the_better_candidate() {
    for mixing in Mixing::ALL {
        let mut sum = 0.0;
        for seed in 1..=4 {
            let (p, kernel) = searched(mixing, Reward::new(1.0, 0.0, 1.0).unwrap(), seed);
            assert_eq!(kernel, 3, "{mixing}, seed {seed}: {p:?}");
            sum += p[1];
        }
        assert!(sum / 4.0 > 0.65, "{mixing}: {}", sum / 4.0);
    }
}

#[test]
fn dnas_finds_the_cheaper_candidate_when_cost_is_all() {
    for mixing in Mixing::ALL {
        let (p, kernel) = searched(mixing, Reward::new(0.0, 0.0, 1e4).unwrap(), 1);
        assert!(p[0] > 0.9 && kernel == 1, "{mixing}: {p:?}");
    }
}
