//! What a search is made of: how long it takes, timed or from a stated speed.

use super::sample::Sample;
use crate::device::{Devices, Part};
use crate::failure::{Failure, Result};
use crate::timing::{Pair, Timing, bound_bytes, median};
use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::{Problem, Task, fitting_child};
use radars_space::{Architecture, Candidate};
use radars_supernet::{
    BatchSizes, Mixing, SuperNetPlan, child_evaluation_macs, child_forward_macs, child_step_macs,
    plan_child, supernet_step_macs,
};
use radars_tensor::Backend;
use radars_tensor::random::Seed;
use serde::Serialize;
use std::time::Duration;

/// How many random architectures are timed.
const TIMED: usize = 3;
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
    /// Whether that was stated, and all else follows from it; then nothing was timed.
    pub stated: bool,
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
        let sample = Sample::new(&task.problem);
        let bar = bar();
        let bound_bytes = bound_bytes(config);
        let spec = devices.spec();
        let timed = fitting::<D::Backend>(&spec, task, &sample.architectures, bound_bytes)?;
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
        let supernet = sample.supernet::<D::Backend>(&spec, bound_bytes)?;
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
        let means = sample.means(supernet.as_ref())?;
        Ok(Pace {
            child_step: step.seconds() * means.child_step,
            child_evaluation: evaluation.seconds() * means.child_evaluation,
            weight_step: weight.seconds() * means.weight_step,
            alpha_step: alpha.seconds() * means.alpha_step,
            timed: timed.len(),
            spanned,
            half_threads,
            mac: step.seconds(),
            stated: false,
        })
    }

    /// The pace of a device that computes so many multiply-accumulates a second, of layers that are recomputed as
    /// well. `B` and its `spec` say what fits the bound.
    pub fn stated<B: Backend>(spec: &B::Spec, problem: &Problem, speed: f64) -> Result<Pace> {
        let sample = Sample::new(problem);
        let supernet = sample.supernet::<B>(spec, bound_bytes(&problem.config))?;
        let means = sample.means(supernet.as_ref())?;
        Ok(Pace {
            child_step: means.child_step / speed,
            child_evaluation: means.child_evaluation / speed,
            weight_step: (means.weight_step + means.recomputed) / speed,
            alpha_step: (means.alpha_step + means.recomputed) / speed,
            timed: 0,
            spanned: supernet.map_or(0, |(_, count)| count),
            half_threads: None,
            mac: 1.0 / speed,
            stated: true,
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
            "none of {} random architectures can be trained under a bound of {}, so there is nothing to time; \
             raise --memory",
            sample.len(),
            task.problem.config.memory
        ))),
    }
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
