//! Layouts below a limit: greedy orders, and what found no room placed earlier in the next round.

use super::place::{Interval, Placer};
use super::{Layout, Planned};
use crate::memory::{ALIGN, Lifetimes};
use std::cmp::Reverse;

/// An attempt from one order ends after so many comparisons: some milliseconds.
const WORK: usize = 1_000_000;

/// How many limits are attempted.
const LIMITS: usize = 6;

/// Replaces `best` by a layout whose high-water mark is at most `good` or, where none is found, nearer to it.
pub(super) fn improve(lifetimes: &Lifetimes, good: usize, best: &mut Layout) {
    let intervals = Interval::all(lifetimes);
    let orders = orders(&intervals);
    let mut search = Search {
        placer: Placer::new(&intervals),
        intervals: &intervals,
        random: Random(0),
    };
    // Above what was attempted in vain, and below the best.
    let (mut limit, mut least) = (good, good);
    for _ in 0..LIMITS {
        match orders.iter().find_map(|order| search.fit(order, limit)) {
            Some(layout) => *best = layout,
            None => least = limit + ALIGN,
        }
        let most = best.high_water_bytes() - ALIGN;
        if least > most || best.high_water_bytes() <= good {
            return;
        }
        limit = (least + most) / 2 / ALIGN * ALIGN;
    }
}

/// The largest first, and the longest-lived first.
fn orders(intervals: &[Interval]) -> [Vec<usize>; 2] {
    let sorted = |key: fn(&Interval) -> (usize, usize)| {
        let mut order: Vec<usize> = (0..intervals.len()).collect();
        order.sort_by_key(|&i| Reverse(key(&intervals[i])));
        order
    };
    [sorted(|i| (i.bytes, 0)), sorted(|i| (i.life(), i.bytes))]
}

struct Search<'a> {
    placer: Placer<'a>,
    intervals: &'a [Interval],
    random: Random,
}

impl Search<'_> {
    /// A layout below `limit`: the interval that finds no room comes anywhere earlier in the next attempt.
    ///
    /// # Source
    /// Joslin and Clements 1999, "Squeaky wheel optimization".
    fn fit(&mut self, order: &[usize], limit: usize) -> Option<Layout> {
        let mut order = order.to_vec();
        let end = self.placer.work + WORK;
        while let Err(position) = self.placer.place(&order, limit) {
            if position == 0 || self.placer.work >= end {
                return None;
            }
            let earlier = self.random.below(position);
            let interval = order.remove(position);
            order.insert(earlier, interval);
        }
        let mut ranges = vec![Planned::default(); self.intervals.len()];
        for (interval, offset) in self.placer.offsets() {
            let bytes = self.intervals[interval].bytes;
            ranges[interval] = Planned { offset, bytes };
        }
        Some(Layout::placed(ranges))
    }
}

/// Random numbers that are the same everywhere: Knuth's linear congruential generator (MMIX).
struct Random(u64);

impl Random {
    /// A number below `n`, which is not 0.
    fn below(&mut self, n: usize) -> usize {
        self.0 = (self.0)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}
