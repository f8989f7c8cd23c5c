//! `radars plan --hours`: how long a search takes, estimated from some timed steps.
//!
//! A search spends its time in steps of child networks, in their evaluation, and in steps of SuperNets. Each kind
//! is timed on a few random architectures; the mean over many follows by multiply-accumulates.

mod estimate;
mod pace;

use crate::device::Devices;
use crate::failure::Result;
use crate::quantity::seconds;
use crate::table::{Column, Table};
use crate::workload::Workload;
use estimate::{Estimate, ImageCounts};
use pace::Pace;
use radars_search::{Fidelity, Method, OneShotEvaluator, Task};
use serde::Serialize;
use std::fmt;

/// Estimates of a search.
#[derive(Serialize)]
pub struct Hours {
    /// What was timed.
    pace: Pace,
    /// One phase after the other, each with all threads.
    sequential: Estimate,
    /// Exploration beside exploitation, each with half of the threads; none where that cannot be.
    overlapped: Option<Estimate>,
}

impl Hours {
    /// Times steps for a task.
    pub fn estimate(devices: &impl Devices, task: &Task) -> Result<Self> {
        let config = &task.problem.config;
        let pace = Pace::measure(devices, task)?;
        let whole = |images: usize| (images - images % config.batch) as f64;
        let proxy = task.splits(Fidelity::Proxy);
        let images = ImageCounts {
            proxy_weights: whole(proxy.weights.len()),
            proxy_rewards: proxy.rewards.len() as f64,
            weights: whole(task.splits.weights.len()),
            rewards: task.splits.rewards.len() as f64,
            all: whole(task.data.train.len()),
            test: task.data.test.len() as f64,
            paths: config.baselines.one_shot_paths as f64,
            lessons: match config.baselines.one_shot_evaluator {
                OneShotEvaluator::Setn => whole(task.splits.weights.len()),
                OneShotEvaluator::Uniform => 0.0,
            },
        };
        let workload = Workload::new(config);
        let budget = config.search.budget;
        let overlaps = config.method == Method::Radars && budget.is_none();
        let slower = pace.half_threads.filter(|_| overlaps);
        Ok(Hours {
            pace,
            sequential: Estimate::sequential(&workload, &images, &pace, budget),
            overlapped: slower.map(|by| Estimate::overlapped(&workload, &images, &pace.slower(by))),
        })
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
        writeln!(
            f,
            "timed on {} architectures and a SuperNet of {}, scaled to the mean of random ones by \
             multiply-accumulates; side by side by a child's step with half of the threads",
            self.pace.timed, self.pace.spanned
        )
    }
}
