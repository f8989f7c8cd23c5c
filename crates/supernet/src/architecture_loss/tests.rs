//! Losses and their gradients against the formulas, computed on the host.

use super::*;
use radars_nn::tensor::{Arena, Cpu};
use radars_nn::{Mode, Parameters, Role};
use radars_space::ImageShape;

const LABELS: [usize; 3] = [1, 0, 2];
const LOGITS: [f64; 9] = [0.5, 1.0, -0.5, 2.0, 0.0, 1.0, -1.0, 0.25, 0.75];
/// Expected AOPS of the convolutions.
const AOPS: f64 = 3e7;
const LIMIT: u64 = 35_000_000;
const GAMMA: f64 = 1e8;

fn space() -> Space {
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    let space = Space::preset("fashion-small").unwrap();
    space.resolve(images, 10).unwrap()
}

fn reward() -> Reward {
    Reward::new(0.9, 2e6, GAMMA).unwrap()
}

/// Probabilities of the labels.
fn right(logits: &[f64]) -> [f64; 3] {
    let of = |row: usize| {
        let row_of = &logits[3 * row..][..3];
        let sum: f64 = row_of.iter().map(|l| l.exp()).sum();
        row_of[LABELS[row]].exp() / sum
    };
    [0, 1, 2].map(of)
}

fn cross_entropy(logits: &[f64]) -> f64 {
    right(logits).iter().map(|p| -p.ln()).sum::<f64>() / 3.0
}

/// Computes a loss and its gradients by logits and cost, and compares them with `formula` of logits and expected
/// AOPS and its central differences.
fn check(loss: ArchitectureLoss, formula: impl Fn(&[f64], f64) -> f64) {
    let slope = loss.cost_slope(reward());
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 16).unwrap();
    let mut parameters = Parameters::new(&arena);
    let role = Role::Architecture;
    let logits = parameters.add_full("logits", role, [3, 3], 0.0).unwrap();
    let cost = parameters.add_full("cost", role, [1], 0.0).unwrap();
    let values = LOGITS.map(|l| l as f32);
    parameters.value_mut(logits).write(&values).unwrap();
    let expected = [(slope * AOPS) as f32];
    parameters.value_mut(cost).write(&expected).unwrap();
    let objective = Objective::new(loss, reward(), &space()).unwrap();

    let mut pass = Pass::new(&mut parameters, Mode::ARCHITECTURE);
    let (of_logits, of_cost) = (pass.parameter(logits), pass.parameter(cost));
    let labels = LABELS.map(|label| label as i32);
    let labels = Tensor::from_slice(&arena, [3], &labels).unwrap();
    let computed = objective.of(&mut pass, of_logits, labels, of_cost).unwrap();
    let value = f64::from(computed.value().item().unwrap());
    let close = |got: f64, expected: f64, what: &str| {
        let error = (got - expected).abs() / expected.abs().max(1e-2);
        assert!(error < 1e-4, "{loss:?}, {what}: {got}, not {expected}");
    };
    close(value, formula(&LOGITS, AOPS), "value");
    let gradients = pass.backward(computed).unwrap();
    let read = |index: usize| gradients[index].1.read::<f32>().unwrap();
    for (element, got) in read(0).into_iter().enumerate() {
        let at = |step: f64| {
            let mut logits = LOGITS;
            logits[element] += step;
            formula(&logits, AOPS)
        };
        close(f64::from(got), (at(1e-4) - at(-1e-4)) / 2e-4, "logits");
    }
    let step = 1e-4 / slope;
    let difference = (formula(&LOGITS, AOPS + step) - formula(&LOGITS, AOPS - step)) / 2e-4;
    close(f64::from(read(1)[0]), difference, "cost");
}

/// The cost is `(1 - 0.9) / 1e8` an AOPS.
#[test]
fn weighted_and_expected_error() {
    check(ArchitectureLoss::Weighted, |logits, aops| {
        0.9 * cross_entropy(logits) + 0.1 * aops / GAMMA
    });
    check(ArchitectureLoss::ExpectedError, |logits, aops| {
        let error = 1.0 - right(logits).iter().sum::<f64>() / 3.0;
        0.9 * error + 0.1 * aops / GAMMA
    });
}

#[test]
fn products() {
    let classifier = space().classifier_cost().unwrap().aops as f64;
    assert!(classifier > 0.0);
    let product = |logits: &[f64], aops: f64| cross_entropy(logits) * (aops + classifier) / GAMMA;
    let max_aops = None;
    check(ArchitectureLoss::Product { max_aops }, product);
    let limit = LIMIT as f64;
    let (_, dearest) = space().aops_range().unwrap();
    // The dearest architecture would leave the numbers at e^10.
    let sharpness = 40.0 * limit / dearest as f64;
    assert!(sharpness < 10.0, "{sharpness}");
    let max_aops = Some(LIMIT);
    check(ArchitectureLoss::Product { max_aops }, |logits, aops| {
        let over = (aops + classifier - limit) / limit;
        product(logits, aops) + (sharpness * over).exp()
    });
}

#[test]
fn the_resource_term_stays_a_number_at_the_dearest_architecture() {
    let (_, dearest) = space().aops_range().unwrap();
    for limit in [1, 1000, LIMIT, dearest, u64::MAX] {
        let max_aops = Some(limit);
        let loss = ArchitectureLoss::Product { max_aops };
        let objective = Objective::new(loss, reward(), &space()).unwrap();
        let (slope, offset) = objective.resource.unwrap();
        let exponent = slope * (dearest as f64 / GAMMA) as f32 + offset;
        assert!(exponent.exp().is_finite(), "{limit}: {exponent}");
    }
}
