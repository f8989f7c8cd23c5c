//! Optimizers against scalar references in f64, written from the papers' equations.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_nn::tensor::{Arena, Cpu, Tensor};
use radars_nn::{
    Adam, AdamSettings, Decay, Error, ParameterGradients, ParameterId, Parameters, Role, Sgd,
    SgdSettings, Trains, clip_coefficient,
};

const RATES: [f32; 4] = [0.1, 0.05, 0.2, 0.1];
const GRADIENTS: [[f32; 2]; 4] = [[0.5, -1.0], [-2.0, 0.25], [1.0, 1.0], [0.125, -3.0]];
const START: [f32; 2] = [1.0, -2.0];

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap()
}

/// One parameter of every role that is trained with the weights, all with the same value.
fn network(arena: &Arena<Cpu>) -> (Parameters<Cpu>, [ParameterId; 3]) {
    let mut parameters = Parameters::new(arena);
    let roles = [("w", Role::Weight), ("g", Role::Norm), ("b", Role::Bias)];
    let ids = roles.map(|(name, role)| {
        let value = Tensor::from_slice(arena, [2], &START).unwrap();
        parameters.add(name, role, value).unwrap()
    });
    (parameters, ids)
}

fn gradients(arena: &Arena<Cpu>, ids: &[ParameterId], values: [f32; 2]) -> ParameterGradients<Cpu> {
    let gradient = || Tensor::from_slice(arena, [2], &values).unwrap();
    ids.iter().map(|&id| (id, gradient())).collect()
}

fn assert_close(got: &Tensor<Cpu>, expected: &[f64], what: &str) {
    for (got, expected) in got.read::<f32>().unwrap().into_iter().zip(expected) {
        let error = (f64::from(got) - expected).abs();
        assert!(error < 2e-6, "{what}: {got}, not {expected}");
    }
}

/// Sutskever et al. 2013 in the form of torch.optim.SGD: g = grad + decay p; v = mu v + g;
/// p -= rate (g + mu v) with Nesterov, else p -= rate v.
fn sgd_reference(settings: SgdSettings, decay: f32) -> Vec<f64> {
    let (momentum, decay) = (f64::from(settings.momentum), f64::from(decay));
    let run = |element: usize| {
        let (mut p, mut v) = (f64::from(START[element]), 0.0);
        for (rate, gradient) in RATES.iter().zip(GRADIENTS) {
            let g = f64::from(gradient[element]) + decay * p;
            v = momentum * v + g;
            let step = if settings.nesterov {
                g + momentum * v
            } else {
                v
            };
            p -= f64::from(*rate) * step;
        }
        p
    };
    (0..2).map(run).collect()
}

#[test]
fn sgd_follows_the_scalar_reference() {
    for (momentum, nesterov, decay) in [
        (0.0, false, Decay::All),
        (0.9, false, Decay::All),
        (0.9, true, Decay::All),
        (0.9, true, Decay::WeightsAndArchitecture),
    ] {
        let settings = SgdSettings {
            momentum,
            nesterov,
            weight_decay: 0.1,
            decay,
            clip_norm: None,
        };
        let arena = arena();
        let (mut parameters, ids) = network(&arena);
        let mut sgd = Sgd::new(settings, &parameters, Trains::Weights).unwrap();
        for (rate, values) in RATES.into_iter().zip(GRADIENTS) {
            let gradients = gradients(&arena, &ids, values);
            sgd.step(&mut parameters, gradients, rate).unwrap();
        }
        for (id, only_all) in ids.into_iter().zip([false, true, true]) {
            let decays = decay == Decay::All || !only_all;
            let expected = sgd_reference(settings, if decays { 0.1 } else { 0.0 });
            assert_close(parameters.value(id), &expected, parameters.name(id));
        }
    }
}

/// By hand, momentum 0.5, rate 0.1, gradient 1 twice, no decay, from 1:
/// plain: v = 1, p = 0.9; v = 1.5, p = 0.75. Nesterov: v = 1, p = 1 - 0.1 * 1.5 = 0.85; v = 1.5,
/// p = 0.85 - 0.1 * 1.75 = 0.675.
#[test]
fn sgd_matches_hand_computed_steps() {
    for (nesterov, expected) in [(false, 0.75), (true, 0.675)] {
        let arena = arena();
        let (mut parameters, ids) = network(&arena);
        let settings = SgdSettings {
            momentum: 0.5,
            nesterov,
            weight_decay: 0.0,
            decay: Decay::All,
            clip_norm: None,
        };
        let mut sgd = Sgd::new(settings, &parameters, Trains::Weights).unwrap();
        for _ in 0..2 {
            let gradients = gradients(&arena, &ids[..1], [1.0, 0.0]);
            sgd.step(&mut parameters, gradients, 0.1).unwrap();
        }
        assert_close(parameters.value(ids[0]), &[expected, -2.0], "w");
        assert_close(
            parameters.value(ids[1]),
            &[1.0, -2.0],
            "no gradient, no step",
        );
        assert_close(
            sgd.state().value(sgd.state().find("w.velocity").unwrap()),
            &[1.5, 0.0],
            "v",
        );
    }
}

/// Kingma and Ba 2015, Algorithm 1, with the L2 penalty added to the gradient.
fn adam_reference(settings: AdamSettings) -> Vec<f64> {
    let (b1, b2) = (f64::from(settings.betas.0), f64::from(settings.betas.1));
    let run = |element: usize| {
        let (mut p, mut m, mut v) = (f64::from(START[element]), 0.0, 0.0);
        for (t, (rate, gradient)) in RATES.iter().zip(GRADIENTS).enumerate() {
            let g = f64::from(gradient[element]) + f64::from(settings.weight_decay) * p;
            m = b1 * m + (1.0 - b1) * g;
            v = b2 * v + (1.0 - b2) * g * g;
            let (m_hat, v_hat) = (
                m / (1.0 - b1.powi(t as i32 + 1)),
                v / (1.0 - b2.powi(t as i32 + 1)),
            );
            p -= f64::from(*rate) * m_hat / (v_hat.sqrt() + f64::from(settings.epsilon));
        }
        p
    };
    (0..2).map(run).collect()
}

#[test]
fn adam_follows_the_scalar_reference() {
    let decayed = AdamSettings {
        weight_decay: 0.1,
        decay: Decay::All,
        ..AdamSettings::architecture()
    };
    for settings in [AdamSettings::default(), decayed] {
        let arena = arena();
        let (mut parameters, ids) = network(&arena);
        let mut adam = Adam::new(settings, &parameters, Trains::Weights).unwrap();
        for (rate, values) in RATES.into_iter().zip(GRADIENTS) {
            let gradients = gradients(&arena, &ids, values);
            adam.step(&mut parameters, gradients, rate).unwrap();
        }
        for id in ids {
            assert_close(parameters.value(id), &adam_reference(settings), "adam");
        }
    }
}

/// Adam's first step is `rate * g / (|g| + epsilon)`: its length does not depend on the gradient's.
#[test]
fn adam_steps_by_the_rate_at_first() {
    let arena = arena();
    let (mut parameters, ids) = network(&arena);
    let mut adam = Adam::new(AdamSettings::default(), &parameters, Trains::Weights).unwrap();
    let gradients = gradients(&arena, &ids, [1e-3, -50.0]);
    adam.step(&mut parameters, gradients, 0.1).unwrap();
    assert_close(parameters.value(ids[0]), &[0.9, -1.9], "first step");
}

/// Three gradients of [3, 4]: the norm is sqrt(75) = 8.660254.
#[test]
fn clipping_bounds_the_norm_of_all_gradients_together() {
    let arena = arena();
    let (mut parameters, ids) = network(&arena);
    let factor = |values, max_norm| {
        let gradients = gradients(&arena, &ids, values);
        let factor = clip_coefficient(&arena, &gradients, max_norm).unwrap();
        factor.item().unwrap()
    };
    assert!((factor([3.0, 4.0], 5.0) - 0.577_350_2).abs() < 1e-6);
    assert_eq!(factor([3.0, 4.0], 8.67), 1.0);
    assert_eq!(factor([0.0, 0.0], 5.0), 1.0);

    let settings = SgdSettings {
        momentum: 0.0,
        weight_decay: 0.0,
        clip_norm: Some(5.0),
        ..SgdSettings::default()
    };
    let mut sgd = Sgd::new(settings, &parameters, Trains::Weights).unwrap();
    let gradients = gradients(&arena, &ids, [3.0, 4.0]);
    sgd.step(&mut parameters, gradients, 1.0).unwrap();
    let expected = [1.0 - 3.0 * 0.577_350_2, -2.0 - 4.0 * 0.577_350_2];
    assert_close(parameters.value(ids[2]), &expected, "clipped step");
}

#[test]
fn a_restored_optimizer_goes_on_as_if_nothing_had_happened() {
    let arena = arena();
    let train = |interrupt: bool| {
        let (mut parameters, ids) = network(&arena);
        let make = |parameters: &_| {
            Adam::new(AdamSettings::default(), parameters, Trains::Weights).unwrap()
        };
        let mut adam = make(&parameters);
        for (step, values) in GRADIENTS.into_iter().enumerate() {
            if interrupt && step == 2 {
                let (saved, network_saved) =
                    (adam.state().save().unwrap(), parameters.save().unwrap());
                let steps = adam.steps();
                (parameters, _) = network(&arena);
                adam = make(&parameters);
                parameters.restore(&network_saved).unwrap();
                adam.state_mut().restore(&saved).unwrap();
                adam.set_steps(steps);
            }
            let gradients = gradients(&arena, &ids, values);
            adam.step(&mut parameters, gradients, 0.1).unwrap();
        }
        parameters.save().unwrap()
    };
    assert_eq!(train(false), train(true));
}

#[test]
fn a_parameter_without_state_is_refused_by_name() {
    let arena = arena();
    let (mut parameters, ids) = network(&arena);
    let settings = SgdSettings::default();
    let mut sgd = Sgd::new(settings, &parameters, Trains::Architecture).unwrap();
    assert!(sgd.state().is_empty(), "no architecture weights, no state");
    let gradients = gradients(&arena, &ids, [1.0, 1.0]);
    let error = sgd.step(&mut parameters, gradients, 0.1).unwrap_err();
    assert_eq!(error, Error::NotTrained { name: "w".into() });
}
