//! Making a table: every architecture of a space is trained at every fidelity.

use super::growing::Growing;
use super::row::{FIDELITIES, MeasuredRow};
use super::{Codes, Order, header};
use crate::{
    Error, Evaluator, Event, Fidelity, Observer, Phase, Result, StopSignal, Task, Trainer,
    Training, Tried, Watch, kernel_path, planner,
};
use radars_space::Architecture;
use radars_tensor::{Backend, Region, Stats};
use std::collections::BTreeSet;
use std::path::Path;

/// Which rows a table gets.
#[derive(Clone, Copy, Debug)]
pub struct Tabulation<'a> {
    /// The seeds: all architectures with the first, then all with the second, and so on.
    pub seeds: &'a [u64],
    /// The order of the architectures.
    pub order: Order,
    /// The rows of these that there are to be at most; none for all.
    pub limit: Option<usize>,
}

/// Where a table is made.
pub struct Place<'a> {
    /// The file; what it holds is gone on with.
    pub file: &'a Path,
    /// The device and its code path, on which the figures may depend.
    pub device: String,
    /// Who is told.
    pub onlooker: &'a mut dyn Onlooker,
    /// Who may end it: the training under way is abandoned.
    pub stop: &'a StopSignal,
}

/// Is told how a table grows.
pub trait Onlooker: Send {
    /// Of `rows` rows, `there` are in the file; those to come take `macs` multiply-accumulates.
    fn begins(&mut self, there: usize, rows: usize, macs: u64);

    /// The trainings took `macs` multiply-accumulates so far.
    fn trained(&mut self, macs: u64);

    /// A row was written, and there are `there` of `rows` now.
    fn written(&mut self, row: &MeasuredRow, there: usize, rows: usize);
}

/// How far a table has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tabulated {
    /// Rows that are in the file, of those that were asked for.
    pub there: usize,
    /// How many were asked for.
    pub rows: usize,
    /// How many of those were trained now.
    pub trained: usize,
}

/// A row to come.
struct Job {
    architecture: Architecture,
    code: String,
    aops: u64,
}

/// Trains every architecture of the task's space at the three fidelities with every seed, each seed with all memory in
/// a region that `reserve` makes, and appends a row to the file as each is done. Rows that are in the file already are not
/// trained again; what comes of it is the same however often it was left and gone on with.
///
/// # Errors
/// [`crate::tabular::TableError`] for a space that is too large, and for a file that was made with other settings or
/// cannot be written; [`Error::ArchitectureOverBound`] for an architecture that does not fit the region, the largest
/// of them before anything is trained; those of training.
pub fn tabulate<B: Backend>(
    task: &Task,
    tabulation: Tabulation<'_>,
    place: Place<'_>,
    mut reserve: impl FnMut() -> Result<Region<B>>,
) -> Result<Tabulated> {
    let space = &task.problem.space;
    let order = tabulation.order.of(space)?;
    let codes = Codes::of(space, place.file)?;
    let wanted = tabulation.seeds.len().saturating_mul(order.len());
    let rows = tabulation.limit.unwrap_or(wanted).min(wanted);
    let comments = header::comments(task, &place.device)?;
    let (mut file, known) = Growing::open(place.file, &comments)?;
    let known: BTreeSet<(&str, u64)> = (known.rows.iter())
        .map(|row| (row.code.as_str(), row.seed))
        .collect();
    let mut left = rows;
    let mut jobs = Vec::new();
    for &seed in tabulation.seeds {
        let mut of_seed = Vec::new();
        for choices in order.iter().take(left) {
            let code = codes.write(choices);
            if !known.contains(&(code.as_str(), seed)) {
                let architecture = space.architecture(choices)?;
                let aops = space.cost(&architecture)?.aops;
                of_seed.push(Job {
                    architecture,
                    code,
                    aops,
                });
            }
        }
        left -= left.min(order.len());
        if !of_seed.is_empty() {
            jobs.push((seed, of_seed));
        }
    }
    let to_come: usize = jobs.iter().map(|(_, jobs)| jobs.len()).sum();
    let mut making = Making {
        onlooker: place.onlooker,
        stop: place.stop,
        macs: 0,
        tabulated: Tabulated {
            there: rows - to_come,
            rows,
            trained: 0,
        },
    };
    for (number, (seed, of_seed)) in jobs.iter().enumerate() {
        let mut config = task.problem.config.clone();
        config.seed = *seed;
        let task = Task::with_data(config, task.data.clone())?;
        let mut trainer = Trainer::new(reserve()?, &task)?;
        if number == 0 {
            let largest = kernel_path::largest(&task.problem.space)?;
            for fidelity in FIDELITIES {
                plan(&trainer, &task, &largest, fidelity)?;
            }
            let all = jobs.iter().flat_map(|(_, jobs)| jobs);
            making.begin(&trainer, all)?;
        }
        for job in of_seed {
            let Some(row) = making.row(&mut trainer, &task, job)? else {
                return Ok(making.tabulated);
            };
            file.push(&row)?;
            making.note(&row);
        }
    }
    Ok(making.tabulated)
}

/// The plan of a training under the trainer's bound.
fn plan(
    trainer: &impl Evaluator,
    task: &Task,
    architecture: &Architecture,
    fidelity: Fidelity,
) -> Result<radars_supernet::Plan> {
    let (config, bound_bytes) = (&task.problem.config, trainer.bound_bytes());
    let fitting = planner::fitting_of(trainer, config, architecture, fidelity, bound_bytes)?;
    match fitting.plan.fits(bound_bytes) {
        true => Ok(fitting.plan),
        false => Err(Error::ArchitectureOverBound {
            bound_bytes,
            tried: Tried::new(config.batch, fitting.plan, fitting.first_bytes),
        }),
    }
}

/// A table in the making.
struct Making<'a> {
    onlooker: &'a mut dyn Onlooker,
    stop: &'a StopSignal,
    /// What the trainings that are over took.
    macs: u64,
    tabulated: Tabulated,
}

impl Making<'_> {
    fn begin<'j>(
        &mut self,
        trainer: &impl Evaluator,
        jobs: impl Iterator<Item = &'j Job>,
    ) -> Result<()> {
        let mut macs = 0_u64;
        for job in jobs {
            for fidelity in FIDELITIES {
                macs = macs.saturating_add(trainer.cost(&job.architecture, fidelity)?);
            }
        }
        let Tabulated { there, rows, .. } = self.tabulated;
        self.onlooker.begins(there, rows, macs);
        Ok(())
    }

    /// Trains a row; none when it was asked to stop.
    fn row(
        &mut self,
        trainer: &mut impl Evaluator,
        task: &Task,
        job: &Job,
    ) -> Result<Option<MeasuredRow>> {
        let (mut accuracies, mut macs) = ([0.0; 3], [0; 3]);
        for (column, fidelity) in FIDELITIES.into_iter().enumerate() {
            let plan = plan(trainer, task, &job.architecture, fidelity)?;
            let cost = trainer.cost(&job.architecture, fidelity)?;
            let mut gauge = Gauge {
                onlooker: &mut *self.onlooker,
                before: self.macs,
                cost,
                epochs: 1,
                done: 0,
            };
            let mut resumed = None;
            let mut watch = Watch::new(Phase::Run, &mut gauge, self.stop, &mut resumed);
            let training = Training {
                architecture: &job.architecture,
                fidelity,
                plan,
            };
            if watch.stop().is_some() {
                return Ok(None);
            }
            let Some(measured) = trainer.train(training, &mut watch)? else {
                return Ok(None);
            };
            (accuracies[column], macs[column]) = (measured.accuracy, cost);
            self.macs = self.macs.saturating_add(cost);
            self.onlooker.trained(self.macs);
        }
        Ok(Some(MeasuredRow {
            code: job.code.clone(),
            aops: job.aops,
            seed: task.problem.config.seed,
            accuracies,
            macs,
        }))
    }

    fn note(&mut self, row: &MeasuredRow) {
        self.tabulated.there += 1;
        self.tabulated.trained += 1;
        let Tabulated { there, rows, .. } = self.tabulated;
        self.onlooker.written(row, there, rows);
    }
}

/// Tells how much of a training is done, batch by batch.
struct Gauge<'a> {
    onlooker: &'a mut dyn Onlooker,
    /// What the trainings before took, and what this one will.
    before: u64,
    cost: u64,
    epochs: usize,
    /// Epochs that are done.
    done: usize,
}

impl Observer for Gauge<'_> {
    fn event(&mut self, _: Phase, event: &Event) -> Result<()> {
        match event {
            Event::TrainingStarted { epochs, .. } => self.epochs = *epochs,
            Event::Epoch { .. } => self.done += 1,
            _ => {}
        }
        Ok(())
    }

    fn batch(&mut self, _: Phase, done: usize, of: usize, _: Stats) {
        let epochs = self.done as f64 + done as f64 / of.max(1) as f64;
        let share = (epochs / self.epochs.max(1) as f64).min(1.0);
        let macs = (self.cost as f64 * share) as u64;
        self.onlooker.trained(self.before.saturating_add(macs));
    }
}

#[cfg(test)]
mod tests;
