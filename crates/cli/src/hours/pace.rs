//! Timing what a search is made of.

use crate::device::{Devices, Part};
use crate::failure::{Failure, Result};
use crate::timing::{Pair, Timing, median};
use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::{Method, Problem, Task, candidates_of, dnas_settings};
use radars_space::{Architecture, Candidate};
use radars_supernet::{
    SuperNetMacs, SuperNetPlan, child_evaluation_macs, child_step_macs, plan_child, plan_supernet,
    supernet_step_macs,
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
        let bound_bytes = usize::try_from(config.memory.as_u64()).unwrap_or(usize::MAX);
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
        let (candidates, spanned) = spanned::<D::Backend>(&spec, task, &sample, bound_bytes)?;
        let (mut weight, mut alpha) = (PerMac::default(), PerMac::default());
        if spanned > 0 {
            bar.set_message("a SuperNet");
            let macs = supernet_step_macs(space, &candidates, config.mixing)?;
            let of = supernet(task, &candidates);
            let run = timing.supernet(devices, of, config)?;
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
        let supernets = mean_supernet(task, &sample, &candidates, spanned)?;
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
        let plan = plan_child::<B>(spec, space, architecture, task.search_batches(), settings)?;
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
/// method is DNAS.
fn spanned<B: Backend>(
    spec: &B::Spec,
    task: &Task,
    sample: &[Architecture],
    bound_bytes: usize,
) -> Result<(Vec<Vec<Candidate>>, usize)> {
    let Problem { config, space, .. } = &task.problem;
    let plan = |candidates: &[Vec<Candidate>]| {
        let of = supernet(task, candidates);
        plan_supernet::<B>(spec, of, config.batch, dnas_settings(config))
    };
    let most = match config.method {
        Method::Radars => config.search.retrain.min(sample.len()),
        Method::Dnas => {
            let candidates = space.all_candidates();
            let plan = plan(&candidates)?;
            if plan.fits(bound_bytes) {
                return Ok((candidates, 1));
            }
            return Err(radars_search::Error::SupernetOverBound {
                planned_bytes: plan.high_water_bytes,
                bound_bytes,
                mixing: config.mixing,
            }
            .into());
        }
        _ => 0,
    };
    let mut fitting = (Vec::new(), 0);
    for count in 1..=most {
        let candidates = candidates_of(&sample[..count]);
        if !plan(&candidates)?.fits(bound_bytes) {
            break;
        }
        fitting = (candidates, count);
    }
    Ok(fitting)
}

fn supernet<'a>(task: &'a Task, candidates: &'a [Vec<Candidate>]) -> SuperNetPlan<'a> {
    SuperNetPlan {
        space: &task.problem.space,
        candidates,
        mixing: task.problem.config.mixing,
        reward: task.problem.reward,
    }
}

/// Multiply-accumulates an image of both steps, in the mean over SuperNets of so many random architectures.
fn mean_supernet(
    task: &Task,
    sample: &[Architecture],
    timed: &[Vec<Candidate>],
    spanned: usize,
) -> Result<[f64; 2]> {
    let Problem { config, space, .. } = &task.problem;
    let of = |candidates: &[Vec<Candidate>]| supernet_step_macs(space, candidates, config.mixing);
    let macs: Vec<SuperNetMacs> = match (config.method, spanned) {
        (_, 0) => return Ok([0.0; 2]),
        (Method::Radars, _) => {
            let from = |number: usize| sample.iter().cycle().skip(number * spanned).take(spanned);
            let draws = (0..SUPERNETS).map(|number| from(number).cloned().collect::<Vec<_>>());
            let macs = draws.map(|architectures| of(&candidates_of(&architectures)));
            macs.collect::<radars_supernet::Result<_>>()?
        }
        _ => vec![of(timed)?],
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
