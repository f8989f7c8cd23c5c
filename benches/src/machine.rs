//! The machines that benches run on, and what each can do at most, as measured.

use crate::roofline::Peak;
use criterion::Criterion;
use radars_cuda::Cuda;
use radars_tensor::{Arena, Backend, Cpu, Error, Isa, MatMul, Result, Tensor};
use std::time::{Duration, Instant};

/// Runs of a measurement of a peak, of which the fastest counts.
const RUNS: usize = 5;
/// Bytes of each of the two tensors that measure the bandwidth: larger than caches.
const COPIED_BYTES: usize = 128 << 20;

/// A backend whose peak can be measured.
pub trait Machine: Backend {
    /// Whether the peak is that of tensor cores, to which a product of floats is several products of f16.
    const TENSOR_CORES: bool;

    /// What it is, for the log.
    fn describe(&self) -> String;

    /// The most operations a second that its arithmetic does.
    ///
    /// # Errors
    /// The backend's.
    fn peak_flops(arena: &Arena<Self>) -> Result<f64>;
}

impl Machine for Cpu {
    const TENSOR_CORES: bool = false;

    fn describe(&self) -> String {
        format!("the CPU ({})", self.spec())
    }

    /// Of a large f32 matrix product of the crate `gemm`.
    fn peak_flops(arena: &Arena<Self>) -> Result<f64> {
        const SIDE: usize = 1024;
        let shape = MatMul {
            m: SIDE,
            n: SIDE,
            k: SIDE,
            transpose_a: false,
            transpose_b: false,
        };
        let a = Tensor::full(arena, [SIDE, SIDE], 0.5)?;
        let mut c = Tensor::zeros(arena, [SIDE, SIDE])?;
        let mut scratch = Tensor::zeros(arena, [1])?;
        let seconds = fastest(|| {
            let (c, scratch) = (c.view_mut("peak")?, scratch.view_mut("peak")?);
            (arena.backend()).matmul(&shape, a.view(), a.view(), c, scratch.slice(0..0))
        })?;
        Ok(2.0 * (SIDE * SIDE * SIDE) as f64 / seconds)
    }
}

impl Machine for Cuda {
    const TENSOR_CORES: bool = true;

    fn describe(&self) -> String {
        let info = self.info();
        format!("{} ({})", info.name, self.spec())
    }

    /// Of the tensor cores, f16 with f32 sums.
    fn peak_flops(arena: &Arena<Self>) -> Result<f64> {
        let cuda = arena.backend();
        let blocks = 8 * cuda.info().multiprocessors as usize;
        let mut scratch = Tensor::zeros(arena, [8 * blocks])?;
        cuda.tensor_core_flops(scratch.view_mut("peak")?, 1 << 12)
    }
}

/// Work to be measured on every machine.
pub trait Workload {
    /// Bytes of the arena that it needs.
    const BOUND_BYTES: usize = 1 << 29;

    /// Runs it on one.
    ///
    /// # Errors
    /// The backend's.
    fn run<B: Machine>(
        &self,
        criterion: &mut Criterion,
        arena: &Arena<B>,
        peak: Peak,
    ) -> Result<()>;
}

/// Runs the work on the CPU, on `THREADS` threads (2) with the instruction set `ISA` (the machine's best), and,
/// where there is one, on the first NVIDIA card.
///
/// # Errors
/// The backends'; [`Error::Device`] when `THREADS` is no number or `ISA` no instruction set.
pub fn on_every_machine<W: Workload>(workload: &W) -> Result<()> {
    let threads = match std::env::var("THREADS") {
        Ok(text) => text.parse().map_err(|_| Error::Device {
            device: <Cpu as Backend>::NAME,
            reason: format!("THREADS is `{text}`, but has to be a number of threads"),
        })?,
        Err(_) => 2,
    };
    let isa = match std::env::var("ISA") {
        Ok(text) => text.parse().map_err(|reason| Error::Device {
            device: <Cpu as Backend>::NAME,
            reason,
        })?,
        Err(_) => Isa::detect(),
    };
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .configure_from_args();
    on(&mut criterion, Cpu::with_isa(threads, isa)?, workload)?;
    match Cuda::open(0) {
        Ok(cuda) => on(&mut criterion, cuda, workload)?,
        Err(error) => eprintln!("nothing is measured on a GPU: {error}"),
    }
    criterion.final_summary();
    Ok(())
}

fn on<B: Machine, W: Workload>(criterion: &mut Criterion, backend: B, workload: &W) -> Result<()> {
    let arena = Arena::with_bound(backend, W::BOUND_BYTES.max(3 * COPIED_BYTES))?;
    let peak = Peak {
        flops: B::peak_flops(&arena)?,
        bandwidth: bandwidth(&arena)?,
    };
    eprintln!(
        "{}: measured peaks {:.0} GFLOP/s, {:.1} GB/s (a copy, read and written bytes)",
        arena.backend().describe(),
        peak.flops / 1e9,
        peak.bandwidth / 1e9
    );
    workload.run(criterion, &arena, peak)
}

/// Bytes read and written a second by a copy of a large tensor.
fn bandwidth<B: Backend>(arena: &Arena<B>) -> Result<f64> {
    let from = Tensor::full(arena, [COPIED_BYTES / 4], 1.0)?;
    let mut to = Tensor::zeros(arena, [COPIED_BYTES / 4])?;
    let mut marker = Tensor::zeros(arena, [1])?;
    let seconds = fastest(|| {
        arena
            .backend()
            .copy(from.view(), to.view_mut("bandwidth")?)?;
        wait(&mut marker)
    })?;
    Ok(2.0 * COPIED_BYTES as f64 / seconds)
}

fn fastest(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Waits until the device has done all before: a value is written and read back behind it.
///
/// # Errors
/// The backend's.
pub fn wait<B: Backend>(marker: &mut Tensor<B>) -> Result<()> {
    marker.fill(1.0)?;
    marker.item().map(drop)
}
