//! The forward convolution in integers, where both operands lie on fixed-point grids.
//!
//! Both are turned into their codes, which are multiplied and summed exactly in i32; the only rounding
//! is that of the sum to f32, so all instruction sets give the same bits. Where no sum reaches 2^24 the f32
//! kernels round nothing either, and give these bits too.
//!
//! A *cell* of 4 bytes holds the codes of neighbouring channels, two of 16 bits or four of 8, as the dot products of
//! the instruction sets take them. Cells of 8 images stand beside each other: a tile multiplies the
//! same pixel of 8 images, for which a tap lies in the image for all or for none, and the
//! taps of a row are one run of memory. What is left of a batch is framed with zeros instead,
//! and a tile takes 8 neighbouring pixels.
//!
//! A NaN among the operands makes every value of the result NaN: a diverged training shows, as it does in
//! f32, where NaN spreads to the values that it is a summand of.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod cells;
mod kernel;
#[cfg(test)]
mod tests;
mod walk;

use super::depthwise;
use crate::cpu::Cpu;
use crate::cpu::codes::{Encoder, with_code};
use crate::cpu::memory::{read, slice, slice_mut, write};
use crate::{Conv2d, ConvValues, DType, FixedPoint, Mut, Ref, Result, Values, compose};
use cells::{Encoding, Form, Source};
use kernel::{Kernel, LANES, Products, ROWS};
use std::sync::atomic::{AtomicBool, Ordering};
use walk::Weights;

/// Target channels of a group below which most lanes of a tile would be idle.
const FEWEST_LANES: usize = 16;
/// Products of an output value below which to encode the images costs more than it saves, as it does where
/// few channels leave more than a quarter of the cells empty.
const FEWEST_PRODUCTS: usize = 32;
/// Products that a cell has to go into for the same reason, at stride 1.
const FEWEST_USES: usize = 256;

/// A forward convolution that is computed in integers.
///
/// Where a window is one pixel, others than those that it meets are never read: they are left out of `g`.
pub(in crate::cpu) struct Integer {
    g: Conv2d,
    /// Height and width of the images as given, and the distance of the pixels that are taken.
    source: [usize; 2],
    spacing: usize,
    x: FixedPoint,
    w: FixedPoint,
    form: Form,
}

/// [`crate::Backend::fake_quantised_conv2d_fprop`], in integers where they apply.
///
/// # Errors
/// [`crate::Error::Geometry`]; [`crate::Error::Length`] when an operand has another length than the geometry says.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(in crate::cpu) fn fprop(
    cpu: &Cpu,
    g: &Conv2d,
    values: ConvValues,
    x: Ref<'_, Cpu>,
    w: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
    scratch: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "fake_quantised_conv2d_fprop";
    let g = &g.checked()?;
    let Some(integer) = Integer::new(g, values) else {
        return compose::fake_quantised_conv2d_fprop(cpu, g, values, x, w, y, scratch);
    };
    let x = x.checked(NAME, "x", values.x.bytes(NAME, g.input_elements())?)?;
    let w = read(NAME, "w", w, g.weight_elements())?;
    let y = write(NAME, "y", y, g.output_elements())?;
    let (scratch, _) = scratch.split(NAME, "scratch", integer.scratch_bytes())?;
    let (kernel, scratch) = (Kernel::of(cpu.spec.isa), slice_mut(scratch));
    match values.x {
        Values::Codes(format) => with_code!(NAME, format, C => {
            integer.compute(cpu, kernel, slice::<C>(x), w, y, scratch);
        }),
        _ => integer.compute(cpu, kernel, slice::<f32>(x), w, y, scratch),
    }
    Ok(())
}

/// Images that are computed alike: cells of `rows` of them side by side, with `border` zeros around.
#[derive(Clone, Copy)]
struct Part {
    images: usize,
    rows: usize,
    border: usize,
}

impl Integer {
    /// The convolution of `g` in integers, where that applies. Geometry and formats alone decide.
    pub(in crate::cpu) fn new(g: &Conv2d, values: ConvValues) -> Option<Self> {
        let (x, w) = (values.x.format()?, values.w.format()?);
        if matches!(values.w, Values::Codes(_)) {
            return None;
        }
        let form = Form::of(x, w)?;
        let lanes = g.output[2] / g.groups;
        // The scale of a sum has to be a normal number, or its product would be rounded.
        let scaled = u32::from(x.fraction) + u32::from(w.fraction) <= 100;
        let exact = (magnitude(x) * magnitude(w))
            .checked_mul(g.window() as u64)
            .is_some_and(|sum| sum < 1 << 31);
        let taps = g.kernel * g.kernel;
        let cells = taps * (g.input[2] / g.groups).div_ceil(form.codes());
        let filled = 3 * g.window() >= 4 * cells && g.window() >= FEWEST_PRODUCTS;
        let used = taps * lanes >= FEWEST_USES / form.codes();
        let gains = filled && used && lanes >= FEWEST_LANES;
        let applies = gains && !depthwise::applies(g) && scaled && exact;
        let [height, width, channels] = g.input;
        let sparse = g.kernel == 1 && g.padding == 0;
        let taken = Conv2d {
            input: [g.output[0], g.output[1], channels],
            stride: 1,
            ..*g
        };
        applies.then_some(Integer {
            g: if sparse { taken } else { *g },
            source: [height, width],
            spacing: if sparse { g.stride } else { 1 },
            x,
            w,
            form,
        })
    }

    /// Bytes of scratch: the cells of weights and of images.
    pub(in crate::cpu) fn scratch_bytes(&self) -> usize {
        let images = self
            .parts()
            .map(|part| self.image_cells(part))
            .iter()
            .sum::<usize>();
        (self.weight_cells() + images) * size_of::<u32>()
    }

    /// `y = x * w` of operands of the right length, by a given kernel.
    fn compute(
        &self,
        cpu: &Cpu,
        kernel: Kernel,
        x: &[impl Source],
        w: &[f32],
        y: &mut [f32],
        scratch: &mut [u32],
    ) {
        let nan = AtomicBool::new(false);
        let encoding = |format| Encoding {
            isa: cpu.spec.isa,
            encoder: Encoder::new(format),
            nan: &nan,
        };
        let pixels: usize = self.g.output.iter().product();
        cpu.run(super::products(&self.g), |loops| {
            let (weights, images) = scratch.split_at_mut(self.weight_cells());
            self.encode_weights(loops, encoding(self.w), w, weights);
            let [whole, rest] = self.parts();
            let (x, x_rest) = x.split_at(whole.images * self.image_elements());
            let (cells, cells_rest) = images.split_at_mut(self.image_cells(whole));
            let (y, y_rest) = y.split_at_mut(whole.images * pixels);
            self.encode_images(loops, encoding(self.x), whole, x, cells);
            self.encode_images(loops, encoding(self.x), rest, x_rest, cells_rest);
            let weights = Weights {
                cells: weights,
                products: Products {
                    kernel,
                    form: self.form,
                    scale: self.x.step() * self.w.step(),
                },
            };
            self.same_pixels(loops, weights, cells, y);
            self.neighbours(loops, weights, rest, cells_rest, y_rest);
        });
        if nan.load(Ordering::Relaxed) {
            y.fill(f32::NAN);
        }
    }

    /// The whole groups of [`ROWS`] images, and those that are left.
    fn parts(&self) -> [Part; 2] {
        let rest = self.g.batch % ROWS;
        let whole = Part {
            images: self.g.batch - rest,
            rows: ROWS,
            border: 0,
        };
        let rest = Part {
            images: rest,
            rows: 1,
            border: self.g.padding,
        };
        [whole, rest]
    }

    /// Values of an image as given.
    fn image_elements(&self) -> usize {
        self.source[0] * self.source[1] * self.g.input[2]
    }

    /// Input channels of a group.
    fn depth(&self) -> usize {
        self.g.input[2] / self.g.groups
    }

    /// Output channels of a group, and the blocks of [`LANES`] that hold them.
    fn lanes(&self) -> (usize, usize) {
        let lanes = self.g.output[2] / self.g.groups;
        (lanes, lanes.div_ceil(LANES))
    }

    /// Cells of a pixel's channels of a group.
    fn pixel_cells(&self) -> usize {
        self.depth().div_ceil(self.form.codes())
    }

    /// Cells of a block of weights, `[tap][pixel cells][LANES]`.
    fn block_cells(&self) -> usize {
        self.g.kernel * self.g.kernel * self.pixel_cells() * LANES
    }

    /// Cells of all weights, `[group][block]`.
    fn weight_cells(&self) -> usize {
        self.g.groups * self.lanes().1 * self.block_cells()
    }

    /// Height and width of an image with its border.
    fn framed(&self, part: Part) -> [usize; 2] {
        [self.g.input[0], self.g.input[1]].map(|size| size + 2 * part.border)
    }

    /// Cells of the images of a part, `[images / rows][group][height][width][pixel cells][rows]`.
    fn image_cells(&self, part: Part) -> usize {
        let [height, width] = self.framed(part);
        part.images * self.g.groups * height * width * self.pixel_cells()
    }
}

/// The largest magnitude of a code.
fn magnitude(format: FixedPoint) -> u64 {
    1 << (format.width() - u32::from(format.signed))
}
