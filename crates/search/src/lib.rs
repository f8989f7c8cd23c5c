//! Memory-bounded architecture search: Algorithm 1 of RADARS, its run folders and events.

mod algorithm;
mod candidates;
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
