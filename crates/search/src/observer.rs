//! Who watches a search.

use crate::{Event, Result};
use radars_tensor::Stats;

/// Is told what happens, in order: writes it down, draws bars, or both.
pub trait Observer {
    /// Something happened.
    ///
    /// # Errors
    /// What keeps it from taking note; the search ends with it.
    fn event(&mut self, event: &Event) -> Result<()>;

    /// A batch is done, `done` of `of` in the current epoch; `memory` is the arena's.
    fn batch(&mut self, done: usize, of: usize, memory: Stats) {
        let _ = (done, of, memory);
    }
}

/// Takes note of nothing.
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) -> Result<()> {
        Ok(())
    }
}
