//! Values of fixed-point formats as codes, and what is computed of codes.

use radars_tensor::{
    Backend, BatchNorm, Conv2d, Conv2dOptions, ConvValues, FixedPoint, Op, Result, Values,
};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

/// Every element type that codes are stored in, with its widest formats.
const FORMATS: [FixedPoint; 6] = [
    FixedPoint::unsigned(1, 3),
    FixedPoint::unsigned(2, 6),
    FixedPoint::signed(2, 6),
    FixedPoint::unsigned(3, 6),
    FixedPoint::unsigned(5, 10),
    FixedPoint::signed(6, 10),
];

/// Around four elements, a block, and more than four elements a thread.
const LENGTHS: [usize; 7] = [0, 1, 3, 4, 9, 1024, 4099];

const SPECIAL: [f32; 9] = [
    -0.0,
    0.046_875,
    -0.046_875,
    1e30,
    -1e30,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    -f32::NAN,
];

#[derive(Debug)]
struct Coded {
    format: FixedPoint,
    n: usize,
    /// Elements before the operands, so that they lie off the boundaries of wide accesses.
    off: usize,
}

impl Case for Coded {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (format, backend) = (self.format, side.backend());
        let element = format.code_dtype().map_or(0, |dtype| dtype.bytes());
        let all = self.n + self.off;
        let mut x: Vec<f32> = side.values(all).iter().map(|x| 4.0 * x).collect();
        for (i, special) in SPECIAL.into_iter().enumerate() {
            if let Some(x) = x.get_mut(3 * i + 2) {
                *x = special;
            }
        }
        let (x, mut codes, mut y) = (side.input(&x), side.bytes(all * element), side.output(all));
        let (floats, coded) = (self.off * 4..all * 4, self.off * element..all * element);
        let from = x.view().slice(floats.clone());
        backend.encode(format, from, codes.view_mut().slice(coded.clone()))?;
        let from = codes.view().slice(coded);
        backend.decode(format, from, y.view_mut().slice(floats))?;
        let bytes: Vec<u8> = side.read(&codes);
        let bytes = bytes.into_iter().map(f32::from).collect();
        Ok(vec![("codes", bytes), ("y", side.read(&y))])
    }
}

#[test]
fn codes_and_their_values_to_the_bit() {
    on_every_device(|cuda| {
        for format in FORMATS {
            for (n, off) in LENGTHS.into_iter().flat_map(|n| [(n, 0), (n, 1)]) {
                parity(&cuda, &Coded { format, n, off }, Tolerance::EXACT);
            }
        }
    });
}

#[derive(Debug)]
struct Convolved {
    values: ConvValues,
}

impl Case for Convolved {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let options = Conv2dOptions {
            stride: 1,
            padding: 1,
            groups: 1,
        };
        let g = Conv2d::new(3, [5, 6, 16], 24, 3, options)?;
        let (values, backend) = (self.values, side.backend());
        let operand = |of: Values, n: usize| {
            let floats = side.random(n);
            let Values::Codes(format) = of else {
                return Ok(floats);
            };
            let mut codes = side.bytes(of.bytes("test", n)?);
            backend.encode(format, floats.view(), codes.view_mut())?;
            Ok::<_, radars_tensor::Error>(codes)
        };
        let x = operand(values.x, g.input_elements())?;
        let w = operand(values.w, g.weight_elements())?;
        let dy = side.random(g.output_elements());
        let (x, w, dy) = (x.view(), w.view(), dy.view());
        let mut y = side.output(g.output_elements());
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dFprop(g, values));
        let out = (y.view_mut(), scratch.view_mut());
        backend.fake_quantised_conv2d_fprop(&g, values, x, w, out.0, out.1)?;
        let mut dx = side.output(g.input_elements());
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dDgrad(g, values));
        let out = (dx.view_mut(), scratch.view_mut());
        backend.fake_quantised_conv2d_dgrad(&g, values, dy, w, out.0, out.1)?;
        let mut dw = side.output(g.weight_elements());
        let mut scratch = side.scratch(&Op::FakeQuantisedConv2dWgrad(g, values));
        let out = (dw.view_mut(), scratch.view_mut());
        backend.fake_quantised_conv2d_wgrad(&g, values, x, w, dy, out.0, out.1)?;
        Ok(vec![
            ("y", side.read(&y)),
            ("dx", side.read(&dx)),
            ("dw", side.read(&dw)),
        ])
    }
}

#[test]
fn convolutions_of_codes_agree() {
    let (x, w) = (FixedPoint::unsigned(1, 3), FixedPoint::signed(1, 3));
    on_every_device(|cuda| {
        for (x, w) in [
            (Values::Codes(x), Values::Quantise(w)),
            (Values::Codes(x), Values::Codes(w)),
            (Values::Float, Values::Codes(w)),
        ] {
            let values = ConvValues { x, w };
            parity(&cuda, &Convolved { values }, Tolerance::SPLIT_PRODUCT);
        }
    });
}

#[derive(Debug)]
struct NormalisedAndEncoded {
    format: FixedPoint,
}

impl Case for NormalisedAndEncoded {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (rows, channels) = (300, 20);
        let g = BatchNorm {
            rows,
            channels,
            epsilon: 1e-5,
        };
        let (format, backend) = (self.format, side.backend());
        let (mut x, gamma, beta) = (
            side.random(rows * channels),
            side.random(channels),
            side.random(channels),
        );
        let codes = Values::Codes(format).bytes("test", rows * channels)?;
        let (mut y, mut stats) = (side.bytes(codes), side.output(2 * channels));
        let mut scratch = side.scratch(&Op::BatchNormEncode(g, format));
        backend.batch_norm_encode(
            &g,
            format,
            x.view_mut(),
            gamma.view(),
            beta.view(),
            y.view_mut(),
            stats.view_mut(),
            scratch.view_mut(),
        )?;
        // Values a rounding away from the middle of two codes may get either: compared by way of both.
        let mut values = side.output(rows * channels);
        backend.decode(format, y.view(), values.view_mut())?;
        let values: Vec<f32> = side.read(&values);
        let [xhat, gamma, beta]: [Vec<f32>; 3] =
            [&x, &gamma, &beta].map(|operand| side.read(operand));
        let mut near = Vec::new();
        for (i, (value, xhat)) in values.iter().zip(&xhat).enumerate() {
            let z = gamma[i % channels] * xhat + beta[i % channels];
            let code = z * format.scale();
            let middle = ((code - code.floor()) - 0.5).abs() < 1e-3;
            near.push(if middle { 0.0 } else { *value });
        }
        Ok(vec![
            ("stats", side.read(&stats)),
            ("xhat", xhat),
            ("y", near),
        ])
    }
}

#[test]
fn batch_norms_that_encode_agree() {
    on_every_device(|cuda| {
        for format in [FixedPoint::unsigned(1, 3), FixedPoint::unsigned(3, 6)] {
            parity(
                &cuda,
                &NormalisedAndEncoded { format },
                Tolerance::NORMALISED,
            );
        }
    });
}
