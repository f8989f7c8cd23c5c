//! Weighting of candidate operations: of their outputs, of quantised values, of kernels.
//!
//! `cargo bench -p radars-benches --bench mixed_op`. These move memory and compute little, so the figure to
//! read is the share of the bandwidth.

use criterion::Criterion;
use radars_benches::machine::{Machine, Workload, on_every_machine};
use radars_benches::report::{Work, measure};
use radars_benches::roofline::Peak;
use radars_tensor::{Arena, FixedPoint, Result, Tensor};

/// Outputs of the third layer of Table I, batch 64.
const OUTPUT: [usize; 4] = [64, 16, 16, 128];
/// Its weights with the largest kernel.
const WEIGHTS: [usize; 4] = [128, 7, 7, 64];
/// Table I's formats: {1, 3} integer and {1, 3, 6} fraction bits.
const FORMATS: [(u8, u8); 6] = [(1, 1), (1, 3), (1, 6), (3, 1), (3, 3), (3, 6)];

struct Mixtures;

impl Workload for Mixtures {
    fn run<B: Machine>(
        &self,
        criterion: &mut Criterion,
        arena: &Arena<B>,
        peak: Peak,
    ) -> Result<()> {
        let bytes_of = |shape: &[usize]| 4 * shape.iter().product::<usize>() as u64;
        let moves = |bytes| Work {
            flops: 0,
            device_flops: 0,
            bytes,
        };
        for terms in [2, 6, 12] {
            let p = Tensor::full(arena, [terms], 1.0 / terms as f32)?;
            let outputs: Vec<_> = (0..terms)
                .map(|_| Tensor::full(arena, OUTPUT, 0.5))
                .collect::<Result<_>>()?;
            let work = moves((terms as u64 + 1) * bytes_of(&OUTPUT));
            let id = format!("{terms} outputs");
            measure(criterion, arena, peak, ("mix", &id), work, || {
                p.mix(&outputs).map(drop)
            })?;
        }

        let activations = FORMATS.map(|(i, f)| FixedPoint::unsigned(i, f));
        let p = Tensor::full(arena, [FORMATS.len()], 1.0 / FORMATS.len() as f32)?;
        let x = Tensor::full(arena, OUTPUT, 0.3)?;
        let dy = Tensor::full(arena, OUTPUT, 0.1)?;
        let work = moves(2 * bytes_of(&OUTPUT));
        measure(
            criterion,
            arena,
            peak,
            ("mix_quantised", "6 formats"),
            work,
            || x.mix_quantised(&activations, &p).map(drop),
        )?;
        for (id, wanted, tensors) in [
            ("x", (true, false), 3),
            ("p", (false, true), 2),
            ("both", (true, true), 3),
        ] {
            let work = moves(tensors * bytes_of(&OUTPUT));
            let group = "mix_quantised_backward";
            measure(criterion, arena, peak, (group, id), work, || {
                dy.mix_quantised_backward(&activations, &p, &x, wanted)
                    .map(drop)
            })?;
        }

        let kernels: Vec<_> = [1, 3, 5, 7]
            .map(|k| Tensor::full(arena, [WEIGHTS[0], k, k, WEIGHTS[3]], 0.25))
            .into_iter()
            .collect::<Result<_>>()?;
        let p = Tensor::full(arena, [kernels.len()], 0.25)?;
        let read: u64 = kernels.iter().map(|kernel| kernel.bytes() as u64).sum();
        let work = moves(read + bytes_of(&WEIGHTS));
        let group = "merge_kernels";
        measure(criterion, arena, peak, (group, "1, 3, 5, 7"), work, || {
            let mut merged = Tensor::zeros(arena, WEIGHTS)?;
            for (m, kernel) in kernels.iter().enumerate() {
                merged.embed_kernel(p.coefficient(m)?, kernel)?;
            }
            Ok(())
        })
    }
}

fn main() -> Result<()> {
    on_every_machine(&Mixtures)
}
