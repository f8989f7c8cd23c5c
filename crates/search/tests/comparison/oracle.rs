//! An evaluator that knows everything at once.

use radars_search::{
    Config, DnasConfig, Evaluator, Exploitation, Exploited, Fidelity, Measured, Memory, Result,
    Shared, Sharing, Training, Watch,
};
use radars_space::{Architecture, Candidate};
use radars_supernet::{Mixing, Plan, Recompute, StepSize, Traffic};
use std::time::Duration;

/// The bound.
pub const BOUND: usize = 4096;

/// The accuracy that a training under a configuration measures.
pub type Measure<'m> = &'m (dyn Fn(&Config, &Architecture, Fidelity) -> f64 + Sync);

/// Measures at once: a brief training costs 1 and one to convergence 4. The materialised SuperNet of the whole space
/// does not fit.
pub struct Oracle<'o> {
    /// How many candidates a layer of the whole space has.
    pub candidates: usize,
    /// The configuration of the run.
    pub config: &'o Config,
    /// What it measures.
    pub measure: Measure<'o>,
    /// How long a training takes.
    pub nap: Duration,
}

fn plan(bytes: usize) -> Plan {
    Plan {
        peak_bytes: bytes,
        high_water_bytes: bytes,
        saved_bytes: 0,
        allocations: 1,
        micro_batch: 1,
        recompute: Recompute::NONE,
    }
}

fn memory(plan: Plan) -> Memory {
    Memory {
        planned_peak_bytes: plan.peak_bytes,
        actual_peak_bytes: plan.peak_bytes,
        high_water_bytes: plan.high_water_bytes,
    }
}

/// A function of the architecture alone: the larger the kernels, the better.
pub fn accuracy(architecture: &Architecture) -> f64 {
    let kernels = architecture.layers().iter().map(|c| c.kernel);
    kernels.sum::<usize>() as f64 / (7.0 * architecture.layers().len() as f64)
}

impl Evaluator for Oracle<'_> {
    fn bound_bytes(&self) -> usize {
        BOUND
    }

    fn plan(&self, _: &Architecture, _: Fidelity, _: StepSize) -> Result<Plan> {
        Ok(plan(1024))
    }

    fn cost(&self, _: &Architecture, fidelity: Fidelity) -> Result<u64> {
        Ok(match fidelity {
            Fidelity::Proxy => 1,
            Fidelity::Exact => 4,
            Fidelity::Final => 40,
        })
    }

    fn train(&mut self, training: Training<'_>, watch: &mut Watch<'_>) -> Result<Option<Measured>> {
        std::thread::sleep(self.nap);
        if watch.stop().is_some() {
            return Ok(None);
        }
        Ok(Some(Measured {
            top5: None,
            accuracy: (self.measure)(self.config, training.architecture, training.fidelity),
            memory: memory(training.plan),
            weights: "oracle".into(),
        }))
    }

    fn plan_supernet(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        _: StepSize,
    ) -> Result<Plan> {
        let whole = candidates[0].len() >= self.candidates;
        Ok(plan(match mixing {
            Mixing::Materialised if whole => 9216,
            _ => 2048,
        }))
    }

    fn exploitation_cost(&self, _: &[Vec<Candidate>], _: Mixing, dnas: DnasConfig) -> Result<u64> {
        Ok((dnas.epochs + dnas.warmup_epochs) as u64)
    }

    fn exploit(
        &mut self,
        exploitation: Exploitation<'_>,
        _: &mut Watch<'_>,
    ) -> Result<Option<Exploited>> {
        let largest = |layer: &Vec<Candidate>| layer.iter().max_by_key(|c| c.kernel).copied();
        let layers = exploitation.candidates.iter().filter_map(largest).collect();
        Ok(Some(Exploited {
            architecture: Architecture(layers),
            memory: memory(exploitation.plan),
            weights: "oracle".into(),
            seconds: 0.0,
        }))
    }

    fn plan_sharing(&self, _: &[Vec<Candidate>]) -> Result<Plan> {
        Ok(plan(1024))
    }

    fn sharing_cost(&self, sharing: &Sharing<'_>) -> Result<u64> {
        Ok(sharing.epochs as u64)
    }

    fn share(&mut self, sharing: Sharing<'_>, _: &mut Watch<'_>) -> Result<Option<Shared>> {
        Ok(Some(Shared {
            paths: sharing.paths.to_vec(),
            spent: self.sharing_cost(&sharing)?,
            accuracies: sharing.paths.iter().map(accuracy).collect(),
            memory: memory(plan(1024)),
            traffic: Traffic::default(),
            weights: "oracle".into(),
        }))
    }
}
