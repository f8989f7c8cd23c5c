//! A search with an evaluator of one's own: networks for a microcontroller, measured without being trained.
//!
//! What fits is decided by the chip's memory instead of by what training takes, and accuracy by a formula, in whose
//! place may stand whatever measures networks: a simulator, a board on the desk, a cluster.
//!
//! `cargo run --release -p radars-search --example custom_evaluator`

use radars_search::space::{Architecture, Space};
use radars_search::supernet::{Plan, StepSize};
use radars_search::{
    Config, Evaluator, Evaluators, Fidelity, Measured, Memory, Method, Problem, Result, Setup,
    Silent, StopSignal, Training, Watch, search_with,
};

/// A chip, and the networks that are to run on it.
struct Microcontroller<'a> {
    space: &'a Space,
    bytes: usize,
}

impl Microcontroller<'_> {
    /// Weights in flash, and the largest pair of a layer's input and output in RAM, each as wide as its codes.
    fn needs(&self, architecture: &Architecture) -> Result<usize> {
        let (cost, shapes) = (self.space.cost(architecture)?, self.space.shapes()?);
        let (mut weight_bits, mut widest) = (0, 0);
        for (layer, candidate) in architecture.layers().iter().enumerate() {
            let [activation, weight] = candidate.operand_bits().map(u64::from);
            let elements = shapes[layer].input.elements() + shapes[layer].output.elements();
            weight_bits += cost.layers[layer].params * weight;
            widest = widest.max(elements * activation);
        }
        Ok((weight_bits + widest).div_ceil(8) as usize)
    }

    /// Each layer errs by what its bits round away, and the less the more of the image its kernels have seen.
    fn accuracy(&self, architecture: &Architecture) -> f64 {
        let mut right = 0.95;
        for candidate in architecture.layers() {
            let [activation, weight] = candidate.operand_bits().map(|bits| f64::from(bits).exp2());
            let seen = (candidate.kernel * candidate.kernel) as f64;
            right *= (1.0 - 0.2 / activation) * (1.0 - 0.3 / weight) * (1.0 - 0.03 / seen);
        }
        right
    }
}

impl Evaluator for Microcontroller<'_> {
    fn bound_bytes(&self) -> usize {
        self.bytes
    }

    fn plan(&self, architecture: &Architecture, _: Fidelity, step: StepSize) -> Result<Plan> {
        let bytes = self.needs(architecture)?;
        Ok(Plan {
            peak_bytes: bytes,
            high_water_bytes: bytes,
            micro_batch: step.images,
            ..Plan::default()
        })
    }

    /// Budgets count evaluations.
    fn cost(&self, _: &Architecture, _: Fidelity) -> Result<u64> {
        Ok(1)
    }

    fn train(&mut self, training: Training<'_>, _: &mut Watch<'_>) -> Result<Option<Measured>> {
        Ok(Some(Measured {
            accuracy: self.accuracy(training.architecture),
            top5: None,
            memory: Memory::default(),
            weights: "none".into(),
        }))
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::preset("fashion-small")?;
    config.method = Method::Quantnas; // a controller alone: the evaluator has no SuperNets
    config.search.episodes = 400;
    let space = Space::preset("fashion-small")?;
    let reward = space.reward()?;
    let problem = Problem {
        config,
        space,
        reward,
    };
    for kib in [32, 64, 128] {
        let (space, bytes) = (&problem.space, kib << 10);
        let chip = Microcontroller { space, bytes };
        let (stop, mut observer) = (StopSignal::default(), Silent);
        let setup = Setup::new("surrogate", &mut observer, &stop);
        let best = search_with(Evaluators::Shared(chip), &problem, setup)?.best;
        let accuracy = best.val_accuracy.unwrap_or(f64::NAN);
        println!("{kib:3} KiB: accuracy {accuracy:.3}, {}", best.architecture);
    }
    Ok(())
}
