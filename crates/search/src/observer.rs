//! Who watches a search.

use crate::{Event, Kept, Phase, Result, Trained};
use radars_tensor::Stats;
use std::sync::{Mutex, PoisonError};

/// Is told what happens, in the order of each phase: writes it down, draws bars, or both.
///
/// With overlapped phases it is called from two threads, one call at a time.
pub trait Observer: Send {
    /// Something happened.
    ///
    /// # Errors
    /// What keeps it from taking note; the search ends with it.
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()>;

    /// A batch is done, `done` of `of` in the current epoch; `memory` is the phase's arena.
    fn batch(&mut self, phase: Phase, done: usize, of: usize, memory: Stats) {
        let _ = (phase, done, of, memory);
    }

    /// A phase has got a step further: what a search that is resumed goes on from.
    ///
    /// # Errors
    /// What keeps it from being kept; the search ends with it.
    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        let _ = (phase, kept);
        Ok(())
    }

    /// The winner was trained from scratch and tested: the network that it has become. A run that is resumed after
    /// that tells it again.
    ///
    /// # Errors
    /// What keeps it from being kept; the run ends with it.
    fn trained(&mut self, phase: Phase, trained: &Trained<'_>) -> Result<()> {
        let _ = (phase, trained);
        Ok(())
    }
}

/// Takes note of nothing.
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: Phase, _: &Event) -> Result<()> {
        Ok(())
    }
}

/// An observer that two phases tell side by side.
pub(crate) struct Shared<'a, 'o>(pub &'a Mutex<&'o mut dyn Observer>);

impl Shared<'_, '_> {
    fn locked<R>(&self, tell: impl FnOnce(&mut dyn Observer) -> R) -> R {
        // A phase that panicked ends the search anyway; until then the other may go on.
        tell(&mut **self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Shared<'_, '_> {
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()> {
        self.locked(|observer| observer.event(phase, event))
    }

    fn batch(&mut self, phase: Phase, done: usize, of: usize, memory: Stats) {
        self.locked(|observer| observer.batch(phase, done, of, memory));
    }

    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        self.locked(|observer| observer.keep(phase, kept))
    }

    fn trained(&mut self, phase: Phase, trained: &Trained<'_>) -> Result<()> {
        self.locked(|observer| observer.trained(phase, trained))
    }
}
