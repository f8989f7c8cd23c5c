//! Compares settings of the controller on surrogate rewards over the decisions of a real search space.
//!
//! `cargo run --release -p radars-controller --example study -- [SEEDS]` prints, for each setting, the mean
//! reward of ten episodes at the beginning, in the middle and at the end of 40, over that many surrogates
//! (16 unless told), and the standard error of the gain.

mod surrogate;

use radars_controller::{ControllerSettings, Result};
use radars_nn::tensor::random::Seed;
use radars_space::Space;
use surrogate::{mean, search};

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
    println!("setting                          episodes 1-10  11-20  31-40    gain  error  best");
    for (name, settings) in settings() {
        let mut rows = Vec::new();
        for seed in 0..seeds {
            rows.push(search(&decisions, settings, Seed(seed), EPISODES)?);
        }
        print(&name, &rows);
    }
    Ok(())
}

/// The defaults of both policies, and each of these with one setting changed.
fn settings() -> Vec<(String, ControllerSettings)> {
    let mut all = Vec::new();
    for (policy, base, rates) in [
        ("lstm", ControllerSettings::lstm(), [0.005, 0.01, 0.04]),
        ("logits", ControllerSettings::logits(), [0.1, 0.3, 0.4]),
    ] {
        let mut add = |name: String, settings| all.push((format!("{policy} {name}"), settings));
        add("default".into(), base);
        for rate in rates {
            add(format!("rate {rate}"), ControllerSettings { rate, ..base });
        }
        for entropy_weight in [0.0, 0.01, 0.1] {
            let name = format!("entropy weight {entropy_weight}");
            let settings = ControllerSettings {
                entropy_weight,
                ..base
            };
            add(name, settings);
        }
        for baseline_decay in [0.5, 0.8, 0.95] {
            let name = format!("baseline decay {baseline_decay}");
            let settings = ControllerSettings {
                baseline_decay,
                ..base
            };
            add(name, settings);
        }
        let betas = (0.5, 0.999);
        add(
            "betas 0.5, 0.999".into(),
            ControllerSettings { betas, ..base },
        );
        let plain = ControllerSettings {
            normalise_advantage: false,
            ..base
        };
        add("advantage not normalised".into(), plain);
    }
    all
}

fn print(name: &str, rows: &[Vec<f64>]) {
    let window = |row: &Vec<f64>, start: usize| mean(&row[start..start + 10]);
    let at = |start| {
        mean(
            &rows
                .iter()
                .map(|row| window(row, start))
                .collect::<Vec<_>>(),
        )
    };
    let gains: Vec<f64> = rows
        .iter()
        .map(|row| window(row, 30) - window(row, 0))
        .collect();
    let gain = mean(&gains);
    let squares = gains.iter().map(|g| (g - gain) * (g - gain)).sum::<f64>();
    let error = (squares / (gains.len() * gains.len().saturating_sub(1).max(1)) as f64).sqrt();
    let best = rows
        .iter()
        .map(|row| row.iter().copied().fold(f64::MIN, f64::max));
    let best = mean(&best.collect::<Vec<_>>());
    println!(
        "{name:<34}{:>12.3}{:>7.3}{:>7.3}{gain:>8.3}{error:>7.3}{best:>6.3}",
        at(0),
        at(10),
        at(30)
    );
}
