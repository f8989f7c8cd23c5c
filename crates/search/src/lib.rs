//! Memory-bounded architecture search: Algorithm 1 of RADARS, its run folders and events.
//!
//! A [`Config`] says everything that decides the result; a [`Task`] is a configuration with its space and
//! its data loaded. [`search`] alternates between a controller that explores the space with brief
//! trainings and a differentiable search in the subspace that the best of them span, all within the memory
//! it is given, then trains the winner from scratch and tests it once. What happens on the way goes to an
//! [`Observer`] as [`Event`]s; a [`StopSignal`] ends the search early with the best so far; [`plan_rows`]
//! says beforehand what it would take. [`search_with`] leaves measuring to an [`Evaluator`] of one's own.
//! The same configuration, data and code path give the same [`RunResult::fingerprint`], on any number of
//! threads. Nothing here prints, draws or picks a device: that is left to the program that searches.
//!
//! ```
//! use radars_search::{Config, Setup, Silent, StopSignal, Task, search};
//! use radars_tensor::{Cpu, Region};
//!
//! let mut config = Config::preset("fashion-small")?;
//! config.data.limit_train = Some(100);
//! config.batch = 8;
//! config.search.iterations = 1;
//! config.search.episodes = 1;
//! # (config.training.proxy_epochs, config.training.exact_epochs) = (1, 1);
//! # (config.training.final_epochs, config.dnas.epochs, config.dnas.warmup_epochs) = (1, 1, 0);
//!
//! let region = Region::reserve(Cpu::new(1)?, config.memory.as_u64() as usize)?;
//! let task = Task::load(config, None)?;
//! let result = search(region, &task, Setup::new("cpu", &mut Silent, &StopSignal::default()))?;
//! assert!(result.memory.actual_peak_bytes <= result.memory.bound_bytes);
//! println!("{}: test accuracy {:?}", result.best.architecture, result.best.test_accuracy);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod balance;
mod candidates;
mod checkpoint;
pub mod comparison;
mod config;
mod designs;
mod error;
mod evaluator;
mod evaluators;
mod event;
mod findings;
mod fingerprint;
mod fitting;
mod growth;
mod kernel_path;
mod lab;
mod method;
mod network;
mod observer;
mod path_evaluator;
mod phase;
mod plan_choices;
mod plan_rows;
mod planner;
mod predictor;
mod relaxation;
mod result;
mod run;
mod run_folder;
mod sampler;
mod spanning;
mod stop;
pub mod tabular;
mod task;
mod trainer;
mod tried;
mod watch;
mod worth;

pub use balance::{PhaseCosts, balanced_retrain, exploration_share};
pub use candidates::candidates_of;
pub use checkpoint::{Checkpoint, Checkpoints, RefusedCheckpoint, Restored, keep_lines};
pub use config::*;
pub use error::{Error, Result};
pub use evaluator::{
    DataSizes, Evaluator, Exploitation, Exploited, Measured, Shared, Sharing, Trained, Training,
};
pub use evaluators::{Bounds, Evaluators};
pub use event::*;
pub use findings::{Findings, Record, Score};
pub use fingerprint::Fingerprint;
pub use growth::{GrowthPoint, Sweep, growth};
pub use network::{Network, NetworkState};
pub use observer::{Observer, Silent};
pub use path_evaluator::PathEvaluatorState;
pub use phase::{
    Chosen, ExploiterState, Explored, ExplorerState, PhaseState, Promising, Resumed, RunState,
};
pub use plan_choices::{ChoiceRow, plan_choices};
pub use plan_rows::{MicroBatchBound, PlanRow, plan_rows};
pub use planner::{PlannedSuperNet, fitting_child, fitting_supernet, plan_fitting};
pub use radars_data as data;
pub use radars_space as space;
pub use radars_supernet as supernet;
pub use radars_tensor as tensor;
pub use result::*;
pub use run::{Setup, search, search_in_turns, search_side_by_side, search_with, search_with_both};
pub use run_folder::{Continued, Left, RunFolder, config_file};
pub use sampler::{Individual, SamplerState};
pub use spanning::{Spanned, span};
pub use stop::StopSignal;
pub use task::{Problem, ProxyTask, Task, dnas_settings, read_space, weight_settings};
pub use trainer::Trainer;
pub use tried::Tried;
pub use watch::{Kept, Phase, Watch};
