//! An architecture: one candidate operation per layer.

use crate::Candidate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One candidate per layer, first layer first. As JSON, an array of candidates.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Architecture(pub Vec<Candidate>);

impl Architecture {
    /// The same candidate in each of `depth` layers: the simplest baseline there is.
    #[must_use]
    pub fn uniform(candidate: Candidate, depth: usize) -> Self {
        Self(vec![candidate; depth])
    }

    /// The candidates, first layer first.
    #[must_use]
    pub fn layers(&self) -> &[Candidate] {
        &self.0
    }
}

/// `k3 a3.6 w1.6 | k5 a1.3 w3.6`: one candidate per layer.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (layer, candidate) in self.0.iter().enumerate() {
            if layer > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{candidate}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;

    #[test]
    fn displays_layer_by_layer_and_survives_json() {
        let (a, w) = (
            Precision {
                integer: 3,
                fraction: 6,
            },
            Precision {
                integer: 1,
                fraction: 6,
            },
        );
        let architecture = Architecture(vec![
            Candidate::quantised(3, a, w),
            Candidate::quantised(7, w, a),
        ]);
        assert_eq!(architecture.to_string(), "k3 a3.6 w1.6 | k7 a1.6 w3.6");
        let json = serde_json::to_string(&architecture).unwrap();
        assert!(json.starts_with(r#"[{"kernel":3,"#), "{json}");
        assert_eq!(
            serde_json::from_str::<Architecture>(&json).unwrap(),
            architecture
        );
    }
}
