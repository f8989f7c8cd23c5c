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
}

impl StopSignal {
    /// A signal that stops by itself at `deadline`, if any.
    pub fn new(deadline: Option<Instant>) -> Self {
        StopSignal {
            interrupted: Arc::default(),
            deadline,
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
        self.deadline
            .filter(|&deadline| Instant::now() >= deadline)
            .map(|_| Stop::TimeLimit)
    }

    /// The same signal without its deadline: the final training may take the time it needs.
    pub(crate) fn without_deadline(&self) -> Self {
        StopSignal {
            interrupted: self.interrupted.clone(),
            deadline: None,
        }
    }
}
