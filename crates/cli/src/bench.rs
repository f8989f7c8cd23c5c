//! `radars bench step`: the time of one training step.

use crate::arguments::{DeviceArgs, Net, StepArgs};
use crate::device::{Devices, OnDevice, Part, announce};
use crate::failure::{Failure, Result};
use crate::json_file;
use crate::quantity::bytes;
use crate::timing::{Timed, Timing, bound_bytes, median, random_candidates};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_search::{Config, MicroBatch, plan_fitting};
use radars_space::{Architecture, Candidate, HyperParameter, Layer, Precision, Space};
use radars_supernet::{Mixing, Plan, Recompute, SuperNetPlan};
use radars_tensor::Stats;
use radars_tensor::random::Seed;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// SuperNets without a word about their size span this many architectures.
const DEFAULT_SN: usize = 4;

/// What was measured.
#[derive(Serialize)]
struct Measured {
    net: String,
    space: String,
    /// Candidates in each layer.
    candidates: Vec<usize>,
    batch: usize,
    /// Images on the device at once.
    micro_batch: usize,
    /// The layers that are computed again on the way back, from 0.
    recompute: Recompute,
    threads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    isa: Option<String>,
    device: String,
    ms_min: f64,
    ms_median: f64,
    steps: usize,
    planned_peak_bytes: usize,
    peak_bytes: usize,
    high_water_bytes: usize,
    saved_bytes: usize,
}

/// Times a step, and gives what to print.
impl OnDevice for StepArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let space = match &self.space {
            Some(file) => Space::load(file)?,
            None => Space::preset(&self.preset)?,
        };
        // Without a data set, only the space can say what images there are.
        space.input()?;
        space.classes()?;
        let preset = if self.space.is_some() {
            Config::PRESETS[0]
        } else {
            &self.preset
        };
        let mut config = Config::preset(preset)?;
        config.batch = self.batch.get();
        let images = self.micro_batch.map(|images| images.get());
        config.micro_batch = images.map(MicroBatch::Images);
        config.recompute = self.recompute;
        config.memory = self.memory.unwrap_or(ByteSize(u64::MAX));
        config.check()?;
        announce(devices);
        let measured = measure(devices, &space, &config, self)?;
        if self.json {
            return Ok(serde_json::to_string(&measured).map_err(Failure::running)? + "\n");
        }
        Ok(measured.to_string())
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured {
            net,
            space,
            candidates,
            batch,
            threads,
            device,
            ..
        } = self;
        write!(
            f,
            "{net} of {space}, {candidates:?} candidates, batch {batch}, {threads} threads, {device}\n\
             {:.1} ms at least, {:.1} ms in the median of {} steps\n\
             peak {}, planned {}; {} kept for the way back, recomputed: {}\n",
            self.ms_min,
            self.ms_median,
            self.steps,
            bytes(self.peak_bytes),
            bytes(self.planned_peak_bytes),
            bytes(self.saved_bytes),
            self.recompute
        )
    }
}

/// What either kind of network gives.
struct Run {
    candidates: Vec<usize>,
    plan: Plan,
    times: Vec<Duration>,
    stats: Stats,
}

fn measure(
    devices: &impl Devices,
    space: &Space,
    config: &Config,
    arguments: &StepArgs,
) -> Result<Measured> {
    let mixing = match arguments.net {
        Net::Child => None,
        Net::Materialised => Some(Mixing::Materialised),
        Net::Merged => Some(Mixing::Merged),
        Net::Factorised => Some(Mixing::Factorised),
    };
    let (run, net) = match mixing {
        None => (
            child(devices, space, config, arguments)?,
            "child".to_owned(),
        ),
        Some(mixing) => (
            supernet(devices, space, config, mixing, arguments)?,
            mixing.to_string(),
        ),
    };
    let shortest = run.times.iter().min();
    Ok(Measured {
        net,
        space: space.name().to_owned(),
        candidates: run.candidates,
        batch: config.batch,
        micro_batch: run.plan.micro_batch,
        recompute: run.plan.recompute,
        threads: arguments.device.threads(),
        isa: devices.isa().map(|isa| isa.to_string()),
        device: devices.name(),
        ms_min: shortest.map_or(f64::NAN, Duration::as_secs_f64) * 1e3,
        steps: run.times.len(),
        ms_median: median(run.times) * 1e3,
        planned_peak_bytes: run.plan.peak_bytes,
        peak_bytes: run.stats.peak_bytes,
        high_water_bytes: run.stats.high_water_bytes,
        saved_bytes: run.plan.saved_bytes,
    })
}

fn child(
    devices: &impl Devices,
    space: &Space,
    config: &Config,
    arguments: &StepArgs,
) -> Result<Run> {
    let architecture = uniform(space, arguments.kernel, arguments.expansion)?;
    let Timed { plan, times, stats } =
        timing(arguments).child(devices, Part::Whole, space, config, &architecture)?;
    Ok(Run {
        candidates: vec![1; space.layers().len()],
        plan,
        times,
        stats,
    })
}

fn supernet<D: Devices>(
    devices: &D,
    space: &Space,
    config: &Config,
    mixing: Mixing,
    arguments: &StepArgs,
) -> Result<Run> {
    let candidates = candidates(space, arguments)?;
    let config = &Config {
        mixing: mixing.into(),
        ..config.clone()
    };
    let bound_bytes = bound_bytes(config);
    let planned =
        plan_fitting::<D::Backend>(&devices.spec(), space, config, &candidates, bound_bytes)?;
    if !planned.plan.fits(bound_bytes) {
        return Err(planned.over(bound_bytes, config.batch).into());
    }
    let of = SuperNetPlan {
        space,
        candidates: &candidates,
        mixing,
        reward: space.reward()?,
    };
    let timing = timing(arguments);
    let Timed { plan, times, stats } = timing.supernet(devices, of, config, planned.plan)?;
    let times = times.iter().map(|pair| pair.weight + pair.alpha);
    Ok(Run {
        candidates: candidates.iter().map(Vec::len).collect(),
        plan,
        times: times.collect(),
        stats,
    })
}

fn timing(arguments: &StepArgs) -> Timing {
    Timing {
        warm_up: 2,
        least: 3,
        seconds: arguments.seconds,
        seed: Seed(arguments.seed),
    }
}

/// The architecture of one kernel size, one expansion and, where the space is quantised, 3 integer and 6 fraction bits;
/// of layers with a single candidate, that one.
fn uniform(space: &Space, kernel: usize, expansion: usize) -> Result<Architecture> {
    let most = HyperParameter::MAX_KERNEL;
    if kernel.is_multiple_of(2) || kernel > most {
        return Err(Failure::bad_input(anyhow!(
            "--kernel {kernel}: kernel sizes are odd, 1 to {most}"
        )));
    }
    let precision = Precision {
        integer: 3,
        fraction: 6,
    };
    let candidate = match space.is_quantised() {
        true => Candidate::quantised(kernel, precision, precision),
        false => Candidate::float(kernel),
    };
    let of_layer = |layer: &Layer| match &layer.choices.candidates()[..] {
        [only] => *only,
        _ if layer.kind.takes(HyperParameter::Expansion) => candidate.with_expansion(expansion),
        _ => candidate,
    };
    Ok(Architecture(space.layers().iter().map(of_layer).collect()))
}

/// The SuperNet's candidates: those of the file, or of random architectures.
fn candidates(space: &Space, arguments: &StepArgs) -> Result<Vec<Vec<Candidate>>> {
    if let Some(file) = &arguments.candidates {
        return json_file::candidates(file, space);
    }
    let count = arguments.sn.map_or(DEFAULT_SN, |count| count.get());
    Ok(random_candidates(space, Seed(arguments.seed), count))
}
