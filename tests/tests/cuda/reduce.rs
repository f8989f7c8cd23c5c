//! Reductions along an axis, their adjoint, and inner products.

use radars_tensor::{Axis, Backend, Op, ReduceOp, Result};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

const OPS: [ReduceOp; 4] = [
    ReduceOp::Sum,
    ReduceOp::Mean,
    ReduceOp::SumOfSquares,
    ReduceOp::Max,
];

/// Rows and columns, with and without whole quads, of one part and of several.
const AXES: [[usize; 3]; 16] = [
    [1, 1, 1],
    [1, 0, 3],
    [3, 7, 1],
    [5, 64, 1],
    [2, 1023, 1],
    [2, 1024, 1],
    [1, 1025, 1],
    [1, 40_000, 1],
    [2, 16_385, 1],
    [4, 9, 2],
    [1, 300, 3],
    [3, 49, 64],
    [1, 1000, 10],
    [2, 5, 132],
    [1, 700, 36],
    [1, 9000, 4],
];

fn axis([outer, axis, inner]: [usize; 3]) -> Axis {
    Axis { outer, axis, inner }
}

#[derive(Debug)]
struct Reduce {
    op: ReduceOp,
    axis: Axis,
    /// Whether `x` holds small integers, whose sums are exact in any order.
    integers: bool,
    /// Whether `x` starts 4 bytes behind a 16-byte boundary.
    shifted: bool,
}

impl Case for Reduce {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let skipped = usize::from(self.shifted);
        let mut values = side.values(self.axis.elements() + skipped);
        if self.integers {
            values.iter_mut().for_each(|x| *x = (*x * 4.0).round());
        }
        let x = side.input(&values);
        let mut y = side.output(self.axis.reduced());
        let mut scratch = side.scratch(&Op::Reduce(self.op, self.axis));
        let view = x.view().slice(4 * skipped..4 * values.len());
        side.backend()
            .reduce(self.op, &self.axis, view, y.view_mut(), scratch.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn reductions_agree() {
    on_every_device(|cuda| {
        for (op, sizes) in OPS.into_iter().flat_map(|op| AXES.map(|sizes| (op, sizes))) {
            let exact = matches!(op, ReduceOp::Max);
            for (integers, shifted) in [(false, false), (true, false), (true, true)] {
                let case = Reduce {
                    op,
                    axis: axis(sizes),
                    integers,
                    shifted,
                };
                let tolerance = match exact || (integers && op != ReduceOp::Mean) {
                    true => Tolerance::EXACT,
                    false => Tolerance::SUM,
                };
                parity(&cuda, &case, tolerance);
            }
        }
    });
}

/// The bits of sums of floats do not depend on where the tensor lies.
#[test]
fn sums_do_not_depend_on_the_address() {
    on_every_device(|cuda| {
        for sizes in [[1, 20_000, 1], [1, 500, 8]] {
            parity(&cuda, &Twice(axis(sizes)), Tolerance::EXACT);
        }
    });
}

/// The differences of the results at two addresses, all zero.
#[derive(Debug)]
struct Twice(Axis);

impl Case for Twice {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let op = ReduceOp::SumOfSquares;
        let values = side.values(self.0.elements());
        let shifted: Vec<f32> = [0.0].into_iter().chain(values.iter().copied()).collect();
        let (at, beside) = (side.input(&values), side.input(&shifted));
        let views = [at.view(), beside.view().slice(4..4 * shifted.len())];
        let mut results = Vec::new();
        for view in views {
            let mut y = side.output(self.0.reduced());
            let mut scratch = side.scratch(&Op::Reduce(op, self.0));
            side.backend()
                .reduce(op, &self.0, view, y.view_mut(), scratch.view_mut())?;
            results.push(side.read::<f32>(&y));
        }
        let differences = results[0]
            .iter()
            .zip(&results[1])
            .map(|(a, b)| a - b)
            .collect();
        Ok(vec![("differences", differences)])
    }
}

/// NaN is passed over by the maximum, and stays in sums.
#[derive(Debug)]
struct WithNan(ReduceOp);

impl Case for WithNan {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let axis = axis([2, 50, 1]);
        let mut values = side.values(100);
        values[7] = f32::NAN;
        values[50..].fill(f32::NAN);
        let (x, mut y) = (side.input(&values), side.output(2));
        let mut scratch = side.scratch(&Op::Reduce(self.0, axis));
        side.backend()
            .reduce(self.0, &axis, x.view(), y.view_mut(), scratch.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn nan_is_treated_alike() {
    on_every_device(|cuda| {
        for op in OPS {
            parity(&cuda, &WithNan(op), Tolerance::SUM);
        }
    });
}

#[derive(Debug)]
struct Broadcast(Axis);

impl Case for Broadcast {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (x, mut y) = (
            side.random(self.0.reduced()),
            side.output(self.0.elements()),
        );
        side.backend()
            .broadcast(&self.0, 0.3, x.view(), y.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn broadcasts_agree() {
    on_every_device(|cuda| {
        for sizes in AXES {
            parity(&cuda, &Broadcast(axis(sizes)), Tolerance::EXACT);
        }
    });
}

#[derive(Debug)]
struct Dot {
    n: usize,
    integers: bool,
}

impl Case for Dot {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let [mut a, mut b] = [side.values(self.n), side.values(self.n)];
        if self.integers {
            a.iter_mut()
                .chain(&mut b)
                .for_each(|x| *x = (*x * 4.0).round());
        }
        let (a, b, mut y) = (side.input(&a), side.input(&b), side.output(1));
        let mut scratch = side.scratch(&Op::Dot(self.n));
        side.backend()
            .dot(a.view(), b.view(), y.view_mut(), scratch.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn inner_products_agree() {
    on_every_device(|cuda| {
        for n in [0, 1, 5, 1024, 16_383, 16_384, 16_388, 50_001] {
            parity(&cuda, &Dot { n, integers: true }, Tolerance::EXACT);
            // Up to 50,001 terms of size 1: the tolerance of sums is for some thousand.
            if n < 20_000 {
                let integers = false;
                parity(&cuda, &Dot { n, integers }, Tolerance::SUM);
            }
        }
    });
}

/// The text of the error of a reduction whose result is one element too long.
#[derive(Debug)]
struct WrongLength;

impl Case for WrongLength {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (x, mut y, mut scratch) = (side.random(12), side.output(5), side.output(0));
        let axis = axis([2, 3, 2]);
        let result = side.backend().reduce(
            ReduceOp::Sum,
            &axis,
            x.view(),
            y.view_mut(),
            scratch.view_mut(),
        );
        let text = result.expect_err("5 elements for 4").to_string();
        Ok(vec![("text", text.bytes().map(f32::from).collect())])
    }
}

#[test]
fn wrong_lengths_are_refused_alike() {
    on_every_device(|cuda| parity(&cuda, &WrongLength, Tolerance::EXACT));
}
