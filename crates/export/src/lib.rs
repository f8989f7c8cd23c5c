//! Getting a trained network out.

mod error;
mod files;
mod model;
pub mod network;

pub use error::{Error, Result};
pub use model::{Model, Provenance};
pub use network::Network;
pub use radars_nn as nn;
pub use radars_space as space;
