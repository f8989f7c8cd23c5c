//! Sizes of convolutions that follow from the geometry alone.

use super::gather::{Direction, Gather};
use super::*;
use radars_tensor::{Conv2dOptions, FixedPoint, aligned};

fn geometry(
    batch: usize,
    input: [usize; 3],
    channels: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
) -> Conv2d {
    let options = Conv2dOptions {
        stride,
        padding: kernel / 2,
        groups,
    };
    Conv2d::new(batch, input, channels, kernel, options).unwrap()
}

const QUANTISED: ConvValues = ConvValues {
    x: Values::Quantise(FixedPoint::unsigned(3, 6)),
    w: Values::Quantise(FixedPoint::signed(3, 6)),
};

/// 3 x 3 x 64 deep, 128 lanes, f16: 147,456 bytes.
#[test]
fn scratch_of_exact_operands_is_the_packed_weights() {
    let g = geometry(64, [32, 32, 64], 128, 3, 1, 1);
    let bytes = scratch_bytes(&Op::FakeQuantisedConv2dFprop(g, QUANTISED));
    assert_eq!(bytes, 9 * 64 * 128 * 2);
}

/// The scales (16 bytes) and two times 512 partial maxima of f32, each in 256-byte steps; weights twice.
#[test]
fn scratch_of_floats_holds_scales_and_both_halves_of_the_weights() {
    let g = geometry(64, [32, 32, 64], 128, 3, 1, 1);
    let packed = 9 * 64 * 128 * 2;
    let scales = 256 + 4096;
    assert_eq!(scratch_bytes(&Op::Conv2dFprop(g)), scales + 2 * packed);
    // dgrad: the gradient is split, the weights are not.
    let dgrad = Op::FakeQuantisedConv2dDgrad(g, QUANTISED);
    assert_eq!(scratch_bytes(&dgrad), scales + packed);
}

/// Ci = 3: 27 products of a value make one slab of 32; 64 lanes.
#[test]
fn the_deep_axis_is_padded_to_whole_slabs() {
    let g = geometry(64, [32, 32, 3], 64, 3, 1, 1);
    let gather = Gather::new(&g, Direction::Fprop);
    assert!(!gather.reads_quads());
    assert_eq!(gather.packed_len(), 32 * 64);
}

/// 3 x 3 taps at stride 2 are 2 x 2, 2 x 1, 1 x 2 and 1 x 1 of the four phases, each packed as the largest.
#[test]
fn dgrad_packs_the_taps_of_every_phase() {
    let g = geometry(64, [32, 32, 64], 128, 3, 2, 1);
    let gather = Gather::new(&g, Direction::Dgrad);
    assert_eq!(gather.packed_len(), 4 * (4 * 128) * 64);
    // More phases than taps: only those with taps have weights.
    let g = geometry(1, [90, 90, 32], 32, 1, 30, 1);
    assert_eq!(Gather::new(&g, Direction::Dgrad).packed_len(), 32 * 32);
}

#[test]
fn tiles_are_as_wide_as_layers_and_batches_allow() {
    let columns = |g: Conv2d| Gather::new(&g, Direction::Fprop).columns;
    assert_eq!(columns(geometry(64, [32, 32, 16], 24, 3, 1, 1)), 32);
    assert_eq!(columns(geometry(64, [32, 32, 64], 64, 3, 1, 1)), 64);
    // 65,536 pixels are 512 tiles of 128 rows; 16,384 are 128, too few.
    assert_eq!(columns(geometry(64, [32, 32, 64], 128, 3, 1, 1)), 128);
    assert_eq!(columns(geometry(16, [32, 32, 64], 128, 3, 1, 1)), 64);
    // 192 channels are three tiles of 64, or two of 128 with a quarter idle.
    assert_eq!(columns(geometry(64, [32, 32, 64], 192, 3, 1, 1)), 64);
}

#[test]
fn scratch_never_overflows() {
    let g = geometry(1, [1 << 20, 1, 1 << 14], 1 << 14, 1, 1 << 20, 1);
    assert_eq!(scratch_bytes(&Op::Conv2dDgrad(g)) % aligned(1), 0);
    assert!(
        Gather::new(&g, Direction::Dgrad)
            .blocks("conv2d_dgrad")
            .is_err()
    );
}
