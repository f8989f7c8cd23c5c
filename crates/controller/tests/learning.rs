//! Whether the controller learns, and what it says about itself.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "../examples/study/surrogate.rs"]
mod surrogate;

use radars_controller::{Advantage, ControllerSettings, Decisions, Policy};
use radars_nn::tensor::random::Seed;
use rand::RngExt;
use surrogate::{Surrogate, controller, mean, search};

/// As the decisions of a space of six layers with five hyper-parameter types.
const DECISIONS: [usize; 30] = [
    4, 2, 3, 2, 3, 4, 2, 3, 2, 3, 4, 2, 3, 2, 3, 4, 2, 3, 2, 3, 4, 2, 3, 2, 3, 4, 2, 3, 2, 3,
];

/// Mean rewards of episodes 1-10 and 31-40 over 12 surrogates.
fn first_and_last(settings: ControllerSettings) -> (f64, f64) {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for seed in 100..112 {
        let episodes = search(&DECISIONS, settings, Seed(seed), 40).unwrap();
        first.push(mean(&episodes[..10], |e| e.reward));
        last.push(mean(&episodes[30..], |e| e.reward));
    }
    println!("GAIN {}", mean(&last, |r| *r) - mean(&first, |r| *r));
    (mean(&first, |r| *r), mean(&last, |r| *r))
}

/// Seen here: 0.049 (LSTM), 0.066 (logits), and -0.006 without learning. A surrogate's gain has a deviation
/// of 0.03, twelve of them together 0.009: less than this is no accident of rounding.
const GAIN: f64 = 0.035;

#[test]
fn the_lstm_learns_in_forty_episodes() {
    let (first, last) = first_and_last(ControllerSettings::lstm());
    assert!(last - first > GAIN, "{first} -> {last}");
}

#[test]
fn the_logits_learn_in_forty_episodes() {
    let (first, last) = first_and_last(ControllerSettings::logits());
    assert!(last - first > GAIN, "{first} -> {last}");
}

/// Six layers that agree: the score of a choice is mostly its type's, 0.8 of it, and a little its layer's. Mean
/// rewards of episodes 11-20, over 24 surrogates.
#[test]
fn shared_logits_learn_faster_where_layers_agree() {
    let learned = |shared| {
        let settings = ControllerSettings {
            shared,
            ..ControllerSettings::logits()
        };
        let types = DECISIONS.len() / 6;
        let mut rewards = Vec::new();
        for seed in 300..324 {
            let mut rng = Seed(seed).stream("agreeing layers", 0);
            let mut row = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.random()).collect() };
            let common: Vec<_> = DECISIONS[..types].iter().map(|&n| row(n)).collect();
            let own: Vec<_> = DECISIONS.iter().map(|&n| row(n)).collect();
            let alike = DECISIONS.iter().enumerate().map(|(d, &n)| (n, d % types));
            let decisions = Decisions::grouped(alike);
            let mut c = controller(decisions, settings, Seed(seed), 1).unwrap();
            for episode in 0..20 {
                let choices = c.sample(episode).unwrap().choices;
                let score = |(d, &choice): (usize, &usize)| {
                    0.8 * common[d % types][choice] + 0.2 * own[d][choice]
                };
                let sum: f64 = choices.iter().enumerate().map(score).sum();
                let reward = sum / choices.len() as f64;
                c.update(&choices, reward).unwrap();
                if episode >= 10 {
                    rewards.push(reward);
                }
            }
        }
        mean(&rewards, |r| *r)
    };
    let (shared, own) = (learned(Some(0.5)), learned(None));
    assert!(shared > own + 0.02, "{shared}, {own}");
}

#[test]
fn without_a_rate_worth_its_name_nothing_is_learned() {
    for base in [ControllerSettings::lstm(), ControllerSettings::logits()] {
        let (first, last) = first_and_last(ControllerSettings { rate: 1e-9, ..base });
        assert!((last - first).abs() < GAIN / 2.0, "{first} -> {last}");
    }
}

/// From 0.99 nats a decision; the study shows 0.32 (LSTM) and 0.50 (logits) at the end.
#[test]
fn the_policy_narrows_as_it_learns() {
    for settings in [ControllerSettings::lstm(), ControllerSettings::logits()] {
        let episodes = search(&DECISIONS, settings, Seed(100), 40).unwrap();
        let (first, last) = (episodes[0].entropy, episodes[39].entropy);
        assert!(first > 0.98 && last < 0.75, "{first} -> {last}");
    }
}

/// A bandit of three arms, whose last pays best. The entropy bonus keeps the policy from certainty, so
/// that it settles on no other arm before; seen here: 0.63 to 1.
#[test]
fn the_likeliest_choice_becomes_the_best_arm() {
    for settings in [ControllerSettings::lstm(), ControllerSettings::logits()] {
        for seed in 0..16 {
            let mut bandit = controller(&[3], settings, Seed(seed), 1).unwrap();
            for episode in 0..200 {
                let choices = bandit.sample(episode).unwrap().choices;
                bandit
                    .update(&choices, [0.2, 0.5, 1.0][choices[0]])
                    .unwrap();
            }
            assert_eq!(bandit.most_likely().unwrap(), [2], "{settings:?}, {seed}");
            let p = bandit.probabilities().unwrap()[0][2];
            assert!(p > 0.5, "{:?}, {seed}: {p}", settings.policy);
        }
    }
}

/// Architectures of many first choices "do not fit": a penalty far below any reward. The mean reward of
/// episodes 31-40 (0 for those that do not fit), over 24 surrogates; seen here: 0.553 and 0.479.
#[test]
fn penalties_do_not_drown_the_differences_of_ranks() {
    let learned = |advantage| {
        let settings = ControllerSettings {
            advantage,
            ..ControllerSettings::logits()
        };
        let mut last = Vec::new();
        for seed in 200..224 {
            let surrogate = Surrogate::new(&DECISIONS, Seed(seed));
            let mut c = controller(&DECISIONS, settings, Seed(seed), 1).unwrap();
            for episode in 0..40 {
                let choices = c.sample(episode).unwrap().choices;
                let first = choices.iter().filter(|&&choice| choice == 0).count();
                let fits = first <= DECISIONS.len() * 2 / 5;
                let reward = surrogate.reward(&choices, episode);
                c.update(&choices, if fits { reward } else { -1.0 })
                    .unwrap();
                if episode >= 30 {
                    last.push(if fits { reward } else { 0.0 });
                }
            }
        }
        mean(&last, |r| *r)
    };
    let (ranked, normalised) = (learned(Advantage::Ranked), learned(Advantage::Normalised));
    assert!(ranked > normalised + 0.03, "{ranked}, {normalised}");
}

/// Only a policy that sees the choice before can tell these: the second choice pays when it equals the first.
#[test]
fn the_lstm_learns_what_depends_on_the_choice_before() {
    let mut lstm = controller(&[2, 2], ControllerSettings::lstm(), Seed(5), 1).unwrap();
    // Both first choices are taught alike, whatever the policy would draw.
    for episode in 0..200 {
        let choices = [episode % 2, episode / 2 % 2];
        let equal = choices[0] == choices[1];
        lstm.update(&choices, f64::from(u8::from(equal))).unwrap();
    }
    for first in [0, 1] {
        let equal = lstm.log_probability(&[first, first]).unwrap();
        let other = lstm.log_probability(&[first, 1 - first]).unwrap();
        assert!(equal > other + 1.0, "after {first}: {equal}, {other}");
    }
}

/// Mean of ln(choices): (6 * (2 ln 2 + 2 ln 3 + ln 4)) / 30; python: 0.993963.
#[test]
fn fresh_logits_are_uniform() {
    let mut fresh = controller(&DECISIONS, ControllerSettings::logits(), Seed(1), 1).unwrap();
    let logarithm = |&n: &usize| (n as f64).ln();
    let sample = fresh.sample(0).unwrap();
    assert!((sample.entropy - mean(&DECISIONS, logarithm)).abs() < 1e-6);
    assert!(
        (sample.entropy - 0.993_963).abs() < 1e-6,
        "{}",
        sample.entropy
    );
    assert!((sample.log_probability + DECISIONS.iter().map(logarithm).sum::<f64>()).abs() < 1e-5);
    let update = fresh.update(&sample.choices, 0.5).unwrap();
    assert!((update.entropy - mean(&DECISIONS, logarithm)).abs() < 1e-6);
}

/// A fresh LSTM explores almost as widely: the initial values are small.
#[test]
fn a_fresh_lstm_is_nearly_uniform() {
    let mut fresh = controller(&DECISIONS, ControllerSettings::lstm(), Seed(1), 1).unwrap();
    assert!(fresh.sample(0).unwrap().entropy > 0.993);
}

/// Frequencies over 4,000 episodes against the probabilities; five standard errors are 0.04.
#[test]
fn samples_follow_the_probabilities() {
    for policy in [Policy::Lstm, Policy::Logits] {
        let settings = ControllerSettings {
            policy,
            hidden: 8,
            rate: 0.1,
            ..ControllerSettings::default()
        };
        let mut tilted = controller(&[3], settings, Seed(3), 1).unwrap();
        for reward in [0.0, 1.0, 1.0, 1.0] {
            tilted.update(&[1], reward).unwrap();
        }
        let mut counts = [0.0; 3];
        for episode in 0..4000 {
            counts[tilted.sample(episode).unwrap().choices[0]] += 1.0 / 4000.0;
        }
        let probabilities = &tilted.probabilities().unwrap()[0];
        assert!(probabilities[1] > 0.4, "{probabilities:?}");
        for (count, p) in counts.iter().zip(probabilities) {
            assert!((count - p).abs() < 0.04, "{counts:?}, {probabilities:?}");
        }
    }
}
