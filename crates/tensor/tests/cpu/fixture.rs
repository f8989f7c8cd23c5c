//! Arenas of every instruction set, buffers with known values, comparisons.

use radars_tensor::{Arena, Backend, Buffer, Cpu, Isa, Op};

pub const F32: usize = size_of::<f32>();

/// Runs `test` on an arena of every instruction set of this machine.
pub fn on_every_isa(test: impl Fn(&Arena<Cpu>)) {
    for isa in Isa::ALL {
        match Cpu::with_isa(2, isa) {
            Ok(cpu) => test(&Arena::with_bound(cpu, 64 << 20).unwrap()),
            Err(error) => eprintln!("SKIPPED: {error}"),
        }
    }
}

/// `n` values in `-2 .. 2`, the same for the same seed (splitmix64).
pub fn values(n: usize, seed: u64) -> Vec<f32> {
    (0..n as u64)
        .map(|i| {
            let mut z = (seed << 32 | i)
                .wrapping_add(1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / (1 << 22) as f32 - 2.0
        })
        .collect()
}

/// A buffer that holds `values`.
pub fn buffer<T: bytemuck::Pod>(arena: &Arena<Cpu>, values: &[T]) -> Buffer<Cpu> {
    let mut buffer = arena.allocate("test", size_of_val(values)).unwrap();
    let bytes = bytemuck::cast_slice(values);
    arena.backend().upload(bytes, buffer.view_mut()).unwrap();
    buffer
}

/// A buffer for `n` f32 results, full of NaN so that what is not written shows.
pub fn result(arena: &Arena<Cpu>, n: usize) -> Buffer<Cpu> {
    buffer(arena, &vec![f32::NAN; n])
}

/// The scratch that `op` wants, full of NaN.
pub fn scratch(arena: &Arena<Cpu>, op: &Op<'_>) -> Buffer<Cpu> {
    let bytes = Cpu::scratch_bytes(&arena.backend().spec(), op);
    let mut buffer = arena.allocate("test", bytes).unwrap();
    let content = vec![0xff; bytes];
    arena.backend().upload(&content, buffer.view_mut()).unwrap();
    buffer
}

/// What a buffer holds.
pub fn read<T: bytemuck::Pod>(buffer: &Buffer<Cpu>) -> Vec<T> {
    let mut values = vec![T::zeroed(); buffer.bytes() / size_of::<T>()];
    let bytes = bytemuck::cast_slice_mut(&mut values);
    let backend = buffer.arena().backend();
    backend.download(buffer.view(), bytes).unwrap();
    values
}

/// Asserts `|got - expected| <= tolerance * max(1, |expected|)` everywhere.
#[track_caller]
pub fn assert_close(got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(got) - expected).abs();
        assert!(
            error <= tolerance * expected.abs().max(1.0),
            "element {i} is {got}, expected {expected}"
        );
    }
}

/// As f64.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}
