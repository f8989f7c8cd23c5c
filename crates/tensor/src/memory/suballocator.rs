//! Deterministic best-fit suballocation of a range, with coalescing.

use crate::{Error, Result};

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
/// ends at the bound last of all**. So no placement depends on the bound, and the high-water mark of
/// an unbounded run is exactly the smallest bound that will do.
#[derive(Debug)]
pub struct Suballocator {
    bound: usize,
    /// Sorted by offset; neighbours never touch.
    free: Vec<Block>,
    stats: Stats,
    trace: Option<Vec<(usize, usize)>>,
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
        let live_end = match self.free.last() {
            Some(last) if last.offset + last.bytes == self.bound => last.offset,
            _ => self.bound,
        };
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

    /// Hands out a range of `bytes` bytes (rounded up to [`ALIGN`]) and returns its offset.
    ///
    /// # Errors
    /// [`Error::OverBound`] when no free block is large enough.
    pub fn allocate(&mut self, op: &'static str, bytes: usize) -> Result<usize> {
        let bytes = aligned(bytes);
        let at_bound = |b: &Block| b.offset + b.bytes == self.bound;
        let best = (self.free.iter().enumerate())
            .filter(|(_, b)| b.bytes >= bytes)
            .min_by_key(|(_, b)| (at_bound(b), b.bytes, b.offset));
        let Some((index, _)) = best else {
            return Err(Error::OverBound {
                op,
                requested: bytes,
                in_use: self.stats.live_bytes,
                largest_free: self.free.iter().map(|b| b.bytes).max().unwrap_or(0),
                bound: self.bound,
            });
        };
        let block = &mut self.free[index];
        let offset = block.offset;
        block.offset += bytes;
        block.bytes -= bytes;
        if block.bytes == 0 {
            self.free.remove(index);
        }
        let stats = &mut self.stats;
        stats.live_bytes += bytes;
        stats.peak_bytes = stats.peak_bytes.max(stats.live_bytes);
        stats.high_water_bytes = stats.high_water_bytes.max(offset + bytes);
        stats.allocations += 1;
        if let Some(trace) = &mut self.trace {
            trace.push((offset, bytes));
        }
        Ok(offset)
    }

    /// Takes back a range that [`Suballocator::allocate`] handed out for `bytes` bytes.
    ///
    /// # Panics
    /// In debug builds, when the range is free already.
    pub fn free(&mut self, offset: usize, bytes: usize) {
        let bytes = aligned(bytes);
        self.stats.live_bytes -= bytes;
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
