//! Convolutions of random geometry, the same draws in every run: all three passes, plain, quantised and depthwise.

use radars_tensor::random::{Seed, Stream};
use radars_tensor::{Backend, Conv2d, Conv2dOptions, ConvValues, FixedPoint, Op, Result, Values};
use rand::RngExt;

use crate::fixture::{Case, Operand, Outputs, Side, Tolerance, on_every_device, parity};

#[derive(Clone, Copy, Debug)]
struct Passes {
    g: Conv2d,
    values: ConvValues,
}

/// Batches from 1, odd and even sides, kernels 1 to 7, strides 1 to 3, any padding below the kernel, groups.
fn draw(random: &mut Stream, depthwise: bool) -> Passes {
    loop {
        let kernel = random.random_range(1..=7);
        let groups = match depthwise {
            true => random.random_range(2..=9),
            false => [1, 1, 1, 2, 3][random.random_range(0..5)],
        };
        let [depth, lanes] = match depthwise {
            true => [1, random.random_range(1..=2)],
            // Multiples of 4, which are read 16 bytes at a time, as often as others.
            false => [0, 1].map(|_| match random.random() {
                true => 4 * random.random_range(1..=9),
                false => random.random_range(1..=21),
            }),
        };
        let options = Conv2dOptions {
            stride: random.random_range(1..=3),
            padding: random.random_range(0..kernel),
            groups,
        };
        let input = [
            random.random_range(1..=10),
            random.random_range(1..=10),
            depth * groups,
        ];
        let batch = random.random_range(1..=3);
        let Ok(g) = Conv2d::new(batch, input, lanes * groups, kernel, options) else {
            continue; // the kernel is larger than the padded image
        };
        let format = FixedPoint {
            signed: random.random(),
            integer: [1, 3][random.random_range(0..2)],
            fraction: [1, 3, 6][random.random_range(0..3)],
        };
        let mut values = || match random.random_range(0..3) {
            0 => Values::Float,
            1 => Values::Quantise(format),
            _ => Values::OnGrid(format),
        };
        let values = ConvValues {
            x: values(),
            w: values(),
        };
        return Passes { g, values };
    }
}

struct Operands<B: Backend> {
    x: Operand<B>,
    w: Operand<B>,
    dy: Operand<B>,
}

fn each(values: &[f32], f: impl Fn(f32) -> f32) -> Vec<f32> {
    values.iter().map(|&v| f(v)).collect()
}

impl Passes {
    /// Images, weights and the gradient of the result.
    fn draw<B: Backend>(&self, side: &Side<B>) -> [Vec<f32>; 3] {
        let g = &self.g;
        [g.input_elements(), g.weight_elements(), g.output_elements()].map(|n| side.values(n))
    }

    /// Operands of those values, made of what was drawn.
    fn operands<B: Backend>(&self, side: &Side<B>, [x, w, dy]: &[Vec<f32>; 3]) -> Operands<B> {
        let of = |drawn: &[f32], values| match values {
            Values::OnGrid(format) => side.input(&each(drawn, |v| format.quantise(v))),
            _ => side.input(drawn),
        };
        Operands {
            x: of(x, self.values.x),
            w: of(w, self.values.w),
            dy: side.input(dy),
        }
    }

    /// The magnitudes of what is multiplied, as plain floats.
    fn magnitudes<B: Backend>(&self, side: &Side<B>, [x, w, dy]: &[Vec<f32>; 3]) -> Operands<B> {
        let of = |drawn: &[f32], values: Values| match values.format() {
            Some(format) => side.input(&each(drawn, |v| format.quantise(v).abs())),
            None => side.input(&each(drawn, f32::abs)),
        };
        Operands {
            x: of(x, self.values.x),
            w: of(w, self.values.w),
            dy: of(dy, Values::Float),
        }
    }

    /// Results of the three passes.
    fn passes<B: Backend>(&self, side: &Side<B>, operands: &Operands<B>) -> Result<[Vec<f32>; 3]> {
        let Passes { g, values } = *self;
        let backend = side.backend();
        let [x, w, dy] = [&operands.x, &operands.w, &operands.dy].map(Operand::view);
        let mut y = side.output(g.output_elements());
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dFprop(g, values));
        let (to, s) = (y.view_mut(), scratch.view_mut());
        backend.fake_quantised_conv2d_fprop(&g, values, x, w, to, s)?;
        let mut dx = side.output(g.input_elements());
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dDgrad(g, values));
        let (to, s) = (dx.view_mut(), scratch.view_mut());
        backend.fake_quantised_conv2d_dgrad(&g, values, dy, w, to, s)?;
        let mut dw = side.output(g.weight_elements());
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dWgrad(g, values));
        let (to, s) = (dw.view_mut(), scratch.view_mut());
        backend.fake_quantised_conv2d_wgrad(&g, values, x, w, dy, to, s)?;
        Ok([y, dx, dw].map(|result| side.read(&result)))
    }
}

impl Case for Passes {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let drawn = self.draw(side);
        let results = self.passes(side, &self.operands(side, &drawn))?;
        let floats = ConvValues {
            x: Values::Float,
            w: Values::Float,
        };
        let plain = Passes {
            values: floats,
            ..*self
        };
        let magnitudes = plain.passes(side, &self.magnitudes(side, &drawn))?;
        let names = ["y", "dx", "dw"];
        let pairs = names.into_iter().zip(results.into_iter().zip(magnitudes));
        Ok(pairs
            .map(|(name, (values, magnitudes))| {
                // A result may be all cancellation; what its terms sum to without signs is its scale.
                let pairs = values.iter().zip(magnitudes);
                // Nothing but padding is exactly zero.
                let relative = pairs.map(|(&v, m)| if m > 0.0 { v / m } else { v });
                (name, relative.collect())
            })
            .collect())
    }
}

fn check(device: &radars_cuda::Cuda, purpose: &str, depthwise: bool) {
    for index in 0..16 {
        let case = draw(&mut Seed(4).stream(purpose, index), depthwise);
        parity(device, &case, Tolerance::CONVOLUTION);
    }
}

#[test]
fn convolutions_of_random_geometry_are_those_of_the_cpu() {
    on_every_device(|cuda| check(&cuda, "random geometry", false));
}

#[test]
fn depthwise_convolutions_of_random_geometry_are_those_of_the_cpu() {
    on_every_device(|cuda| check(&cuda, "random depthwise geometry", true));
}
