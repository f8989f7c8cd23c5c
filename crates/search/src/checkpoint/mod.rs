//! Durable checkpoints of a run: `RUN/checkpoint/NNNNNNNN/`, of which the two newest are kept.
//!
//! ```text
//! RUN/checkpoint/lock                           held by the process that writes
//! RUN/checkpoint/00000007/state.json            the state, and the order of the tensors
//!                        /tensors.safetensors   f32, named GROUP/NAME
//!                        /manifest.json         versions; byte length and BLAKE3 hash of the other two
//! RUN/checkpoint/00000008.tmp/                  being written or removed: never read
//! ```
//!
//! A checkpoint is written under a temporary name, every file and the folder are on the disk before it gets
//! its number, and older ones go only when the number is on the disk too. So at every moment, with power cut
//! or the disk full, the newest numbered checkpoint is whole; should its files be damaged later, reading
//! says so and goes back to the one before.

mod disk;
mod finite;
mod form;
mod lines;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use lines::keep_lines;
pub use write::Checkpoints;

use radars_supernet::nn::SavedParameter;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a checkpoint holds: one value, and named groups of tensors.
///
/// # Floats
/// Tensors keep every bit of every value, infinities and NaN too. Floats in `state` are JSON, which keeps
/// every bit of finite ones and has no others: writing refuses them, naming the field. Save what may not be
/// finite as an `Option`, as `to_bits()` or in a tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint<S> {
    /// Anything that serde can write and read.
    pub state: S,
    /// Tensors by group, each group in its order. Group names hold no `/`; names in a group differ.
    pub tensors: BTreeMap<String, Vec<SavedParameter>>,
}

/// The newest checkpoint that is whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored<S> {
    /// What it holds.
    pub checkpoint: Checkpoint<S>,
    /// Its folder.
    pub path: PathBuf,
    /// The version of the program that wrote it.
    pub program: String,
    /// Newer ones that cannot be used, newest first.
    pub refused: Vec<RefusedCheckpoint>,
}

/// A checkpoint that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCheckpoint {
    /// Its folder.
    pub path: PathBuf,
    /// Why not.
    pub reason: String,
}

impl fmt::Display for RefusedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// The folder of all checkpoints of a run.
fn folder_of(run: &Path) -> PathBuf {
    run.join("checkpoint")
}
