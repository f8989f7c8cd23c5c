//! The two fake quantisers of a quantised network.

use crate::{Pass, Result};
use radars_autograd::tensor::{Backend, FixedPoint};
use radars_autograd::{Var, ops};

/// A fake quantiser: values are rounded to a fixed-point format and stay floats.
///
/// A format has `I` integer and `F` fraction bits, `I` counting the sign where there is one, as
/// `ap_fixed<I + F, I>` does; it is `I + F` bits wide.
///
/// - Weights, and the first layer's input: signed,
///   `clamp(round_half_even(x * 2^F), -2^(I+F-1), 2^(I+F-1) - 1) / 2^F`.
/// - Activations after a ReLU: unsigned, `clamp(round_half_even(x * 2^F), 0, 2^(I+F) - 1) / 2^F`.
///
/// The way back is the straight-through estimator: the gradient passes unchanged where the rounded code
/// lies within the limits, and is zero elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quantiser(FixedPoint);

impl Quantiser {
    /// The quantiser of weights and of the network's input, signed.
    pub const fn weights(integer: u8, fraction: u8) -> Self {
        Quantiser(FixedPoint::signed(integer, fraction))
    }

    /// The quantiser of activations after a ReLU, unsigned.
    pub const fn activations(integer: u8, fraction: u8) -> Self {
        Quantiser(FixedPoint::unsigned(integer, fraction))
    }

    /// The format, as layers and tensors take it.
    pub const fn format(self) -> FixedPoint {
        self.0
    }

    /// Quantises `x`.
    ///
    /// # Shapes
    /// `x`: any; the result has the same shape.
    ///
    /// # Errors
    /// [`crate::tensor::Error::OverBound`].
    pub fn forward<B: Backend>(self, pass: &mut Pass<'_, B>, x: Var<B>) -> Result<Var<B>> {
        Ok(ops::fake_quantise(pass.tape(), x, self.0)?)
    }
}

impl From<Quantiser> for FixedPoint {
    fn from(quantiser: Quantiser) -> Self {
        quantiser.0
    }
}
