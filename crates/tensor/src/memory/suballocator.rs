//! Deterministic best-fit suballocation of a range, with coalescing.

use super::Layout;
use super::lifetimes::{Lifetimes, Recorder};
use super::playback::Playback;
use crate::{Error, Result};
use std::sync::Arc;

/// Every range starts at, and is as long as, a multiple of this many bytes.
pub const ALIGN: usize = 256;

/// `bytes` rounded up to [`ALIGN`]; a request for nothing still takes a range of its own.
///
/// Where that overflows it is the largest multiple there is, which is above every bound, so that an
/// absurd request is refused like any other that does not fit.
pub const fn aligned(bytes: usize) -> usize {
    match (if bytes == 0 { 1 } else { bytes }).checked_next_multiple_of(ALIGN) {
        Some(aligned) => aligned,
        None => usize::MAX / ALIGN * ALIGN,
    }
}

/// What a suballocator has handed out so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes in use now.
    pub live_bytes: usize,
    /// The most bytes that were in use at once.
    pub peak_bytes: usize,
    /// The end of the highest range handed out: the peak plus what fragmentation cost. The smallest
    /// bound under which the same requests succeed.
    pub high_water_bytes: usize,
    /// How many ranges were handed out.
    pub allocations: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    offset: usize,
    bytes: usize,
}

/// Hands out ranges of `0..bound`, always the same ones for the same requests.
///
/// The smallest free block that is large enough is taken, the lowest of equals, and **the block that
/// ends at the bound last of all**. While a [`Layout`] is played, its offset is taken instead, for as long as
/// requests are as planned **and the range is free**: that alone keeps live ranges apart, whatever the layout
/// says. Whether a planned range is free is asked as if there were no bound, and one that reaches over the bound
/// is refused. So no placement depends on the bound, and the high-water mark of an unbounded run is exactly
/// the smallest bound that will do.
#[derive(Debug)]
pub struct Suballocator {
    bound: usize,
    /// Sorted by offset; neighbours never touch.
    free: Vec<Block>,
    stats: Stats,
    trace: Option<Vec<(usize, usize)>>,
    recorder: Option<Recorder>,
    playback: Option<Playback>,
}

impl Suballocator {
    /// A suballocator of `0..bound`; the bound is rounded down to [`ALIGN`], and no larger than
    /// `isize::MAX`, the most that any object has.
    pub fn new(bound: usize) -> Self {
        let bound = bound.min(isize::MAX as usize) / ALIGN * ALIGN;
        let free = if bound > 0 {
            vec![Block {
                offset: 0,
                bytes: bound,
            }]
        } else {
            Vec::new()
        };
        Suballocator {
            bound,
            free,
            stats: Stats::default(),
            trace: None,
            recorder: None,
            playback: None,
        }
    }

    /// The length of the range that is suballocated.
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// What has been handed out so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Forgets past peaks: they start again from what is live now, the high-water mark from the end of the
    /// highest live range, and the count of allocations from 0.
    pub fn reset_peaks(&mut self) {
        let live_end = self.live_end();
        let live = self.stats.live_bytes;
        self.stats = Stats {
            live_bytes: live,
            peak_bytes: live,
            high_water_bytes: live_end,
            allocations: 0,
        };
    }

    /// Starts to record (offset, length) of every range handed out.
    pub fn record_trace(&mut self) {
        self.trace = Some(Vec::new());
    }

    /// What was recorded since [`Suballocator::record_trace`]; recording ends.
    pub fn take_trace(&mut self) -> Vec<(usize, usize)> {
        self.trace.take().unwrap_or_default()
    }

    /// Starts to record the lifetimes of the ranges handed out from now on.
    pub fn record_lifetimes(&mut self) {
        self.recorder = Some(Recorder::default());
    }

    /// What was recorded since [`Suballocator::record_lifetimes`]; recording ends.
    pub fn take_lifetimes(&mut self) -> Lifetimes {
        self.recorder
            .take()
            .map(Recorder::finish)
            .unwrap_or_default()
    }

    /// Hands out the ranges of `layout`, above everything that is live, for as long as requests are as planned:
    /// request `i` from now on is as long as the layout's range `i`, and finds it free. The first that is not, and
    /// all that follow, are served as if there were no layout. What the layout says is repeated comes so many times.
    pub fn play(&mut self, layout: Arc<Layout>, times: usize) {
        self.playback = Some(Playback::new(layout, times, self.live_end()));
    }

    /// No request from now on is part of a layout.
    pub fn stop_playing(&mut self) {
        self.playback = None;
    }

    /// Hands out a range of `bytes` bytes (rounded up to [`ALIGN`]) and returns its offset.
    ///
    /// # Errors
    /// [`Error::OverBound`] when no free block is large enough, or a layout's range ends over the bound.
    pub fn allocate(&mut self, op: &'static str, bytes: usize) -> Result<usize> {
        let bytes = aligned(bytes);
        let planned = self.playback.as_mut().and_then(|p| p.next(bytes));
        let planned = planned.filter(|&offset| self.is_free(offset, bytes));
        let offset = match planned {
            Some(offset) => Some(offset).filter(|offset| offset + bytes <= self.bound),
            None => {
                self.playback = None;
                self.best_fit(bytes)
            }
        };
        let Some(offset) = offset else {
            return Err(Error::OverBound {
                op,
                requested: bytes,
                in_use: self.stats.live_bytes,
                largest_free: self.free.iter().map(|b| b.bytes).max().unwrap_or(0),
                bound: self.bound,
            });
        };
        self.take(offset, bytes);
        let stats = &mut self.stats;
        stats.live_bytes += bytes;
        stats.peak_bytes = stats.peak_bytes.max(stats.live_bytes);
        stats.high_water_bytes = stats.high_water_bytes.max(offset + bytes);
        stats.allocations += 1;
        if let Some(trace) = &mut self.trace {
            trace.push((offset, bytes));
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.allocated(offset, bytes);
        }
        Ok(offset)
    }

    /// The end of the highest live range.
    fn live_end(&self) -> usize {
        match self.free.last() {
            Some(last) if last.offset + last.bytes == self.bound => last.offset,
            _ => self.bound,
        }
    }

    /// Whether nothing live is in a range, of which a part, or all, may lie above the bound.
    fn is_free(&self, offset: usize, bytes: usize) -> bool {
        let after = self.free.partition_point(|b| b.offset <= offset);
        let before = after.checked_sub(1).map(|index| self.free[index]);
        offset >= self.live_end() || before.is_some_and(|b| offset + bytes <= b.offset + b.bytes)
    }

    /// Where the best-fitting free block starts.
    fn best_fit(&self, bytes: usize) -> Option<usize> {
        let at_bound = |b: &Block| b.offset + b.bytes == self.bound;
        let fitting = self.free.iter().filter(|b| b.bytes >= bytes);
        let best = fitting.min_by_key(|b| (at_bound(b), b.bytes, b.offset));
        best.map(|b| b.offset)
    }

    /// Takes a range out of the free block that holds it.
    fn take(&mut self, offset: usize, bytes: usize) {
        let index = self.free.partition_point(|b| b.offset <= offset) - 1;
        let block = self.free[index];
        let (end, block_end) = (offset + bytes, block.offset + block.bytes);
        debug_assert!(block.offset <= offset && end <= block_end, "a free range");
        let before = Block {
            offset: block.offset,
            bytes: offset - block.offset,
        };
        let after = Block {
            offset: end,
            bytes: block_end - end,
        };
        match (before.bytes > 0, after.bytes > 0) {
            (true, true) => {
                self.free[index] = before;
                self.free.insert(index + 1, after);
            }
            (true, false) => self.free[index] = before,
            (false, true) => self.free[index] = after,
            (false, false) => drop(self.free.remove(index)),
        }
    }

    /// Takes back a range that [`Suballocator::allocate`] handed out for `bytes` bytes.
    ///
    /// # Panics
    /// In debug builds, when the range is free already.
    pub fn free(&mut self, offset: usize, bytes: usize) {
        let bytes = aligned(bytes);
        self.stats.live_bytes -= bytes;
        if let Some(recorder) = &mut self.recorder {
            recorder.freed(offset);
        }
        let next = self.free.partition_point(|b| b.offset < offset);
        debug_assert!(
            offset + bytes <= self.free.get(next).map_or(self.bound, |b| b.offset)
                && (next == 0 || self.free[next - 1].offset + self.free[next - 1].bytes <= offset),
            "a range is given back once"
        );
        let joins_next = self
            .free
            .get(next)
            .is_some_and(|b| offset + bytes == b.offset);
        let joins_previous = next > 0 && {
            let previous = self.free[next - 1];
            previous.offset + previous.bytes == offset
        };
        match (joins_previous, joins_next) {
            (true, true) => {
                self.free[next - 1].bytes += bytes + self.free[next].bytes;
                self.free.remove(next);
            }
            (true, false) => self.free[next - 1].bytes += bytes,
            (false, true) => {
                self.free[next].offset = offset;
                self.free[next].bytes += bytes;
            }
            (false, false) => self.free.insert(next, Block { offset, bytes }),
        }
    }
}

#[cfg(test)]
mod tests;
