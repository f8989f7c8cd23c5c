//! The constant gain that makes candidates comparable.
//!
//! Outputs of candidates of different widths differ in variance by factors of hundreds, and a mixture
//! would be won by variance alone. Each candidate's output is multiplied by
//! `sqrt(2 / fan_in) / rms(Qw(W0))`, a constant, which keeps the mixture linear.

use crate::Result;
use radars_nn::tensor::{Backend, FixedPoint, Tensor};

/// The gain of a candidate with initial weights `weights` under a quantiser; 1 when all of them quantise
/// to zero, and on a planning backend, which has no weights.
pub(super) fn gain<B: Backend>(
    weights: &Tensor<B>,
    fan_in: usize,
    format: Option<FixedPoint>,
) -> Result<f32> {
    if !B::HOLDS_VALUES {
        return Ok(1.0);
    }
    let values: Vec<f32> = weights.read()?;
    let quantised = values.iter().map(|&w| format.map_or(w, |f| f.quantise(w)));
    let squares: f64 = quantised.map(|w| f64::from(w) * f64::from(w)).sum();
    let rms = (squares / values.len().max(1) as f64).sqrt();
    if rms == 0.0 {
        return Ok(1.0);
    }
    Ok(((2.0 / fan_in.max(1) as f64).sqrt() / rms) as f32)
}
