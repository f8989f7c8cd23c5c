//! Methods side by side on one task, on equal terms: the same bound, data, epochs and budget.
//!
//! A [`Comparison`] says what is compared; [`compare`] does its runs, each in a run folder of its own, and goes
//! on with those that are there. [`Summary`] is a row of the table; [`differences`] pairs RADARS with each of
//! the others by seed, [`reaches`] says what they took to come as far, [`ablations`] what a swept setting
//! changes.
//!
//! Budgets are counted in training MACs. RADARS goes first; what it spent is what the others may spend with the
//! same seed, so no method wins by its accounting.

mod conduct;
mod entrant;
mod history;
mod outcome;
mod settings;
mod statistics;
mod summary;
mod sweep;
mod versus;

pub use conduct::{Compared, Onlooker, Run, Stage, compare, compare_with};
pub use entrant::Entrant;
pub use history::{Found, History, Reached};
pub use outcome::Outcome;
pub use settings::{Comparison, Group, Spec};
pub use statistics::{Paired, Sample, Verdict};
pub use summary::Summary;
pub use sweep::{Setting, Sweep, SweepKey};
pub use versus::{Ablation, Difference, Reach, ablations, differences, reaches};
