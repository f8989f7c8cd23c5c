//! Cost metrics behind one trait, so that a search can be told to count something else.

use crate::{Architecture, Result, Space};

/// Something that an architecture costs. Implement it to add, say, a latency table.
pub trait Metric {
    /// What is counted, as printed beside the figure.
    fn name(&self) -> &str;

    /// The cost of an architecture for one image.
    ///
    /// # Errors
    /// Whatever keeps it from being counted, as [`Space::cost`].
    fn measure(&self, space: &Space, architecture: &Architecture) -> Result<f64>;
}

/// Adjusted operations, Eq. 1: what the reward counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aops;

/// Multiply-accumulates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Macs;

/// Trained values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params;

impl Metric for Aops {
    fn name(&self) -> &str {
        "AOPS"
    }

    fn measure(&self, space: &Space, architecture: &Architecture) -> Result<f64> {
        Ok(space.cost(architecture)?.aops as f64)
    }
}

impl Metric for Macs {
    fn name(&self) -> &str {
        "MACs"
    }

    fn measure(&self, space: &Space, architecture: &Architecture) -> Result<f64> {
        Ok(space.cost(architecture)?.macs as f64)
    }
}

impl Metric for Params {
    fn name(&self) -> &str {
        "parameters"
    }

    fn measure(&self, space: &Space, architecture: &Architecture) -> Result<f64> {
        Ok(space.cost(architecture)?.params as f64)
    }
}
