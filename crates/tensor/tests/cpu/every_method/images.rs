//! The methods that work on images: convolutions, placing, pooling.

use super::{Around, Bits, COLUMNS, Extent, scratch, zeros};
use crate::fixture::{buffer, read, values};
use radars_tensor::{Arena, Backend, Conv2d, Conv2dOptions, Cpu, ImageBatch, Op, Pool2d, PoolKind};

pub fn images(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let backend = arena.backend();
    let input = [4, 4, COLUMNS];
    let batch = extent.rows / 16;
    let n = batch * 16 * COLUMNS;
    let (x, dy) = (buffer(arena, &values(n, 1)), buffer(arena, &values(n, 2)));
    let mut y = zeros(arena, n);
    for (groups, [fprop, dgrad, wgrad]) in [
        (
            COLUMNS,
            ["depthwise_fprop", "depthwise_dgrad", "depthwise_wgrad"],
        ),
        (1, ["conv2d_fprop", "conv2d_dgrad", "conv2d_wgrad"]),
    ] {
        let options = Conv2dOptions {
            stride: 1,
            padding: 1,
            groups,
        };
        let g = Conv2d::new(batch, input, COLUMNS, 3, options).unwrap();
        let w = buffer(arena, &values(g.weight_elements(), 3));
        let mut dw = zeros(arena, g.weight_elements());
        let mut space = scratch(arena, extent, &Op::Conv2dFprop(g));
        around(fprop, &mut || {
            backend.conv2d_fprop(&g, x.view(), w.view(), y.view_mut(), space.view_mut())
        });
        bits.push((fprop, read(&y)));
        let mut space = scratch(arena, extent, &Op::Conv2dDgrad(g));
        around(dgrad, &mut || {
            backend.conv2d_dgrad(&g, dy.view(), w.view(), y.view_mut(), space.view_mut())
        });
        bits.push((dgrad, read(&y)));
        let mut space = scratch(arena, extent, &Op::Conv2dWgrad(g));
        around(wgrad, &mut || {
            backend.conv2d_wgrad(&g, x.view(), dy.view(), dw.view_mut(), space.view_mut())
        });
        bits.push((wgrad, read(&dw)));
    }
    let g = ImageBatch {
        batch,
        image: [4, 4, COLUMNS],
    };
    let bytes = buffer(arena, &(0..n).map(|i| (i * 37) as u8).collect::<Vec<_>>());
    let placements: Vec<i32> = (0..3 * batch as i32).map(|i| i * 5 % 7 - 3).collect();
    let placements = buffer(arena, &placements);
    around("place_images", &mut || {
        backend.place_images(&g, bytes.view(), placements.view(), y.view_mut())
    });
    bits.push(("place_images", read(&y)));
    for kind in [PoolKind::Max, PoolKind::Average] {
        let g = Pool2d {
            kind,
            batch,
            input,
            kernel: 3,
            stride: 1,
            padding: 1,
        };
        around("pool2d", &mut || backend.pool2d(&g, x.view(), y.view_mut()));
        bits.push(("pool2d", read(&y)));
        around("pool2d_backward", &mut || {
            backend.pool2d_backward(&g, x.view(), dy.view(), y.view_mut())
        });
        bits.push(("pool2d_backward", read(&y)));
    }
}
