//! Methods side by side on one task, on equal terms: the same bound, data, epochs and budget.
//!
//! A [`Comparison`] says what is compared; [`compare`] does its runs, each in a run folder of its own, and goes
//! on with those that are there. The winner of every run is then trained from scratch a few times with seeds that
//! no search had ([`Judged`]): the mean reward on the test images is its true reward, which methods are compared
//! by. The reward that it was selected by is too high on average, the more so the more a method tries.
//!
//! [`Summary`] is a row of the table; [`differences`] pairs RADARS with each of the others by seed,
//! [`over_uniform`] each method with the control that does not search, under the paired t-test; [`reaches`] and
//! [`overtakings`] say how soon one came as far as the other, [`ablations`] what a swept setting changes, [`Fronts`]
//! what methods come to over several trade-offs.
//!
//! Budgets are counted in training MACs. RADARS goes first; what it spent is what the others may spend with the
//! same seed, so no method wins by its accounting. What judging costs is part of no budget.

mod ablation;
mod conduct;
mod entrant;
mod folder;
mod fronts;
mod history;
mod judge;
mod outcome;
mod reach;
mod settings;
mod spec;
mod statistics;
mod student;
mod summary;
mod sweep;
mod versus;

pub use ablation::{Ablation, ablations};
pub use conduct::{Compared, Onlooker, Run, Stage, compare, compare_with};
pub use entrant::Entrant;
pub use fronts::{Front, FrontPoint, Fronts, VolumeDifference};
pub use history::{Found, History, Reached};
pub use judge::{Judged, Judgement, judge_seeds};
pub use outcome::Outcome;
pub use reach::{Overtaking, Reach, overtakings, reaches};
pub use settings::Comparison;
pub use spec::{Group, Spec};
pub use statistics::{Paired, Sample, Verdict};
pub use summary::Summary;
pub use sweep::{Setting, Sweep, SweepKey};
pub use versus::{Difference, differences, over_uniform};
