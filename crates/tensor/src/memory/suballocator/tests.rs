//! Properties of the suballocator over random programs, and the cases at its edges.

use super::*;
use crate::memory::lifetimes::Lifetime;
use crate::random::{Seed, Stream};
use rand::RngExt;

/// What a program of requests saw: the offsets it was given, and the statistics at its end.
type Seen = (Vec<usize>, Stats);

/// What a random program does besides allocating and freeing.
#[derive(Clone, Copy)]
struct Does {
    resets: bool,
    layouts: bool,
}

const NOTHING_ELSE: Does = Does {
    resets: false,
    layouts: false,
};

const PLAYS_LAYOUTS: Does = Does {
    resets: false,
    layouts: true,
};

/// A random program of 300 allocations, frees, resets of the peaks, and layouts that begin and end anywhere
/// and fit some way or not at all, held against a plain list of the live ranges; or the refusal.
fn random_program(seed: u64, bound: usize, does: Does) -> Result<Seen> {
    let mut rng = Seed(seed).stream("suballocator test", 0);
    let mut arena = Suballocator::new(bound);
    let (mut live, mut offsets) = (Vec::<(usize, usize)>::new(), Vec::new());
    let mut expected = Stats::default();
    for _ in 0..300 {
        let dice = rng.random_range(0..100);
        if does.layouts && dice < 4 {
            match dice {
                0 => arena.stop_playing(),
                // Sizes from a few, so that many requests are as planned.
                _ => arena.play(Arc::new(Layout::of(&random_lifetimes(&mut rng))), 1),
            }
        } else if does.resets && dice == 0 {
            arena.reset_peaks();
            let end = |&(offset, bytes): &(usize, usize)| offset + aligned(bytes);
            expected.peak_bytes = expected.live_bytes;
            expected.high_water_bytes = live.iter().map(end).max().unwrap_or(0);
            expected.allocations = 0;
        } else if live.is_empty() || dice < 55 {
            let bytes = match rng.random_range(0..8) {
                0 => 0,
                _ if does.layouts => 1000 * rng.random_range(1..4),
                _ => rng.random_range(1..100_000),
            };
            let offset = arena.allocate("test", bytes)?;
            let end = offset + aligned(bytes);
            let clash = |&(o, b): &(usize, usize)| o < end && offset < o + aligned(b);
            assert!(!live.iter().any(clash), "two live ranges overlap");
            assert!(end <= arena.bound() && offset.is_multiple_of(ALIGN));
            expected.live_bytes += aligned(bytes);
            expected.peak_bytes = expected.peak_bytes.max(expected.live_bytes);
            expected.high_water_bytes = expected.high_water_bytes.max(end);
            expected.allocations += 1;
            offsets.push(offset);
            live.push((offset, bytes));
        } else {
            let (offset, bytes) = live.swap_remove(rng.random_range(0..live.len()));
            expected.live_bytes -= aligned(bytes);
            arena.free(offset, bytes);
        }
        assert_eq!(arena.stats(), expected);
    }
    live.drain(..)
        .for_each(|(offset, bytes)| arena.free(offset, bytes));
    let whole = Block {
        offset: 0,
        bytes: arena.bound(),
    };
    assert_eq!(arena.free, [whole], "all blocks coalesce");
    Ok((offsets, expected))
}

/// Up to 12 ranges of up to 3,000 bytes, that live for up to 8 requests.
fn random_lifetimes(rng: &mut Stream) -> Lifetimes {
    let lifetimes = (0..rng.random_range(0..12)).map(|request| Lifetime {
        bytes: aligned(1000 * rng.random_range(1..4)),
        end: request + rng.random_range(1..9),
    });
    Lifetimes(lifetimes.collect())
}

/// A program as recorded: allocates and frees in order.
fn replay(arena: &mut Suballocator, lifetimes: &Lifetimes) -> Vec<usize> {
    let mut offsets: Vec<usize> = Vec::new();
    for (request, lifetime) in lifetimes.0.iter().enumerate() {
        for (before, &offset) in lifetimes.0.iter().zip(&offsets) {
            if before.end == request {
                arena.free(offset, before.bytes);
            }
        }
        offsets.push(arena.allocate("test", lifetime.bytes).unwrap());
    }
    offsets
}

#[test]
fn a_program_as_recorded_gets_the_offsets_of_its_layout_above_what_is_live() {
    for seed in 0..200 {
        let lifetimes = random_lifetimes(&mut Seed(seed).stream("lifetimes", 0));
        let layout = Arc::new(Layout::of(&lifetimes));
        let mut arena = Suballocator::new(1 << 40);
        let below = [3, 5].map(|n| arena.allocate("test", n * ALIGN).unwrap());
        arena.free(below[0], 3 * ALIGN);
        arena.record_lifetimes();
        arena.play(layout.clone(), 1);
        let expected: Vec<usize> = layout
            .ranges()
            .iter()
            .map(|r| 8 * ALIGN + r.offset)
            .collect();
        assert_eq!(replay(&mut arena, &lifetimes), expected);
        let mark = 8 * ALIGN + layout.high_water_bytes();
        assert_eq!(arena.stats().high_water_bytes, mark);
        let seen = arena.take_lifetimes();
        let ends = |of: &Lifetimes| -> Vec<usize> {
            // A program that is over frees nothing more.
            let ends = of.0.iter().map(|l| l.end);
            ends.map(|end| {
                if end < lifetimes.len() {
                    end
                } else {
                    usize::MAX
                }
            })
            .collect()
        };
        assert_eq!(ends(&seen), ends(&lifetimes), "seed {seed}");
    }
}

/// 4 ranges left behind.
#[test]
fn the_first_deviation_ends_the_layout() {
    let lifetimes = [1, 2, 3, 1].map(|n| Lifetime {
        bytes: n * ALIGN,
        end: usize::MAX,
    });
    let mut layout = Layout::of(&Lifetimes(lifetimes.to_vec()));
    assert_eq!(layout.high_water_bytes(), 7 * ALIGN);
    // The other way round than the suballocator's own.
    layout.mirror();
    let planned = [6, 4, 1, 0];
    let mut arena = Suballocator::new(1 << 20);
    arena.play(Arc::new(layout), 1);
    for (offset, n) in planned.into_iter().zip([1, 2]) {
        assert_eq!(arena.allocate("test", n * ALIGN).unwrap(), offset * ALIGN);
    }
    let (not_as_planned, too_late) = (
        arena.allocate("test", 4 * ALIGN),
        arena.allocate("test", ALIGN),
    );
    assert_eq!((not_as_planned.unwrap(), too_late.unwrap()), (0, 7 * ALIGN));
}

/// Request 0 stays, 1 and 2 come three times over and are given back each time, 3 is the last.
#[test]
fn repeated_requests_find_the_same_ranges_each_time() {
    let lifetimes = [(1, usize::MAX), (2, 3), (3, 3), (4, usize::MAX)].map(|(n, end)| Lifetime {
        bytes: n * ALIGN,
        end,
    });
    let mut layout = Layout::of_repeated(&Lifetimes(lifetimes.to_vec()), 1..3).unwrap();
    // The first 6 blocks; the other way round than the suballocator's own.
    assert_eq!(layout.high_water_bytes(), 6 * ALIGN);
    layout.mirror();
    let mut arena = Suballocator::new(1 << 20);
    arena.play(Arc::new(layout), 3);
    assert_eq!(arena.allocate("test", ALIGN).unwrap(), 5 * ALIGN);
    for _ in 0..3 {
        assert_eq!(arena.allocate("test", 2 * ALIGN).unwrap(), 3 * ALIGN);
        assert_eq!(arena.allocate("test", 3 * ALIGN).unwrap(), 0);
        arena.free(3 * ALIGN, 2 * ALIGN);
        arena.free(0, 3 * ALIGN);
    }
    assert_eq!(arena.allocate("test", 4 * ALIGN).unwrap(), ALIGN);
    assert_eq!(arena.stats().high_water_bytes, 6 * ALIGN);
}

/// A range of the layout that something else lives in, as when a program frees later than it was seen to.
#[test]
fn a_planned_range_that_is_not_free_is_not_taken() {
    let lifetimes = [1, 2].map(|end| Lifetime { bytes: ALIGN, end });
    let layout = Layout::of(&Lifetimes(lifetimes.to_vec()));
    assert_eq!(layout.high_water_bytes(), ALIGN);
    let mut arena = Suballocator::new(1 << 20);
    arena.play(Arc::new(layout), 1);
    assert_eq!(arena.allocate("test", ALIGN).unwrap(), 0);
    assert_eq!(arena.allocate("test", ALIGN).unwrap(), ALIGN);
}

#[test]
fn the_high_water_mark_is_the_smallest_bound_and_placement_ignores_the_bound() {
    for (seed, does) in (0..200).flat_map(|seed| [(seed, NOTHING_ELSE), (seed, PLAYS_LAYOUTS)]) {
        let (offsets, stats) = random_program(seed, isize::MAX as usize, does).unwrap();
        let tight = random_program(seed, stats.high_water_bytes, does).unwrap();
        assert_eq!(tight, (offsets, stats), "seed {seed}");
        let refused = random_program(seed, stats.high_water_bytes - ALIGN, does);
        assert!(
            matches!(refused, Err(Error::OverBound { .. })),
            "seed {seed}"
        );
    }
}

#[test]
fn peaks_start_again_from_what_is_live() {
    for seed in 0..200 {
        for layouts in [false, true] {
            let resets = true;
            random_program(seed, 1 << 40, Does { resets, layouts }).unwrap();
        }
    }
}

#[test]
fn the_smallest_block_that_fits_is_taken_and_the_tail_last() {
    let mut arena = Suballocator::new(100 * ALIGN);
    let ranges: Vec<usize> = [4, 1, 2, 1]
        .iter()
        .map(|n| arena.allocate("t", n * ALIGN).unwrap())
        .collect();
    arena.free(ranges[0], 4 * ALIGN);
    arena.free(ranges[2], 2 * ALIGN);
    assert_eq!(arena.allocate("t", 2 * ALIGN).unwrap(), ranges[2]);
    assert_eq!(arena.allocate("t", 3 * ALIGN).unwrap(), ranges[0]);
    assert_eq!(
        arena.allocate("t", 2 * ALIGN).unwrap(),
        8 * ALIGN,
        "only the tail is left"
    );
}

/// Rounding such a request up to the alignment would overflow, to a request for nothing.
#[test]
fn absurd_requests_are_refused_under_any_bound() {
    for bound in [0, ALIGN, 1 << 40, isize::MAX as usize, usize::MAX] {
        let mut arena = Suballocator::new(bound);
        for bytes in [usize::MAX, usize::MAX - ALIGN, isize::MAX as usize + 1] {
            let refused = arena.allocate("test", bytes);
            assert!(matches!(refused, Err(Error::OverBound { .. })), "{bytes}");
        }
        assert_eq!(arena.stats(), Stats::default());
    }
}

#[test]
fn a_request_for_nothing_has_a_range_of_its_own() {
    let mut arena = Suballocator::new(2 * ALIGN);
    assert_eq!(arena.allocate("t", 0).unwrap(), 0);
    assert_eq!(arena.allocate("t", 0).unwrap(), ALIGN);
    let refused = Error::OverBound {
        op: "t",
        requested: ALIGN,
        in_use: 2 * ALIGN,
        largest_free: 0,
        bound: 2 * ALIGN,
    };
    assert_eq!(arena.allocate("t", 0), Err(refused));
    arena.free(0, 0);
    assert_eq!(arena.allocate("t", ALIGN).unwrap(), 0);
}
