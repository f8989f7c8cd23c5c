//! How a run of a comparison ended.

use crate::{Error, Result, RunResult, Stop};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a run of a comparison ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Outcome {
    /// It came to its end.
    Done,
    /// What it needs does not fit the bound, which was found by planning: nothing was run.
    OutOfMemory {
        /// The smallest bound that would do.
        needed_bytes: usize,
        /// The bound.
        bound_bytes: usize,
    },
    /// It took too many times as long as the fastest method.
    OutOfTime {
        /// After how many seconds of search it was stopped.
        seconds: f64,
    },
    /// It could not be done.
    Failed {
        /// Why not.
        message: String,
    },
}

/// `done`, `OOM`, `OOT` or `failed`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Done => "done",
            Outcome::OutOfMemory { .. } => "OOM",
            Outcome::OutOfTime { .. } => "OOT",
            Outcome::Failed { .. } => "failed",
        })
    }
}

/// The terms that a run was under.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    /// Whether its winner had to be trained from scratch.
    pub final_training: bool,
    /// The seconds after which it was out of time.
    pub time_limit: Option<f64>,
    /// What it was allowed to spend.
    pub budget: Option<u64>,
}

/// What a search came to, as part of a comparison.
pub(super) enum Ended {
    /// It is over, with a result or without.
    Over(Outcome, Option<Box<RunResult>>),
    /// The user ended it.
    Interrupted,
}

impl Ended {
    /// Of what a search gave back; `interrupted` when the user had asked it to stop.
    ///
    /// # Errors
    /// What is no matter of the method: a disk that is full, a folder that was changed.
    pub fn of(found: Result<RunResult>, interrupted: bool, terms: Terms) -> Result<Self> {
        let outcome = match found {
            Ok(result) => {
                let untested = terms.final_training && result.best.test_accuracy.is_none();
                if untested || result.search.stop == Stop::Interrupted {
                    return Ok(Ended::Interrupted);
                }
                let outcome = match result.search.stop {
                    Stop::TimeLimit => Outcome::OutOfTime {
                        seconds: result.time.search_seconds,
                    },
                    _ => Outcome::Done,
                };
                return Ok(Ended::Over(outcome, Some(Box::new(result))));
            }
            Err(Error::NothingMeasured) if interrupted => return Ok(Ended::Interrupted),
            Err(Error::NothingMeasured) => Outcome::OutOfTime {
                seconds: terms.time_limit.unwrap_or_default(),
            },
            Err(
                Error::SupernetOverBound {
                    bound_bytes, tried, ..
                }
                | Error::BoundTooSmall { bound_bytes, tried }
                | Error::ArchitectureOverBound { bound_bytes, tried },
            ) => Outcome::OutOfMemory {
                needed_bytes: tried.needed_bytes,
                bound_bytes,
            },
            Err(Error::PathOverBound {
                needed_bytes,
                bound_bytes,
            }) => Outcome::OutOfMemory {
                needed_bytes,
                bound_bytes,
            },
            // With a budget, that is the likely reason, and the message would speak of the bound.
            Err(Error::NothingTrained { episodes }) if terms.budget.is_some() => Outcome::Failed {
                message: format!(
                    "nothing was trained to convergence in {episodes} episodes: the budget of {} training MACs does \
                     not pay for it, or the space has nothing of the kind",
                    terms.budget.unwrap_or_default()
                ),
            },
            Err(
                error @ (Error::NothingTrained { .. }
                | Error::BudgetTooSmall { .. }
                | Error::Unsupported { .. }
                | Error::Training(_)
                | Error::Controller(_)
                | Error::Tensor(_)),
            ) => Outcome::Failed {
                message: error.to_string(),
            },
            Err(error) => return Err(error),
        };
        Ok(Ended::Over(outcome, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::tests::example;

    const TERMS: Terms = Terms {
        final_training: true,
        time_limit: Some(3.5),
        budget: None,
    };

    fn over(found: Result<RunResult>) -> Outcome {
        match Ended::of(found, false, TERMS).unwrap() {
            Ended::Over(outcome, _) => outcome,
            Ended::Interrupted => panic!("interrupted"),
        }
    }

    fn stopped(stop: Stop) -> Result<RunResult> {
        let mut result = example();
        result.search.stop = stop;
        Ok(result)
    }

    #[test]
    fn the_end_of_a_search_decides_the_outcome() {
        assert_eq!(over(stopped(Stop::Budget)), Outcome::Done);
        assert_eq!(over(stopped(Stop::Iterations)), Outcome::Done);
        // The example searched for 12.5 seconds.
        let late = Outcome::OutOfTime { seconds: 12.5 };
        assert_eq!(over(stopped(Stop::TimeLimit)), late);
        let sooner = Outcome::OutOfTime { seconds: 3.5 };
        assert_eq!(over(Err(Error::NothingMeasured)), sooner);
        let supernet = Error::SupernetOverBound {
            bound_bytes: 200,
            mixing: radars_supernet::Mixing::Materialised,
            tried: crate::Tried {
                batch: 32,
                micro_batch: 32,
                recompute: radars_supernet::Recompute::NONE,
                needed_bytes: 300,
                first_bytes: 300,
            },
        };
        let outcome = over(Err(supernet));
        assert_eq!(outcome.to_string(), "OOM");
        assert_eq!(
            outcome,
            Outcome::OutOfMemory {
                needed_bytes: 300,
                bound_bytes: 200
            }
        );
        let nothing = over(Err(Error::NothingTrained { episodes: 7 }));
        assert!(matches!(nothing, Outcome::Failed { message } if message.contains("7 sampled")));
        let budget = Error::BudgetTooSmall {
            budget: 5,
            needed: 9,
        };
        assert!(
            matches!(over(Err(budget)), Outcome::Failed { message } if message.contains("needs 9"))
        );
    }

    #[test]
    fn what_the_user_ended_is_no_outcome() {
        let interrupted = |found, asked| {
            let ended = Ended::of(found, asked, TERMS).unwrap();
            matches!(ended, Ended::Interrupted)
        };
        assert!(interrupted(stopped(Stop::Interrupted), true));
        assert!(interrupted(Err(Error::NothingMeasured), true));
        let mut untested = example();
        untested.best.test_accuracy = None;
        assert!(interrupted(Ok(untested), true));
    }

    #[test]
    fn a_full_disk_ends_the_comparison() {
        let error = Error::File {
            path: "run".into(),
            source: std::io::Error::other("no space left"),
        };
        assert!(Ended::of(Err(error), false, TERMS).is_err());
    }
}
