//! Mixed operations: the ways to hold the mixture of a layer's candidates.

mod factorised;
mod materialised;
mod merged;

pub use factorised::{FactorisedKernel, FactorisedWeights, factorised};
pub use materialised::{CandidateFormat, materialised};
pub use merged::merged;
