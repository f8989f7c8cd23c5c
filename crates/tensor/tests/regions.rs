//! Parts of one reservation: apart in memory, each on a thread of its own, and views of parts of them.
#![allow(clippy::unwrap_used)]

use radars_tensor::{ALIGN, Arena, Backend, Cpu, Error, Region, Tensor};

/// What 100 rounds of allocating, filling and adding leave in an arena of `region`.
fn work(region: Region<Cpu>, value: f32) -> Vec<f32> {
    let arena = Arena::new(region);
    let mut sum = Tensor::zeros(&arena, [1000]).unwrap();
    for _ in 0..100 {
        let x = Tensor::full(&arena, [1000], value).unwrap();
        sum.accumulate(radars_tensor::Coefficient::Constant(1.0), &x)
            .unwrap();
    }
    assert_eq!(arena.stats().high_water_bytes, 2 * 4096);
    sum.read().unwrap()
}

#[test]
fn two_threads_work_in_parts_of_one_reservation() {
    let whole = Region::reserve(Cpu::new(1).unwrap(), 4 * 4096).unwrap();
    let (left, right) = whole.split(2 * 4096).unwrap();
    assert_eq!((left.bytes(), right.bytes()), (2 * 4096, 2 * 4096));
    let (left, right) = std::thread::scope(|scope| {
        let left = scope.spawn(|| work(left, 1.0));
        let right = scope.spawn(|| work(right, -3.0));
        (left.join().unwrap(), right.join().unwrap())
    });
    assert_eq!(left, [100.0; 1000]);
    assert_eq!(right, [-300.0; 1000]);
}

#[test]
fn a_region_splits_at_the_alignment_and_not_beyond_its_end() {
    let whole = Region::reserve(Cpu::new(1).unwrap(), 3 * ALIGN + 7).unwrap();
    assert_eq!(whole.bytes(), 3 * ALIGN);
    let (left, right) = whole.split(2 * ALIGN - 1).unwrap();
    assert_eq!((left.bytes(), right.bytes()), (ALIGN, 2 * ALIGN));
    let refused = right.split(3 * ALIGN).err();
    let expected = Error::Length {
        op: "split",
        operand: "region",
        expected: 3 * ALIGN,
        got: 2 * ALIGN,
    };
    assert_eq!(refused, Some(expected));
}

/// Writes 1, 2 and 3 to the parts of a buffer: each byte is of one part, or between two.
#[test]
fn parts_of_an_exclusive_view_do_not_overlap() {
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 12).unwrap();
    let mut buffer = arena.allocate("test", 1000).unwrap();
    arena
        .backend()
        .upload(&[0; 1000], buffer.view_mut())
        .unwrap();
    let (first, rest) = buffer.view_mut().split("test", "a", 300).unwrap();
    let (none, rest) = rest.split("test", "b", 0).unwrap();
    assert_eq!((none.bytes(), rest.bytes()), (0, 1000 - 512));
    let (second, third) = rest.split("test", "c", 256).unwrap();
    assert_eq!(third.bytes(), 1000 - 768);
    for (value, part) in [(1, first), (2, second), (3, third)] {
        let bytes = vec![value; part.bytes()];
        arena.backend().upload(&bytes, part).unwrap();
    }
    let mut got = [9; 1000];
    arena.backend().download(buffer.view(), &mut got).unwrap();
    let expected: Vec<u8> = [(1, 300), (0, 212), (2, 256), (3, 232)]
        .iter()
        .flat_map(|&(value, count)| vec![value; count])
        .collect();
    assert_eq!(got[..], expected);
    let refused = buffer.view_mut().split("test", "d", 1001).err();
    assert!(matches!(
        refused,
        Some(Error::Length {
            expected: 1001,
            got: 1000,
            ..
        })
    ));
}
