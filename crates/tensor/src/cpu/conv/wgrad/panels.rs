//! Panels: the part of an operand that the tiles of a block read, copied so that every tile reads one stretch of
//! memory from end to end.
//!
//! Where pixels are a power of two apart, as channels are, the same channel of all pixels falls into a few sets
//! of the first-level cache. This is also the one place that sees an operand's elements: tiles read f32.

use std::ops::Range;

/// Copies the channels `channels` of pixels of `pitch` channels as `[tile][pixel][channel]`, tiles of up to
/// `most` channels each as [`parts`](super::parts) cuts every `group` channels.
#[inline(always)]
pub(super) fn tiles(
    pixels: &[f32],
    pitch: usize,
    channels: Range<usize>,
    group: usize,
    most: usize,
    panel: &mut [f32],
) {
    let count = pixels.len() / pitch;
    let mut rest = panel;
    for start in channels.clone().step_by(group) {
        for tile in super::parts(group.min(channels.end - start), most) {
            let (mine, others) = rest.split_at_mut(count * tile.len());
            rest = others;
            let from = start + tile.start;
            if tile.len() == 8 {
                copy::<8>(pixels, pitch, pitch, from, mine);
            } else {
                for (to, pixel) in mine
                    .chunks_exact_mut(tile.len())
                    .zip(pixels.chunks_exact(pitch))
                {
                    to.copy_from_slice(&pixel[from..][..tile.len()]);
                }
            }
        }
    }
}

/// Copies `lanes` channels from `channel` on of a row of pixels of `pitch` channels as rows of `width`, every
/// `phases`-th pixel one after the other, then those behind each of them, and so on; what `width` has beyond
/// `lanes` is left as it is.
#[inline(always)]
pub(super) fn columns(
    pixels: &[f32],
    pitch: usize,
    channel: usize,
    lanes: usize,
    phases: usize,
    width: usize,
    panel: &mut [f32],
) {
    let columns = panel.len() / width / phases;
    for (phase, to) in panel.chunks_exact_mut(columns * width).enumerate() {
        let Some(from) = pixels.get(phase * pitch..) else {
            break;
        };
        if lanes == 32 && width == 32 {
            copy::<32>(from, phases * pitch, pitch, channel, to);
            continue;
        }
        for (to, pixel) in to
            .chunks_exact_mut(width)
            .zip(from.chunks_exact(pitch).step_by(phases))
        {
            to[..lanes].copy_from_slice(&pixel[channel..][..lanes]);
        }
    }
}

/// Copies of a length that is known when they are compiled, of pixels that are `step` apart.
#[inline(always)]
fn copy<const N: usize>(
    pixels: &[f32],
    step: usize,
    pitch: usize,
    channel: usize,
    panel: &mut [f32],
) {
    let (rows, _) = panel.as_chunks_mut::<N>();
    for (to, pixel) in rows.iter_mut().zip(pixels.chunks(step)) {
        if pixel.len() >= pitch {
            to.copy_from_slice(&pixel[channel..][..N]);
        }
    }
}
