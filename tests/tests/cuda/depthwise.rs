//! Depthwise convolutions, and the gradient of their input; that of their weights is in `wgrad`.

use radars_tensor::{Backend, Conv2d, ConvValues, FixedPoint, Op, Result, Values};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};
use crate::wgrad::geometry;

/// batch, input side, channels, output channels, kernel, stride, padding, groups.
const GEOMETRIES: [[usize; 8]; 9] = [
    [1, 1, 1, 1, 1, 1, 0, 1],
    [2, 10, 8, 8, 3, 1, 1, 8],
    [1, 13, 12, 12, 7, 2, 3, 12],
    [3, 5, 3, 6, 3, 1, 1, 3],
    [2, 12, 132, 132, 5, 2, 2, 132],
    [1, 9, 7, 7, 5, 1, 3, 7],
    [1, 8, 4, 12, 3, 3, 0, 4],
    [2, 6, 4, 4, 2, 3, 1, 4],
    [1, 9, 4, 4, 9, 1, 4, 4],
];

#[derive(Debug)]
struct Both {
    g: Conv2d,
    values: ConvValues,
    /// Whether operands are small integers, whose sums are exact in any order.
    integers: bool,
}

impl Case for Both {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (g, values) = (&self.g, self.values);
        let elements = [g.input_elements(), g.weight_elements(), g.output_elements()];
        let [x, w, dy] = elements.map(|n| {
            let mut values = side.values(n);
            if self.integers {
                values.iter_mut().for_each(|x| *x = x.round());
            }
            side.input(&values)
        });
        let (mut y, mut dx) = (side.output(elements[2]), side.output(elements[0]));
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dFprop(*g, values));
        let backend = side.backend();
        backend.fake_quantised_conv2d_fprop(
            g,
            values,
            x.view(),
            w.view(),
            y.view_mut(),
            scratch.view_mut(),
        )?;
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dDgrad(*g, values));
        backend.fake_quantised_conv2d_dgrad(
            g,
            values,
            dy.view(),
            w.view(),
            dx.view_mut(),
            scratch.view_mut(),
        )?;
        Ok(vec![("y", side.read(&y)), ("dx", side.read(&dx))])
    }
}

#[test]
fn depthwise_convolutions_and_input_gradients_agree() {
    let floats = ConvValues {
        x: Values::Float,
        w: Values::Float,
    };
    let quantised = ConvValues {
        x: Values::Quantise(FixedPoint::unsigned(1, 3)),
        w: Values::Quantise(FixedPoint::signed(1, 2)),
    };
    on_every_device(|cuda| {
        for g in GEOMETRIES.map(geometry) {
            for values in [floats, quantised] {
                for (integers, tolerance) in [(true, Tolerance::EXACT), (false, Tolerance::SUM)] {
                    let case = Both {
                        g,
                        values,
                        integers,
                    };
                    parity(&cuda, &case, tolerance);
                }
            }
        }
    });
}
