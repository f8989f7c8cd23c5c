//! Launchers of `reduce.cu`: reductions along an axis, their adjoint, and inner products.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::{elements, read, write};
use crate::parameter::{In, InAt, Out, OutAt, kernel_struct};
use radars_tensor::{Axis, Error, Mut, ReduceOp, Ref, Result};

/// Threads of a block.
const THREADS: usize = 256;
/// Threads of a warp.
const WARP: usize = 32;
/// Elements of a part of a row, and of an inner product.
const PIECE: usize = 1 << 14;
/// Rows of up to so many elements are the work of a warp, longer ones that of a block.
const SHORT: usize = 1 << 10;
/// Steps along the axis of one thread of a block that reduces columns.
const STEPS: usize = 16;
/// The most blocks of a launch, which stride over the rest.
const MOST_BLOCKS: usize = 1 << 16;

kernel_struct! {
    /// What a launch reduces.
    struct ReduceShape {
        outer: u64,
        axis: u64,
        inner: u64,
        parts: u64,
        steps: u32,
        lanes: u32,
        divisor: f32,
    }
}

type Reduce = Kernel<(InAt<f32>, OutAt<f32>, ReduceShape)>;
type Dot = Kernel<(In<f32>, In<f32>, OutAt<f32>, u64, u32)>;
type Broadcast = Kernel<(In<f32>, Out<f32>, u64, u64, u64, f32)>;

const SUM_ROWS: Reduce = Kernel::new("reduce_sum_rows");
const SUM_ROWS_SCALAR: Reduce = Kernel::new("reduce_sum_rows_scalar");
const SUM_COLUMNS: Reduce = Kernel::new("reduce_sum_columns");
const SUM_COLUMNS_SCALAR: Reduce = Kernel::new("reduce_sum_columns_scalar");
const SQUARES_ROWS: Reduce = Kernel::new("reduce_sum_of_squares_rows");
const SQUARES_ROWS_SCALAR: Reduce = Kernel::new("reduce_sum_of_squares_rows_scalar");
const SQUARES_COLUMNS: Reduce = Kernel::new("reduce_sum_of_squares_columns");
const SQUARES_COLUMNS_SCALAR: Reduce = Kernel::new("reduce_sum_of_squares_columns_scalar");
const MAX_ROWS: Reduce = Kernel::new("reduce_max_rows");
const MAX_ROWS_SCALAR: Reduce = Kernel::new("reduce_max_rows_scalar");
const MAX_COLUMNS: Reduce = Kernel::new("reduce_max_columns");
const MAX_COLUMNS_SCALAR: Reduce = Kernel::new("reduce_max_columns_scalar");
const DOT: Dot = Kernel::new("reduce_dot");
const DOT_SCALAR: Dot = Kernel::new("reduce_dot_scalar");
const BROADCAST_QUADS: Broadcast = Kernel::new("reduce_broadcast_quads");
const BROADCAST_RUNS: Broadcast = Kernel::new("reduce_broadcast_runs");
const BROADCAST_SCALAR: Broadcast = Kernel::new("reduce_broadcast_scalar");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &SUM_ROWS,
    &SUM_ROWS_SCALAR,
    &SUM_COLUMNS,
    &SUM_COLUMNS_SCALAR,
    &SQUARES_ROWS,
    &SQUARES_ROWS_SCALAR,
    &SQUARES_COLUMNS,
    &SQUARES_COLUMNS_SCALAR,
    &MAX_ROWS,
    &MAX_ROWS_SCALAR,
    &MAX_COLUMNS,
    &MAX_COLUMNS_SCALAR,
    &DOT,
    &DOT_SCALAR,
    &BROADCAST_QUADS,
    &BROADCAST_RUNS,
    &BROADCAST_SCALAR,
];

/// One launch: how its threads lie, and how the axis is cut.
#[derive(Clone, Copy)]
struct Plan {
    axis: Axis,
    /// Threads that share a row, or column quads that a block is wide.
    lanes: usize,
    /// Steps along the axis of a part.
    steps: usize,
    parts: usize,
}

impl Plan {
    fn new(axis: &Axis) -> Self {
        let (lanes, steps) = match axis.inner {
            1 if axis.axis <= SHORT => (WARP, PIECE),
            1 => (THREADS, PIECE),
            inner => {
                let width = inner.div_ceil(4).min(WARP).next_power_of_two();
                (width, THREADS / width * STEPS)
            }
        };
        Plan {
            axis: *axis,
            lanes,
            steps,
            parts: axis.axis.div_ceil(steps).max(1),
        }
    }

    /// The launch that reduces what this one leaves of `parts` parts, in one.
    fn finish(&self) -> Self {
        let axis = Axis {
            axis: self.parts,
            ..self.axis
        };
        Plan {
            steps: self.parts,
            parts: 1,
            ..Plan::new(&axis)
        }
    }

    fn blocks(&self) -> u32 {
        let Axis { outer, inner, .. } = self.axis;
        let items = outer.saturating_mul(self.parts);
        let blocks = match inner {
            1 => items.div_ceil(THREADS / self.lanes),
            _ => items.saturating_mul(inner.div_ceil(4 * self.lanes)),
        };
        blocks.clamp(1, MOST_BLOCKS) as u32
    }

    fn launch(
        &self,
        cuda: &Cuda,
        op: ReduceOp,
        divisor: f32,
        x: Address,
        y: Address,
    ) -> Result<()> {
        let Axis { outer, axis, inner } = self.axis;
        let rows = inner == 1;
        // Rows are read 16 bytes at a time and written alone, columns both.
        let vector = match rows {
            true => axis.is_multiple_of(4) && x.is_aligned(),
            false => inner.is_multiple_of(4) && x.is_aligned() && y.is_aligned(),
        };
        let kernel = match (op, rows, vector) {
            (ReduceOp::Sum | ReduceOp::Mean, true, true) => &SUM_ROWS,
            (ReduceOp::Sum | ReduceOp::Mean, true, false) => &SUM_ROWS_SCALAR,
            (ReduceOp::Sum | ReduceOp::Mean, false, true) => &SUM_COLUMNS,
            (ReduceOp::Sum | ReduceOp::Mean, false, false) => &SUM_COLUMNS_SCALAR,
            (ReduceOp::SumOfSquares, true, true) => &SQUARES_ROWS,
            (ReduceOp::SumOfSquares, true, false) => &SQUARES_ROWS_SCALAR,
            (ReduceOp::SumOfSquares, false, true) => &SQUARES_COLUMNS,
            (ReduceOp::SumOfSquares, false, false) => &SQUARES_COLUMNS_SCALAR,
            (ReduceOp::Max, true, true) => &MAX_ROWS,
            (ReduceOp::Max, true, false) => &MAX_ROWS_SCALAR,
            (ReduceOp::Max, false, true) => &MAX_COLUMNS,
            (ReduceOp::Max, false, false) => &MAX_COLUMNS_SCALAR,
        };
        let steps = u32::try_from(self.steps).map_err(|_| Error::Geometry {
            op: "reduce",
            what: "the number of parts of the axis",
            value: self.steps,
            expected: "below 2^32",
        })?;
        let shape = ReduceShape {
            outer: outer as u64,
            axis: axis as u64,
            inner: inner as u64,
            parts: self.parts as u64,
            steps,
            lanes: self.lanes as u32,
            divisor,
        };
        let grid = Grid::new([self.blocks(), 1, 1], THREADS as u32);
        cuda.launch(kernel, grid, (x, y, shape), || {
            format!("[{outer}, {axis}, {inner}] in {} parts", self.parts)
        })
    }
}

/// Bytes of scratch: what is left of every part of the axis, when there are several.
pub(crate) fn scratch_bytes(_: ReduceOp, axis: &Axis) -> usize {
    match Plan::new(axis).parts {
        1 => 0,
        parts => axis.reduced() * parts * size_of::<f32>(),
    }
}

/// Bytes of scratch of [`dot`].
pub(crate) fn dot_scratch_bytes(elements: usize) -> usize {
    match elements.div_ceil(PIECE) {
        0 | 1 => 0,
        parts => parts * size_of::<f32>(),
    }
}

/// Reduces `x [outer, axis, inner]` to `y [outer, inner]`.
pub(crate) fn reduce(
    cuda: &Cuda,
    op: ReduceOp,
    axis: &Axis,
    x: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "reduce";
    let x = Address::of(read(NAME, "x", x, axis.elements())?);
    let y = write(NAME, "y", y, axis.reduced())?;
    let (partials, _) = scratch.split(NAME, "scratch", scratch_bytes(op, axis))?;
    if y.bytes() == 0 {
        return Ok(());
    }
    let y = Address::of_mut(&y);
    let divisor = match op {
        ReduceOp::Mean => axis.axis as f32,
        ReduceOp::Sum | ReduceOp::SumOfSquares | ReduceOp::Max => 1.0,
    };
    let plan = Plan::new(axis);
    if plan.parts == 1 {
        return plan.launch(cuda, op, divisor, x, y);
    }
    let partials = Address::of_mut(&partials);
    plan.launch(cuda, op, 1.0, x, partials)?;
    let op = match op {
        ReduceOp::SumOfSquares => ReduceOp::Sum,
        op => op,
    };
    plan.finish().launch(cuda, op, divisor, partials, y)
}

/// Repeats `x [outer, inner]`, times `scale`, along the axis of `y [outer, axis, inner]`.
pub(crate) fn broadcast(
    cuda: &Cuda,
    axis: &Axis,
    scale: f32,
    x: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "broadcast";
    let x = read(NAME, "x", x, axis.reduced())?;
    let y = write(NAME, "y", y, axis.elements())?;
    if y.bytes() == 0 {
        return Ok(());
    }
    let aligned = Address::of_mut(&y).is_aligned();
    let (kernel, width) = match axis.inner {
        1 if axis.axis.is_multiple_of(4) && aligned => (&BROADCAST_RUNS, 4),
        inner if inner.is_multiple_of(4) && aligned && Address::of(x).is_aligned() => {
            (&BROADCAST_QUADS, 4)
        }
        _ => (&BROADCAST_SCALAR, 1),
    };
    let grid = Grid::over(axis.elements().div_ceil(width), THREADS as u32);
    let &Axis { outer, axis, inner } = axis;
    let sizes = [outer, axis, inner].map(|size| size as u64);
    let values = (x, y, sizes[0], sizes[1], sizes[2], scale);
    cuda.launch(kernel, grid, values, || {
        format!("[{outer}, {inner}] to [{outer}, {axis}, {inner}]")
    })
}

/// The inner product of `a` and `b`.
pub(crate) fn dot(
    cuda: &Cuda,
    a: Ref<'_, Cuda>,
    b: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "dot";
    let n = elements(NAME, "a", a.bytes())?;
    let b = read(NAME, "b", b, n)?;
    let y = write(NAME, "y", y, 1)?;
    let (partials, _) = scratch.split(NAME, "scratch", dot_scratch_bytes(n))?;
    let vector = n.is_multiple_of(4) && Address::of(a).is_aligned() && Address::of(b).is_aligned();
    let kernel = if vector { &DOT } else { &DOT_SCALAR };
    let y = Address::of_mut(&y);
    let parts = n.div_ceil(PIECE).max(1);
    let target = if parts == 1 {
        y
    } else {
        Address::of_mut(&partials)
    };
    let grid = Grid::new([parts.min(MOST_BLOCKS) as u32, 1, 1], THREADS as u32);
    let values = (a, b, target, n as u64, PIECE as u32);
    cuda.launch(kernel, grid, values, || format!("[{n}]"))?;
    if parts == 1 {
        return Ok(());
    }
    let axis = Axis {
        outer: 1,
        axis: parts,
        inner: 1,
    };
    let whole = Plan {
        steps: parts,
        parts: 1,
        ..Plan::new(&axis)
    };
    whole.launch(cuda, ReduceOp::Sum, 1.0, target, y)
}
