//! How each dialect says that a value is fake-quantised.

use super::Dialect;
use super::builder::{Builder, int, string};
use super::proto::DataType;
use radars_nn::tensor::FixedPoint;

impl Dialect {
    /// `x` in a format, as nodes: what the network does to a layer's input.
    pub(super) fn quantise(
        self,
        to: &mut Builder,
        name: String,
        x: &str,
        format: FixedPoint,
    ) -> String {
        match self {
            Dialect::Qonnx => quant(to, name, x, format),
            Dialect::Qdq => {
                let x = match is_whole(format) {
                    true => x.to_owned(),
                    false => clip_values(to, format!("{name}.clipped"), x, format),
                };
                // onnxruntime fails to optimise a Clip before four bits.
                let integers = match is_whole(format) {
                    true => integers(format.signed, format.width()),
                    false => integers(format.signed, format.width().max(8)),
                };
                let scale = to.float(format!("{name}.step"), format.step());
                let zero = to.integers(format!("{name}.zero"), &[], integers, &[0]);
                let codes = format!("{name}.codes");
                let codes = to.node("QuantizeLinear", codes, &[&x, &scale, &zero], vec![]);
                to.node("DequantizeLinear", name, &[&codes, &scale, &zero], vec![])
            }
            Dialect::Plain => {
                let (lo, hi) = format.code_range();
                let scale = to.float(format!("{name}.scale"), format.scale());
                let step = to.float(format!("{name}.step"), format.step());
                let lo = to.float(format!("{name}.lo"), lo);
                let hi = to.float(format!("{name}.hi"), hi);
                let scaled = to.node("Mul", format!("{name}.scaled"), &[x, &scale], vec![]);
                let rounded = to.node("Round", format!("{name}.rounded"), &[&scaled], vec![]);
                let codes = format!("{name}.codes");
                let codes = to.node("Clip", codes, &[&rounded, &lo, &hi], vec![]);
                to.node("Mul", name, &[&codes, &step], vec![])
            }
        }
    }

    /// Weights in a format: the trained ones with a quantiser, their codes, or the values that they become.
    pub(super) fn weights(
        self,
        to: &mut Builder,
        name: String,
        dims: &[usize],
        values: &[f32],
        format: Option<FixedPoint>,
    ) -> String {
        let Some(format) = format else {
            return to.floats(name, dims, values);
        };
        match self {
            Dialect::Qonnx => {
                let trained = to.floats(format!("{name}.trained"), dims, values);
                quant(to, name, &trained, format)
            }
            Dialect::Qdq => {
                let code = |&value: &f32| (format.quantise(value) * format.scale()) as i32;
                let codes: Vec<i32> = values.iter().map(code).collect();
                let integers = integers(format.signed, format.width());
                let codes = to.integers(format!("{name}.codes"), dims, integers, &codes);
                let scale = to.float(format!("{name}.step"), format.step());
                let zero = to.integers(format!("{name}.zero"), &[], integers, &[0]);
                to.node("DequantizeLinear", name, &[&codes, &scale, &zero], vec![])
            }
            Dialect::Plain => {
                let values: Vec<f32> = values.iter().map(|&v| format.quantise(v)).collect();
                to.floats(name, dims, &values)
            }
        }
    }
}

/// `Quant`, which does both steps at once.
///
/// # Source
/// Pappalardo et al. 2022, "QONNX: representing arbitrary-precision quantized neural networks".
fn quant(to: &mut Builder, name: String, x: &str, format: FixedPoint) -> String {
    let scale = to.float(format!("{name}.step"), format.step());
    let zero = to.float(format!("{name}.zero"), 0.0);
    let bits = to.float(format!("{name}.bits"), format.width() as f32);
    let attributes = vec![
        int("signed", usize::from(format.signed)),
        int("narrow", 0),
        string("rounding_mode", "ROUND"),
    ];
    to.node("Quant", name, &[x, &scale, &zero, &bits], attributes)
}

/// Cuts off what a format cannot express: for one that leaves a part of its integer type unused. Both ends are codes,
/// so it does not matter that rounding comes after it.
fn clip_values(to: &mut Builder, name: String, x: &str, format: FixedPoint) -> String {
    let (lo, hi) = format.code_range();
    let lo = to.float(format!("{name}.lo"), lo * format.step());
    let hi = to.float(format!("{name}.hi"), hi * format.step());
    to.node("Clip", name, &[x, &lo, &hi], vec![])
}

/// The narrowest integer type for codes of so many bits.
fn integers(signed: bool, width: u32) -> DataType {
    match (signed, width) {
        (true, ..=4) => DataType::Int4,
        (false, ..=4) => DataType::Uint4,
        (true, ..=8) => DataType::Int8,
        (false, ..=8) => DataType::Uint8,
        (true, _) => DataType::Int16,
        (false, _) => DataType::Uint16,
    }
}

/// Whether a format uses all codes of its integer type, which saturates by itself.
fn is_whole(format: FixedPoint) -> bool {
    matches!(format.width(), 4 | 8 | 16)
}
