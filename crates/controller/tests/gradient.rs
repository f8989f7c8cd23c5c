//! The gradient that an update descends, against central differences.
//!
//! With a first beta of 0 Adam's first moment is the gradient itself, so the saved state shows it.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_controller::{
    Advantage, Controller, ControllerSettings, ControllerState, Decisions, Optimizer,
};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Cpu};
use rand::RngExt;

/// Choices and group of each decision.
const DECISIONS: [(usize, usize); 3] = [(2, 0), (3, 1), (2, 0)];
const CHOICES: [usize; 3] = [1, 2, 0];
/// Half the distance of the two points of a difference; parameters are of the order of 1.
const STEP: f32 = 1e-2;
/// Largest error of a component, as a share of the root mean square of them all. Seen: 9e-4, from the
/// third derivative and from logits rounded to f32.
const TOLERANCE: f64 = 3e-3;

fn settings(base: ControllerSettings) -> ControllerSettings {
    ControllerSettings {
        hidden: 4,
        betas: (0.0, 0.999),
        entropy_weight: 0.0,
        advantage: Advantage::Difference,
        ..base
    }
}

fn controller(settings: ControllerSettings) -> Controller<Cpu> {
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap();
    let decisions = Decisions::grouped(DECISIONS);
    Controller::new(&arena, decisions, settings, Seed(1)).unwrap()
}

/// A state that is not symmetric: every parameter uniform in [-1, 1).
fn scattered(controller: &Controller<Cpu>) -> ControllerState {
    let mut state = controller.state().unwrap();
    let mut rng = Seed(2).stream("scatter", 0);
    for value in state.parameters.iter_mut().flat_map(|p| &mut p.values) {
        *value = 2.0 * rng.random::<f32>() - 1.0;
    }
    state
}

/// Compares Adam's first moments with the differences of `loss` between shifted states.
fn check(
    controller: &mut Controller<Cpu>,
    state: &ControllerState,
    moments: &ControllerState,
    mut loss: impl FnMut(&mut Controller<Cpu>) -> f64,
) {
    let mut pairs = Vec::new();
    for (index, parameter) in state.parameters.iter().enumerate() {
        let m = format!("{}.m", parameter.name);
        let gradient = moments.moments.iter().find(|p| p.name == m).unwrap();
        for (element, &value) in parameter.values.iter().enumerate() {
            let mut at = |shifted: f32| {
                let mut state = state.clone();
                state.parameters[index].values[element] = shifted;
                controller.restore(&state).unwrap();
                loss(controller)
            };
            let (low, high) = (value - STEP, value + STEP);
            let difference = (at(high) - at(low)) / f64::from(high - low);
            let name = format!("{} [{element}]", parameter.name);
            pairs.push((name, f64::from(gradient.values[element]), difference));
        }
    }
    let squares: f64 = pairs.iter().map(|(_, _, d)| d * d).sum();
    let scale = (squares / pairs.len() as f64).sqrt();
    assert!(scale > 1e-3, "the loss hardly depends on anything: {scale}");
    for (name, gradient, difference) in pairs {
        let error = (gradient - difference).abs() / scale;
        assert!(
            error < TOLERANCE,
            "{name}: gradient {gradient}, difference {difference}"
        );
    }
}

fn log_probability(base: ControllerSettings) {
    let mut controller = controller(settings(base));
    let mut state = scattered(&controller);
    // A reward one above the average is an advantage of 1.
    state.baseline.mean = Some(0.0);
    controller.restore(&state).unwrap();
    let update = controller.update(&CHOICES, 1.0).unwrap();
    assert_eq!(update.advantage, 1.0);
    let moments = controller.state().unwrap();
    check(&mut controller, &state, &moments, |controller| {
        -controller.log_probability(&CHOICES).unwrap()
    });
    controller.restore(&state).unwrap();
    let expected = -controller.log_probability(&CHOICES).unwrap();
    let rounding = 1e-6;
    assert!((update.loss - expected).abs() < rounding * expected.abs());
}

fn entropy(base: ControllerSettings) {
    let settings = ControllerSettings {
        entropy_weight: 0.5,
        ..settings(base)
    };
    let mut controller = controller(settings);
    let state = scattered(&controller);
    // The first reward has no advantage: the entropy alone is left.
    controller.restore(&state).unwrap();
    let update = controller.update(&CHOICES, 1.0).unwrap();
    assert_eq!(update.advantage, 0.0);
    // The entropies of three decisions, at 0.5 / sqrt(3).
    let expected = -0.5 * 3f64.sqrt() * update.entropy;
    assert!((update.loss - expected).abs() < 1e-12);
    let moments = controller.state().unwrap();
    check(&mut controller, &state, &moments, |controller| {
        controller.update(&CHOICES, 1.0).unwrap().loss
    });
}

#[test]
fn log_probability_of_the_lstm() {
    log_probability(ControllerSettings::lstm());
}

#[test]
fn log_probability_of_the_logits() {
    log_probability(ControllerSettings::logits());
}

fn shared() -> ControllerSettings {
    ControllerSettings {
        shared: Some(0.5),
        ..ControllerSettings::logits()
    }
}

#[test]
fn log_probability_of_shared_logits() {
    log_probability(shared());
}

#[test]
fn entropy_of_shared_logits() {
    entropy(shared());
}

/// Three rewards one step: each is worth what it is above the mean of those before, 0 at first, and counts a third.
#[test]
fn a_step_descends_the_mean_of_its_rollouts() {
    const ROLLOUTS: [([usize; 3], f64); 3] = [([1, 2, 0], 1.0), ([0, 0, 1], 3.0), ([1, 1, 1], 0.0)];
    // The averages: 1, 2.
    const ADVANTAGES: [f64; 3] = [0.0, 2.0, -2.0];
    let settings = ControllerSettings {
        optimizer: Optimizer::Adam,
        rollouts: 3,
        ..settings(ControllerSettings::quantnas())
    };
    let mut controller = controller(settings);
    let state = scattered(&controller);
    controller.restore(&state).unwrap();
    for (waiting, (choices, reward)) in ROLLOUTS.iter().enumerate() {
        let before = controller.state().unwrap();
        assert_eq!(before.pending.len(), waiting);
        assert_eq!(before.parameters, state.parameters);
        let update = controller.update(choices, *reward).unwrap();
        assert_eq!(update.advantage, ADVANTAGES[waiting]);
    }
    let moments = controller.state().unwrap();
    assert!(moments.pending.is_empty());
    assert_eq!(moments.updates, 1);
    check(&mut controller, &state, &moments, |controller| {
        let loss = |((choices, _), advantage): (&([usize; 3], f64), f64)| {
            -advantage * controller.log_probability(choices).unwrap()
        };
        let losses = ROLLOUTS.iter().zip(ADVANTAGES).map(loss);
        losses.sum::<f64>() / 3.0
    });
}

/// Gradient descent moves by the gradient itself, which Adam's first moment shows.
#[test]
fn gradient_descent_takes_the_gradient_times_the_rate() {
    let stepped = |optimizer, rate| {
        let settings = ControllerSettings {
            optimizer,
            rate,
            ..settings(ControllerSettings::logits())
        };
        let mut controller = controller(settings);
        let mut state = scattered(&controller);
        state.moments = controller.state().unwrap().moments;
        state.baseline.mean = Some(0.0);
        controller.restore(&state).unwrap();
        controller.update(&CHOICES, 1.0).unwrap();
        (state, controller.state().unwrap())
    };
    let (before, after) = stepped(Optimizer::Sgd, 0.2);
    let (_, adam) = stepped(Optimizer::Adam, 0.2);
    assert_eq!(after.updates, 1);
    for (before, after) in before.parameters.iter().zip(&after.parameters) {
        let name = format!("{}.m", before.name);
        let gradient = adam.moments.iter().find(|m| m.name == name).unwrap();
        for (element, gradient) in gradient.values.iter().enumerate() {
            let moved = after.values[element] - before.values[element];
            assert!((moved + 0.2 * gradient).abs() < 1e-6, "{name} [{element}]");
        }
    }
}

#[test]
fn entropy_of_the_lstm() {
    entropy(ControllerSettings::lstm());
}

#[test]
fn entropy_of_the_logits() {
    entropy(ControllerSettings::logits());
}
