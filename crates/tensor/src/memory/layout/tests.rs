//! Layouts of random lifetimes: against their own definition, the online suballocator and the optimum.

use super::*;
use crate::memory::ALIGN;
use crate::memory::lifetimes::Lifetime;
use crate::random::{Seed, Stream};
use rand::RngExt;

/// Ranges of `1..=most` blocks that live for up to `life` requests or, one in eight, are left behind.
fn random(rng: &mut Stream, requests: usize, most: usize, life: usize) -> Lifetimes {
    let lifetimes = (0..requests).map(|request| Lifetime {
        bytes: ALIGN * rng.random_range(1..=most),
        end: match rng.random_range(0..8) {
            0 => usize::MAX,
            _ => request + rng.random_range(1..=life),
        },
    });
    Lifetimes(lifetimes.collect())
}

/// The most bytes live at any request, by a plain sum.
fn peak(lifetimes: &Lifetimes) -> usize {
    let live = |request: usize| {
        let live = lifetimes.0[..=request].iter().filter(|l| l.end > request);
        live.map(|l| l.bytes).sum::<usize>()
    };
    (0..lifetimes.len()).map(live).max().unwrap_or(0)
}

fn assert_apart(lifetimes: &Lifetimes, layout: &Layout) {
    assert_eq!(layout.ranges.len(), lifetimes.len());
    for (later, (of_later, range)) in lifetimes.0.iter().zip(&layout.ranges).enumerate() {
        assert_eq!(range.bytes, of_later.bytes);
        assert!(range.offset.is_multiple_of(ALIGN));
        for (of_earlier, other) in lifetimes.0[..later].iter().zip(&layout.ranges) {
            let apart = range.offset + range.bytes <= other.offset
                || other.offset + other.bytes <= range.offset;
            assert!(apart || of_earlier.end <= later, "request {later}");
        }
    }
}

#[test]
fn ranges_that_live_at_once_are_apart_and_no_layout_is_worse_than_best_fit() {
    for seed in 0..60 {
        let mut rng = Seed(seed).stream("layout test", 0);
        let (requests, most) = (rng.random_range(0..150), rng.random_range(1..5000));
        let lifetimes = random(&mut rng, requests, most, 30);
        let layout = Layout::of(&lifetimes);
        assert_apart(&lifetimes, &layout);
        assert_eq!(lifetimes.peak_bytes(), peak(&lifetimes));
        let (high, online) = (layout.high_water_bytes(), best_fit(&lifetimes));
        assert_apart(&lifetimes, &online);
        assert!(peak(&lifetimes) <= high && high <= online.high_water_bytes());
        let elsewhere = std::thread::scope(|s| s.spawn(|| Layout::of(&lifetimes)).join());
        assert_eq!(elsewhere.unwrap(), layout, "the same on any thread");
    }
}

/// Whether ranges from `next` on have places below `high`, given those before: every offset is tried.
fn fits(lifetimes: &Lifetimes, high: usize, offsets: &mut Vec<usize>) -> bool {
    let request = offsets.len();
    let Some(lifetime) = lifetimes.0.get(request) else {
        return true;
    };
    for offset in (0..=high.saturating_sub(lifetime.bytes)).step_by(ALIGN) {
        let end = offset + lifetime.bytes;
        let mut before = lifetimes.0.iter().zip(&*offsets);
        let free = end <= high
            && before.all(|(l, &o)| l.end <= request || end <= o || o + l.bytes <= offset);
        if free {
            offsets.push(offset);
            if fits(lifetimes, high, offsets) {
                return true;
            }
            offsets.pop();
        }
    }
    false
}

#[test]
fn tiny_layouts_are_the_best_there_are() {
    let mut above_peak = 0;
    for seed in 0..300 {
        let mut rng = Seed(seed).stream("tiny layout", 0);
        let requests = rng.random_range(1..=7);
        let lifetimes = random(&mut rng, requests, 5, 4);
        let mut optimum = peak(&lifetimes);
        while !fits(&lifetimes, optimum, &mut Vec::new()) {
            optimum += ALIGN;
        }
        above_peak += usize::from(optimum > peak(&lifetimes));
        let high = Layout::of(&lifetimes).high_water_bytes();
        assert_eq!(high, optimum, "seed {seed}: {lifetimes:?}");
    }
    println!("{above_peak} of them cannot end at the peak");
}

/// Programs of 5 requests that make requests 1 and 2 several times over.
#[test]
fn requests_repeat_that_leave_behind_what_they_found() {
    let of = |ends: [usize; 5]| {
        let bytes = ALIGN;
        Lifetimes(ends.map(|end| Lifetime { bytes, end }).to_vec())
    };
    let (forever, repeated) = (usize::MAX, 1..3);
    let repeats = |ends| Layout::of_repeated(&of(ends), repeated.clone()).is_some();
    assert!(repeats([forever, 2, 3, 4, 5]));
    // What request 2 asks for is given back after request 3.
    assert!(!repeats([forever, 2, 4, 4, 5]));
    // What request 0 asks for is given back after request 1, after request 2, before both, after request 3.
    assert!(!repeats([2, 2, 3, 4, 5]));
    assert!(!repeats([3, 2, 3, 4, 5]));
    assert!(repeats([1, 2, 3, 4, 5]));
    assert!(repeats([4, 2, 3, 4, 5]));
}

/// Best fit leaves a hole of 1 that 2 blocks do not fit; the other way round there is none.
#[test]
fn a_hole_is_avoided() {
    let lifetimes = [(1, 2), (1, 4), (2, 4)].map(|(blocks, end)| Lifetime {
        bytes: blocks * ALIGN,
        end,
    });
    let lifetimes = Lifetimes(lifetimes.to_vec());
    assert_eq!(best_fit(&lifetimes).high_water_bytes(), 4 * ALIGN);
    assert_eq!(Layout::of(&lifetimes).high_water_bytes(), 3 * ALIGN);
    assert_eq!(Layout::of(&Lifetimes::default()), Layout::default());
}
