//! The kernel of weight gradients: a tile of a sum of outer products over pixels, held in registers.

use super::shared::Shared;
use super::vector::{Vector, masks};

/// At which pixel of two operands a run starts, and how many steps it has.
#[derive(Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) factors: usize,
    pub(super) lanes: usize,
    pub(super) steps: usize,
}

/// One operand of a sum of outer products: how many values a pixel has, and how many pixels a step goes on.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub(super) values: &'a [f32],
    pub(super) pixel: usize,
    pub(super) stride: usize,
}

impl Operand<'_> {
    /// Values from one step to the next.
    #[inline(always)]
    fn step(&self) -> usize {
        self.stride * self.pixel
    }

    /// The start of a run of `steps` steps, of `width` values from `first` on of every pixel.
    #[inline(always)]
    fn run(&self, pixel: usize, first: usize, steps: usize, width: usize) -> *const f32 {
        let run = &self.values[pixel * self.pixel + first..];
        assert!((steps - 1) * self.step() + width <= run.len());
        run.as_ptr()
    }
}

/// A tile of a sum of outer products: which factors and lanes of every pixel of `runs`, none of them empty.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    pub(super) runs: &'a [Run],
    pub(super) factor_values: Operand<'a>,
    pub(super) lane_values: Operand<'a>,
    pub(super) factor: usize,
    pub(super) factors: usize,
    pub(super) lane: usize,
    pub(super) lanes: usize,
    /// Whether every pixel has values for whole vectors of lanes, if not all of them are wanted.
    pub(super) whole: bool,
}

/// Where the sums of a tile are: those of a factor `stride` behind those of the one before.
#[derive(Clone, Copy)]
pub(super) struct Sums<'a> {
    pub(super) values: Shared<'a>,
    pub(super) first: usize,
    pub(super) stride: usize,
    /// Whether they start at zero, not at what is there.
    pub(super) fresh: bool,
}

/// `sums[i][lane] += total` of `factor_i * lane` over the pixels, in order. At most as many factors and lanes as the largest tile of `T` has.
///
/// The pixels are summed before the sum so far is added, so rounding errors grow with the pixels of a
/// block and the number of blocks, not with their product.
///
/// # Safety
/// The machine has the instruction set of `T`; nobody else has these sums.
#[inline(always)]
pub(super) unsafe fn outer<T: Vector>(tile: &Tile<'_>, sums: Sums<'_>) {
    let vectors = tile.lanes.div_ceil(T::SIZE.lanes);
    macro_rules! rows {
        ($($rows:literal)*) => {
            match (tile.factors, vectors) {
                $(
                    ($rows, 1) if $rows <= T::SIZE.rows => apart::<T, $rows, 1>(tile, sums),
                    ($rows, 2) if $rows <= T::SIZE.rows => apart::<T, $rows, 2>(tile, sums),
                    ($rows, 3) if $rows <= T::SIZE.rows && T::SIZE.vectors > 2 => {
                        apart::<T, $rows, 3>(tile, sums);
                    }
                )*
                _ => unreachable!("a tile is no larger than the registers"),
            }
        };
    }
    // SAFETY: the caller's promises.
    unsafe { rows!(1 2 3 4 5 6 7 8) }
}

/// A tile of M factors and V vectors, all loaded whole where that is allowed.
#[inline(always)]
unsafe fn apart<T: Vector, const M: usize, const V: usize>(tile: &Tile<'_>, sums: Sums<'_>) {
    // SAFETY: the caller's promises.
    unsafe {
        if tile.whole || tile.lanes == V * T::SIZE.lanes {
            T::apart(
                #[inline(always)]
                || outer_tile::<T, M, V, true>(tile, sums),
            );
        } else {
            T::apart(
                #[inline(always)]
                || outer_tile::<T, M, V, false>(tile, sums),
            );
        }
    }
}

#[inline(always)]
unsafe fn outer_tile<T: Vector, const M: usize, const V: usize, const WHOLE: bool>(
    tile: &Tile<'_>,
    sums: Sums<'_>,
) {
    let width = if WHOLE { V * T::SIZE.lanes } else { tile.lanes };
    // SAFETY: the caller's promises; a run has as many pixels as are visited, of M factors and of the lanes
    // that are loaded, and a part of the sums has as many as the masks let pass.
    unsafe {
        let masks = masks::<T, V>(tile.lanes);
        let mut totals = [[T::zero(); V]; M];
        for run in tile.runs {
            let (factors, lanes) = (&tile.factor_values, &tile.lane_values);
            let mut factor = factors.run(run.factors, tile.factor, run.steps, M);
            let mut lane = lanes.run(run.lanes, tile.lane, run.steps, width);
            for _ in 0..run.steps {
                let mut vectors = [T::zero(); V];
                for (v, vector) in vectors.iter_mut().enumerate() {
                    let lane = lane.wrapping_add(v * T::SIZE.lanes);
                    *vector = if WHOLE {
                        T::load(lane)
                    } else {
                        T::load_masked(lane, masks[v])
                    };
                }
                for (m, totals) in totals.iter_mut().enumerate() {
                    let factor = T::broadcast(factor.wrapping_add(m));
                    for (total, vector) in totals.iter_mut().zip(vectors) {
                        *total = factor.multiply_add(vector, *total);
                    }
                }
                factor = factor.wrapping_add(factors.step());
                lane = lane.wrapping_add(lanes.step());
            }
        }
        for (m, totals) in totals.iter().enumerate() {
            let row = sums
                .values
                .part(sums.first + m * sums.stride, tile.lanes)
                .as_mut_ptr();
            for (v, &total) in totals.iter().enumerate() {
                let at = row.wrapping_add(v * T::SIZE.lanes);
                let total = if sums.fresh {
                    total
                } else {
                    T::load_masked(at, masks[v]).add(total)
                };
                total.store_masked(at, masks[v]);
            }
        }
    }
}
