//! Launchers of `mixed_op.cu`.

use crate::Cuda;
use crate::fill::fill;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::{elements, read, write};
use crate::parameter::{In, Out, Pointer, kernel_struct};
use radars_tensor::{FixedPoint, Mut, Ref, Result};

const F32: usize = size_of::<f32>();
const THREADS: u32 = 256;
/// Terms of one launch.
const TERMS: usize = 64;
/// Formats of one launch.
const FORMATS: usize = 8;
/// Elements whose inner products a block adds up.
const PIECE: usize = 16384;

kernel_struct! {
    /// Where the terms of a mixture lie.
    struct MixTerms {
        terms: [Pointer<In<f32>>; TERMS],
    }
}

kernel_struct! {
    /// Fixed-point formats, field by field.
    struct MixFormats {
        scale: [f32; FORMATS],
        step: [f32; FORMATS],
        lo: [f32; FORMATS],
        hi: [f32; FORMATS],
    }
}

impl MixFormats {
    /// At most [`FORMATS`] formats.
    fn new(formats: &[FixedPoint]) -> Self {
        let mut table = MixFormats {
            scale: [0.0; FORMATS],
            step: [0.0; FORMATS],
            lo: [0.0; FORMATS],
            hi: [0.0; FORMATS],
        };
        for (m, format) in formats.iter().enumerate() {
            table.scale[m] = format.scale();
            table.step[m] = format.step();
            (table.lo[m], table.hi[m]) = format.code_range();
        }
        table
    }
}

const MIX: Kernel<(In<f32>, MixTerms, i32, i32, Out<f32>, u64)> = Kernel::new("mix");
const MIX_QUANTISED: Kernel<(In<f32>, MixFormats, i32, i32, In<f32>, Out<f32>, u64)> =
    Kernel::new("mix_quantised");
const BACKWARD_X: Kernel<(
    In<f32>,
    MixFormats,
    i32,
    i32,
    In<f32>,
    In<f32>,
    Out<f32>,
    u64,
)> = Kernel::new("mix_quantised_backward_x");
const BACKWARD_P: Kernel<(MixFormats, i32, In<f32>, In<f32>, Out<f32>, u64)> =
    Kernel::new("mix_quantised_backward_p");
const BACKWARD_BOTH: Kernel<(
    In<f32>,
    MixFormats,
    i32,
    i32,
    In<f32>,
    In<f32>,
    Out<f32>,
    Out<f32>,
    u64,
)> = Kernel::new("mix_quantised_backward_both");
const COMBINE: Kernel<(In<f32>, Out<f32>, u64)> = Kernel::new("mix_quantised_combine");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &MIX,
    &MIX_QUANTISED,
    &BACKWARD_X,
    &BACKWARD_P,
    &BACKWARD_BOTH,
    &COMBINE,
];

/// The weights of the launch that begins with candidate `first`.
fn weights<'a>(p: Ref<'a, Cuda>, first: usize, count: usize) -> Ref<'a, Cuda> {
    p.slice(first * F32..(first + count) * F32)
}

/// A thread for every four elements.
fn grid(n: usize) -> Grid {
    Grid::over(n.div_ceil(4), THREADS)
}

/// `y = sum_m p[m] * terms[m]`.
pub(crate) fn mix(
    cuda: &Cuda,
    p: Ref<'_, Cuda>,
    terms: &[Ref<'_, Cuda>],
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "mix";
    let n = elements(NAME, "y", y.bytes())?;
    let p = read(NAME, "p", p, terms.len())?;
    let mut y = write(NAME, "y", y, n)?;
    for term in terms {
        read(NAME, "a term", *term, n)?;
    }
    if terms.is_empty() {
        return fill(cuda, 0.0, y);
    }
    for (launch, terms) in terms.chunks(TERMS).enumerate() {
        let mut table = MixTerms {
            terms: [Pointer::new(Address::NULL); TERMS],
        };
        for (pointer, &term) in table.terms.iter_mut().zip(terms) {
            *pointer = Pointer::new(Address::of(term));
        }
        let p = weights(p, launch * TERMS, terms.len());
        let (count, resume) = (terms.len() as i32, i32::from(launch > 0));
        let values = (p, table, count, resume, y.reborrow(), n as u64);
        cuda.launch(&MIX, grid(n), values, || format!("{count} of [{n}]"))?;
    }
    Ok(())
}

/// `y = sum_m p[m] * quantise_m(x)`.
pub(crate) fn mix_quantised(
    cuda: &Cuda,
    formats: &[FixedPoint],
    p: Ref<'_, Cuda>,
    x: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "mix_quantised";
    let n = elements(NAME, "x", x.bytes())?;
    let p = read(NAME, "p", p, formats.len())?;
    let mut y = write(NAME, "y", y, n)?;
    if formats.is_empty() {
        return fill(cuda, 0.0, y);
    }
    for (launch, formats) in formats.chunks(FORMATS).enumerate() {
        let p = weights(p, launch * FORMATS, formats.len());
        let (count, resume) = (formats.len() as i32, i32::from(launch > 0));
        let table = MixFormats::new(formats);
        let values = (p, table, count, resume, x, y.reborrow(), n as u64);
        cuda.launch(&MIX_QUANTISED, grid(n), values, || {
            format!("{count} formats of [{n}]")
        })?;
    }
    Ok(())
}

/// Bytes of scratch of [`mix_quantised_backward`]: an inner product for every format and piece.
pub(crate) fn backward_scratch_bytes(formats: &[FixedPoint], elements: usize) -> usize {
    formats.len() * elements.div_ceil(PIECE) * F32
}

/// `dx = dy * sum_m p[m] * passes_m(x)` and `dp[m] = <dy, quantise_m(x)>`, each if asked for.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(crate) fn mix_quantised_backward(
    cuda: &Cuda,
    formats: &[FixedPoint],
    p: Ref<'_, Cuda>,
    x: Ref<'_, Cuda>,
    dy: Ref<'_, Cuda>,
    dx: Option<Mut<'_, Cuda>>,
    dp: Option<Mut<'_, Cuda>>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "mix_quantised_backward";
    let n = elements(NAME, "x", x.bytes())?;
    let p = read(NAME, "p", p, formats.len())?;
    let dy = read(NAME, "dy", dy, n)?;
    let mut dx = dx.map(|dx| write(NAME, "dx", dx, n)).transpose()?;
    let dp = dp
        .map(|dp| write(NAME, "dp", dp, formats.len()))
        .transpose()?;
    let (mut partials, _) = scratch.split(NAME, "scratch", backward_scratch_bytes(formats, n))?;
    if n == 0 || formats.is_empty() {
        // An empty sum is zero.
        return [dx, dp]
            .into_iter()
            .flatten()
            .try_for_each(|zero| fill(cuda, 0.0, zero));
    }
    let pieces = n.div_ceil(PIECE);
    let grid = Grid::new([pieces as u32, 1, 1], THREADS);
    for (launch, formats) in formats.chunks(FORMATS).enumerate() {
        let first = launch * FORMATS;
        let p = weights(p, first, formats.len());
        let bytes = first * pieces * F32..(first + formats.len()) * pieces * F32;
        let mut partials = partials.reborrow().slice(bytes);
        let (count, resume) = (formats.len() as i32, i32::from(launch > 0));
        let (table, n) = (MixFormats::new(formats), n as u64);
        let shapes = || format!("{count} formats of [{n}]");
        match (&mut dx, &dp) {
            (Some(dx), None) => {
                let values = (p, table, count, resume, x, dy, dx.reborrow(), n);
                cuda.launch(&BACKWARD_X, grid, values, shapes)?;
            }
            (None, Some(_)) => {
                let values = (table, count, x, dy, partials.reborrow(), n);
                cuda.launch(&BACKWARD_P, grid, values, shapes)?;
            }
            (Some(dx), Some(_)) => {
                let partials = partials.reborrow();
                let values = (p, table, count, resume, x, dy, dx.reborrow(), partials, n);
                cuda.launch(&BACKWARD_BOTH, grid, values, shapes)?;
            }
            (None, None) => {}
        }
    }
    let Some(dp) = dp else {
        return Ok(());
    };
    let grid = Grid::new([formats.len() as u32, 1, 1], THREADS);
    let values = (partials.as_ref(), dp, pieces as u64);
    cuda.launch(&COMBINE, grid, values, || {
        format!("[{}, {pieces}]", formats.len())
    })
}
