//! What operators take and compute, as their specification says.

use super::builder::QONNX;
use super::proto::NodeProto;
use super::value::{Value, elements};
use rayon::prelude::*;

/// An operator with its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operator {
    Add,
    BatchNormalization { epsilon: f32 },
    Clip,
    Conv(Geometry),
    DequantizeLinear,
    Flatten,
    GlobalAveragePool,
    MatMul,
    Mul,
    Quant { signed: bool },
    QuantizeLinear,
    Relu,
    Round,
    Sub,
}

/// A convolution's attributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    kernel: [usize; 2],
    padding: usize,
    stride: usize,
    groups: usize,
}

impl Operator {
    /// The operator of a node.
    pub fn of(node: &NodeProto) -> Result<Self, String> {
        let int = |name: &str, otherwise: i64| {
            let found = node.attribute.iter().find(|a| a.name == name);
            found.map_or(otherwise, |a| a.i)
        };
        let operator = match (&*node.domain, &*node.op_type) {
            ("", "Add") => Operator::Add,
            ("", "BatchNormalization") => {
                let epsilon = node.attribute.iter().find(|a| a.name == "epsilon");
                let epsilon = epsilon.map_or(1e-5, |a| a.f);
                Operator::BatchNormalization { epsilon }
            }
            ("", "Clip") => Operator::Clip,
            ("", "Conv") => Operator::Conv(Geometry::of(node)?),
            ("", "DequantizeLinear") => Operator::DequantizeLinear,
            ("", "Flatten") if int("axis", 1) == 1 => Operator::Flatten,
            ("", "GlobalAveragePool") => Operator::GlobalAveragePool,
            ("", "MatMul") => Operator::MatMul,
            ("", "Mul") => Operator::Mul,
            (QONNX, "Quant") if int("narrow", 0) == 0 => Operator::Quant {
                signed: int("signed", 1) != 0,
            },
            ("", "QuantizeLinear") => Operator::QuantizeLinear,
            ("", "Relu") => Operator::Relu,
            ("", "Round") => Operator::Round,
            ("", "Sub") => Operator::Sub,
            (domain, op) => {
                let of = if domain.is_empty() { "ONNX" } else { domain };
                return Err(format!(
                    "the operator {op} of {of}, or an attribute of it, is not one that radars exports"
                ));
            }
        };
        Ok(operator)
    }

    /// Whether every element of the result comes from one of the first operand.
    pub fn is_elementwise(&self) -> bool {
        !matches!(
            self,
            Operator::Conv(_) | Operator::GlobalAveragePool | Operator::MatMul
        )
    }

    /// Fewest operands.
    pub fn operands(&self) -> usize {
        match self {
            Operator::Relu | Operator::Round | Operator::Flatten | Operator::GlobalAveragePool => 1,
            Operator::Add | Operator::Mul | Operator::Sub | Operator::MatMul => 2,
            Operator::Conv(_) => 2,
            Operator::Clip | Operator::DequantizeLinear | Operator::QuantizeLinear => 3,
            Operator::Quant { .. } => 4,
            Operator::BatchNormalization { .. } => 5,
        }
    }

    /// The result.
    pub fn apply(&self, operands: &[&Value]) -> Result<Value, String> {
        let x = || operands[0].clone();
        match self {
            Operator::Add => x().zip(operands[1], |x, y| x + y),
            Operator::Sub => x().zip(operands[1], |x, y| x - y),
            Operator::Mul => x().zip(operands[1], |x, y| x * y),
            Operator::Relu => Ok(x().map(|x| x.max(0.0))),
            Operator::Round => Ok(x().map(f32::round_ties_even)),
            Operator::Clip => {
                let (lo, hi) = (operands[1].scalar()?, operands[2].scalar()?);
                Ok(x().map(|x| x.max(lo).min(hi)))
            }
            Operator::Quant { signed } => {
                let [scale, zero, bits] = [1, 2, 3].map(|at| operands[at].scalar());
                let (scale, zero, bits) = (scale?, zero?, bits?);
                let (lo, hi) = match signed {
                    true => (-(bits - 1.0).exp2(), (bits - 1.0).exp2() - 1.0),
                    false => (0.0, bits.exp2() - 1.0),
                };
                Ok(x().map(|x| {
                    let code = (x / scale + zero).max(lo).min(hi);
                    (code.round_ties_even() - zero) * scale
                }))
            }
            Operator::QuantizeLinear => {
                let (scale, zero) = (operands[1].scalar()?, operands[2].scalar()?);
                let codes = operands[2].codes;
                let [lo, hi] = codes.ok_or("the zero point is no integer")?;
                let mut y = x().map(|x| ((x / scale).round_ties_even() + zero).max(lo).min(hi));
                y.codes = codes;
                Ok(y)
            }
            Operator::DequantizeLinear => {
                let (scale, zero) = (operands[1].scalar()?, operands[2].scalar()?);
                Ok(x().map(|x| (x - zero) * scale))
            }
            Operator::BatchNormalization { epsilon } => normalise(x(), &operands[1..5], *epsilon),
            Operator::Conv(geometry) => {
                convolve(operands[0], operands[1], operands.get(2), *geometry)
            }
            Operator::GlobalAveragePool => average(operands[0]),
            Operator::Flatten => {
                let x = x();
                let [n, rest @ ..] = &x.dims[..] else {
                    return Err("a scalar cannot be flattened".into());
                };
                let dims = vec![*n, elements(rest)?];
                Value::new(dims, x.data)
            }
            Operator::MatMul => multiply(operands[0], operands[1]),
        }
    }
}

impl Geometry {
    fn of(node: &NodeProto) -> Result<Self, String> {
        let list = |name: &str, otherwise: &[i64]| {
            let found = node.attribute.iter().find(|a| a.name == name);
            let list = found.map_or(otherwise.to_vec(), |a| a.ints.clone());
            let list: Result<Vec<usize>, _> = list.into_iter().map(usize::try_from).collect();
            list.map_err(|_| format!("{name} has a negative number"))
        };
        let kernel: [usize; 2] = (list("kernel_shape", &[])?.try_into())
            .map_err(|found| format!("kernel_shape is {found:?}, not two numbers"))?;
        let groups = node.attribute.iter().find(|a| a.name == "group");
        let groups = usize::try_from(groups.map_or(1, |a| a.i)).unwrap_or(0);
        let (pads, strides) = (list("pads", &[0; 4])?, list("strides", &[1, 1])?);
        let dilations = list("dilations", &[1, 1])?;
        match (&pads[..], &strides[..]) {
            (&[top, left, bottom, right], &[down, across])
                if [left, bottom, right] == [top; 3]
                    && down == across
                    && down > 0
                    && groups > 0
                    && kernel.iter().all(|side| (1..=1 << 16).contains(side))
                    && top <= 1 << 16
                    && dilations == [1, 1] =>
            {
                Ok(Geometry {
                    kernel,
                    padding: top,
                    stride: down,
                    groups,
                })
            }
            _ => Err(format!(
                "pads {pads:?}, strides {strides:?}, dilations {dilations:?} and {groups} groups are not of a \
                 convolution that radars exports"
            )),
        }
    }

    /// Where a row of outputs finds its inputs for a tap: the outputs, and the first input.
    fn row(self, tap: usize, inputs: usize, outputs: usize) -> (std::ops::Range<usize>, usize) {
        let first = self.padding.saturating_sub(tap).div_ceil(self.stride);
        let last = match (inputs + self.padding).checked_sub(tap + 1) {
            Some(room) => outputs.min(room / self.stride + 1),
            None => 0,
        };
        let first = first.min(last);
        (
            first..last,
            (first * self.stride + tap).saturating_sub(self.padding),
        )
    }
}

/// `[n, c, h, w]` with `[o, c / groups, k, k]`, and a bias.
fn convolve(
    x: &Value,
    w: &Value,
    bias: Option<&&Value>,
    geometry: Geometry,
) -> Result<Value, String> {
    let Geometry {
        kernel: [kh, kw],
        padding,
        stride,
        groups,
    } = geometry;
    let (&[n, c, h, width], &[o, depth, wh, ww]) = (&x.dims[..], &w.dims[..]) else {
        return Err(format!(
            "a convolution of shapes {:?} and {:?}",
            x.dims, w.dims
        ));
    };
    if [wh, ww] != [kh, kw]
        || !o.is_multiple_of(groups)
        || depth.checked_mul(groups) != Some(c)
        || h + 2 * padding < kh
        || width + 2 * padding < kw
        || bias.is_some_and(|bias| bias.dims != [o])
    {
        return Err(format!(
            "shapes {:?} and {:?} do not fit a kernel of {kh} x {kw} in {groups} groups",
            x.dims, w.dims
        ));
    }
    let [oh, ow] = [(h, kh), (width, kw)].map(|(size, k)| (size + 2 * padding - k) / stride + 1);
    let dims = vec![n, o, oh, ow];
    let mut y = vec![0.0; elements(&dims)?];
    let of_group = o / groups;
    // One output plane after the other; sums in the order of input channel, row and column of the kernel.
    y.par_chunks_exact_mut((oh * ow).max(1))
        .enumerate()
        .for_each(|(at, plane)| {
            let (image, out) = (at / o, at % o);
            if let Some(bias) = bias {
                plane.fill(bias.data[out]);
            }
            for channel in 0..depth {
                let from = (image * c + out / of_group * depth + channel) * h * width;
                let source = &x.data[from..][..h * width];
                let taps = &w.data[(out * depth + channel) * kh * kw..][..kh * kw];
                for (tap, &weight) in taps.iter().enumerate() {
                    let (rows, first_row) = geometry.row(tap / kw, h, oh);
                    let (columns, first) = geometry.row(tap % kw, width, ow);
                    for (step, row) in rows.enumerate() {
                        let source = &source[(first_row + step * stride) * width..][..width];
                        let source = source[first.min(width)..].iter().step_by(stride);
                        let row = &mut plane[row * ow..][..ow][columns.clone()];
                        row.iter_mut()
                            .zip(source)
                            .for_each(|(y, x)| *y += weight * x);
                    }
                }
            }
        });
    Value::new(dims, y)
}

fn normalise(x: Value, parameters: &[&Value], epsilon: f32) -> Result<Value, String> {
    let channels = x.dims.get(1).copied().unwrap_or(0);
    if parameters.iter().any(|p| p.dims != [channels]) {
        return Err(format!("a batch norm of shape {:?}", x.dims));
    }
    let channel = |value: &Value| Value::new(vec![1, channels, 1, 1], value.data.clone());
    let [gamma, beta, mean, variance] = [0, 1, 2, 3].map(|at| channel(parameters[at]));
    let deviation =
        |variance: f32| (1.0 / (f64::from(variance) + f64::from(epsilon)).sqrt()) as f32;
    let x = x.zip(&mean?, |x, mean| x - mean)?;
    let x = x.zip(&variance?, |x, variance| x * deviation(variance))?;
    x.zip(&gamma?, |x, gamma| x * gamma)?
        .zip(&beta?, |x, beta| x + beta)
}

/// `[n, c, h, w]` to `[n, c, 1, 1]`.
fn average(x: &Value) -> Result<Value, String> {
    let &[n, c, h, w] = &x.dims[..] else {
        return Err(format!("an average over the pixels of shape {:?}", x.dims));
    };
    if h * w == 0 {
        return Err("an average of nothing".into());
    }
    let mean = |plane: &[f32]| plane.iter().sum::<f32>() / (h * w) as f32;
    let means = x.data.chunks_exact(h * w).map(mean).collect();
    Value::new(vec![n, c, 1, 1], means)
}

/// `[n, i]` with `[i, o]`.
fn multiply(x: &Value, w: &Value) -> Result<Value, String> {
    let (&[n, i], &[inner, o]) = (&x.dims[..], &w.dims[..]) else {
        return Err(format!("a product of shapes {:?} and {:?}", x.dims, w.dims));
    };
    if i != inner || i == 0 || o == 0 {
        return Err(format!("a product of shapes {:?} and {:?}", x.dims, w.dims));
    }
    let dims = vec![n, o];
    let mut y = vec![0.0; elements(&dims)?];
    for (x, y) in x.data.chunks_exact(i).zip(y.chunks_exact_mut(o)) {
        for (x, w) in x.iter().zip(w.data.chunks_exact(o)) {
            y.iter_mut().zip(w).for_each(|(y, w)| *y += x * w);
        }
    }
    Value::new(dims, y)
}
