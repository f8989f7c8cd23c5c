//! What can go wrong with a search.

use crate::Tried;
use bytesize::ByteSize;
use std::path::PathBuf;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a search.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such built-in configuration.
    #[error("there is no preset `{name}`; there are {}", known.join(", "))]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// Those that exist.
        known: &'static [&'static str],
    },
    /// A configuration file cannot be understood.
    #[error("{file}: {source}")]
    Config {
        /// The file.
        file: String,
        /// Line, column and what would be valid.
        source: Box<toml::de::Error>,
    },
    /// A configuration cannot be written as TOML.
    #[error("the configuration cannot be written: {0}")]
    ConfigWrite(toml::ser::Error),
    /// A setting has a value that makes no sense.
    #[error("{setting} is {value}, but has to be {expected}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A split that is trained on has not the images of one batch.
    #[error(
        "the {split} split has {images} images, fewer than a batch of {batch}; lower --batch, raise \
         --limit-train or data.{split}_fraction, or give a larger data set with --data"
    )]
    SplitBelowBatch {
        /// The split.
        split: &'static str,
        /// How many images it has.
        images: usize,
        /// The batch size.
        batch: usize,
    },
    /// Not even the cheapest single path fits the memory bound.
    #[error(
        "a bound of {} is too small: training the smallest path of this space at batch {}{} takes {}; raise --memory \
         to that{}",
        ByteSize(*bound_bytes as u64), tried.batch, tried.how(), tried.needs(), tried.or_else()
    )]
    BoundTooSmall {
        /// The bound.
        bound_bytes: usize,
        /// What was tried.
        tried: Tried,
    },
    /// The architecture that is given does not fit the memory bound.
    #[error(
        "a bound of {} is too small: training this architecture at batch {}{} takes {}; raise --memory to that{}",
        ByteSize(*bound_bytes as u64), tried.batch, tried.how(), tried.needs(), tried.or_else()
    )]
    ArchitectureOverBound {
        /// The bound.
        bound_bytes: usize,
        /// What was tried.
        tried: Tried,
    },
    /// The folder of a run exists and is not empty.
    #[error("{}: already holds {found}; name another folder with --out, or remove it", path.display())]
    FolderInUse {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
    /// A file of the run cannot be written or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A value cannot be written as JSON.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// The search was asked to stop before anything was measured.
    #[error("stopped before the first architecture was measured, so there is no result")]
    NothingMeasured,
    /// Nothing could be trained: every architecture that was sampled is over the bound or the limits.
    #[error(
        "none of {episodes} sampled architectures could be trained: all are over the memory bound or the limits; \
         raise --memory, --max-aops or --max-params, or lower --batch"
    )]
    NothingTrained {
        /// Episodes so far.
        episodes: usize,
    },
    /// Training.
    #[error(transparent)]
    Training(#[from] radars_supernet::Error),
    /// The controller.
    #[error(transparent)]
    Controller(#[from] radars_controller::Error),
    /// Memory or device.
    #[error(transparent)]
    Tensor(#[from] radars_tensor::Error),
    /// The search space.
    #[error(transparent)]
    Space(#[from] radars_space::Error),
    /// A table of measured architectures.
    #[error(transparent)]
    Table(#[from] crate::tabular::TableError),
    /// The data set.
    #[error(transparent)]
    Data(#[from] radars_data::Error),
    /// A float in the state of a checkpoint is infinite or not a number, which JSON cannot hold.
    #[error("{}: {field} is {value}, which JSON cannot hold", path.display())]
    NotFinite {
        /// The file it was to be written to.
        path: PathBuf,
        /// Which field of the state.
        field: String,
        /// Its value.
        value: f64,
    },
    /// A tensor cannot be put into a checkpoint.
    #[error("tensor `{group}/{name}` cannot be put into a checkpoint: {reason}")]
    CheckpointTensor {
        /// Its group.
        group: String,
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A checkpoint cannot be written to the disk.
    #[error(
        "{}: the checkpoint could not be written: {source}; the one before it is whole: make room on the disk, or \
         mend what the system says, and go on with --resume", path.display()
    )]
    CheckpointWrite {
        /// The folder it was to be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another process goes on with the same run.
    #[error("{}: another process is writing to this run; wait for it or stop it", path.display())]
    CheckpointsInUse {
        /// The folder of checkpoints.
        path: PathBuf,
    },
    /// There is no checkpoint: nothing to go on from.
    #[error("{}: holds no checkpoint, so there is nothing to resume; start the run anew", path.display())]
    NoCheckpoint {
        /// The folder of checkpoints.
        path: PathBuf,
    },
    /// There are checkpoints, but none can be used.
    #[error(
        "{}: none of its checkpoints can be used ({}); start the run anew",
        path.display(), refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    NoWholeCheckpoint {
        /// The folder of checkpoints.
        path: PathBuf,
        /// Each with its reason, newest first.
        refused: Vec<crate::RefusedCheckpoint>,
    },
    /// The SuperNet that a method needs does not fit the bound: out of memory, found out before it began.
    #[error(
        "out of memory: the {mixing} SuperNet{} needs {} of a bound of {}; raise --memory{}, take --mixing factorised, \
         or a method that prunes the space first (--method radars)",
        tried.how(), tried.needs(), ByteSize(*bound_bytes as u64), tried.or_else()
    )]
    SupernetOverBound {
        /// The bound.
        bound_bytes: usize,
        /// How the SuperNet holds its mixtures, where it needs the least of what was tried.
        mixing: radars_supernet::Mixing,
        /// What was tried.
        tried: Tried,
    },
    /// The largest path of a one-shot SuperNet does not fit the bound.
    #[error(
        "out of memory: the largest path needs {} ({needed_bytes} bytes) of a bound of {}; raise --memory or lower \
         --batch",
        ByteSize(*needed_bytes as u64), ByteSize(*bound_bytes as u64)
    )]
    PathOverBound {
        /// The smallest bound that would do.
        needed_bytes: usize,
        /// The bound.
        bound_bytes: usize,
    },
    /// The evaluator has no way to do what a method needs.
    #[error(
        "this evaluator does not offer {what}, which the method needs; take quantnas, random or evolution"
    )]
    Unsupported {
        /// What is missing.
        what: &'static str,
    },
    /// A checkpoint belongs to a search by another method.
    #[error("the checkpoint was written by another method than the configuration names")]
    OtherMethod,
    /// The phases cannot run side by side.
    #[error(
        "exploration and exploitation cannot run side by side with {what}; take --schedule sequential"
    )]
    NotSideBySide {
        /// What is in the way.
        what: &'static str,
    },
    /// A run was done on another device or code path, so its result is not comparable.
    #[error(
        "{}: was run on `{recorded}`, this is `{device}`, and their results differ; go on with the same --device \
         and --isa, or start anew", path.display()
    )]
    OtherDevice {
        /// The folder of the run.
        path: PathBuf,
        /// Where it was run.
        recorded: String,
        /// The device now.
        device: String,
    },
    /// A folder is not that of a run.
    #[error("{}: not the folder of a run: it has no config.toml", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// The configuration is not the one that a checkpoint was written under.
    #[error(
        "{}: config.toml or space.toml was changed since the checkpoint was written, so going on would mix two \
         searches; restore them, or start anew with --config and another --out", path.display()
    )]
    ConfigChanged {
        /// The folder of the run.
        path: PathBuf,
    },
    /// A budget pays for nothing that a method could do.
    #[error(
        "a budget of {budget} multiply-accumulates is too small for this method, which needs {needed}; raise --budget"
    )]
    BudgetTooSmall {
        /// The budget.
        budget: u64,
        /// The least that would do.
        needed: u64,
    },
}
