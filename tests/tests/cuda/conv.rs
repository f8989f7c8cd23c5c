//! Convolutions forwards and backwards to the images, plain and of quantised operands.
//!
//! Results are divided by what the same convolution makes of the operands' magnitudes, so one tolerance holds for
//! every geometry: an error of a product or a sum is relative to that.

use radars_tensor::{
    Backend, Conv2d, Conv2dOptions, ConvValues, Error, FixedPoint, Op, Result, Values,
};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

const WEIGHTS: FixedPoint = FixedPoint::signed(3, 3);
const IMAGES: FixedPoint = FixedPoint::unsigned(2, 3);
/// Fifteen bits: too many for one f16.
const WIDE: FixedPoint = FixedPoint::signed(3, 12);

#[derive(Clone, Copy, Debug)]
enum Way {
    Fprop,
    Dgrad,
}

#[derive(Clone, Copy, Debug)]
struct Convolution {
    g: Conv2d,
    way: Way,
    values: ConvValues,
    /// Of the source and of the weights.
    magnitudes: [f32; 2],
    /// Whether the method for operands of known values is called.
    fused: bool,
}

impl Convolution {
    /// Source, weights: values that are what `self.values` says.
    fn operands<B: Backend>(&self, side: &Side<B>) -> [Vec<f32>; 2] {
        let source = match self.way {
            Way::Fprop => (self.g.input_elements(), self.values.x),
            Way::Dgrad => (self.g.output_elements(), Values::Float),
        };
        let weights = (self.g.weight_elements(), self.values.w);
        let operands = [source, weights];
        [0, 1].map(|i| {
            let (n, values) = operands[i];
            let mut drawn = side.values(n);
            for value in &mut drawn {
                *value *= self.magnitudes[i];
                if let Values::OnGrid(format) = values {
                    *value = format.quantise(*value);
                }
            }
            drawn
        })
    }

    /// The convolution of the operands' magnitudes, by a plain loop over its definition.
    fn magnitudes(&self, [source, weights]: &[Vec<f32>; 2]) -> Vec<f64> {
        let g = &self.g;
        let taken = |values: Values, v: f32| match values {
            Values::Quantise(format) => f64::from(format.quantise(v)).abs(),
            _ => f64::from(v).abs(),
        };
        let (xs, targets) = match self.way {
            Way::Fprop => (self.values.x, g.output_elements()),
            Way::Dgrad => (Values::Float, g.input_elements()),
        };
        let ([h, w, ci], [ho, wo, co]) = (g.input, g.output);
        let (depth, lanes) = (ci / g.groups, co / g.groups);
        let mut sums = vec![0.0; targets];
        for n in 0..g.batch * ho * wo * co {
            let (o, pixel) = (n % co, n / co);
            let (b, a, image) = (pixel % wo, pixel / wo % ho, pixel / wo / ho);
            for tap in 0..g.kernel * g.kernel {
                let row = (a * g.stride + tap / g.kernel).wrapping_sub(g.padding);
                let column = (b * g.stride + tap % g.kernel).wrapping_sub(g.padding);
                if row >= h || column >= w {
                    continue;
                }
                for d in 0..depth {
                    let x = ((image * h + row) * w + column) * ci + o / lanes * depth + d;
                    let weight = (o * g.kernel * g.kernel + tap) * depth + d;
                    let (from, to) = match self.way {
                        Way::Fprop => (x, n),
                        Way::Dgrad => (n, x),
                    };
                    sums[to] += taken(xs, source[from]) * taken(self.values.w, weights[weight]);
                }
            }
        }
        sums
    }
}

impl Case for Convolution {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let Convolution { g, values, .. } = *self;
        let operands = self.operands(side);
        let [source, weights] = [0, 1].map(|i| side.input(&operands[i]));
        let (a, w, backend) = (source.view(), weights.view(), side.backend());
        let (op, elements) = match (self.way, self.fused) {
            (Way::Fprop, false) => (Op::Conv2dFprop(g), g.output_elements()),
            (Way::Fprop, true) => (Op::FakeQuantisedConv2dFprop(g, values), g.output_elements()),
            (Way::Dgrad, false) => (Op::Conv2dDgrad(g), g.input_elements()),
            (Way::Dgrad, true) => (Op::FakeQuantisedConv2dDgrad(g, values), g.input_elements()),
        };
        let mut scratch = side.scratch(&op);
        let mut target = side.output(elements);
        let (y, s) = (target.view_mut(), scratch.view_mut());
        match (self.way, self.fused) {
            (Way::Fprop, false) => backend.conv2d_fprop(&g, a, w, y, s)?,
            (Way::Fprop, true) => backend.fake_quantised_conv2d_fprop(&g, values, a, w, y, s)?,
            (Way::Dgrad, false) => backend.conv2d_dgrad(&g, a, w, y, s)?,
            (Way::Dgrad, true) => backend.fake_quantised_conv2d_dgrad(&g, values, a, w, y, s)?,
        }
        let sums = self.magnitudes(&operands);
        let target = side.read::<f32>(&target);
        let relative = target.iter().zip(sums).map(|(&value, sum)| match sum {
            // Nothing but padding: exactly zero.
            0.0 => value,
            _ => (f64::from(value) / sum) as f32,
        });
        Ok(vec![("target / sum of magnitudes", relative.collect())])
    }
}

fn geometry(
    batch: usize,
    input: [usize; 3],
    channels: usize,
    [kernel, stride, padding, groups]: [usize; 4],
) -> Conv2d {
    let options = Conv2dOptions {
        stride,
        padding,
        groups,
    };
    Conv2d::new(batch, input, channels, kernel, options).unwrap()
}

/// Odd sizes, every width of tile, both ways of reading, kernels from 1 to 7 and larger than the image, strides, groups.
fn geometries() -> Vec<Conv2d> {
    vec![
        geometry(1, [1, 1, 1], 1, [1, 1, 0, 1]),
        geometry(2, [9, 7, 3], 20, [3, 1, 1, 1]),
        geometry(1, [13, 11, 1], 5, [5, 2, 2, 1]),
        geometry(3, [5, 6, 16], 24, [3, 1, 1, 1]),
        geometry(1, [8, 9, 32], 68, [3, 2, 1, 1]),
        geometry(2, [7, 5, 20], 130, [1, 1, 0, 1]),
        geometry(1, [3, 2, 8], 12, [7, 1, 3, 1]),
        geometry(1, [6, 6, 12], 8, [4, 3, 2, 2]),
        geometry(2, [5, 5, 6], 9, [2, 2, 0, 3]),
        geometry(1, [4, 9, 8], 40, [6, 1, 4, 1]),
        // Stride beyond the kernel: phases without taps; and beyond the image.
        geometry(1, [10, 7, 4], 8, [1, 3, 0, 1]),
        geometry(1, [3, 3, 4], 4, [2, 5, 1, 1]),
    ]
}

/// All that is known of operands, with the numbers of f16 products: 3, 1, 1, 2, 3, 3.
fn knowledge() -> [ConvValues; 6] {
    let known = |x, w| ConvValues { x, w };
    [
        known(Values::Float, Values::Float),
        known(Values::Quantise(IMAGES), Values::Quantise(WEIGHTS)),
        known(Values::OnGrid(IMAGES), Values::OnGrid(WEIGHTS)),
        known(Values::Float, Values::Quantise(WEIGHTS)),
        known(Values::OnGrid(IMAGES), Values::Float),
        known(Values::Quantise(WIDE), Values::Quantise(WIDE)),
    ]
}

fn check(device: &radars_cuda::Cuda, way: Way) {
    for (index, g) in geometries().into_iter().enumerate() {
        let plain = Convolution {
            g,
            way,
            values: knowledge()[0],
            magnitudes: [1.0; 2],
            fused: false,
        };
        parity(device, &plain, Tolerance::CONVOLUTION);
        // Every geometry meets half of what can be known, every two neighbours all of it.
        for values in knowledge().into_iter().skip(index % 2).step_by(2) {
            let fused = Convolution {
                values,
                fused: true,
                ..plain
            };
            parity(device, &fused, Tolerance::CONVOLUTION);
        }
    }
}

#[test]
fn fprop_is_that_of_the_cpu() {
    on_every_device(|cuda| check(&cuda, Way::Fprop));
}

#[test]
fn dgrad_is_that_of_the_cpu() {
    on_every_device(|cuda| check(&cuda, Way::Dgrad));
}

/// Tiles of 128 channels are for layers of at least 256 of them, whichever way the tiles are many.
#[test]
fn the_widest_tiles_are_those_of_the_cpu() {
    on_every_device(|cuda| {
        let [floats, quantised, ..] = knowledge();
        for (way, channels) in [(Way::Fprop, [4, 96]), (Way::Dgrad, [96, 4])] {
            let [ci, co] = channels.map(|c| 256 * c);
            let g = geometry(1, [1, 2, ci], co, [1, 1, 0, 256]);
            for values in [floats, quantised] {
                let case = Convolution {
                    g,
                    way,
                    values,
                    magnitudes: [1.0; 2],
                    fused: true,
                };
                parity(&cuda, &case, Tolerance::CONVOLUTION);
            }
        }
    });
}

/// 576 products of codes below 2^5 and up to 2^5 are sums below 2^24: no rounding anywhere.
#[test]
fn fprop_of_grids_is_exact() {
    on_every_device(|cuda| {
        for g in [
            geometry(1, [6, 5, 64], 36, [3, 1, 1, 1]),
            geometry(2, [5, 7, 3], 70, [5, 2, 2, 1]),
        ] {
            for values in &knowledge()[1..3] {
                let case = Convolution {
                    g,
                    way: Way::Fprop,
                    values: *values,
                    magnitudes: [1.0, 2.0],
                    fused: true,
                };
                parity(&cuda, &case, Tolerance::EXACT);
            }
        }
    });
}

/// The largest magnitude decides the scale of a split operand; f16 alone ends at 65,504 and at 2^-24.
#[test]
fn floats_of_any_magnitude_are_split() {
    on_every_device(|cuda| {
        let g = geometry(1, [5, 4, 8], 12, [3, 1, 1, 1]);
        for magnitudes in [
            [1e18, 1e-18],
            [1e-30, 1.0],
            [1e-12, 1e30],
            [1e5, 1e5],
            [0.0, 1.0],
        ] {
            for way in [Way::Fprop, Way::Dgrad] {
                let case = Convolution {
                    g,
                    way,
                    values: knowledge()[0],
                    magnitudes,
                    fused: false,
                };
                parity(&cuda, &case, Tolerance::CONVOLUTION);
            }
        }
    });
}

/// What a quantiser clips takes no bits from the scale: at 2^-25 of 1e12, every product would be lost.
#[test]
fn outliers_beyond_a_format_are_clipped_before_they_are_split() {
    on_every_device(|cuda| {
        for way in [Way::Fprop, Way::Dgrad] {
            for magnitudes in [[1.0, 1e12], [1e12, 1.0]] {
                let case = Convolution {
                    g: geometry(1, [5, 4, 8], 12, [3, 1, 1, 1]),
                    way,
                    values: knowledge()[5],
                    magnitudes,
                    fused: true,
                };
                parity(&cuda, &case, Tolerance::CONVOLUTION);
            }
        }
    });
}

/// Values that are not numbers in one pixel of a 1 x 1 convolution: its outputs are no numbers, all others are.
#[derive(Debug)]
struct Poisoned {
    value: f32,
    values: ConvValues,
}

impl Case for Poisoned {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = geometry(1, [3, 3, 4], 8, [1, 1, 0, 1]);
        let mut x = side.values(g.input_elements());
        x[4 * 4 + 1] = self.value;
        let (x, w) = (side.input(&x), side.random(g.weight_elements()));
        let op = Op::FakeQuantisedConv2dFprop(g, self.values);
        let (mut y, mut scratch) = (side.output(g.output_elements()), side.scratch(&op));
        side.backend().fake_quantised_conv2d_fprop(
            &g,
            self.values,
            x.view(),
            w.view(),
            y.view_mut(),
            scratch.view_mut(),
        )?;
        let finite = side
            .read::<f32>(&y)
            .into_iter()
            .map(|v| f32::from(v.is_finite()));
        Ok(vec![("whether it is finite", finite.collect())])
    }
}

#[test]
fn what_is_no_number_stays_visible() {
    on_every_device(|cuda| {
        let [floats, quantised, .., wide] = knowledge();
        for (value, values) in [
            (f32::NAN, floats),
            (f32::INFINITY, floats),
            (f32::NEG_INFINITY, floats),
            (f32::NAN, quantised),
            (f32::NAN, wide),
            // Clipped to a number.
            (f32::INFINITY, wide),
        ] {
            parity(&cuda, &Poisoned { value, values }, Tolerance::EXACT);
        }
    });
}

/// What a backend says of operands that do not fit.
fn refusals<B: Backend>(side: &Side<B>) -> Vec<String> {
    let g = geometry(1, [3, 3, 4], 8, [3, 1, 1, 1]);
    let op = Op::FakeQuantisedConv2dFprop(g, knowledge()[1]);
    let (x, y, w) = (g.input_elements(), g.output_elements(), g.weight_elements());
    let wrong = Conv2d { kernel: 9, ..g };
    [
        (g, [x - 1, w, y]),
        (g, [x, w + 1, y]),
        (g, [x, w, y - 4]),
        (wrong, [x, w, y]),
    ]
    .into_iter()
    .map(|(g, [x, w, y])| {
        let (x, w, mut y) = (side.random(x), side.random(w), side.output(y));
        let mut scratch = side.scratch(&op);
        let (y, scratch) = (y.view_mut(), scratch.view_mut());
        let backend = side.backend();
        match backend.fake_quantised_conv2d_fprop(
            &g,
            knowledge()[1],
            x.view(),
            w.view(),
            y,
            scratch,
        ) {
            Ok(()) => "nothing".to_owned(),
            Err(error @ (Error::Length { .. } | Error::Geometry { .. })) => error.to_string(),
            Err(error) => panic!("another error: {error}"),
        }
    })
    .collect()
}

#[derive(Debug)]
struct Refusals;

impl Case for Refusals {
    /// The messages, letter by letter.
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let messages = refusals(side);
        assert!(messages.iter().all(|message| message != "nothing"));
        let letters = messages.concat().bytes().map(f32::from).collect();
        Ok(vec![("messages", letters)])
    }
}

#[test]
fn operands_that_do_not_fit_are_refused_as_by_the_cpu() {
    on_every_device(|cuda| parity(&cuda, &Refusals, Tolerance::EXACT));
}
