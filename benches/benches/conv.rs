//! The three passes of the convolutions of a Table I network, of a narrow one, and of depthwise ones.
//!
//! `cargo bench -p radars-benches --bench conv`, with a filter such as `table1/k3/fprop` after `--`.
//! Throughput counts an addition and a multiplication for every product, those with padding included:
//! Gelem/s are GFLOP/s. `THREADS` sets the number of threads, 2 by default.

use criterion::{BenchmarkId, Criterion, Throughput};
use radars_tensor::{Arena, Backend, Conv2dOptions, Cpu, Result, Tensor};
use std::time::Duration;

const BATCH: usize = 64;
const KERNELS: [usize; 4] = [1, 3, 5, 7];
/// Memory that holds any layer with its gradients and scratch.
const BOUND: usize = 1 << 29;

/// Side of the image, input and output channels, stride and groups of a layer.
type Layer = (usize, usize, usize, usize, usize);

/// A name, its layers, and whether the first layer's input wants a gradient.
const NETWORKS: [(&str, &[Layer], bool); 3] = [
    (
        "table1",
        &[
            (32, 3, 64, 1, 1),
            (32, 64, 64, 2, 1),
            (16, 64, 128, 1, 1),
            (16, 128, 128, 2, 1),
            (8, 128, 256, 1, 1),
            (8, 256, 256, 2, 1),
        ],
        false,
    ),
    (
        "narrow",
        &[
            (28, 1, 16, 1, 1),
            (28, 16, 16, 1, 1),
            (28, 16, 32, 2, 1),
            (14, 32, 32, 1, 1),
            (14, 32, 64, 2, 1),
            (7, 64, 64, 1, 1),
        ],
        false,
    ),
    (
        "depthwise",
        &[
            (28, 32, 32, 1, 32),
            (28, 64, 64, 2, 64),
            (14, 128, 128, 1, 128),
        ],
        true,
    ),
];

fn layer<B: Backend>(
    criterion: &mut Criterion,
    arena: &Arena<B>,
    network: &str,
    (size, ci, co, stride, groups): Layer,
    kernel: usize,
    input_gradient: bool,
) -> Result<()> {
    let options = Conv2dOptions {
        stride,
        padding: kernel / 2,
        groups,
    };
    let x = Tensor::full(arena, [BATCH, size, size, ci], 0.5)?;
    let w = Tensor::full(arena, [co, kernel, kernel, ci / groups], 0.25)?;
    let g = x.conv2d_geometry(&w, options)?;
    let dy = Tensor::full(arena, [BATCH, g.output[0], g.output[1], co], 0.5)?;
    let mut pass = |name: &str, run: &dyn Fn() -> Result<Tensor<B>>| {
        let mut group = criterion.benchmark_group(format!("{network}/k{kernel}/{name}"));
        group.throughput(Throughput::Elements(2 * g.macs()));
        let id = BenchmarkId::from_parameter(format!("{size}x{size}x{ci}-{co}/s{stride}"));
        group.bench_function(id, |bencher| bencher.iter(run));
        group.finish();
    };
    pass("fprop", &|| x.conv2d(&w, options));
    if input_gradient {
        pass("dgrad", &|| dy.conv2d_input_gradient(&w, &g));
    }
    pass("wgrad", &|| dy.conv2d_weight_gradient(&x, &g));
    Ok(())
}

fn main() -> Result<()> {
    let threads = std::env::var("THREADS").ok();
    let threads = threads.and_then(|text| text.parse().ok()).unwrap_or(2);
    let arena = Arena::with_bound(Cpu::new(threads)?, BOUND)?;
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .configure_from_args();
    for (network, layers, first) in NETWORKS {
        for kernel in KERNELS {
            for (index, &sizes) in layers.iter().enumerate() {
                let input_gradient = first || index > 0;
                layer(
                    &mut criterion,
                    &arena,
                    network,
                    sizes,
                    kernel,
                    input_gradient,
                )?;
            }
        }
    }
    criterion.final_summary();
    Ok(())
}
