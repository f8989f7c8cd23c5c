//! `Mixing`: the ways to hold a mixture.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a SuperNet holds the mixture of its candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mixing {
    /// Every candidate's output is computed and kept; one mixing weight a candidate.
    Materialised,
    /// One convolution for the product of all hyper-parameter types; one vector of mixing weights a type.
    Factorised,
}

impl Mixing {
    /// All ways, in the order they are listed to the user.
    pub const ALL: [Mixing; 2] = [Mixing::Materialised, Mixing::Factorised];
}

impl fmt::Display for Mixing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mixing::Materialised => "materialised",
            Mixing::Factorised => "factorised",
        })
    }
}
