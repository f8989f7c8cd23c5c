//! The fingerprint of a run: a hash over everything deterministic in it, in order.

use radars_space::Architecture;
use radars_supernet::nn::{Parameters, SavedParameter};
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
            for text in [what, &architecture.to_string()] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            hasher.update(&value.to_bits().to_le_bytes());
        });
    }

    /// Adds all that another line of work found.
    pub fn add_chain(&mut self, other: &Fingerprint) {
        self.chain(|hasher| {
            hasher.update(other.0.as_bytes());
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
        self.add_values(values.iter().flatten());
        Ok(())
    }

    /// Adds all values of a network that is on the host.
    pub fn add_saved(&mut self, parameters: &[SavedParameter]) {
        self.add_values(parameters.iter().flat_map(|parameter| &parameter.values));
    }

    fn add_values<'v>(&mut self, values: impl Iterator<Item = &'v f32>) {
        self.chain(|hasher| {
            for value in values {
                hasher.update(&value.to_bits().to_le_bytes());
            }
        });
    }

    fn chain(&mut self, add: impl FnOnce(&mut blake3::Hasher)) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.0.as_bytes());
        add(&mut hasher);
        self.0 = hasher.finalize().to_hex().to_string();
    }
}

/// A number for an architecture, the same in every run: what its random numbers derive from, whenever it is
/// met.
pub(crate) fn number(architecture: &Architecture) -> u64 {
    let hash = blake3::hash(architecture.to_string().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(first)
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
