//! Counter-based random numbers: a stream is a pure function of (run seed, purpose, index).
//!
//! Nothing keeps a generator: whoever needs random numbers names what they are for and which one of
//! them it is (an epoch, a layer, an episode), so a resumed run draws exactly what the uninterrupted
//! one would have drawn, and no thread can disturb another's stream.

use rand::SeedableRng;

/// A stream of random numbers; implements [`rand::Rng`].
pub type Stream = rand_chacha::ChaCha8Rng;

/// The seed of a run, from which every stream derives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for `purpose` number `index`.
    ///
    /// ChaCha is a pseudo-random function of its key, so streams under different keys are
    /// independent, however similar the keys.
    pub fn stream(self, purpose: &str, index: u64) -> Stream {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        key[8..16].copy_from_slice(&fnv1a(purpose.as_bytes()).to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Stream::from_seed(key)
    }

    /// A seed of its own for a part of the run, for instance one child network's training.
    pub fn derive(self, purpose: &str, index: u64) -> Seed {
        use rand::Rng;
        Seed(self.stream(purpose, index).next_u64())
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    /// Reference value of the FNV-1a test vectors (isthe.com/chongo/tech/comp/fnv): "a".
    #[test]
    fn fnv1a_matches_its_test_vector() {
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_index_and_by_nothing_else() {
        let first = |seed, purpose, index| Seed(seed).stream(purpose, index).next_u64();
        let base = first(1, "weights", 0);
        assert_eq!(base, first(1, "weights", 0));
        for other in [
            first(2, "weights", 0),
            first(1, "alpha", 0),
            first(1, "weights", 1),
        ] {
            assert_ne!(base, other);
        }
    }
}
