//! Integer inference beside the fake-quantised evaluation of the same network on the CPU backend, one thread each.
//!
//! `cargo bench -p radars-benches --bench integer`. Elements are images. Both give the same logits, as far as they are
//! compared in `tests/tests/integer.rs`; how long an image takes does not depend on the weights.

use criterion::{Criterion, Throughput};
use radars_export::{IntegerNetwork, Network};
use radars_space::{Architecture, Candidate, Precision, Space};
use radars_supernet::nn::SgdSettings;
use radars_supernet::{ChildTrainer, Images, WeightSettings};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Cpu};
use rand::RngExt;
use std::error::Error;
use std::time::{Duration, Instant};

const BATCH: usize = 64;
const BOUND_BYTES: usize = 2 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for preset in ["fashion-small", "cifar10-quant"] {
        let space = Space::preset(preset)?;
        for (kernel, integer, fraction) in [(3, 3, 6), (3, 1, 3), (5, 1, 6)] {
            let bits = Precision { integer, fraction };
            let candidate = Candidate::quantised(kernel, bits, bits);
            let architecture = Architecture::uniform(candidate, space.layers().len());
            let name = format!("{preset}, {kernel}x{kernel}, {bits} bits");
            compare(&mut criterion, &name, &space, &architecture)?;
        }
    }
    let space = mobile()?;
    let architecture = space.random(&mut Seed(0).stream("architecture", 0));
    compare(&mut criterion, "mobile blocks", &space, &architecture)
}

/// The blocks of the preset `imagenet-mobile` in few bits, on images of 64 x 64.
fn mobile() -> Result<Space, Box<dyn Error>> {
    const LAYER: &str = r#"
[[layer]]
kind = "inverted-residual"
channels = CHANNELS
stride = STRIDE
choices = { kernel = [3], expansion = [6], activation_integer = [3], activation_fraction = [5], weight_integer = [1], weight_fraction = [6] }
"#;
    let mut text = r#"
name = "mobile"
classes = 10
input = { height = 64, width = 64, channels = 3 }
[choices]
kernel = [3]
activation_integer = [3]
activation_fraction = [5]
weight_integer = [1]
weight_fraction = [6]
[[layer]]
channels = 32
stride = 2
"#
    .to_owned();
    for (channels, stride) in [(24, 2), (24, 1), (40, 2), (40, 1), (80, 2), (80, 1)] {
        let layer = LAYER.replace("CHANNELS", &channels.to_string());
        text += &layer.replace("STRIDE", &stride.to_string());
    }
    Ok(Space::from_toml(&text, "mobile")?)
}

fn compare(
    criterion: &mut Criterion,
    name: &str,
    space: &Space,
    architecture: &Architecture,
) -> Result<(), Box<dyn Error>> {
    let settings = WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.0,
        statistics_batches: 0,
    };
    let arena = Arena::with_bound(Cpu::new(1)?, BOUND_BYTES)?;
    let mut trainer = ChildTrainer::new(&arena, space, architecture, settings, Seed(0))?;
    let network = Network::new(space, architecture, &trainer.parameters().save()?)?;
    let mut integer = IntegerNetwork::new(&network, 1)?;
    println!(
        "{name}: {} bytes of parameters, {} of buffers; {} of {} thresholds differ",
        integer.parameter_bytes(),
        integer.workspace_bytes(),
        integer.differing_thresholds(),
        integer
            .rescalings()
            .iter()
            .map(|of| of.thresholds)
            .sum::<usize>(),
    );

    let mut stream = Seed(0).stream("bench images", 0);
    let bytes = BATCH * integer.image_bytes();
    let bytes: Vec<u8> = (0..bytes).map(|_| stream.random()).collect();
    let images = Images {
        bytes: &bytes,
        placements: &[[0; 3]; BATCH],
        labels: &[0; BATCH],
    };
    let macs = BATCH as u64 * space.cost(architecture)?.macs;
    let mut logits = vec![0.0; BATCH * integer.classes()];
    measure(criterion, name, "integer", macs, || {
        Ok(integer.logits(&bytes, &mut logits)?)
    })?;
    measure(criterion, name, "fake-quantised", macs, || {
        let values: Vec<f32> = trainer.logits(images)?.read()?;
        std::hint::black_box(values);
        Ok(())
    })
}

/// Measures `run`, which computes a batch, and prints its best time.
fn measure(
    criterion: &mut Criterion,
    group: &str,
    id: &str,
    macs: u64,
    mut run: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (mut best, mut failed) = (f64::INFINITY, None);
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|times| {
            let start = Instant::now();
            for _ in 0..times {
                let one = Instant::now();
                if let Err(error) = run() {
                    failed.get_or_insert(error);
                    return Duration::from_nanos(times);
                }
                best = best.min(one.elapsed().as_secs_f64());
            }
            start.elapsed()
        });
    });
    group.finish();
    if let Some(error) = failed {
        return Err(error);
    }
    if best.is_finite() {
        println!(
            "    at best {:.0} images/s, {:.1} G MACs/s",
            BATCH as f64 / best,
            macs as f64 / best / 1e9
        );
    }
    Ok(())
}
