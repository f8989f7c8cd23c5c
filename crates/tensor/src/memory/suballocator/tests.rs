//! Properties of the suballocator over random programs, and the cases at its edges.

use super::*;
use crate::random::Seed;
use rand::RngExt;

/// What a program of requests saw: the offsets it was given, and the statistics at its end.
type Seen = (Vec<usize>, Stats);

/// A random program of 300 allocations, frees and resets of the peaks, held against a plain list of the
/// live ranges; or the refusal.
fn random_program(seed: u64, bound: usize, resets: bool) -> Result<Seen> {
    let mut rng = Seed(seed).stream("suballocator test", 0);
    let mut arena = Suballocator::new(bound);
    let (mut live, mut offsets) = (Vec::<(usize, usize)>::new(), Vec::new());
    let mut expected = Stats::default();
    for _ in 0..300 {
        let dice = rng.random_range(0..100);
        if resets && dice == 0 {
            arena.reset_peaks();
            let end = |&(offset, bytes): &(usize, usize)| offset + aligned(bytes);
            expected.peak_bytes = expected.live_bytes;
            expected.high_water_bytes = live.iter().map(end).max().unwrap_or(0);
            expected.allocations = 0;
        } else if live.is_empty() || dice < 55 {
            let bytes = match rng.random_range(0..8) {
                0 => 0,
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

#[test]
fn the_high_water_mark_is_the_smallest_bound_and_placement_ignores_the_bound() {
    for seed in 0..200 {
        let (offsets, stats) = random_program(seed, isize::MAX as usize, false).unwrap();
        let tight = random_program(seed, stats.high_water_bytes, false).unwrap();
        assert_eq!(tight, (offsets, stats), "seed {seed}");
        let refused = random_program(seed, stats.high_water_bytes - ALIGN, false);
        assert!(
            matches!(refused, Err(Error::OverBound { .. })),
            "seed {seed}"
        );
    }
}

#[test]
fn peaks_start_again_from_what_is_live() {
    for seed in 0..200 {
        random_program(seed, 1 << 40, true).unwrap();
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
