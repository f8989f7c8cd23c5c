//! What was tried of a training that fits no bound it was given: words for its error.

use bytesize::ByteSize;
use radars_supernet::{Plan, Recompute};

/// The way to train something that needs the least of all that were tried, none of which fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Images of a step.
    pub batch: usize,
    /// Images on the device at once.
    pub micro_batch: usize,
    /// The layers that are computed again on the way back.
    pub recompute: Recompute,
    /// The smallest bound that would do.
    pub needed_bytes: usize,
    /// The smallest bound for the way that was tried first, that of the least work.
    pub first_bytes: usize,
}

impl Tried {
    pub(crate) fn new(batch: usize, least: Plan, first_bytes: usize) -> Self {
        Tried {
            batch,
            micro_batch: least.micro_batch,
            recompute: least.recompute,
            needed_bytes: least.high_water_bytes,
            first_bytes,
        }
    }

    /// How it is trained, where that is not the whole batch with every layer kept.
    pub(crate) fn how(&self) -> String {
        let mut how = String::new();
        if self.micro_batch < self.batch {
            how = format!(" in micro-batches of {}", self.micro_batch);
        }
        if !self.recompute.is_empty() {
            how = format!("{how} with {} recomputed", self.recompute);
        }
        how
    }

    /// What it needs; and what it would without all that, where that was tried.
    pub(crate) fn needs(&self) -> String {
        let needed = ByteSize(self.needed_bytes as u64);
        let without = match self.first_bytes == self.needed_bytes {
            true => String::new(),
            false => format!("; without, {}", ByteSize(self.first_bytes as u64)),
        };
        format!("{needed} ({} bytes{without})", self.needed_bytes)
    }

    /// What else would need less memory.
    pub(crate) fn or_else(&self) -> String {
        let of_batch = match self.micro_batch {
            1 => "",
            _ if self.micro_batch < self.batch => ", lower --micro-batch",
            _ => ", lower --batch, train in micro-batches (--micro-batch auto)",
        };
        let of_layers = match self.recompute.is_empty() {
            true => ", let layers be recomputed (--recompute auto)",
            false => "",
        };
        format!("{of_batch}{of_layers}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_how_what_it_needs_and_what_else_there_is() {
        let whole = Tried {
            batch: 8,
            micro_batch: 8,
            recompute: Recompute::NONE,
            needed_bytes: 2048,
            first_bytes: 2048,
        };
        assert_eq!(whole.how(), "");
        assert_eq!(whole.needs(), "2.0 KiB (2048 bytes)");
        assert!(whole.or_else().contains("--micro-batch auto"));
        assert!(whole.or_else().contains("--recompute auto"));
        let tried = Tried {
            micro_batch: 4,
            recompute: Recompute::all(2),
            needed_bytes: 1024,
            ..whole
        };
        assert_eq!(
            tried.how(),
            " in micro-batches of 4 with layers 1, 2 recomputed"
        );
        assert_eq!(tried.needs(), "1.0 KiB (1024 bytes; without, 2.0 KiB)");
        assert_eq!(tried.or_else(), ", lower --micro-batch");
    }
}
