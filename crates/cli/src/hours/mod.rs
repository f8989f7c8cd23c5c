//! `radars plan --hours`: how long a search takes, estimated from some timed steps or from a stated speed.
//!
//! A search spends its time in steps of child networks, in their evaluation, and in steps of SuperNets. Each kind
//! is timed on a few random architectures, or taken to go as fast as a device is said to compute; the mean over many
//! follows by multiply-accumulates.

mod estimate;
mod images;
mod pace;
mod sample;

use crate::device::Devices;
use crate::failure::Result;
use crate::quantity::{macs, seconds};
use crate::table::{Column, Table};
use crate::workload::Workload;
use estimate::Estimate;
pub use images::ImageCounts;
use pace::Pace;
use radars_search::{Config, Method, Problem, Task};
use radars_tensor::Backend;
use serde::Serialize;
use std::fmt;

/// Estimates of a search.
#[derive(Serialize)]
pub struct Hours {
    /// What was timed, or follows from the speed.
    pace: Pace,
    /// One phase after the other, each with all threads.
    sequential: Estimate,
    /// Exploration beside exploitation, each with half of the threads, or, at a stated speed, with a device of its
    /// own; none where that cannot be.
    overlapped: Option<Estimate>,
}

impl Hours {
    /// Times steps for a task.
    pub fn timed(devices: &impl Devices, task: &Task) -> Result<Self> {
        let pace = Pace::measure(devices, task)?;
        let images = ImageCounts::of_task(task);
        Ok(Self::of(
            &task.problem.config,
            &images,
            pace,
            pace.half_threads,
        ))
    }

    /// Takes devices to compute `speed` multiply-accumulates a second each; side by side, there are two. `B` and its
    /// `spec` say what fits the bound.
    pub fn stated<B: Backend>(
        spec: &B::Spec,
        problem: &Problem,
        images: &ImageCounts,
        speed: f64,
    ) -> Result<Self> {
        let pace = Pace::stated::<B>(spec, problem, speed)?;
        Ok(Self::of(&problem.config, images, pace, Some(1.0)))
    }

    /// `slower`: how many times as long each phase takes beside the other.
    fn of(config: &Config, images: &ImageCounts, pace: Pace, slower: Option<f64>) -> Self {
        let workload = Workload::new(config);
        let budget = config.search.budget;
        let overlaps = config.method == Method::Radars && budget.is_none();
        let slower = slower.filter(|_| overlaps);
        Hours {
            pace,
            sequential: Estimate::sequential(&workload, images, &pace, budget),
            overlapped: slower.map(|by| Estimate::overlapped(&workload, images, &pace.slower(by))),
        }
    }
}

/// One of an estimate's times.
type Figure = fn(&Estimate) -> Option<f64>;

/// The table, and what it stands on.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&[
            Column::left("time, at most"),
            Column::right("one phase after the other"),
            Column::right("side by side"),
        ]);
        let of = |kind: Figure| {
            let side_by_side = self.overlapped.as_ref().map(kind);
            let in_words = |time: Option<f64>| time.map_or_else(|| "unknown".to_owned(), seconds);
            [
                in_words(kind(&self.sequential)),
                side_by_side.map_or_else(|| "-".to_owned(), in_words),
            ]
        };
        let rows: [(&str, Figure); 7] = [
            ("an exploration", |e| e.exploration_seconds),
            ("a re-training of the best", |e| Some(e.retraining_seconds)),
            ("an exploitation", |e| e.exploitation_seconds),
            ("an iteration", |e| e.iteration_seconds),
            ("the search", |e| e.search_seconds),
            ("the final training", |e| Some(e.final_training_seconds)),
            ("all", |e| e.total_seconds),
        ];
        for (what, kind) in rows {
            let [one, other] = of(kind);
            table.row([what.to_owned(), one, other]);
        }
        write!(f, "{table}")?;
        if self.pace.stated {
            let search = self.sequential.search_seconds;
            let search = search.map_or_else(|| "unknown".to_owned(), |s| macs(s / self.pace.mac));
            return writeln!(
                f,
                "at {} multiply-accumulates a second; the search takes {search} of them, with a SuperNet of {}; side \
                 by side on two devices of that speed",
                macs(1.0 / self.pace.mac),
                self.pace.spanned
            );
        }
        writeln!(
            f,
            "timed on {} architectures and a SuperNet of {}, scaled to the mean of random ones by \
             multiply-accumulates; side by side by a child's step with half of the threads",
            self.pace.timed, self.pace.spanned
        )
    }
}
