//! When to stop before the search is done.

use crate::Stop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Asks a search to end early, with the best architecture so far. Clones share the request.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    interrupted: Arc<AtomicBool>,
    deadline: Option<Instant>,
    /// For a phase that goes on beside another: whether the other needs it no longer.
    over: Option<Arc<AtomicBool>>,
}

impl StopSignal {
    /// A signal that stops by itself at `deadline`, if any.
    pub fn new(deadline: Option<Instant>) -> Self {
        StopSignal {
            interrupted: Arc::default(),
            deadline,
            over: None,
        }
    }

    /// Asks to stop, from any thread.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Why to stop now; none to go on.
    pub fn reason(&self) -> Option<Stop> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Some(Stop::Interrupted);
        }
        if (self.over.as_ref()).is_some_and(|over| over.load(Ordering::Relaxed)) {
            return Some(Stop::Target);
        }
        self.deadline
            .filter(|&deadline| Instant::now() >= deadline)
            .map(|_| Stop::TimeLimit)
    }

    /// The same signal without its deadline: the final training may take the time it needs.
    pub(crate) fn without_deadline(&self) -> Self {
        StopSignal {
            interrupted: self.interrupted.clone(),
            deadline: None,
            over: None,
        }
    }

    /// The same signal with another deadline.
    pub(crate) fn with_deadline(&self, deadline: Option<Instant>) -> Self {
        StopSignal {
            deadline,
            ..self.clone()
        }
    }

    /// The same signal, which can also be brought to an [`StopSignal::end`] by itself.
    pub(crate) fn until_over(&self) -> Self {
        StopSignal {
            over: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// Ends what this signal of [`StopSignal::until_over`] watches, and nothing else.
    pub(crate) fn end(&self) {
        if let Some(over) = &self.over {
            over.store(true, Ordering::Relaxed);
        }
    }
}
