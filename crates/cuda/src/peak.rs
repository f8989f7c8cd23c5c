//! Launcher of `peak.cu`: what a card's tensor cores can do at most.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::elements;
use crate::parameter::Out;
use radars_tensor::{Error, Mut, Result};
use std::time::Instant;

const PEAK_TENSOR_CORE: Kernel<(Out<f32>, u32)> = Kernel::new("peak_tensor_core");

pub(crate) const KERNELS: &[&dyn Signed] = &[&PEAK_TENSOR_CORE];

/// Warps of a block, each of which writes one value.
const WARPS: usize = 8;
/// Operations of a warp and iteration: four products of 16 x 16 x 16, two operations each.
const FLOPS: f64 = 4.0 * 2.0 * 16.0 * 16.0 * 16.0;

impl Cuda {
    /// Measures how many operations a second the tensor cores do on f16 operands with f32 sums, with nothing to
    /// load: the best of several runs of `iterations` steps in as many blocks as `scratch` holds eight f32 for.
    ///
    /// For benches: what a convolution's throughput is a share of. A few thousand iterations in eight blocks a
    /// multiprocessor take some milliseconds.
    ///
    /// # Errors
    /// [`Error::Length`] when `scratch` holds less than one block's values; the driver's errors.
    pub fn tensor_core_flops(&self, mut scratch: Mut<'_, Cuda>, iterations: u32) -> Result<f64> {
        const NAME: &str = "tensor_core_flops";
        let blocks = elements(NAME, "scratch", scratch.bytes())? / WARPS;
        if blocks == 0 {
            return Err(Error::Length {
                op: NAME,
                operand: "scratch",
                expected: WARPS * size_of::<f32>(),
                got: scratch.bytes(),
            });
        }
        let grid = Grid::new([blocks.min(1 << 20) as u32, 1, 1], 32 * WARPS as u32);
        let flops = FLOPS * f64::from(iterations) * WARPS as f64 * f64::from(grid.blocks[0]);
        let mut best = 0.0f64;
        for _ in 0..5 {
            self.synchronise()?;
            let start = Instant::now();
            self.launch(
                &PEAK_TENSOR_CORE,
                grid,
                (scratch.reborrow(), iterations),
                || format!("{iterations} iterations"),
            )?;
            self.synchronise()?;
            best = best.max(flops / start.elapsed().as_secs_f64());
        }
        Ok(best)
    }
}
