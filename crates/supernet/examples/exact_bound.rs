//! Plans the training of a network to the byte, then trains it in exactly that much memory.
//!
//! `cargo run --release -p radars-supernet --example exact_bound`

use radars_space::{Architecture, Candidate, Precision, Space};
use radars_supernet::nn::SgdSettings;
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Backend, Cpu};
use radars_supernet::{BatchSizes, ChildTrainer, Images, WeightSettings, plan_child};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let space = Space::preset("cifar10-quant")?;
    let bits = Precision {
        integer: 3,
        fraction: 6,
    };
    let architecture =
        Architecture::uniform(Candidate::quantised(3, bits, bits), space.layers().len());
    let settings = WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.0,
        statistics_batches: 0,
    };

    let cpu = Cpu::new(std::thread::available_parallelism()?.get())?;
    let batches = BatchSizes {
        step: 64.into(),
        evaluated: 0,
    };
    let plan = plan_child::<Cpu>(&cpu.spec(), &space, &architecture, batches, settings)?;
    println!(
        "planned: peak {} bytes, smallest bound {} bytes",
        plan.peak_bytes, plan.high_water_bytes
    );

    let arena = Arena::with_bound(cpu, plan.high_water_bytes)?;
    let mut trainer = ChildTrainer::new(&arena, &space, &architecture, settings, Seed(0))?;
    let bytes = vec![159; 64 * space.input()?.elements() as usize];
    let labels: Vec<i32> = (0..64).map(|i| i % 10).collect();
    for step in 0..10 {
        let started = Instant::now();
        trainer.step(
            Images {
                bytes: &bytes,
                placements: &[[0; 3]; 64],
                labels: &labels,
            },
            0.05,
        )?;
        let loss = trainer.take_mean_loss()?.unwrap_or(f64::NAN);
        println!(
            "step {step}: loss {loss:.3}, {:.0} ms",
            started.elapsed().as_secs_f64() * 1e3
        );
    }
    println!("used:    peak {} bytes", arena.stats().peak_bytes);
    Ok(())
}
