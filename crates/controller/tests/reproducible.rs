//! Determinism, saving and restoring, memory, and refusals.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "../examples/study/surrogate.rs"]
#[allow(dead_code, reason = "these tests search by themselves")]
mod surrogate;

use radars_controller::{
    Controller, ControllerSettings, ControllerState, Decisions, Error, Rollout, Update,
};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Cpu};
use surrogate::{Surrogate, controller};

const DECISIONS: [usize; 7] = [4, 2, 3, 1, 3, 4, 2];

fn all() -> [ControllerSettings; 4] {
    let logits = ControllerSettings::logits();
    let shared = ControllerSettings {
        shared: Some(0.5),
        ..logits
    };
    let (lstm, quantnas) = (ControllerSettings::lstm(), ControllerSettings::quantnas());
    [lstm, logits, shared, quantnas]
}

/// As if all were alike; those of equally many choices then are.
fn decisions() -> Decisions {
    Decisions::grouped(DECISIONS.map(|choices| (choices, 0)))
}

/// Runs some episodes; gives everything that was seen.
fn run(
    controller: &mut Controller<Cpu>,
    episodes: std::ops::Range<u64>,
) -> Vec<(Vec<usize>, Update)> {
    let surrogate = Surrogate::new(&DECISIONS, Seed(9));
    let episode = |episode| {
        let choices = controller.sample(episode).unwrap().choices;
        let reward = surrogate.reward(&choices, episode);
        let update = controller.update(&choices, reward).unwrap();
        (choices, update)
    };
    episodes.map(episode).collect()
}

#[test]
fn threads_change_nothing_and_seeds_change_all() {
    for settings in all() {
        let state = |seed, threads| {
            let mut c = controller(decisions(), settings, Seed(seed), threads).unwrap();
            let seen = run(&mut c, 0..12);
            (seen, c.state().unwrap())
        };
        let one = state(1, 1);
        assert_eq!(one, state(1, 2));
        assert_eq!(one, state(1, 3));
        assert_ne!(one.0, state(2, 1).0);
    }
}

#[test]
fn a_restored_controller_goes_on_to_the_bit() {
    for settings in all() {
        let mut whole = controller(decisions(), settings, Seed(1), 1).unwrap();
        let all = run(&mut whole, 0..20);

        let mut first = controller(decisions(), settings, Seed(1), 1).unwrap();
        let mut seen = run(&mut first, 0..9);
        let text = serde_json::to_string(&first.state().unwrap()).unwrap();
        drop(first);
        let state: ControllerState = serde_json::from_str(&text).unwrap();
        let mut second = controller(decisions(), settings, Seed(1), 1).unwrap();
        // What it did before being restored does not matter.
        run(&mut second, 50..53);
        second.restore(&state).unwrap();
        seen.extend(run(&mut second, 9..20));

        assert_eq!(seen, all);
        assert_eq!(second.state().unwrap(), whole.state().unwrap());
    }
}

/// A state as it was written before logits could be shared and rewards could wait; and it is written alike today.
#[test]
fn an_older_state_means_what_it_meant() {
    let text = concat!(
        r#"{"parameters":[{"name":"decision.0.logits","shape":[1,2],"values":[0.25,-0.25]}],"#,
        r#""moments":[{"name":"decision.0.logits.m","shape":[1,2],"values":[0.5,-0.5]},"#,
        r#"{"name":"decision.0.logits.v","shape":[1,2],"values":[0.125,0.125]}],"updates":3,"#,
        r#""baseline":{"mean":0.5,"variance":0.25,"weight":0.5,"latest":[0.25,0.75]}}"#
    );
    let state: ControllerState = serde_json::from_str(text).unwrap();
    let mut c = controller(&[2], ControllerSettings::logits(), Seed(1), 1).unwrap();
    c.restore(&state).unwrap();
    // 1 / (1 + exp(-0.5)), by python.
    assert!((c.probabilities().unwrap()[0][0] - 0.622_459_33).abs() < 1e-7);
    assert_eq!(serde_json::to_string(&c.state().unwrap()).unwrap(), text);
}

#[test]
fn what_is_alike_is_nothing_to_logits_that_are_not_shared() {
    let settings = ControllerSettings::logits();
    let state = |decisions: Decisions| {
        let mut c = controller(decisions, settings, Seed(1), 1).unwrap();
        (run(&mut c, 0..12), c.state().unwrap())
    };
    assert_eq!(state(decisions()), state(Decisions::from(&DECISIONS)));
}

#[test]
fn a_sample_depends_on_no_other_sample() {
    for settings in all() {
        let mut c = controller(decisions(), settings, Seed(1), 1).unwrap();
        let before = c.state().unwrap();
        let forwards: Vec<_> = (0..5).map(|e| c.sample(e).unwrap()).collect();
        let mut backwards: Vec<_> = (0..5).rev().map(|e| c.sample(e).unwrap()).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
        assert!(forwards.iter().any(|s| s.choices != forwards[0].choices));
        assert_eq!(c.state().unwrap(), before);
    }
}

#[test]
fn the_plan_is_exact() {
    for settings in all() {
        let spec = Cpu::new(1).unwrap().spec();
        let bytes = Controller::<Cpu>::arena_bytes(spec, decisions(), settings).unwrap();
        let attempt = |bound| {
            let arena = Arena::with_bound(Cpu::new(1).unwrap(), bound).unwrap();
            let mut c = Controller::new(&arena, decisions(), settings, Seed(1))?;
            // More than one step of any of them.
            for episode in 0..6 {
                let choices = c.sample(episode)?.choices;
                c.update(&choices, episode as f64)?;
                c.most_likely()?;
                c.probabilities()?;
                c.restore(&c.state()?)?;
            }
            Ok::<_, Error>(arena.stats().high_water_bytes)
        };
        assert_eq!(attempt(bytes), Ok(bytes));
        let error = attempt(bytes - 256).unwrap_err();
        assert!(error.to_string().contains("bound are in use"), "{error}");
    }
}

#[test]
fn bad_input_is_refused_and_teaches_nothing() {
    let mut c = controller(&[2, 3], ControllerSettings::logits(), Seed(1), 1).unwrap();
    let before = c.state().unwrap();
    let (expected, got) = (2, 1);
    assert_eq!(
        c.update(&[1], 0.0),
        Err(Error::ChoiceCount { expected, got })
    );
    let range = Error::ChoiceRange {
        decision: 1,
        choice: 3,
        choices: 3,
    };
    assert_eq!(c.update(&[0, 3], 0.0), Err(range));
    for reward in [f64::NAN, f64::INFINITY, -1e16] {
        let refused = c.update(&[0, 0], reward);
        assert!(matches!(refused, Err(Error::Reward { .. })), "{refused:?}");
    }
    assert_eq!(c.state().unwrap(), before);
}

#[test]
fn nothing_to_decide_and_bad_settings_are_refused() {
    let good = ControllerSettings::lstm();
    let refusal = |decisions: &[usize], settings| {
        controller(decisions, settings, Seed(1), 1)
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(refusal(&[], good), Error::NoDecisions);
    assert_eq!(refusal(&[2, 0], good), Error::NoChoices { decision: 1 });
    let (rate, baseline_decay, hidden) = (f64::NAN, 1.0, 0);
    for (settings, message) in [
        (
            ControllerSettings { rate, ..good },
            "controller setting `rate` is NaN; it has to be a positive number",
        ),
        (
            ControllerSettings {
                baseline_decay,
                ..good
            },
            "controller setting `baseline_decay` is 1; it has to be at least 0 and less than 1",
        ),
        (
            ControllerSettings {
                baseline_decay: 0.0,
                ..good
            },
            "controller setting `baseline_decay` is 0; it has to be at least 0.001 for ranks",
        ),
        (
            ControllerSettings {
                shared: Some(-1.0),
                ..good
            },
            "controller setting `shared` is -1; it has to be a number, at least 0",
        ),
        (
            ControllerSettings {
                rollouts: 0,
                ..good
            },
            "controller setting `rollouts` is 0; it has to be between 1 and 1000",
        ),
        (
            ControllerSettings { hidden, ..good },
            "controller setting `hidden` is 0; it has to be at least 1",
        ),
    ] {
        assert_eq!(refusal(&[2], settings).to_string(), message);
    }
}

#[test]
fn the_state_of_another_controller_changes_nothing() {
    let settings = ControllerSettings::logits();
    let mut c = controller(&[2, 3], settings, Seed(1), 1).unwrap();
    c.update(&[1, 1], 0.5).unwrap();
    c.update(&[0, 2], 0.7).unwrap();
    let before = c.state().unwrap();
    let other = controller(&[2, 4], settings, Seed(1), 1).unwrap();
    let other = other.state().unwrap();
    assert!(c.restore(&other).is_err());
    let mut waiting = before.clone();
    waiting.pending.push(Rollout {
        choices: vec![0, 0],
        advantage: 1.0,
    });
    let (pending, rollouts) = (1, 1);
    assert_eq!(
        c.restore(&waiting),
        Err(Error::Pending { pending, rollouts })
    );
    // The moments fit, the parameters do not.
    let mixed = ControllerState {
        moments: controller(&[2, 3], settings, Seed(1), 1)
            .unwrap()
            .state()
            .unwrap()
            .moments,
        ..other
    };
    assert!(c.restore(&mixed).is_err());
    assert_eq!(c.state().unwrap(), before);
}

#[test]
fn parameters_that_leave_the_numbers_are_reported() {
    let mut c = controller(&[2, 3], ControllerSettings::logits(), Seed(1), 1).unwrap();
    let mut state = c.state().unwrap();
    state.parameters[1].values[2] = f32::NAN;
    c.restore(&state).unwrap();
    let (decision, rate) = (1, ControllerSettings::logits().rate);
    assert_eq!(c.sample(0), Err(Error::Diverged { decision, rate }));
}
