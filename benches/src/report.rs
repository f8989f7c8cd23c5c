//! One measurement: its time by criterion, and its share of what the machine can do.

use crate::machine::{Machine, wait};
use crate::roofline::Peak;
use criterion::{Criterion, Throughput};
use radars_tensor::{Arena, Result, Tensor};
use std::time::{Duration, Instant};

/// What a measured piece of work does at least.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Operations, a multiplication and an addition being two; 0 where only bytes count.
    pub flops: u64,
    /// Operations of the arithmetic's own kind that those take, where it is not one for one.
    pub device_flops: u64,
    /// Bytes that move at least.
    pub bytes: u64,
}

/// Measures `run` as `{device}/{group}/{id}` and says what share of the peak it reaches.
///
/// # Errors
/// The first error of `run`.
pub fn measure<B: Machine>(
    criterion: &mut Criterion,
    arena: &Arena<B>,
    peak: Peak,
    (group, id): (&str, &str),
    work: Work,
    mut run: impl FnMut() -> Result<()>,
) -> Result<()> {
    let mut marker = Tensor::zeros(arena, [1])?;
    let mut failed = None;
    let mut best = f64::INFINITY;
    let mut criterion_group = criterion.benchmark_group(format!("{}/{group}", B::NAME));
    criterion_group.throughput(match work.flops {
        0 => Throughput::Bytes(work.bytes),
        flops => Throughput::Elements(flops),
    });
    criterion_group.bench_function(id, |bencher| {
        bencher.iter_custom(|times| {
            // A failure ends the measurement at once; it is returned below.
            let mut timed = || -> Result<Duration> {
                wait(&mut marker)?;
                let start = Instant::now();
                for _ in 0..times {
                    run()?;
                }
                wait(&mut marker)?;
                Ok(start.elapsed())
            };
            match timed() {
                Ok(elapsed) => {
                    best = best.min(elapsed.as_secs_f64() / times as f64);
                    elapsed
                }
                Err(error) => {
                    failed.get_or_insert(error);
                    Duration::from_nanos(times)
                }
            }
        });
    });
    criterion_group.finish();
    if let Some(error) = failed {
        return Err(error);
    }
    if best.is_finite() {
        println!("{}", shares(work, peak, best));
    }
    Ok(())
}

/// As `  at best 12.3 us: 45 GFLOP/s, 30 % of the peak; 12.0 GB/s, 20 % of the bandwidth; 31 % of the roofline`.
fn shares(work: Work, peak: Peak, seconds: f64) -> String {
    let mut text = format!("    at best {:.1} us:", seconds * 1e6);
    let percent = |share: f64| (100.0 * share).round();
    if work.flops > 0 {
        text += &format!(
            " {:.1} GFLOP/s, {} % of the peak;",
            work.flops as f64 / seconds / 1e9,
            percent(work.device_flops as f64 / seconds / peak.flops)
        );
    }
    text + &format!(
        " {:.1} GB/s, {} % of the bandwidth; {} % of the roofline",
        work.bytes as f64 / seconds / 1e9,
        percent(work.bytes as f64 / seconds / peak.bandwidth),
        percent(peak.seconds(work.device_flops, work.bytes) / seconds)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_machine_of_100_gflops_and_10_gbytes() {
        let peak = Peak {
            flops: 100e9,
            bandwidth: 10e9,
        };
        let work = Work {
            flops: 1_000_000,
            device_flops: 2_000_000,
            bytes: 60_000,
        };
        assert_eq!(
            shares(work, peak, 40e-6),
            "    at best 40.0 us: 25.0 GFLOP/s, 50 % of the peak; 1.5 GB/s, 15 % of the bandwidth; 50 % of the roofline"
        );
    }
}
