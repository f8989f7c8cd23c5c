//! Layouts: where the ranges of a program whose lifetimes are known come to lie.

mod place;
mod search;

use super::Lifetimes;
use super::suballocator::{ALIGN, Suballocator};
use std::ops::Range;

/// A layout with a high-water mark this little above the peak, as a part of the peak, is not improved: 0.5 %.
const GOOD: usize = 200;

/// Where a program's ranges lie, from offset 0 on, so that ranges that live at once never overlap.
///
/// Found once for a program, then played to it by [`super::Arena::play`]. A function of the lifetimes alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    ranges: Vec<Planned>,
    /// The requests that may come several times over.
    repeated: Range<usize>,
}

/// One range of a layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Planned {
    pub offset: usize,
    /// A multiple of [`super::ALIGN`].
    pub bytes: usize,
}

impl Layout {
    /// What the best-fit suballocator gives or, where that ends high above the peak, the best that a search finds
    /// which ends after a fixed amount of work.
    ///
    /// To find the least high-water mark is NP-hard (dynamic storage allocation), but no training step is
    /// hard: they end within 0.5 % of the peak.
    pub fn of(lifetimes: &Lifetimes) -> Self {
        let peak = lifetimes.peak_bytes();
        let good = (peak + peak / GOOD) / ALIGN * ALIGN;
        let mut best = best_fit(lifetimes);
        if best.high_water_bytes() > good {
            search::improve(lifetimes, good, &mut best);
        }
        best
    }

    /// [`Layout::of`] a program that makes some of its requests several times over, from lifetimes with one of
    /// those times; none, unless they [may repeat](Lifetimes::may_repeat).
    pub fn of_repeated(lifetimes: &Lifetimes, repeated: Range<usize>) -> Option<Self> {
        let may = lifetimes.may_repeat(&repeated);
        may.then(|| Layout {
            repeated,
            ..Layout::of(lifetimes)
        })
    }

    /// The end of its highest range.
    pub fn high_water_bytes(&self) -> usize {
        let ends = self.ranges.iter().map(|r| r.offset + r.bytes);
        ends.max().unwrap_or(0)
    }

    fn placed(ranges: Vec<Planned>) -> Self {
        Layout {
            ranges,
            repeated: 0..0,
        }
    }

    /// Upside down.
    #[cfg(test)]
    pub(super) fn mirror(&mut self) {
        let high = self.high_water_bytes();
        for range in &mut self.ranges {
            range.offset = high - range.offset - range.bytes;
        }
    }

    /// The requests that may come several times over.
    pub(super) fn repeated(&self) -> &Range<usize> {
        &self.repeated
    }

    /// The ranges, in the order of the requests.
    pub(super) fn ranges(&self) -> &[Planned] {
        &self.ranges
    }
}

/// The layout that the suballocator gives, request by request.
fn best_fit(lifetimes: &Lifetimes) -> Layout {
    let mut suballocator = Suballocator::new(usize::MAX);
    let mut ends: Vec<(usize, usize)> = (lifetimes.0.iter().enumerate())
        .map(|(request, l)| (l.end, request))
        .collect();
    ends.sort_unstable();
    let mut ends = ends.into_iter().peekable();
    let mut ranges: Vec<Planned> = Vec::with_capacity(lifetimes.len());
    for (request, lifetime) in lifetimes.0.iter().enumerate() {
        while let Some((_, ended)) = ends.next_if(|&(end, _)| end <= request) {
            suballocator.free(ranges[ended].offset, ranges[ended].bytes);
        }
        let bytes = lifetime.bytes;
        // Only what is larger than all addresses is refused, and no program that ran asked for it; a range that
        // cannot be is never found free when it is played.
        let offset = suballocator
            .allocate("layout", bytes)
            .unwrap_or(usize::MAX - bytes);
        ranges.push(Planned { offset, bytes });
    }
    Layout::placed(ranges)
}

#[cfg(test)]
mod tests;
