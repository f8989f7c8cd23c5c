//! Elementwise functions, accumulation and masks.

use radars_tensor::{
    Activation, Backend, BinaryOp, Coefficient, FixedPoint, MaskOp, Operand, Result, UnaryOp,
};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

/// Around a pack of 4, a byte of mask, a block, and more than one element a thread.
const LENGTHS: [usize; 9] = [0, 1, 3, 4, 7, 9, 255, 1024, 4099];

const SIGNED: FixedPoint = FixedPoint::signed(1, 3);
const UNSIGNED: FixedPoint = FixedPoint::unsigned(3, 6);

/// Values that functions treat in ways of their own: zeros, halves of steps, limits, infinities, NaN.
const SPECIAL: [f32; 16] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    0.125,
    0.1875,
    -0.3125,
    6.0,
    5.999_999_5,
    1.0e-30,
    -1.0e30,
    1.0e30,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    8_388_609.0,
];

/// Values with some special ones among them.
fn values<B: Backend>(side: &Side<B>, n: usize) -> Vec<f32> {
    let mut x = side.values(n);
    for (i, special) in SPECIAL.into_iter().enumerate() {
        if let Some(x) = x.get_mut(7 * i + 2) {
            *x = special;
        }
    }
    x
}

/// Bytes of the f32 before an operand that lies off 16-byte boundaries.
const OFF: usize = size_of::<f32>();

#[derive(Debug)]
struct Unary {
    op: UnaryOp,
    n: usize,
}

impl Case for Unary {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (op, backend) = (self.op, side.backend());
        let x = values(side, self.n);
        let (from, mut y) = (side.input(&x), side.output(self.n));
        backend.unary(op, Operand::Read(from.view()), y.view_mut())?;
        let mut in_place = side.input(&x);
        backend.unary(op, Operand::InPlace, in_place.view_mut())?;
        let mut off = side.input(&[&[0.0], x.as_slice()].concat());
        let range = OFF..OFF * (self.n + 1);
        backend.unary(op, Operand::InPlace, off.view_mut().slice(range))?;
        Ok(vec![
            ("y", side.read(&y)),
            ("in place", side.read(&in_place)),
            ("off a boundary", side.read(&off)),
        ])
    }
}

#[test]
fn functions_of_one_operand() {
    on_every_device(|cuda| {
        let run = |op, tolerance| {
            for n in LENGTHS {
                parity(&cuda, &Unary { op, n }, tolerance);
            }
        };
        for op in [
            UnaryOp::Relu,
            UnaryOp::Relu6,
            UnaryOp::FakeQuantise(SIGNED),
            UnaryOp::FakeQuantise(UNSIGNED),
            UnaryOp::FakeQuantise(FixedPoint::signed(12, 12)),
            UnaryOp::ReluQuantise(UNSIGNED),
        ] {
            run(op, Tolerance::EXACT);
        }
        for op in [UnaryOp::Sigmoid, UnaryOp::Tanh, UnaryOp::Exp, UnaryOp::Log] {
            run(op, Tolerance::FUNCTION);
        }
        let (scale, shift) = (1.7, -0.3);
        run(UnaryOp::Affine { scale, shift }, Tolerance::ARITHMETIC);
        run(
            UnaryOp::ClipCoefficient { max_norm: 0.8 },
            Tolerance::ARITHMETIC,
        );
    });
}

#[derive(Debug)]
struct Binary {
    op: BinaryOp,
    n: usize,
    repeat: usize,
}

impl Case for Binary {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (op, backend) = (self.op, side.backend());
        let (a, b) = (values(side, self.n), side.values(self.repeat));
        let (from, with, mut y) = (side.input(&a), side.input(&b), side.output(self.n));
        backend.binary(op, Operand::Read(from.view()), with.view(), y.view_mut())?;
        let mut in_place = side.input(&a);
        backend.binary(op, Operand::InPlace, with.view(), in_place.view_mut())?;
        let off = side.input(&[&[0.0], b.as_slice()].concat());
        let with = off.view().slice(OFF..OFF * (self.repeat + 1));
        let mut beside = side.input(&a);
        backend.binary(op, Operand::InPlace, with, beside.view_mut())?;
        Ok(vec![
            ("y", side.read(&y)),
            ("in place", side.read(&in_place)),
            ("with b off a boundary", side.read(&beside)),
        ])
    }
}

#[test]
fn functions_of_two_operands_with_a_second_that_repeats() {
    let sizes = [
        (0, 0),
        (1, 1),
        (7, 7),
        (4098, 4098),
        (13, 1),
        (120, 8),
        (105, 7),
        (4100, 4),
        (9000, 3000),
        (8200, 2050),
    ];
    on_every_device(|cuda| {
        let run = |op, tolerance| {
            for (n, repeat) in sizes {
                parity(&cuda, &Binary { op, n, repeat }, tolerance);
            }
        };
        for op in [
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::FakeQuantiseBackward(SIGNED),
            BinaryOp::FakeQuantiseBackward(UNSIGNED),
            BinaryOp::ActivationBackward(Activation::Relu),
            BinaryOp::ActivationBackward(Activation::Relu6),
            BinaryOp::ActivationBackward(Activation::ReluQuantise(UNSIGNED)),
        ] {
            run(op, Tolerance::EXACT);
        }
        for op in [BinaryOp::SigmoidBackward, BinaryOp::TanhBackward] {
            run(op, Tolerance::FUNCTION);
        }
    });
}

#[derive(Debug)]
struct Accumulate {
    n: usize,
}

impl Case for Accumulate {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (x, y) = (side.random(self.n), side.values(self.n));
        let c = side.input(&[0.7f32, -1.3]);
        let (mut constant, mut element) = (side.input(&y), side.input(&y));
        let factor = Coefficient::Constant(-1.3);
        side.backend()
            .accumulate(factor, x.view(), constant.view_mut())?;
        let factor = Coefficient::Element(c.view().slice(OFF..2 * OFF));
        side.backend()
            .accumulate(factor, x.view(), element.view_mut())?;
        Ok(vec![
            ("by a number", side.read(&constant)),
            ("by an element", side.read(&element)),
        ])
    }
}

#[test]
fn accumulation_by_a_number_and_by_an_element() {
    on_every_device(|cuda| {
        for n in LENGTHS {
            parity(&cuda, &Accumulate { n }, Tolerance::ARITHMETIC);
        }
    });
}

#[derive(Debug)]
struct Mask {
    op: MaskOp,
    n: usize,
}

impl Case for Mask {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let x = values(side, self.n);
        let (mut y, mut mask) = (side.input(&x), side.bytes(self.n.div_ceil(8)));
        side.backend().mask(self.op, y.view(), mask.view_mut())?;
        side.backend().apply_mask(mask.view(), y.view_mut())?;
        let bits: Vec<u8> = side.read(&mask);
        let bits = bits.into_iter().map(f32::from).collect();
        Ok(vec![("mask", bits), ("masked", side.read(&y))])
    }
}

#[test]
fn masks_and_what_they_leave() {
    on_every_device(|cuda| {
        for n in LENGTHS {
            for op in [
                MaskOp::Positive,
                MaskOp::Between(-0.5, 6.0),
                MaskOp::InRange(SIGNED),
            ] {
                parity(&cuda, &Mask { op, n }, Tolerance::EXACT);
            }
        }
    });
}

#[derive(Debug)]
struct WrongLengths;

impl Case for WrongLengths {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let backend = side.backend();
        let (three, four, mut y) = (side.random(3), side.random(4), side.output(5));
        let (relu, add) = (UnaryOp::Relu, BinaryOp::Add);
        let refused = backend.unary(relu, Operand::Read(three.view()), y.view_mut());
        let text = "unary: x has 12 bytes where the geometry says 20";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let refused = backend.binary(add, Operand::InPlace, four.view(), y.view_mut());
        let text = "binary: b has 16 bytes where the geometry says 20";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let a = Operand::Read(four.view());
        let refused = backend.binary(add, a, three.view(), y.view_mut());
        let text = "binary: x has 16 bytes where the geometry says 20";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let c = Coefficient::Element(three.view());
        let refused = backend.accumulate(c, four.view(), y.view_mut());
        let text = "accumulate: coefficient has 12 bytes where the geometry says 4";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let mut mask = side.bytes(2);
        let refused = backend.mask(MaskOp::Positive, four.view(), mask.view_mut());
        let text = "mask: mask has 2 bytes where the geometry says 1";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let refused = backend.apply_mask(mask.view(), y.view_mut());
        let text = "apply_mask: mask has 2 bytes where the geometry says 1";
        assert_eq!(refused.unwrap_err().to_string(), text);
        Ok(Outputs::new())
    }
}

#[test]
fn wrong_lengths_are_refused_in_the_words_of_the_cpu() {
    on_every_device(|cuda| parity(&cuda, &WrongLengths, Tolerance::EXACT));
}
