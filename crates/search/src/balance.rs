//! What an option `auto` decides: by the cost model, once.

use crate::task::weight_settings;
use crate::{Evaluator, Fidelity, Problem, Result, candidates_of, kernel_path};
use radars_space::Architecture;
use radars_supernet::{BatchSizes, plan_child};
use radars_tensor::random::Seed;
use radars_tensor::{ALIGN, Backend};

/// Random architectures that stand for all.
const SAMPLE: u64 = 32;

/// How many of the best to re-train (`P`), so that an exploitation costs what an exploration does and the two
/// can run side by side without waiting: 1 to the episodes of an exploration.
///
/// # Errors
/// Those of the evaluator's cost model.
pub fn balanced_retrain(evaluator: &impl Evaluator, problem: &Problem) -> Result<usize> {
    let sample: Vec<Architecture> = (0..SAMPLE)
        .map(|draw| {
            let mut rng = Seed(0).stream("balance", draw);
            problem.space.random(&mut rng)
        })
        .collect();
    let mean = |fidelity| -> Result<f64> {
        let costs = sample.iter().map(|a| evaluator.cost(a, fidelity));
        let sum = costs.sum::<Result<u64>>()?;
        Ok(sum as f64 / SAMPLE as f64)
    };
    let exploration = mean(Fidelity::Proxy)? * problem.config.search.episodes as f64;
    let exact = mean(Fidelity::Exact)?;
    let exploitation = |retrain: usize| -> Result<f64> {
        let spanned = &sample[..retrain.min(sample.len())];
        let (config, candidates) = (&problem.config, candidates_of(spanned));
        // Which mixing will fit is not known before SN is; the cheapest one is hoped for.
        let ways = config.mixing.ways(&candidates).into_iter();
        let costs =
            ways.map(|mixing| evaluator.exploitation_cost(&candidates, mixing, config.dnas));
        let dnas = costs.collect::<Result<Vec<u64>>>()?;
        let dnas = dnas.into_iter().min().unwrap_or(0);
        // What DNAS derives is trained as well.
        Ok(exact * (retrain + 1) as f64 + dnas as f64)
    };
    let mut best = (1, f64::INFINITY);
    for retrain in 1..=problem.config.search.episodes {
        let difference = (exploitation(retrain)? - exploration).abs();
        if difference < best.1 {
            best = (retrain, difference);
        }
    }
    Ok(best.0)
}

/// Exploration's share of the bound, when nobody says: what the largest path needs, at most half.
///
/// # Errors
/// When the space is not resolved.
pub fn exploration_share<B: Backend>(
    spec: &B::Spec,
    problem: &Problem,
    batches: BatchSizes,
) -> Result<usize> {
    let largest = kernel_path::largest(&problem.space)?;
    let settings = weight_settings(&problem.config);
    let plan = plan_child::<B>(spec, &problem.space, &largest, batches, settings)?;
    let half = usize::try_from(problem.config.memory.as_u64()).unwrap_or(usize::MAX) / 2;
    Ok(plan.high_water_bytes.min(half) / ALIGN * ALIGN)
}
