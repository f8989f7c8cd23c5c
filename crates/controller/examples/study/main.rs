//! Compares settings of the controller on surrogate rewards over the decisions of a real search space.
//!
//! `cargo run --release -p radars-controller --example study -- [SEEDS]` prints, for each setting, the mean
//! reward of ten episodes at the beginning, in the middle and at the end of 40, over that many surrogates
//! (16 unless told), the gain from the first to the last with its standard error, the best reward of all
//! 40, the entropy of the policy at the end (nats a decision) and the milliseconds of an episode.

mod surrogate;

use radars_controller::{Advantage, ControllerSettings, Policy, Result};
use radars_nn::tensor::random::Seed;
use radars_space::Space;
use std::time::Instant;
use surrogate::{Episode, mean, search};

const EPISODES: u64 = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds = match std::env::args().nth(1) {
        Some(seeds) => seeds.parse()?,
        None => 16,
    };
    let space = Space::preset("fashion-small")?;
    let decisions: Vec<usize> = space.decisions().iter().map(|d| d.choices).collect();
    println!(
        "{} decisions with {decisions:?} choices; {seeds} surrogates\n",
        decisions.len()
    );
    println!(
        "setting                          episodes 1-10  11-20  31-40    gain  error  best  entropy   ms"
    );
    for (name, settings) in settings() {
        let mut searches = Vec::new();
        let start = Instant::now();
        for seed in 0..seeds {
            searches.push(search(&decisions, settings, Seed(seed), EPISODES)?);
        }
        let episodes = (seeds * EPISODES) as f64;
        print(
            &name,
            &searches,
            start.elapsed().as_secs_f64() * 1e3 / episodes,
        );
    }
    Ok(())
}

/// The defaults of both policies, and each of these with one setting changed.
fn settings() -> Vec<(String, ControllerSettings)> {
    let mut all = Vec::new();
    for (policy, base, rates) in [
        ("lstm", ControllerSettings::lstm(), [0.02, 0.04, 0.08]),
        ("logits", ControllerSettings::logits(), [0.1, 0.2, 0.4]),
    ] {
        let mut add = |name: String, settings| all.push((format!("{policy} {name}"), settings));
        add("default".into(), base);
        for rate in rates {
            add(format!("rate {rate}"), ControllerSettings { rate, ..base });
        }
        for entropy_weight in [0.0, 0.4, 1.6] {
            let name = format!("entropy weight {entropy_weight}");
            let settings = ControllerSettings {
                entropy_weight,
                ..base
            };
            add(name, settings);
        }
        for baseline_decay in [0.5, 0.9, 0.95] {
            let name = format!("baseline decay {baseline_decay}");
            let settings = ControllerSettings {
                baseline_decay,
                ..base
            };
            add(name, settings);
        }
        let betas = match base.policy {
            Policy::Lstm => (0.5, 0.999),
            Policy::Logits => (0.9, 0.999),
        };
        let name = format!("betas {}, {}", betas.0, betas.1);
        add(name, ControllerSettings { betas, ..base });
        for (name, advantage) in [
            ("normalised advantage", Advantage::Normalised),
            ("advantage not normalised", Advantage::Difference),
        ] {
            add(name.into(), ControllerSettings { advantage, ..base });
        }
    }
    all
}

fn print(name: &str, searches: &[Vec<Episode>], ms: f64) {
    let rewards = |from: usize| {
        let mean_of_ten = |search: &Vec<Episode>| mean(&search[from..from + 10], |e| e.reward);
        searches.iter().map(mean_of_ten).collect::<Vec<_>>()
    };
    let (first, second, last) = (rewards(0), rewards(10), rewards(30));
    let gains: Vec<f64> = first.iter().zip(&last).map(|(a, b)| b - a).collect();
    let [at_first, at_second, at_last, gain] =
        [&first, &second, &last, &gains].map(|values| mean(values, |v| *v));
    let variance = mean(&gains, |g| (g - gain) * (g - gain));
    let error = (variance / gains.len().saturating_sub(1).max(1) as f64).sqrt();
    let best = mean(searches, |search| {
        search.iter().fold(f64::MIN, |best, e| best.max(e.reward))
    });
    let entropy = mean(searches, |search| mean(&search[30..], |e| e.entropy));
    println!(
        "{name:<34}{at_first:>12.3}{at_second:>7.3}{at_last:>7.3}{gain:>8.3}{error:>7.3}{best:>6.3}\
         {entropy:>9.3}{ms:>5.1}"
    );
}
