//! Memory-bounded architecture search.
mod config;
mod error;
mod event;
mod result;
mod run_folder;

pub use config::*;
pub use error::{Error, Result};
pub use event::*;
pub use result::{Best, Kept, MemoryUse, PhaseTimes, RunResult, SearchCounts, Times};
pub use run_folder::RunFolder;
