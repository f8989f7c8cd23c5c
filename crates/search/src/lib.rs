//! Memory-bounded architecture search.
mod config;
mod error;
mod event;

pub use config::*;
pub use error::{Error, Result};
pub use event::*;
