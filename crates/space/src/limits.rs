//! Hard limits: an architecture over them is never trained.

use crate::Cost;
use serde::{Deserialize, Serialize};

/// The most an architecture may cost; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Adjusted operations for one image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_aops: Option<u64>,
    /// Trained values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_params: Option<u64>,
}

/// An architecture costs more than a limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value} {what} are {} over the limit of {limit}", .value - .limit)]
pub struct LimitExceeded {
    /// What is counted: `AOPS` or `parameters`.
    pub what: &'static str,
    /// What the architecture costs; more than `limit`.
    pub value: u64,
    /// What it may cost.
    pub limit: u64,
}

impl Limits {
    /// Whether a cost keeps within the limits.
    ///
    /// # Errors
    /// [`LimitExceeded`] for the first limit that it does not keep.
    pub fn check(&self, cost: &Cost) -> Result<(), LimitExceeded> {
        let limits = [
            ("AOPS", cost.aops, self.max_aops),
            ("parameters", cost.params, self.max_params),
        ];
        for (what, value, limit) in limits {
            if let Some(limit) = limit.filter(|&limit| value > limit) {
                return Err(LimitExceeded { what, value, limit });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LayerCost;

    #[test]
    fn a_limit_is_the_last_value_allowed() {
        let cost = Cost {
            macs: 10,
            aops: 90,
            params: 40,
            layers: vec![],
            classifier: LayerCost::default(),
        };
        assert_eq!(Limits::default().check(&cost), Ok(()));
        assert_eq!(
            Limits {
                max_aops: Some(90),
                max_params: Some(40)
            }
            .check(&cost),
            Ok(())
        );
        let error = Limits {
            max_aops: Some(90),
            max_params: Some(39),
        }
        .check(&cost)
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "40 parameters are 1 over the limit of 39"
        );
        let error = Limits {
            max_aops: Some(80),
            max_params: Some(39),
        }
        .check(&cost)
        .unwrap_err();
        assert_eq!(error.to_string(), "90 AOPS are 10 over the limit of 80");
    }
}
