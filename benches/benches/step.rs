//! Whole training steps: child networks of Table I, and its SuperNet of all 144 candidates, factorised.
//!
//! `cargo bench -p radars-benches --bench step`. A child's operations are those of the three passes of its
//! convolutions (the first layer has no dgrad); its bytes are not counted, so its roofline is the peak of the
//! arithmetic. `radars bench step` times the same steps with a choice of nets and batches.

use criterion::Criterion;
use radars_benches::layer::TABLE_1;
use radars_benches::machine::{Machine, Workload, on_every_machine};
use radars_benches::report::{Work, measure};
use radars_benches::roofline::{Pass, Peak, flops};
use radars_space::{Architecture, Candidate, Precision, Space};
use radars_supernet::nn::{AdamSettings, SgdSettings};
use radars_supernet::{
    ArchitectureLoss, ChildTrainer, DnasSettings, DnasTrainer, Error, Images, Mixing, Relaxation,
    SuperNetPlan, WeightSettings,
};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Result};
use rand::RngExt;

const BATCH: usize = 64;
/// A rate at which training does not diverge within a measurement.
const RATE: f32 = 0.01;

struct Steps;

impl Workload for Steps {
    const BOUND_BYTES: usize = 2 << 30;

    fn run<B: Machine>(
        &self,
        criterion: &mut Criterion,
        arena: &Arena<B>,
        peak: Peak,
    ) -> Result<()> {
        let space = Space::preset("cifar10-quant").map_err(misfit)?;
        let pixels = space.input().map_err(misfit)?.elements() as usize;
        let mut stream = Seed(0).stream("bench images", 0);
        let bytes: Vec<u8> = (0..BATCH * pixels).map(|_| stream.random()).collect();
        let labels: Vec<i32> = (0..BATCH).map(|_| stream.random_range(0..10)).collect();
        let images = Images {
            bytes: &bytes,
            placements: &[[0; 3]; BATCH],
            labels: &labels,
        };
        for kernel in [1, 3, 5, 7] {
            child(criterion, arena, peak, &space, kernel, images)?;
        }
        factorised(criterion, arena, peak, &space, images)
    }
}

fn settings() -> WeightSettings {
    WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.0,
        statistics_batches: 0,
    }
}

fn child<B: Machine>(
    criterion: &mut Criterion,
    arena: &Arena<B>,
    peak: Peak,
    space: &Space,
    kernel: usize,
    images: Images<'_>,
) -> Result<()> {
    let bits = Precision {
        integer: 3,
        fraction: 6,
    };
    let candidate = Candidate::quantised(kernel, bits, bits);
    let architecture = Architecture::uniform(candidate, space.layers().len());
    let trainer = ChildTrainer::new(arena, space, &architecture, settings(), Seed(0));
    let mut trainer = trainer.map_err(tensor_error)?;
    let mut work = Work {
        flops: 0,
        device_flops: 0,
        bytes: 0,
    };
    for (index, layer) in TABLE_1.iter().enumerate() {
        let g = layer.geometry(BATCH, kernel)?;
        for pass in Pass::ALL
            .into_iter()
            .filter(|&p| index > 0 || p != Pass::Dgrad)
        {
            let products = if B::TENSOR_CORES {
                pass.f16_products()
            } else {
                1
            };
            work.flops += flops(&g);
            work.device_flops += products * flops(&g);
        }
    }
    let id = format!("k{kernel}");
    measure(criterion, arena, peak, ("step/child", &id), work, || {
        trainer.step(images, RATE).map(drop).map_err(tensor_error)
    })
}

fn factorised<B: Machine>(
    criterion: &mut Criterion,
    arena: &Arena<B>,
    peak: Peak,
    space: &Space,
    images: Images<'_>,
) -> Result<()> {
    let candidates = space.all_candidates();
    let of = SuperNetPlan {
        space,
        candidates: &candidates,
        mixing: Mixing::Factorised,
        reward: space.reward().map_err(misfit)?,
    };
    let settings = DnasSettings {
        weights: settings(),
        alpha: AdamSettings::architecture(),
        loss: ArchitectureLoss::default(),
    };
    let mut trainer = DnasTrainer::new(arena, of, settings, Seed(0)).map_err(tensor_error)?;
    let vectors = trainer.vectors().into_iter();
    let relaxation = Relaxation {
        temperature: 1.0,
        noise: vectors.map(|length| vec![0.0; length]).collect(),
    };
    // The merged kernels are 7x7, and mixtures are floats: three f16 products each on tensor cores.
    let mut work = Work {
        flops: 0,
        device_flops: 0,
        bytes: 0,
    };
    for (index, layer) in TABLE_1.iter().enumerate() {
        let passes = if index == 0 { 2 } else { 3 };
        work.flops += passes * flops(&layer.geometry(BATCH, 7)?);
    }
    work.device_flops = work.flops * if B::TENSOR_CORES { 3 } else { 1 };
    measure(
        criterion,
        arena,
        peak,
        ("step/factorised", "weights"),
        work,
        || {
            trainer
                .weight_step(images, &relaxation, RATE)
                .map(drop)
                .map_err(tensor_error)
        },
    )
}

/// The tensor's error, if it is one; the rest cannot happen with a preset.
fn tensor_error(error: Error) -> radars_tensor::Error {
    match error {
        Error::Nn(radars_supernet::nn::Error::Tensor(error)) => error,
        other => misfit(other),
    }
}

fn misfit(error: impl std::fmt::Display) -> radars_tensor::Error {
    radars_tensor::Error::Device {
        device: "bench",
        reason: error.to_string(),
    }
}

fn main() -> Result<()> {
    on_every_machine(&Steps)
}
