//! Memory-bounded architecture search: Algorithm 1 of RADARS, its run folders and events.
//!
//! A [`Config`] says everything that decides the result; a [`Task`] is a configuration with its space and
//! its data loaded. [`search`] alternates between a controller that explores the space with brief
//! trainings and a differentiable search in the subspace that the best of them span, all within the memory
//! it is given, then trains the winner from scratch and tests it once. What happens on the way goes to an
//! [`Observer`] as [`Event`]s; a [`StopSignal`] ends the search early with the best so far; [`plan_rows`]
//! says beforehand what it would take. [`search_with`] leaves measuring to an [`Evaluator`] of one's own.
//! The same configuration, data and code path give the same [`RunResult::fingerprint`], on any number of
//! threads.
//!
//! ```
//! use radars_search::{Config, Silent, StopSignal, Task, search};
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
//! let result = search(region, "cpu".into(), &task, &mut Silent, &StopSignal::default())?;
//! assert!(result.memory.actual_peak_bytes <= result.memory.bound_bytes);
//! println!("{}: reward {:.3}", result.best.architecture, result.best.reward);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod candidates;
mod checkpoint;
mod config;
mod error;
mod evaluator;
mod event;
mod fingerprint;
mod kernel_path;
mod observer;
mod plan_rows;
mod relaxation;
mod result;
mod run;
mod run_folder;
mod state;
mod stop;
mod task;
mod trainer;

pub use candidates::candidates_of;
pub use checkpoint::{Checkpoint, Checkpoints, RefusedCheckpoint, Restored, keep_lines};
pub use config::*;
pub use error::{Error, Result};
pub use evaluator::{Evaluator, Exploitation, Exploited, Measured, Training, Watch};
pub use event::*;
pub use fingerprint::Fingerprint;
pub use observer::{Observer, Silent};
pub use plan_rows::{PlanRow, plan_rows};
pub use result::*;
pub use run::{search, search_with};
pub use run_folder::RunFolder;
pub use state::{Record, Score, SearchState};
pub use stop::StopSignal;
pub use task::{Task, dnas_settings, read_space, weight_settings};
pub use trainer::Trainer;
