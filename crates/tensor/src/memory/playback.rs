//! A layout while it is played.

use super::Layout;
use std::sync::Arc;

/// How far a program has come in the layout that was made for it.
#[derive(Debug)]
pub(super) struct Playback {
    layout: Arc<Layout>,
    /// Where the layout's offset 0 is.
    base: usize,
    /// The range of the next request.
    next: usize,
    /// How often the layout's repeated requests come again.
    again: usize,
}

impl Playback {
    pub fn new(layout: Arc<Layout>, times: usize, base: usize) -> Self {
        Playback {
            layout,
            base,
            next: 0,
            again: times.saturating_sub(1),
        }
    }

    /// Where the next request's range is planned, if that is as long as the request.
    pub fn next(&mut self, bytes: usize) -> Option<usize> {
        let repeated = self.layout.repeated();
        if self.again > 0 && self.next == repeated.end {
            self.again -= 1;
            self.next = repeated.start;
        }
        let range = self.layout.ranges().get(self.next)?;
        self.next += 1;
        (range.bytes == bytes).then_some(self.base + range.offset)
    }
}
