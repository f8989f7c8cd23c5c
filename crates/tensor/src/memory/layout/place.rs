//! Placing intervals one by one below a limit, each from the end of memory that suits it.

use crate::memory::Lifetimes;
use crate::memory::lifetimes::Lifetime;

/// A range to be placed: live for requests `begin..end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub begin: usize,
    pub end: usize,
    pub bytes: usize,
    /// Whether it lives until the program ends. Such ranges pile up from the limit downwards, all others
    /// from 0 upwards: in a training step gradients take what activations give back, without cutting it up.
    pub stays: bool,
}

impl Interval {
    pub fn all(lifetimes: &Lifetimes) -> Vec<Self> {
        let end = lifetimes.len();
        let interval = |(begin, l): (usize, &Lifetime)| Interval {
            begin,
            end: l.end.min(end),
            bytes: l.bytes,
            stays: l.end >= end,
        };
        lifetimes.0.iter().enumerate().map(interval).collect()
    }

    /// For how many requests it lives.
    pub fn life(&self) -> usize {
        self.end - self.begin
    }

    fn meets(&self, other: &Interval) -> bool {
        self.begin < other.end && other.begin < self.end
    }
}

/// Where an interval was placed.
#[derive(Clone, Copy, Debug)]
struct Placed {
    offset: usize,
    interval: usize,
    of: Interval,
}

impl Placed {
    fn end(&self) -> usize {
        self.offset + self.of.bytes
    }
}

/// Places intervals, and counts the work.
pub(super) struct Placer<'a> {
    intervals: &'a [Interval],
    /// By offset: where a gap that is sought from below may begin.
    from_below: Vec<Placed>,
    /// By end: where a gap that is sought from above may end. Those that never live at once may overlap, so
    /// this order is another.
    from_above: Vec<Placed>,
    /// Comparisons of two intervals so far: what bounds a search, since a clock would not be deterministic.
    pub work: usize,
}

impl<'a> Placer<'a> {
    pub fn new(intervals: &'a [Interval]) -> Self {
        Placer {
            intervals,
            from_below: Vec::with_capacity(intervals.len()),
            from_above: Vec::with_capacity(intervals.len()),
            work: 0,
        }
    }

    /// Places the intervals of `order` in turn, each at the lowest or, if it stays, the highest offset where it
    /// overlaps nothing placed before it that lives at the same time.
    ///
    /// # Errors
    /// The first position in the order whose interval finds no room below `limit`.
    pub fn place(&mut self, order: &[usize], limit: usize) -> Result<(), usize> {
        self.from_below.clear();
        self.from_above.clear();
        for (position, &interval) in order.iter().enumerate() {
            let of = self.intervals[interval];
            let offset = match of.stays {
                true => self.highest(of, limit),
                false => self.lowest(of, limit),
            };
            let offset = offset.ok_or(position)?;
            let placed = Placed {
                offset,
                interval,
                of,
            };
            let at = self.from_below.partition_point(|p| p.offset < offset);
            self.from_below.insert(at, placed);
            let at = self.from_above.partition_point(|p| p.end() < placed.end());
            self.from_above.insert(at, placed);
        }
        Ok(())
    }

    fn lowest(&mut self, of: Interval, limit: usize) -> Option<usize> {
        let mut low = 0;
        for p in &self.from_below {
            self.work += 1;
            if p.of.meets(&of) {
                if p.offset >= low + of.bytes {
                    return Some(low);
                }
                low = low.max(p.end());
            }
        }
        Some(low).filter(|low| low + of.bytes <= limit)
    }

    fn highest(&mut self, of: Interval, limit: usize) -> Option<usize> {
        let mut high = limit;
        for p in self.from_above.iter().rev() {
            self.work += 1;
            if p.of.meets(&of) {
                if p.end() + of.bytes <= high {
                    break;
                }
                high = high.min(p.offset);
            }
        }
        high.checked_sub(of.bytes)
    }

    /// (Interval, offset) of all that were placed last.
    pub fn offsets(&self) -> impl Iterator<Item = (usize, usize)> {
        self.from_below.iter().map(|p| (p.interval, p.offset))
    }
}
