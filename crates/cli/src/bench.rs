//! `radars bench step`: the time of one training step.

use crate::arguments::{Net, StepArgs};
use crate::failure::{Failure, Result};
use crate::quantity::bytes;
use crate::{device, json_file};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_search::{Config, candidates_of, dnas_settings, weight_settings};
use radars_space::{Architecture, Candidate, HyperParameter, Precision, Space};
use radars_supernet::{
    BatchSizes, ChildTrainer, DnasTrainer, Images, Mixing, Plan, Relaxation, SuperNetPlan,
    plan_child, plan_supernet,
};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Backend, Stats};
use rand::Rng;
use serde::Serialize;
use std::fmt;
use std::time::{Duration, Instant};

/// Steps that are not timed: the first ones touch the memory.
const WARM_UP: usize = 2;
/// Steps that are timed however long they take.
const LEAST_STEPS: usize = 3;
/// SuperNets without a word about their size span this many architectures.
const DEFAULT_SN: usize = 4;
/// A rate at which training does not diverge within the benchmark.
const RATE: f32 = 0.01;

/// What was measured.
#[derive(Serialize)]
struct Measured {
    net: String,
    space: String,
    /// Candidates in each layer.
    candidates: Vec<usize>,
    batch: usize,
    threads: usize,
    isa: String,
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
pub fn step(arguments: &StepArgs) -> Result<String> {
    let space = match &arguments.space {
        Some(file) => Space::load(file)?,
        None => Space::preset(&arguments.preset)?,
    };
    // Without a data set, only the space can say what images there are.
    space.input()?;
    space.classes()?;
    let preset = if arguments.space.is_some() {
        Config::PRESETS[0]
    } else {
        &arguments.preset
    };
    let mut config = Config::preset(preset)?;
    config.batch = arguments.batch.get();
    config.check()?;
    let backend = device::cpu(&arguments.device)?;
    let measured = measure(backend, &space, &config, arguments)?;
    if arguments.json {
        return Ok(serde_json::to_string(&measured).map_err(Failure::running)? + "\n");
    }
    Ok(format!(
        "{} of {}, {:?} candidates, batch {}, {} threads, {}\n\
         {:.1} ms at least, {:.1} ms in the median of {} steps\n\
         peak {}, planned {}; {} kept for the way back\n",
        measured.net,
        measured.space,
        measured.candidates,
        measured.batch,
        measured.threads,
        measured.device,
        measured.ms_min,
        measured.ms_median,
        measured.steps,
        bytes(measured.peak_bytes),
        bytes(measured.planned_peak_bytes),
        bytes(measured.saved_bytes)
    ))
}

/// What either kind of network gives.
struct Run {
    candidates: Vec<usize>,
    plan: Plan,
    /// Shortest first.
    times: Vec<Duration>,
    stats: Stats,
}

fn measure<B: Backend>(
    backend: B,
    space: &Space,
    config: &Config,
    arguments: &StepArgs,
) -> Result<Measured>
where
    B::Spec: fmt::Display,
{
    let device = backend.spec().to_string();
    let (run, net) = match arguments.net {
        Net::Child => (
            child(backend, space, config, arguments)?,
            "child".to_owned(),
        ),
        Net::Materialised => {
            let mixing = Mixing::Materialised;
            (
                supernet(backend, space, config, mixing, arguments)?,
                mixing.to_string(),
            )
        }
        Net::Factorised => {
            let mixing = Mixing::Factorised;
            (
                supernet(backend, space, config, mixing, arguments)?,
                mixing.to_string(),
            )
        }
    };
    let ms = |time: Option<&Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    Ok(Measured {
        net,
        space: space.name().to_owned(),
        candidates: run.candidates,
        batch: config.batch,
        threads: arguments.device.threads(),
        isa: arguments.device.isa().to_string(),
        device,
        ms_min: ms(run.times.first()),
        ms_median: ms(run.times.get(run.times.len() / 2)),
        steps: run.times.len(),
        planned_peak_bytes: run.plan.peak_bytes,
        peak_bytes: run.stats.peak_bytes,
        high_water_bytes: run.stats.high_water_bytes,
        saved_bytes: run.plan.saved_bytes,
    })
}

fn child<B: Backend>(
    backend: B,
    space: &Space,
    config: &Config,
    arguments: &StepArgs,
) -> Result<Run> {
    let architecture = uniform(space, arguments.kernel)?;
    let batches = BatchSizes {
        step: config.batch,
        evaluated: 0,
    };
    let settings = weight_settings(config);
    let plan = plan_child::<B>(&backend.spec(), space, &architecture, batches, settings)?;
    let arena = reserve(backend, plan)?;
    let seed = Seed(arguments.seed);
    let mut trainer = ChildTrainer::new(&arena, space, &architecture, settings, seed)?;
    let images = Batch::random(space, config.batch, seed, 0)?;
    let times = time(arguments.seconds, || {
        trainer.step(images.view(), RATE).map(drop)
    })?;
    Ok(Run {
        candidates: vec![1; space.layers().len()],
        plan,
        times,
        stats: arena.stats(),
    })
}

fn supernet<B: Backend>(
    backend: B,
    space: &Space,
    config: &Config,
    mixing: Mixing,
    arguments: &StepArgs,
) -> Result<Run> {
    let candidates = candidates(space, arguments)?;
    let of = SuperNetPlan {
        space,
        candidates: &candidates,
        mixing,
        reward: space.reward()?,
    };
    let settings = dnas_settings(config);
    let plan = plan_supernet::<B>(&backend.spec(), of, config.batch, settings)?;
    let arena = reserve(backend, plan)?;
    let seed = Seed(arguments.seed);
    let mut trainer = DnasTrainer::new(&arena, of, settings, seed)?;
    let noise = trainer
        .vectors()
        .into_iter()
        .map(|length| vec![0.0; length])
        .collect();
    let relaxation = Relaxation {
        temperature: 1.0,
        noise,
    };
    let images = Batch::random(space, config.batch, seed, 0)?;
    let others = Batch::random(space, config.batch, seed, 1)?;
    let times = time(arguments.seconds, || {
        trainer.weight_step(images.view(), &relaxation, RATE)?;
        trainer
            .alpha_step(others.view(), &relaxation, RATE)
            .map(drop)
    })?;
    Ok(Run {
        candidates: candidates.iter().map(Vec::len).collect(),
        plan,
        times,
        stats: arena.stats(),
    })
}

/// Reserves exactly what the plan says.
fn reserve<B: Backend>(backend: B, plan: Plan) -> Result<Arena<B>> {
    device::check_available(ByteSize(plan.high_water_bytes as u64))?;
    Arena::with_bound(backend, plan.high_water_bytes).map_err(Failure::running)
}

/// The times of many steps, shortest first.
fn time(
    seconds: f64,
    mut step: impl FnMut() -> radars_supernet::Result<()>,
) -> Result<Vec<Duration>> {
    for _ in 0..WARM_UP {
        step()?;
    }
    let started = Instant::now();
    let mut times = Vec::new();
    while times.len() < LEAST_STEPS || started.elapsed().as_secs_f64() < seconds {
        let began = Instant::now();
        step()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

/// The architecture of one kernel size and, where the space is quantised, 3 integer and 6 fraction bits.
fn uniform(space: &Space, kernel: usize) -> Result<Architecture> {
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
    Ok(Architecture::uniform(candidate, space.layers().len()))
}

/// The SuperNet's candidates: those of the file, or of random architectures.
fn candidates(space: &Space, arguments: &StepArgs) -> Result<Vec<Vec<Candidate>>> {
    if let Some(file) = &arguments.candidates {
        return json_file::candidates(file, space);
    }
    let count = arguments.sn.map_or(DEFAULT_SN, |count| count.get());
    let architectures: Vec<Architecture> = (0..count)
        .map(|index| {
            space.random(&mut Seed(arguments.seed).stream("bench architecture", index as u64))
        })
        .collect();
    Ok(candidates_of(&architectures))
}

/// Random images.
struct Batch {
    values: Vec<f32>,
    labels: Vec<i32>,
}

impl Batch {
    fn random(space: &Space, images: usize, seed: Seed, index: u64) -> Result<Self> {
        let (elements, classes) = (space.input()?.elements() as usize, space.classes()?);
        let mut rng = seed.stream("bench images", index);
        // 24 bits, as many as an f32 holds, make a number in [-1, 1).
        let values = (0..images * elements)
            .map(|_| (rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0)
            .collect();
        let labels = (0..images)
            .map(|_| (rng.next_u32() as usize % classes) as i32)
            .collect();
        Ok(Self { values, labels })
    }

    fn view(&self) -> Images<'_> {
        Images {
            values: &self.values,
            labels: &self.labels,
        }
    }
}
