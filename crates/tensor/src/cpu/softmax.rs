//! Softmax, its gradient, and cross entropy.

use super::Cpu;
use super::memory::{partials, read, slice, write};
use super::parallel::PIECE;
use super::simd::simd;
use super::sums::{sum, sum_pairs};
use crate::{CrossEntropy, Error, Mut, Ref, Result};
use rayon::prelude::*;

/// Rows of one partial loss.
const ROWS: usize = 64;

fn check_columns(op: &'static str, columns: usize, bytes: usize) -> Result<usize> {
    let elements = bytes / size_of::<f32>();
    // Nothing has rows of any length.
    if elements > 0 && (columns == 0 || !elements.is_multiple_of(columns)) {
        return Err(Error::Geometry {
            op,
            what: "the number of columns",
            value: columns,
            expected: "at least 1 and a divisor of the elements",
        });
    }
    Ok(elements)
}

/// Elements of a piece of whole rows.
fn piece(columns: usize) -> usize {
    let columns = columns.max(1);
    (PIECE / columns).max(1) * columns
}

/// The largest of `row`.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let mut largest = f32::NEG_INFINITY;
    for &x in row {
        largest = if x > largest { x } else { largest };
    }
    largest
}

/// Softmax of every row.
pub(super) fn forward(cpu: &Cpu, columns: usize, x: Ref<'_, Cpu>, y: Mut<'_, Cpu>) -> Result<()> {
    const NAME: &str = "softmax";
    let elements = check_columns(NAME, columns, y.bytes())?;
    let x = read(NAME, "x", x, elements)?;
    let y = write(NAME, "y", y, elements)?;
    let (isa, piece) = (cpu.spec.isa, piece(columns));
    let items = y.par_chunks_mut(piece).zip(x.par_chunks(piece));
    cpu.for_each(elements, items, |(y, x)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                for (y, x) in y.chunks_exact_mut(columns).zip(x.chunks_exact(columns)) {
                    exponentials(x, largest(x), y);
                    let inverse = 1.0
                        / sum(
                            y,
                            #[inline(always)]
                            move |y| y,
                        );
                    for y in y {
                        *y = (f64::from(*y) * inverse) as f32;
                    }
                }
            },
        );
    });
    Ok(())
}

/// `y = exp(x - shift)`.
#[inline(always)]
fn exponentials(x: &[f32], shift: f32, y: &mut [f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = libm::expf(x - shift);
    }
}

/// `dx = y * (dy - <dy, y>)` of every row.
pub(super) fn backward(
    cpu: &Cpu,
    columns: usize,
    y: Ref<'_, Cpu>,
    dy: Ref<'_, Cpu>,
    dx: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "softmax_backward";
    let elements = check_columns(NAME, columns, dx.bytes())?;
    let y = read(NAME, "y", y, elements)?;
    let dy = read(NAME, "dy", dy, elements)?;
    let dx = write(NAME, "dx", dx, elements)?;
    let (isa, piece) = (cpu.spec.isa, piece(columns));
    let items = dx
        .par_chunks_mut(piece)
        .zip(y.par_chunks(piece))
        .zip(dy.par_chunks(piece));
    cpu.for_each(elements, items, |((dx, y), dy)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                let rows = y.chunks_exact(columns).zip(dy.chunks_exact(columns));
                for (dx, (y, dy)) in dx.chunks_exact_mut(columns).zip(rows) {
                    let inner = sum_pairs(
                        y,
                        dy,
                        #[inline(always)]
                        move |y, dy| y * dy,
                    ) as f32;
                    for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                        *dx = y * (dy - inner);
                    }
                }
            },
        );
    });
    Ok(())
}

/// Bytes of scratch of [`cross_entropy`].
pub(super) fn cross_entropy_scratch_bytes(g: &CrossEntropy) -> usize {
    g.rows.div_ceil(ROWS) * size_of::<f64>()
}

/// Operands of [`cross_entropy`].
pub(super) struct Loss<'a> {
    pub(super) logits: Ref<'a, Cpu>,
    pub(super) labels: Ref<'a, Cpu>,
    pub(super) loss: Mut<'a, Cpu>,
    pub(super) dlogits: Mut<'a, Cpu>,
    pub(super) scratch: Mut<'a, Cpu>,
}

/// The mean over rows of `ln(sum exp z) - (1 - s) z[label] - s / classes * sum z`, and its gradient
/// `(softmax(z) - target) / rows`.
pub(super) fn cross_entropy(cpu: &Cpu, g: &CrossEntropy, operands: Loss<'_>) -> Result<()> {
    const NAME: &str = "cross_entropy";
    let CrossEntropy { rows, classes, .. } = *g;
    let logits = read(NAME, "logits", operands.logits, rows * classes)?;
    let labels = operands
        .labels
        .checked(NAME, "labels", rows * size_of::<i32>())?;
    let labels = slice::<i32>(labels);
    let loss = write(NAME, "loss", operands.loss, 1)?;
    let dlogits = write(NAME, "dlogits", operands.dlogits, rows * classes)?;
    let partials = partials(NAME, operands.scratch, cross_entropy_scratch_bytes(g))?;
    check_labels(NAME, labels, classes)?;
    if logits.is_empty() {
        loss[0] = 0.0;
        return Ok(());
    }
    let items = partials
        .par_iter_mut()
        .zip(labels.par_chunks(ROWS))
        .zip(logits.par_chunks(ROWS * classes))
        .zip(dlogits.par_chunks_mut(ROWS * classes));
    cpu.for_each(rows * classes, items, |(((partial, labels), z), dz)| {
        let rows = z.chunks_exact(classes).zip(dz.chunks_exact_mut(classes));
        *partial = rows
            .zip(labels)
            .map(|((z, dz), &label)| row_loss(g, z, label as usize, dz))
            .sum();
    });
    loss[0] = (partials.iter().sum::<f64>() / rows as f64) as f32;
    Ok(())
}

fn check_labels(op: &'static str, labels: &[i32], classes: usize) -> Result<()> {
    let geometry = |what, value, expected| Error::Geometry {
        op,
        what,
        value,
        expected,
    };
    for &label in labels {
        match usize::try_from(label) {
            Ok(label) if label < classes => {}
            Ok(label) => {
                return Err(geometry(
                    "a label",
                    label,
                    "less than the number of classes",
                ));
            }
            Err(_) => {
                let magnitude = label.unsigned_abs() as usize;
                return Err(geometry(
                    "minus a label",
                    magnitude,
                    "of a label that is not negative",
                ));
            }
        }
    }
    Ok(())
}

/// The loss of one row in f64, and its part of the gradient.
fn row_loss(g: &CrossEntropy, z: &[f32], label: usize, dz: &mut [f32]) -> f64 {
    let shift = largest(z);
    exponentials(z, shift, dz);
    let total: f64 = dz.iter().map(|&e| f64::from(e)).sum();
    let smoothing = f64::from(g.smoothing);
    let share = smoothing / g.classes as f64;
    let rows = g.rows as f64;
    for (class, dz) in dz.iter_mut().enumerate() {
        let target = if class == label {
            1.0 - smoothing + share
        } else {
            share
        };
        *dz = ((f64::from(*dz) / total - target) / rows) as f32;
    }
    let sum: f64 = z.iter().map(|&z| f64::from(z) - f64::from(shift)).sum();
    let of_label = f64::from(z[label]) - f64::from(shift);
    libm::log(total) - (1.0 - smoothing) * of_label - share * sum
}
