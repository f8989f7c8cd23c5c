//! Images with few channels, copied into frames of zeros.
//!
//! Where a pixel is a few floats, the bounds of every tap would cost more than its products. With the
//! padding around the image a row of taps is always one run of memory, and the copy is small.

use crate::Conv2d;
use crate::cpu::parallel::Loops;
use rayon::prelude::*;

/// Fewer channels than this make a copy worth it.
pub(super) const CHANNELS: usize = 16;

/// Whether `x` is copied into frames.
pub(super) fn applies(g: &Conv2d) -> bool {
    g.padding > 0 && g.groups == 1 && g.input[2] < CHANNELS
}

/// Height, width and channels of an image with its padding.
fn size(g: &Conv2d) -> [usize; 3] {
    let [height, width, channels] = g.input;
    [height + 2 * g.padding, width + 2 * g.padding, channels]
}

/// Floats of the frames of the batch; 0 where `x` is used as it is.
pub(super) fn len(g: &Conv2d) -> usize {
    if applies(g) {
        g.batch * size(g).iter().product::<usize>()
    } else {
        0
    }
}

/// `x` as it is, or its copy in `frames`, which is [`len`] long.
pub(super) fn around<'a>(
    loops: Loops,
    g: &Conv2d,
    x: &'a [f32],
    frames: &'a mut [f32],
) -> &'a [f32] {
    if frames.is_empty() {
        return x;
    }
    let [height, width, channels] = size(g);
    let line = width * channels;
    let border = g.padding * channels;
    let images = x.par_chunks_exact(g.input.iter().product());
    let items = frames.par_chunks_exact_mut(height * line).zip(images);
    loops.for_each(items, |(frame, image)| {
        let (top, rest) = frame.split_at_mut(g.padding * line);
        let (middle, bottom) = rest.split_at_mut(g.input[0] * line);
        top.fill(0.0);
        bottom.fill(0.0);
        for (to, from) in middle
            .chunks_exact_mut(line)
            .zip(image.chunks_exact(g.input[1] * channels))
        {
            let (left, rest) = to.split_at_mut(border);
            let (inside, right) = rest.split_at_mut(from.len());
            left.fill(0.0);
            inside.copy_from_slice(from);
            right.fill(0.0);
        }
    });
    frames
}
