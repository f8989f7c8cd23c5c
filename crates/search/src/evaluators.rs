//! Who measures for which phase.

use crate::{Evaluator, Phase};

/// What networks have to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Where exploration trains.
    pub exploration_bytes: usize,
    /// Where exploitation trains, and the winner.
    pub exploitation_bytes: usize,
}

/// Who measures for which phase.
pub enum Evaluators<E> {
    /// One for both, one phase after the other, each with all of the memory.
    Shared(E),
    /// One for each, with a part of the memory each.
    Split {
        /// For exploration.
        exploration: E,
        /// For exploitation, and for the final training.
        exploitation: E,
    },
}

impl<E: Evaluator> Evaluators<E> {
    /// The one for a phase.
    pub(crate) fn of(&mut self, phase: Phase) -> &mut E {
        match (self, phase) {
            (Evaluators::Shared(evaluator), _) => evaluator,
            (Evaluators::Split { exploration, .. }, Phase::Exploration) => exploration,
            (Evaluators::Split { exploitation, .. }, _) => exploitation,
        }
    }

    /// What networks have to fit.
    pub(crate) fn bounds(&self) -> Bounds {
        let (exploration, exploitation) = match self {
            Evaluators::Shared(evaluator) => (evaluator, evaluator),
            Evaluators::Split {
                exploration,
                exploitation,
            } => (exploration, exploitation),
        };
        Bounds {
            exploration_bytes: exploration.bound_bytes(),
            exploitation_bytes: exploitation.bound_bytes(),
        }
    }

    /// The whole bound.
    pub(crate) fn bound_bytes(&self) -> usize {
        match self {
            Evaluators::Shared(evaluator) => evaluator.bound_bytes(),
            Evaluators::Split {
                exploration,
                exploitation,
            } => exploration.bound_bytes() + exploitation.bound_bytes(),
        }
    }
}
