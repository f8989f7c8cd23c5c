//! The fingerprint of a run: a hash over everything deterministic in it, in order.

use radars_space::Architecture;
use radars_supernet::nn::Parameters;
use radars_tensor::Backend;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A chain of hashes; two runs are the same run exactly when their fingerprints agree.
///
/// It has no state but the last hash, so that it can be saved and continued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Default for Fingerprint {
    fn default() -> Self {
        Fingerprint(blake3::hash(b"radars").to_hex().to_string())
    }
}

impl Fingerprint {
    /// Adds what happened to an architecture: what it is, and a number to the last bit.
    pub fn add(&mut self, what: &str, architecture: &Architecture, value: f64) {
        self.chain(|hasher| {
            hasher.update(what.as_bytes());
            hasher.update(architecture.to_string().as_bytes());
            hasher.update(&value.to_bits().to_le_bytes());
        });
    }

    /// Adds all values of a network.
    ///
    /// # Errors
    /// Those of reading them.
    pub fn add_weights<B: Backend>(
        &mut self,
        parameters: &Parameters<B>,
    ) -> radars_supernet::Result<()> {
        let mut values = Vec::with_capacity(parameters.len());
        for (_, parameter) in parameters.iter() {
            values.push(parameter.value().read::<f32>()?);
        }
        self.chain(|hasher| {
            for value in values.iter().flatten() {
                hasher.update(&value.to_bits().to_le_bytes());
            }
        });
        Ok(())
    }

    fn chain(&mut self, add: impl FnOnce(&mut blake3::Hasher)) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.0.as_bytes());
        add(&mut hasher);
        self.0 = hasher.finalize().to_hex().to_string();
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Sixteen bytes are enough to tell runs apart and short enough to compare by eye.
        f.write_str(&self.0[..32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::Candidate;

    fn chained(values: &[(usize, f64)]) -> String {
        let mut fingerprint = Fingerprint::default();
        for &(kernel, value) in values {
            fingerprint.add(
                "proxy",
                &Architecture(vec![Candidate::float(kernel)]),
                value,
            );
        }
        fingerprint.to_string()
    }

    #[test]
    fn order_architecture_and_the_last_bit_of_a_value_count() {
        let base = chained(&[(3, 0.5), (5, 0.25)]);
        assert_eq!(base, chained(&[(3, 0.5), (5, 0.25)]));
        assert_ne!(base, chained(&[(5, 0.25), (3, 0.5)]));
        assert_ne!(base, chained(&[(3, 0.5), (7, 0.25)]));
        assert_ne!(
            base,
            chained(&[(3, 0.5), (5, f64::from_bits(0.25_f64.to_bits() + 1))])
        );
    }
}
