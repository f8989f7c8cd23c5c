//! The three passes of fake-quantised convolutions: Table I's layers, kernel sizes and bit widths.
//!
//! `cargo bench -p radars-benches --bench quantised_conv`, with a filter such as `cuda/table1/k3` after `--`.
//! Activations lie on their grid already, as they do behind a batch normalisation; weights are quantised on
//! the way in. Widths are integer + fraction bits of activations and weights alike; `float` is the plain
//! convolution of the same sizes. The CPU computes forward passes of a width in integers where that is faster:
//! `float` beside it is its f32 path, and the share of the f32 peak may be above 100 %.

use criterion::Criterion;
use radars_benches::layer::{DEPTHWISE, KERNELS, Layer, NARROW, TABLE_1};
use radars_benches::machine::{Machine, Workload, on_every_machine};
use radars_benches::report::{Work, measure};
use radars_benches::roofline::{Pass, Peak, bytes, flops, inside_flops};
use radars_tensor::{Arena, ConvValues, FixedPoint, Result, Tensor, UnaryOp, Values, random::Seed};
use rand::RngExt;

const BATCH: usize = 64;
/// Integer and fraction bits: the narrowest of Table I, one in the middle, the widest.
const WIDTHS: [(u8, u8); 3] = [(1, 1), (1, 3), (3, 6)];

struct Convolutions;

impl Workload for Convolutions {
    fn run<B: Machine>(
        &self,
        criterion: &mut Criterion,
        arena: &Arena<B>,
        peak: Peak,
    ) -> Result<()> {
        let networks: [(&str, &[Layer]); 3] = [
            ("table1", &TABLE_1),
            ("narrow", &NARROW),
            ("depthwise", &DEPTHWISE),
        ];
        for (network, layers) in networks {
            for kernel in KERNELS {
                for layer in layers {
                    for width in WIDTHS.map(Some).into_iter().chain([None]) {
                        let run = Measured {
                            network,
                            layer,
                            kernel,
                            width,
                        };
                        run.passes(criterion, arena, peak)?;
                    }
                }
            }
        }
        Ok(())
    }
}

struct Measured<'a> {
    network: &'a str,
    layer: &'a Layer,
    kernel: usize,
    width: Option<(u8, u8)>,
}

impl Measured<'_> {
    fn passes<B: Machine>(
        &self,
        criterion: &mut Criterion,
        arena: &Arena<B>,
        peak: Peak,
    ) -> Result<()> {
        let g = self.layer.geometry(BATCH, self.kernel)?;
        let options = self.layer.options(self.kernel);
        let (name, values) = match self.width {
            None => (
                "float".to_owned(),
                ConvValues {
                    x: Values::Float,
                    w: Values::Float,
                },
            ),
            Some((integer, fraction)) => (
                format!("{integer}+{fraction}"),
                ConvValues {
                    x: Values::OnGrid(FixedPoint::unsigned(integer, fraction)),
                    w: Values::Quantise(FixedPoint::signed(integer, fraction)),
                },
            ),
        };
        let [h, w, ci] = g.input;
        let [ho, wo, co] = g.output;
        let mut x = random(arena, [BATCH, h, w, ci], 1)?;
        if let Some(format) = values.x.format() {
            x = x.unary(UnaryOp::FakeQuantise(format))?;
        }
        let weight = random(arena, [co, self.kernel, self.kernel, ci / g.groups], 2)?;
        let dy = random(arena, [BATCH, ho, wo, co], 3)?;
        for pass in Pass::ALL {
            let group = format!("{}/k{}/{}", self.network, self.kernel, pass.name());
            let id = format!("{}/{name}", self.layer.name());
            let products = match self.width {
                Some(_) => pass.f16_products(),
                // Both operands are floats: hi * hi + hi * lo + lo * hi.
                None => 3,
            };
            // Depthwise kernels, and the CPU's, multiply f32; the CPU's leave out products with padding.
            let device_flops = match (B::TENSOR_CORES, g.groups) {
                (true, 1) => flops(&g) * products,
                (true, _) => flops(&g),
                (false, _) => inside_flops(&g),
            };
            let work = Work {
                flops: flops(&g),
                device_flops,
                bytes: bytes(&g),
            };
            measure(criterion, arena, peak, (&group, &id), work, || match pass {
                Pass::Fprop => x.fake_quantised_conv2d(&weight, values, options).map(drop),
                Pass::Dgrad => dy
                    .fake_quantised_conv2d_input_gradient(&weight, values, &g)
                    .map(drop),
                Pass::Wgrad => dy
                    .fake_quantised_conv2d_weight_gradient(&x, &weight, values, &g)
                    .map(drop),
            })?;
        }
        Ok(())
    }
}

/// Values in `-1..1`; not constants, whose products draw less power than those of real data.
fn random<B: Machine>(arena: &Arena<B>, shape: [usize; 4], index: u64) -> Result<Tensor<B>> {
    let mut stream = Seed(0).stream("bench", index);
    let n = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|_| stream.random_range(-1.0..1.0)).collect();
    Tensor::from_slice(arena, shape, &values)
}

fn main() -> Result<()> {
    on_every_machine(&Convolutions)
}
