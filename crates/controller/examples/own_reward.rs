//! The controller on a reward of one's own, which has nothing to do with networks: a band-pass filter for speech
//! from the parts in a drawer.
//!
//! `cargo run --release -p radars-controller --example own_reward`

use radars_controller::nn::tensor::{Arena, Backend, Cpu, random::Seed};
use radars_controller::{Controller, ControllerSettings};
use std::f64::consts::TAU;

/// A decade of the series E12, in ohm and in nanofarad.
const E12: [f64; 12] = [
    10.0, 12.0, 15.0, 18.0, 22.0, 27.0, 33.0, 39.0, 47.0, 56.0, 68.0, 82.0,
];
/// What a value of the series is multiplied by.
const DECADES: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
/// The corners of the band, in Hz.
const CORNERS: [f64; 2] = [300.0, 3400.0];

/// The corner frequency of a stage: `1 / (2 pi R C)`, with R and C as four decisions pick them.
fn corner(choices: &[usize]) -> f64 {
    let ohm = E12[choices[0]] * DECADES[choices[1]];
    let farad = E12[choices[2]] * DECADES[choices[3]] * 1e-9;
    1.0 / (TAU * ohm * farad)
}

/// 1 for a filter with both corners where they belong; less by how many octaves they are off, and with the spread
/// of the resistors, which are to be alike.
fn reward(choices: &[usize]) -> f64 {
    let off = |stage: usize| {
        (corner(&choices[4 * stage..][..4]) / CORNERS[stage])
            .log2()
            .abs()
    };
    let decades = choices[1].abs_diff(choices[5]) as f64;
    1.0 / (1.0 + off(0) + off(1)) - 0.02 * decades
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The controller wants to know no more than how many choices each decision has.
    let stage = [E12.len(), DECADES.len(), E12.len(), DECADES.len()];
    let decisions = [stage, stage].concat();
    let settings = ControllerSettings::logits();

    let cpu = Cpu::new(1)?;
    let bound = Controller::<Cpu>::arena_bytes(cpu.spec(), &decisions, settings)?;
    let arena = Arena::with_bound(cpu, bound)?;
    let mut controller = Controller::new(&arena, &decisions, settings, Seed(0))?;
    let (mut best, mut sum) = ((f64::MIN, Vec::new()), 0.0);
    for episode in 0..2000 {
        let choices = controller.sample(episode)?.choices;
        let reward = reward(&choices);
        controller.update(&choices, reward)?;
        sum += reward;
        if reward > best.0 {
            best = (reward, choices);
        }
        if episode % 200 == 199 {
            println!("episode {}: mean reward {:.3}", episode + 1, sum / 200.0);
            sum = 0.0;
        }
    }
    let (reward, choices) = best;
    for stage in choices.chunks(4) {
        println!(
            "{} ohm, {} nF: {:.0} Hz",
            E12[stage[0]] * DECADES[stage[1]],
            E12[stage[2]] * DECADES[stage[3]],
            corner(stage)
        );
    }
    println!("reward {reward:.3}, in {bound} bytes");
    Ok(())
}
