//! `radars compare`: the methods side by side on one task.

mod cells;
mod document;
mod fidelity;
mod files;
pub mod imagenet;
mod paper;
mod pictures;
mod study;
mod tables;
mod watch;

use crate::arguments::{CompareArgs, DeviceArgs, JudgingArgs, Retrain};
use crate::device::{Devices, OnDevice, Part, announce};
use crate::failure::{Failure, Result};
use crate::progress::say;
use crate::{configuration, device, interrupt, loading, recorder};
use anyhow::{Context, anyhow};
use document::Document;
use radars_search::comparison::{Compared, Comparison, Stage, compare};
use radars_search::{RunFolder, StopSignal, Task};
use radars_tensor::Region;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use watch::Watch;

/// Compares, and prints what came of it.
pub fn run(arguments: &CompareArgs) -> Result<String> {
    // Where nothing is trained, no device is needed.
    match (&arguments.output.show, &arguments.table.table) {
        (Some(file), _) => Ok(tables::all(&Document::read(file)?)),
        (None, Some(file)) => study::run(arguments, file),
        (None, None) => device::run(arguments),
    }
}

impl OnDevice for CompareArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let output = &self.output;
        let (comparison, task, folder) = match &output.resume {
            Some(folder) => {
                let mut comparison = Comparison::read(folder).map_err(|error| {
                    let message = format!("{}: not the folder of a comparison", folder.display());
                    Failure::bad_input(anyhow::Error::from(error).context(message))
                })?;
                devices.check_available(comparison.config.memory)?;
                let task = loading::task(comparison.config.clone(), output.quiet)?;
                if judged_anew(&mut comparison, &self.judging) {
                    comparison.check(&task.data)?;
                    comparison.write(folder)?;
                }
                (comparison, task, folder.clone())
            }
            None => begin(self, devices)?,
        };
        if !output.quiet {
            announce(devices);
        }
        let compared = compare_on(devices, &comparison, &task, &folder, output.quiet)?;
        let document = Document::new(&comparison, &compared);
        files::write(&folder, &document, &compared)?;
        if output.json {
            return document.json();
        }
        let mut text = tables::all(&document);
        match output.preset_table.as_deref() {
            None => {}
            Some("4") => text.push_str(&imagenet::table_4(&document)),
            Some("5") => text.push_str(&imagenet::table_5(&document, &task.problem.space)?),
            Some(_) => text.push_str(&paper::table_2(&document)),
        }
        text.push_str(&format!("\nwritten to {}\n", folder.display()));
        Ok(text)
    }
}

/// Whether the flags ask for another judging than a comparison has, which its runs know nothing of.
fn judged_anew(comparison: &mut Comparison, flags: &JudgingArgs) -> bool {
    let before = (comparison.judge, comparison.margin);
    comparison.judge = flags.judge.unwrap_or(comparison.judge);
    comparison.margin = flags.margin.unwrap_or(comparison.margin);
    before != (comparison.judge, comparison.margin)
}

/// What the flags ask for, checked, with its folder made.
fn begin(arguments: &CompareArgs, devices: &impl Devices) -> Result<(Comparison, Task, PathBuf)> {
    let CompareArgs {
        what,
        judging,
        algorithm,
        output,
        ..
    } = arguments;
    let refuse = |message: &str| Err(Failure::bad_input(anyhow!("{message}")));
    if algorithm.method.is_some() || algorithm.seed.is_some() {
        return refuse(
            "a comparison takes --methods and --seeds or --seed-list, not --method or --seed",
        );
    }
    if algorithm.retrain == Some(Retrain::Auto) {
        return refuse("a comparison takes a number for --retrain: the same for all of its runs");
    }
    let config = configuration::of_flags(&arguments.task, algorithm, &arguments.epochs)?;
    if let Some(out) = &output.out {
        RunFolder::check_unused(out).map_err(Failure::bad_input)?;
    }
    devices.check_available(config.memory)?;
    let mut task = loading::task(config, output.quiet)?;
    if let Some(warning) = configuration::set_reward(&mut task, &arguments.reward)? {
        say(&format!("warning: {warning}"));
    }
    let seeds = match &what.seed_list {
        Some(seeds) => seeds.clone(),
        None => (0..what.seeds).collect(),
    };
    let mut config = task.problem.config.clone();
    let judge = judging.judge.unwrap_or(Comparison::JUDGE);
    let comparison = Comparison {
        methods: what.methods.clone(),
        seeds,
        reward_alphas: what.reward_alphas.clone(),
        reward_gammas: what.reward_gammas.clone(),
        sweeps: what.sweep.clone(),
        // That of a configuration file counts as well.
        budget: config.search.budget.take(),
        budget_factors: what.budget_factor.clone(),
        out_of_time: what.oot,
        // What judges a winner is worth more than one more training with the seed of its search.
        final_training: judge == 0 && !judging.no_final,
        judge,
        margin: judging.margin.unwrap_or(Comparison::MARGIN),
        config,
    };
    comparison.check(&task.data)?;
    let folder = match &output.out {
        Some(out) => {
            std::fs::create_dir_all(out)
                .with_context(|| out.display().to_string())
                .map_err(Failure::bad_input)?;
            out.clone()
        }
        None => numbered(&format!("compare-{}", recorder::space_name(&task)))?,
    };
    comparison.write(&folder)?;
    Ok((comparison, task, folder))
}

/// The first of `stem`, `stem-2`, `stem-3` ... that is free, made.
fn numbered(stem: &str) -> Result<PathBuf> {
    let parent = Path::new(recorder::RUNS);
    let made = || -> std::io::Result<PathBuf> {
        std::fs::create_dir_all(parent)?;
        let mut number = 1_u64;
        loop {
            let name = match number {
                1 => stem.to_owned(),
                _ => format!("{stem}-{number}"),
            };
            match std::fs::create_dir(parent.join(&name)) {
                Ok(()) => return Ok(parent.join(name)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    };
    made()
        .with_context(|| parent.display().to_string())
        .map_err(Failure::running)
}

/// Does the runs, and shows them.
fn compare_on<D: Devices>(
    devices: &D,
    comparison: &Comparison,
    task: &Task,
    folder: &Path,
    quiet: bool,
) -> Result<Compared> {
    let bound = comparison.config.memory.as_u64();
    let bound_bytes = usize::try_from(bound).unwrap_or(usize::MAX);
    let reserve = || Region::reserve(devices.open(Part::Whole)?, bound_bytes);
    // The first one before anything is written: the device and the bound are found wanting here.
    let mut first = Some(reserve().map_err(Failure::bad_input)?);
    let stop = StopSignal::default();
    interrupt::handle_saying(&stop, "ending with the runs that are over")
        .map_err(Failure::running)?;
    let mut watch = Watch::new(quiet);
    let stage = Stage {
        data: &task.data,
        device: devices.name(),
        folder,
        onlooker: &mut watch,
        stop: &stop,
    };
    let compared = compare(comparison, stage, || match first.take() {
        Some(region) => Ok(region),
        None => Ok(reserve()?),
    });
    watch.finish();
    Ok(compared?)
}
