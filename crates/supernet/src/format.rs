//! From the precisions of a space to fixed-point formats: the role decides about the sign.

use radars_nn::tensor::FixedPoint;
use radars_space::{Precision, Space};

/// The format of weights.
pub fn weight_format(precision: Precision) -> FixedPoint {
    FixedPoint::signed(precision.integer, precision.fraction)
}

/// The format of a convolution's input: signed for the image and for what no activation follows, unsigned for what
/// follows a ReLU.
pub fn input_format(signed: bool, precision: Precision) -> FixedPoint {
    match signed {
        true => FixedPoint::signed(precision.integer, precision.fraction),
        false => FixedPoint::unsigned(precision.integer, precision.fraction),
    }
}

/// The formats of the classifier's input and weights, fixed by the space; none in a float space.
pub fn classifier_formats(space: &Space) -> (Option<FixedPoint>, Option<FixedPoint>) {
    if !space.is_quantised() {
        return (None, None);
    }
    let signed = space.has_signed_input(space.layers().len());
    (
        Some(input_format(signed, Space::CLASSIFIER)),
        Some(weight_format(Space::CLASSIFIER)),
    )
}
