//! The non-linearity behind a batch norm.

use serde::{Deserialize, Serialize};

/// What follows a batch norm, where something does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `min(max(x, 0), 6)`; in float spaces only, since a quantiser clips by itself.
    Relu6,
}

impl Activation {
    /// The value of `activation` in a space file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
        }
    }
}
