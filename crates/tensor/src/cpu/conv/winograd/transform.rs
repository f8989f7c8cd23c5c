//! The matrices of F(4, 3), as sums over vectors of channels; points 0, 1, -1, 2, -2 and infinity.

use super::{IN, OUT, VECTOR};

/// Neighbouring channels.
type Lanes = [f32; VECTOR];

#[inline(always)]
fn lanes(values: &[f32]) -> Lanes {
    std::array::from_fn(|i| values[i])
}

#[inline(always)]
fn plus(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] + b[i])
}

#[inline(always)]
fn minus(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] - b[i])
}

#[inline(always)]
fn times(a: f32, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a * b[i])
}

/// `B^T d`.
#[inline(always)]
fn input_line(d: [Lanes; IN]) -> [Lanes; IN] {
    let even = minus(d[4], times(4.0, d[2]));
    let odd = minus(d[3], times(4.0, d[1]));
    let outer = minus(d[4], d[2]);
    let inner = times(2.0, minus(d[3], d[1]));
    [
        plus(minus(times(4.0, d[0]), times(5.0, d[2])), d[4]),
        plus(even, odd),
        minus(even, odd),
        plus(outer, inner),
        minus(outer, inner),
        plus(minus(times(4.0, d[1]), times(5.0, d[3])), d[5]),
    ]
}

/// `A^T m`.
#[inline(always)]
fn output_line(m: [Lanes; IN]) -> [Lanes; OUT] {
    let (sum, difference) = (plus(m[1], m[2]), minus(m[1], m[2]));
    let (sum2, difference2) = (plus(m[3], m[4]), minus(m[3], m[4]));
    [
        plus(plus(m[0], sum), sum2),
        plus(difference, times(2.0, difference2)),
        plus(sum, times(4.0, sum2)),
        plus(plus(difference, times(8.0, difference2)), m[5]),
    ]
}

/// `A y`.
#[inline(always)]
fn gradient_line(y: [Lanes; OUT]) -> [Lanes; IN] {
    let (even, odd) = (plus(y[0], y[2]), plus(y[1], y[3]));
    let even2 = plus(y[0], times(4.0, y[2]));
    let odd2 = plus(times(2.0, y[1]), times(8.0, y[3]));
    [
        y[0],
        plus(even, odd),
        minus(even, odd),
        plus(even2, odd2),
        minus(even2, odd2),
        y[3],
    ]
}

/// `G w`.
#[inline(always)]
fn kernel_line(w: [Lanes; 3]) -> [Lanes; IN] {
    let ends = plus(w[0], w[2]);
    let wide = plus(times(1.0 / 24.0, w[0]), times(1.0 / 6.0, w[2]));
    let middle = times(1.0 / 12.0, w[1]);
    [
        times(0.25, w[0]),
        times(-1.0 / 6.0, plus(ends, w[1])),
        times(-1.0 / 6.0, minus(ends, w[1])),
        plus(wide, middle),
        minus(wide, middle),
        w[2],
    ]
}

/// `G^T u`.
#[inline(always)]
fn kernel_gradient_line(u: [Lanes; IN]) -> [Lanes; 3] {
    let near = times(1.0 / 6.0, plus(u[1], u[2]));
    let far = plus(u[3], u[4]);
    [
        plus(minus(times(0.25, u[0]), near), times(1.0 / 24.0, far)),
        plus(
            times(1.0 / 6.0, minus(u[2], u[1])),
            times(1.0 / 12.0, minus(u[3], u[4])),
        ),
        plus(minus(times(1.0 / 6.0, far), near), u[5]),
    ]
}

/// `line` applied to the columns of an N x N matrix, then to the rows of what that gives.
#[inline(always)]
fn both_ways<const N: usize, const M: usize>(
    load: impl Fn(usize, usize) -> Lanes,
    line: impl Fn([Lanes; N]) -> [Lanes; M],
    mut store: impl FnMut(usize, usize, Lanes),
) {
    let columns: [[Lanes; M]; N] =
        std::array::from_fn(|j| line(std::array::from_fn(|i| load(i, j))));
    let rows: [[Lanes; N]; M] = std::array::from_fn(|i| std::array::from_fn(|j| columns[j][i]));
    for (i, row) in rows.into_iter().enumerate() {
        for (j, value) in line(row).into_iter().enumerate() {
            store(i, j, value);
        }
    }
}

/// An image, `[height, width, channels]`.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub(super) values: &'a [f32],
    pub(super) size: [usize; 3],
}

impl Image<'_> {
    /// The channels from `channel` on of a pixel; zeros outside the image.
    #[inline(always)]
    fn pixel(&self, row: isize, column: isize, channel: usize) -> Lanes {
        let [height, width, channels] = self.size;
        let (row, column) = (row as usize, column as usize);
        if row < height && column < width {
            let start = (row * width + column) * channels + channel;
            return lanes(&self.values[start..start + VECTOR]);
        }
        [0.0; VECTOR]
    }

    /// `line` both ways over the tile whose first pixel is `(row, column)`, to `target [36, channels]`.
    #[inline(always)]
    fn transform<const N: usize>(
        &self,
        [row, column]: [isize; 2],
        line: impl Fn([Lanes; N]) -> [Lanes; IN],
        target: &mut [f32],
    ) {
        let channels = self.size[2];
        for channel in (0..channels).step_by(VECTOR) {
            both_ways(
                #[inline(always)]
                |i, j| self.pixel(row + i as isize, column + j as isize, channel),
                &line,
                #[inline(always)]
                |i, j, value| {
                    let start = (i * IN + j) * channels + channel;
                    target[start..start + VECTOR].copy_from_slice(&value);
                },
            );
        }
    }
}

/// `B^T x B` of the tile of inputs whose first pixel is `first`, to `target [36, channels]`.
#[inline(always)]
pub(super) fn input(image: Image<'_>, first: [isize; 2], target: &mut [f32]) {
    image.transform(first, input_line, target);
}

/// `A dy A^T` of the tile of outputs whose first pixel is `first`, to `target [36, channels]`.
#[inline(always)]
pub(super) fn gradient(image: Image<'_>, first: [isize; 2], target: &mut [f32]) {
    image.transform(first, gradient_line, target);
}

/// `A^T m A` of `products [36][step]` into 16 channels, from `channel` on, of the tile of `target` whose first
/// pixel is `(row, column)`; pixels outside the image are left out.
#[inline(always)]
pub(super) fn output(
    products: &[f32],
    step: usize,
    target: &mut [f32],
    [height, width, channels]: [usize; 3],
    [row, column]: [usize; 2],
    channel: usize,
) {
    both_ways(
        #[inline(always)]
        |i, j| lanes(&products[(i * IN + j) * step..]),
        output_line,
        #[inline(always)]
        |i, j, value| {
            if row + i < height && column + j < width {
                let start = ((row + i) * width + column + j) * channels + channel;
                target[start..start + VECTOR].copy_from_slice(&value);
            }
        },
    );
}

/// `G w G^T` of 16 channels of a filter whose tap `(i, j)` starts at `tap(i, j)` in `weights`.
#[inline(always)]
pub(super) fn kernel(
    weights: &[f32],
    tap: impl Fn(usize, usize) -> usize,
    mut store: impl FnMut(usize, Lanes),
) {
    both_ways(
        #[inline(always)]
        |i, j| lanes(&weights[tap(i, j)..]),
        kernel_line,
        #[inline(always)]
        |i, j, value| store(i * IN + j, value),
    );
}

/// `G^T u G` of 16 channels of `sums`, whose positions are `step` apart, into the taps of a filter, which are
/// `channels` apart.
#[inline(always)]
pub(super) fn kernel_gradient(sums: &[f32], step: usize, filter: &mut [f32], channels: usize) {
    both_ways(
        #[inline(always)]
        |i, j| lanes(&sums[(i * IN + j) * step..]),
        kernel_gradient_line,
        #[inline(always)]
        |i, j, value| {
            let start = (i * 3 + j) * channels;
            filter[start..start + VECTOR].copy_from_slice(&value);
        },
    );
}
