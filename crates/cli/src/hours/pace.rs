//! Timing what a search is made of.

use crate::device::{Devices, Part};
use crate::failure::{Failure, Result};
use crate::timing::{Pair, Timing, bound_bytes, median};
use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::{
    Method, PlannedSuperNet, Problem, Task, candidates_of, fitting_child, plan_fitting, span,
};
use radars_space::{Architecture, Candidate};
use radars_supernet::{
    BatchSizes, Mixing, SuperNetMacs, SuperNetPlan, child_evaluation_macs, child_forward_macs,
    child_step_macs, plan_child, supernet_step_macs,
};
use radars_tensor::Backend;
use radars_tensor::random::Seed;
use serde::Serialize;
use std::time::Duration;

/// Random architectures that stand for all.
const SAMPLE: u64 = 32;
/// How many of them are timed.
const TIMED: usize = 3;
/// SuperNets of random architectures that stand for all.
const SUPERNETS: usize = 8;
/// Seconds for each network; two steps at least.
const SECONDS: f64 = 2.0;

/// Seconds an image in the mean of random architectures, with all threads.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pace {
    pub child_step: f64,
    pub child_evaluation: f64,
    pub weight_step: f64,
    pub alpha_step: f64,
    /// Child networks that were timed.
    pub timed: usize,
    /// Architectures of the SuperNet that was.
    pub spanned: usize,
    /// How many times as long a child's step takes with half of the threads; none where there is but one,
    /// and on a GPU.
    pub half_threads: Option<f64>,
    /// Seconds a multiply-accumulate of a child's step.
    pub mac: f64,
}

impl Pace {
    /// The pace where everything takes so many times as long.
    pub fn slower(&self, by: f64) -> Pace {
        Pace {
            child_step: self.child_step * by,
            child_evaluation: self.child_evaluation * by,
            weight_step: self.weight_step * by,
            alpha_step: self.alpha_step * by,
            mac: self.mac * by,
            ..*self
        }
    }

    /// Times what a search is made of.
    pub fn measure<D: Devices>(devices: &D, task: &Task) -> Result<Pace> {
        let Problem { config, space, .. } = &task.problem;
        let seed = Seed(0);
        let sample: Vec<Architecture> = (0..SAMPLE)
            .map(|draw| space.random(&mut seed.stream("hours", draw)))
            .collect();
        let bar = bar();
        let bound_bytes = bound_bytes(config);
        let spec = devices.spec();
        let timed = fitting::<D::Backend>(&spec, task, &sample, bound_bytes)?;
        let timing = Timing {
            warm_up: 1,
            least: 1,
            seconds: SECONDS,
            seed,
        };
        let batch = config.batch as f64;
        let (mut step, mut evaluation) = (PerMac::default(), PerMac::default());
        let mut first_step = f64::NAN;
        for (index, architecture) in timed.iter().enumerate() {
            bar.set_message(format!("a child network, {} of {}", index + 1, timed.len()));
            let run = timing.child(devices, Part::Whole, space, config, architecture)?;
            let took = median(run.times);
            if index == 0 {
                first_step = took;
                let run = timing.evaluation(devices, space, config, architecture)?;
                let macs = child_evaluation_macs(space, architecture)?;
                evaluation.add(median(run.times), batch * macs as f64);
            }
            step.add(took, batch * child_step_macs(space, architecture)? as f64);
        }
        let half_threads = match timed.first() {
            Some(architecture) if devices.halves() => {
                bar.set_message("a child network with half of the threads");
                let run = timing.child(devices, Part::Exploration, space, config, architecture)?;
                Some(median(run.times) / first_step)
            }
            _ => None,
        };
        let supernet = spanned::<D::Backend>(&spec, task, &sample, bound_bytes)?;
        let spanned = supernet.as_ref().map_or(0, |(_, count)| *count);
        let (mut weight, mut alpha) = (PerMac::default(), PerMac::default());
        if let Some((planned, _)) = &supernet {
            bar.set_message("a SuperNet");
            let macs = supernet_step_macs(space, &planned.candidates, planned.mixing)?;
            let of = supernet_plan(task, &planned.candidates, planned.mixing);
            let run = timing.supernet(devices, of, config, planned.plan)?;
            let of = |kind: fn(&Pair) -> Duration| median(run.times.iter().map(kind));
            weight.add(of(|pair| pair.weight), batch * macs.weight as f64);
            alpha.add(of(|pair| pair.alpha), batch * macs.alpha as f64);
        }
        bar.finish_and_clear();
        let mean = |macs: &dyn Fn(&Architecture) -> radars_supernet::Result<u64>| -> Result<f64> {
            let sum = sample
                .iter()
                .map(macs)
                .sum::<radars_supernet::Result<u64>>()?;
            Ok(sum as f64 / SAMPLE as f64)
        };
        let supernets = match &supernet {
            Some((planned, spanned)) => mean_supernet(task, &sample, planned, *spanned)?,
            None => [0.0; 2],
        };
        Ok(Pace {
            child_step: step.seconds() * mean(&|a| child_step_macs(space, a))?,
            child_evaluation: evaluation.seconds() * mean(&|a| child_evaluation_macs(space, a))?,
            weight_step: weight.seconds() * supernets[0],
            alpha_step: alpha.seconds() * supernets[1],
            timed: timed.len(),
            spanned,
            half_threads,
            mac: step.seconds(),
        })
    }
}

/// Seconds a multiply-accumulate.
#[derive(Clone, Copy, Debug, Default)]
struct PerMac {
    seconds: f64,
    macs: f64,
}

impl PerMac {
    fn add(&mut self, seconds: f64, macs: f64) {
        self.seconds += seconds;
        self.macs += macs;
    }

    /// None at all where nothing was timed.
    fn seconds(self) -> f64 {
        match self.macs {
            0.0 => 0.0,
            macs => self.seconds / macs,
        }
    }
}

/// The first architectures that fit the bound.
fn fitting<B: Backend>(
    spec: &B::Spec,
    task: &Task,
    sample: &[Architecture],
    bound_bytes: usize,
) -> Result<Vec<Architecture>> {
    let (space, settings) = (&task.problem.space, task.weight_settings());
    let mut fitting = Vec::new();
    for architecture in sample {
        let layers = || Ok(child_forward_macs(space, architecture)?);
        let plan = fitting_child(&task.problem.config, bound_bytes, layers, |step| {
            let batches = BatchSizes {
                step,
                ..task.search_batches()
            };
            Ok(plan_child::<B>(
                spec,
                space,
                architecture,
                batches,
                settings,
            )?)
        })?;
        if plan.fits(bound_bytes) {
            fitting.push(architecture.clone());
        }
        if fitting.len() == TIMED {
            break;
        }
    }
    match fitting.is_empty() {
        false => Ok(fitting),
        true => Err(Failure::bad_input(anyhow!(
            "none of {SAMPLE} random architectures can be trained under a bound of {}, so there is nothing to time; \
             raise --memory",
            task.problem.config.memory
        ))),
    }
}

/// A SuperNet that fits the bound, and how many random architectures it spans; of the whole space, where the
/// method is DNAS; none where the method has none, or none fits.
fn spanned<B: Backend>(
    spec: &B::Spec,
    task: &Task,
    sample: &[Architecture],
    bound_bytes: usize,
) -> Result<Option<(PlannedSuperNet, usize)>> {
    let Problem { config, space, .. } = &task.problem;
    let plan = |candidates: &[Vec<Candidate>]| {
        plan_fitting::<B>(spec, space, config, candidates, bound_bytes)
    };
    let most = match config.method {
        Method::Radars => config.search.retrain.min(sample.len()),
        Method::Dnas => {
            let planned = plan(&space.all_candidates())?;
            if planned.plan.fits(bound_bytes) {
                return Ok(Some((planned, 1)));
            }
            return Err(planned.over(bound_bytes, config.batch).into());
        }
        _ => 0,
    };
    let spanned = span(config.search.sn_rule, &sample[..most], bound_bytes, plan)?;
    let members = spanned.members.len();
    Ok(spanned.supernet.map(|planned| (planned, members)))
}

fn supernet_plan<'a>(
    task: &'a Task,
    candidates: &'a [Vec<Candidate>],
    mixing: Mixing,
) -> SuperNetPlan<'a> {
    SuperNetPlan {
        space: &task.problem.space,
        candidates,
        mixing,
        reward: task.problem.reward,
    }
}

/// Multiply-accumulates an image of both steps, in the mean over SuperNets of so many random architectures.
fn mean_supernet(
    task: &Task,
    sample: &[Architecture],
    timed: &PlannedSuperNet,
    spanned: usize,
) -> Result<[f64; 2]> {
    let Problem { config, space, .. } = &task.problem;
    let of = |candidates: &[Vec<Candidate>]| supernet_step_macs(space, candidates, timed.mixing);
    let macs: Vec<SuperNetMacs> = match config.method {
        Method::Radars => {
            let from = |number: usize| sample.iter().cycle().skip(number * spanned).take(spanned);
            let draws = (0..SUPERNETS).map(|number| from(number).cloned().collect::<Vec<_>>());
            let macs = draws.map(|architectures| of(&candidates_of(&architectures)));
            macs.collect::<radars_supernet::Result<_>>()?
        }
        _ => vec![of(&timed.candidates)?],
    };
    let mean = |kind: fn(&SuperNetMacs) -> u64| {
        macs.iter().map(|macs| kind(macs) as f64).sum::<f64>() / macs.len() as f64
    };
    Ok([mean(|macs| macs.weight), mean(|macs| macs.alpha)])
}

const TEMPLATE: &str = "{spinner} timing {wide_msg}";

/// Hidden by itself where stderr is not a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template(TEMPLATE);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_understood() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
