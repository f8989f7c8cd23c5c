//! The gradient of a convolution's weights, plain and fake-quantised, depthwise among them.

use radars_tensor::{Backend, Conv2d, Conv2dOptions, ConvValues, FixedPoint, Op, Result, Values};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

/// batch, input side, input channels, output channels, kernel, stride, padding, groups.
pub const GEOMETRIES: [[usize; 8]; 14] = [
    [1, 1, 1, 1, 1, 1, 0, 1],
    [2, 9, 3, 8, 3, 1, 1, 1],
    [1, 7, 4, 12, 5, 2, 2, 1],
    [3, 6, 12, 20, 3, 1, 1, 1],
    [1, 8, 32, 72, 3, 1, 1, 1],
    [2, 5, 40, 132, 3, 2, 1, 1],
    [1, 11, 8, 4, 7, 3, 3, 1],
    [2, 6, 8, 8, 3, 1, 1, 2],
    [1, 9, 6, 9, 2, 1, 0, 3],
    [2, 21, 16, 16, 1, 1, 0, 1],
    [2, 10, 8, 8, 3, 1, 1, 8],
    [1, 13, 12, 12, 7, 2, 3, 12],
    [3, 5, 3, 6, 3, 1, 1, 3],
    [2, 30, 36, 36, 5, 1, 2, 36],
];

/// The geometry of a row of [`GEOMETRIES`].
pub fn geometry([batch, side, ci, co, kernel, stride, padding, groups]: [usize; 8]) -> Conv2d {
    let options = Conv2dOptions {
        stride,
        padding,
        groups,
    };
    // One column more than rows, so that they cannot be mistaken for each other.
    Conv2d::new(batch, [side, side + 1, ci], co, kernel, options).unwrap()
}

#[derive(Debug)]
struct Wgrad {
    g: Conv2d,
    /// None for the plain method.
    values: Option<ConvValues>,
    /// Whether operands are small integers, whose sums are exact in any order.
    integers: bool,
}

impl Case for Wgrad {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = &self.g;
        let [mut x, w, mut dy] = [
            side.values(g.input_elements()),
            side.values(g.weight_elements()),
            side.values(g.output_elements()),
        ];
        if self.integers {
            x.iter_mut().chain(&mut dy).for_each(|x| *x = x.round());
        }
        if let Some(Values::OnGrid(format)) = self.values.map(|values| values.x) {
            x.iter_mut().for_each(|x| *x = format.quantise(*x));
        }
        let [x, w, dy] = [x, w, dy].map(|values| side.input(&values));
        let mut dw = side.output(g.weight_elements());
        let (x, dy, backend) = (x.view(), dy.view(), side.backend());
        match self.values {
            None => {
                let mut scratch = side.scratch(&Op::Conv2dWgrad(*g));
                backend.conv2d_wgrad(g, x, dy, dw.view_mut(), scratch.view_mut())?;
            }
            Some(values) => {
                let mut scratch = side.scratch(&Op::FakeQuantisedConv2dWgrad(*g, values));
                backend.fake_quantised_conv2d_wgrad(
                    g,
                    values,
                    x,
                    w.view(),
                    dy,
                    dw.view_mut(),
                    scratch.view_mut(),
                )?;
            }
        }
        Ok(vec![("dw", side.read(&dw))])
    }
}

fn tolerance(integers: bool) -> Tolerance {
    match integers {
        true => Tolerance::EXACT,
        false => Tolerance::SPLIT_PRODUCT,
    }
}

#[test]
fn plain_gradients_of_weights_agree() {
    on_every_device(|cuda| {
        for g in GEOMETRIES.map(geometry) {
            for integers in [true, false] {
                let values = None;
                let case = Wgrad {
                    g,
                    values,
                    integers,
                };
                parity(&cuda, &case, tolerance(integers));
            }
        }
    });
}

#[test]
fn fake_quantised_gradients_of_weights_agree() {
    let (x, w) = (FixedPoint::unsigned(1, 3), FixedPoint::signed(1, 2));
    // Thirteen bits: not exact in f16.
    let wide = FixedPoint::signed(3, 10);
    let all = [
        (Values::Quantise(x), Values::Quantise(w)),
        (Values::OnGrid(x), Values::OnGrid(w)),
        (Values::Float, Values::Quantise(w)),
        (Values::Quantise(wide), Values::Float),
    ];
    on_every_device(|cuda| {
        for (index, g) in GEOMETRIES.map(geometry).into_iter().enumerate() {
            for integers in [true, false] {
                let (x, w) = all[(index + usize::from(integers)) % all.len()];
                let values = Some(ConvValues { x, w });
                let case = Wgrad {
                    g,
                    values,
                    integers,
                };
                parity(&cuda, &case, tolerance(integers));
            }
        }
    });
}

/// The text of the error where `dw` is one element too short.
#[derive(Debug)]
struct WrongLength;

impl Case for WrongLength {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = geometry(GEOMETRIES[1]);
        let (x, dy) = (
            side.random(g.input_elements()),
            side.random(g.output_elements()),
        );
        let mut dw = side.output(g.weight_elements() - 1);
        let mut scratch = side.scratch(&Op::Conv2dWgrad(g));
        let backend = side.backend();
        let result =
            backend.conv2d_wgrad(&g, x.view(), dy.view(), dw.view_mut(), scratch.view_mut());
        let text = result.expect_err("one element is missing").to_string();
        Ok(vec![("text", text.bytes().map(f32::from).collect())])
    }
}

#[test]
fn wrong_lengths_are_refused_alike() {
    on_every_device(|cuda| parity(&cuda, &WrongLength, Tolerance::EXACT));
}
