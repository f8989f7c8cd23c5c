//! A search from a program of one's own: a preset with less of everything, and events as they come.
//!
//! `cargo run --release -p radars-search --example embedded`

use radars_search::{Config, Event, Observer, Phase, Result, Setup, StopSignal, Task, search};
use radars_tensor::{Cpu, Region};

/// Prints the rewards.
struct Print;

impl Observer for Print {
    fn event(&mut self, _: Phase, event: &Event) -> Result<()> {
        match event {
            Event::Episode {
                episode,
                reward,
                architecture,
                ..
            } => {
                println!("episode {episode}: reward {reward:.3} of {architecture}");
            }
            Event::Best {
                reward, accuracy, ..
            } => println!("best: reward {reward:.3}, accuracy {accuracy:.3}"),
            _ => {}
        }
        Ok(())
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::preset("fashion-small")?;
    config.data.limit_train = Some(600);
    config.search.iterations = 1;
    config.search.episodes = 4;
    config.search.retrain = 2;
    config.training.exact_epochs = 2;
    config.training.final_epochs = 4;
    config.dnas.epochs = 2;

    let threads = std::thread::available_parallelism()?.get();
    let region = Region::reserve(Cpu::new(threads)?, config.memory.as_u64() as usize)?;
    let task = Task::load(config, None)?;
    let stop = StopSignal::default();
    let result = search(region, &task, Setup::new("cpu", &mut Print, &stop))?;
    println!(
        "{}: test accuracy {:.3}, {} bytes of the {}-byte bound",
        result.best.architecture,
        result.best.test_accuracy.unwrap_or(f64::NAN),
        result.memory.actual_peak_bytes,
        result.memory.bound_bytes,
    );
    Ok(())
}
