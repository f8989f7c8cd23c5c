//! From the precisions of a space to fixed-point formats: the role decides about the sign.

use radars_nn::tensor::{Activation, FixedPoint};
use radars_space::{Precision, Space};

/// The format of weights.
pub fn weight_format(precision: Precision) -> FixedPoint {
    FixedPoint::signed(precision.integer, precision.fraction)
}

/// The format of a layer's input: signed for the image, which the first layer gets, unsigned for what
/// follows a ReLU.
pub fn activation_format(layer: usize, precision: Precision) -> FixedPoint {
    match layer {
        0 => FixedPoint::signed(precision.integer, precision.fraction),
        _ => FixedPoint::unsigned(precision.integer, precision.fraction),
    }
}

/// The formats of the classifier's input and weights, fixed by the space; none in a float space.
pub fn classifier_formats(space: &Space) -> (Option<FixedPoint>, Option<FixedPoint>) {
    if !space.is_quantised() {
        return (None, None);
    }
    let Precision { integer, fraction } = Space::CLASSIFIER;
    (
        Some(FixedPoint::unsigned(integer, fraction)),
        Some(FixedPoint::signed(integer, fraction)),
    )
}

/// ReLU, followed by the quantiser of the next layer's input where there is one.
pub fn activation(next: Option<FixedPoint>) -> Activation {
    match next {
        None => Activation::Relu,
        Some(format) => Activation::ReluQuantise(format),
    }
}
