//! The sums of one tile: 8 rows of up to 32 lanes, by the widest dot products that the machine has.

use super::cells::Form;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::Isa;

/// Rows of a tile.
pub(super) const ROWS: usize = 8;
/// Lanes of a tile.
pub(super) const LANES: usize = 32;
/// Lanes that are computed or left out together.
const HALF: usize = LANES / 2;

/// Which cells a tile multiplies: `lines` runs of `cells` cells of the images, each with a run of the
/// weights' cells.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// Where the first run of every row starts.
    pub(super) starts: [usize; ROWS],
    /// Distance of two cells of a run, and of two runs, in the images.
    pub(super) step: usize,
    pub(super) line: usize,
    /// Where the first run starts in the weights, and the distance of two runs, in [`LANES`] cells.
    pub(super) weights: usize,
    pub(super) weights_line: usize,
    pub(super) lines: usize,
    pub(super) cells: usize,
}

/// The sums of a tile as floats.
#[repr(align(64))]
pub(super) struct Sums(pub(super) [[f32; LANES]; ROWS]);

/// How dot products are computed. All give the same sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// On any machine.
    Portable,
    /// With AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// With AVX-512 and its VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// How the codes of two operands are multiplied.
#[derive(Clone, Copy)]
pub(super) struct Products {
    pub(super) kernel: Kernel,
    pub(super) form: Form,
    /// The value of a sum of one.
    pub(super) scale: f32,
}

impl Sums {
    pub(super) fn new() -> Self {
        Sums([[0.0; LANES]; ROWS])
    }
}

impl Kernel {
    /// The best of this machine within an instruction set that it has.
    pub(super) fn of(isa: Isa) -> Self {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 if is_x86_feature_detected!("avx512vnni") => Kernel::Vnni,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => Kernel::Avx512,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Kernel::Avx2,
            _ => Kernel::Portable,
        }
    }
}

impl Products {
    /// The first `lanes` lanes of a tile's sums, times `scale`; what the others hold is unspecified.
    pub(super) fn sums(
        self,
        images: &[u32],
        weights: &[u32],
        tile: &Tile,
        lanes: usize,
        sums: &mut Sums,
    ) {
        let Products {
            kernel,
            form,
            scale,
        } = self;
        if tile.lines == 0 || tile.cells == 0 {
            sums.0 = [[0.0; LANES]; ROWS];
            return;
        }
        let last = (tile.lines - 1) * tile.line + (tile.cells - 1) * tile.step;
        assert!(tile.starts.iter().all(|start| start + last < images.len()));
        let last = tile.weights + (tile.lines - 1) * tile.weights_line + tile.cells;
        assert!(last * LANES <= weights.len());
        macro_rules! by_form {
            ($($kernel:ident)::+) => {
                match (form, lanes > HALF) {
                    (Form::Pairs, false) => $($kernel)::+::<false, 1>(images, weights, tile, scale, sums),
                    (Form::Pairs, true) => $($kernel)::+::<false, 2>(images, weights, tile, scale, sums),
                    (Form::Quads, false) => $($kernel)::+::<true, 1>(images, weights, tile, scale, sums),
                    (Form::Quads, true) => $($kernel)::+::<true, 2>(images, weights, tile, scale, sums),
                }
            };
        }
        match kernel {
            Kernel::Portable => by_form!(portable),
            // SAFETY: `of` was asked for the best of an instruction set that the machine has; no run leaves
            // the operands, as asserted.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { by_form!(avx2::sums) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => unsafe { by_form!(avx512::sums) },
            // SAFETY: as above, and `of` has asked for VNNI.
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni => unsafe { by_form!(avx512::vnni_sums) },
        }
    }
}

/// A tile's sums in plain loops that vectorise; row after row, since few machines have registers for more.
fn portable<const QUADS: bool, const HALVES: usize>(
    images: &[u32],
    weights: &[u32],
    tile: &Tile,
    scale: f32,
    sums: &mut Sums,
) {
    for (start, row) in tile.starts.iter().zip(&mut sums.0) {
        for half in 0..HALVES {
            let mut totals = [0i32; HALF];
            for i in 0..tile.lines {
                let images = &images[start + i * tile.line..];
                let weights = &weights[(tile.weights + i * tile.weights_line) * LANES..];
                let lanes = weights
                    .chunks_exact(LANES)
                    .map(|lanes| &lanes[half * HALF..][..HALF]);
                let cells = images.iter().step_by(tile.step);
                for (&cell, lanes) in cells.zip(lanes).take(tile.cells) {
                    if QUADS {
                        let x = cell.to_ne_bytes().map(i32::from);
                        let lanes: &[[i8; 4]] = bytemuck::cast_slice(lanes);
                        for (total, w) in totals.iter_mut().zip(lanes) {
                            let w = w.map(i32::from);
                            *total += x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
                        }
                    } else {
                        let x: [i16; 2] = bytemuck::cast(cell);
                        let x = x.map(i32::from);
                        let lanes: &[[i16; 2]] = bytemuck::cast_slice(lanes);
                        for (total, w) in totals.iter_mut().zip(lanes) {
                            *total += x[0] * i32::from(w[0]) + x[1] * i32::from(w[1]);
                        }
                    }
                }
            }
            for (value, total) in row[half * HALF..].iter_mut().zip(totals) {
                *value = total as f32 * scale;
            }
        }
    }
}
