//! What is known of the output channels of a convolution before it is run: how large sums get, and what they mean.

use super::convert::{codes, refuse, supported};
use super::filter::Filter;
use super::fit::Line;
use super::frame::Frame;
use crate::Result;
use crate::network::Convolution;
use radars_nn::tensor::FixedPoint;
use radars_space::ConvGeometry;
use std::ops::RangeInclusive;

/// Bits of a total.
const TOTAL_BITS: u32 = 60;
/// Bits of a value that is held, the sign aside.
pub(super) const VALUE_BITS: u32 = 29;
/// What no total reaches.
const TOTAL_LIMIT: i128 = 1 << 62;

/// The sums that a channel may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    low: i64,
    high: i64,
}

/// A channel's sums, and what becomes of them: `slope * sum + shift`, and what is added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) slope: f64,
    pub(super) shift: f64,
    pub(super) range: Range,
    pub(super) added: Option<Added>,
}

/// An integer of a magnitude up to `most`, that stands for `slope * integer + shift`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    pub(super) slope: f64,
    pub(super) shift: f64,
    pub(super) most: i64,
}

/// A convolution, and what its sums mean behind the batch norm.
pub(super) struct Filtered {
    pub(super) filter: Filter,
    pub(super) ranges: Vec<Range>,
    /// The value of a sum of one before the batch norm.
    pub(super) step: f32,
    pub(super) slopes: Vec<f64>,
    pub(super) shifts: Vec<f64>,
}

impl Range {
    /// The sums of products of weights and codes, any of which may meet the padding instead. Every partial sum is
    /// within, too.
    fn new(weights: &[i16], input: FixedPoint) -> Self {
        let (least, most) = input.code_range();
        let (least, most) = (least as i64, most as i64);
        let mut range = Range { low: 0, high: 0 };
        for &weight in weights {
            let products = [least, most].map(|code| code * i64::from(weight));
            range.low += products[0].min(products[1]).min(0);
            range.high += products[0].max(products[1]).max(0);
        }
        range
    }

    pub(super) fn all(&self) -> RangeInclusive<i64> {
        self.low..=self.high
    }

    pub(super) fn magnitude(&self) -> i64 {
        self.high.max(-self.low)
    }

    /// Whether a convolution in f32 rounds none of the sums, in whatever order it adds.
    pub(super) fn is_exact_in_f32(&self) -> bool {
        self.magnitude() <= 1 << f32::MANTISSA_DIGITS
    }
}

impl Filtered {
    /// The convolution of codes of a format that are framed as `frame` says.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where parts do not fit each other, or sums of 32 bits could overflow.
    pub(super) fn new(conv: &Convolution, frame: &Frame, input: FixedPoint) -> Result<Self> {
        let refused = |what: String| refuse(format!("{} {what}", conv.name));
        let (geometry, channels) = (&conv.geometry, conv.geometry.output.channels);
        if geometry.input != frame.image {
            return Err(refused(format!(
                "takes {}, not {}",
                geometry.input, frame.image
            )));
        }
        // Sizes come from a space, or from a caller.
        let (stride, groups) = (geometry.stride, geometry.groups);
        let sound = ConvGeometry::new(geometry.input, channels, stride, groups);
        if sound != Ok(*geometry) || conv.kernel == 0 {
            return Err(refused(format!(
                "makes {} of {} with kernels of {}, stride {stride} and {groups} groups",
                geometry.output, geometry.input, conv.kernel
            )));
        }
        let format = supported(&conv.name, conv.weight_format)?;
        let codes = codes(&conv.name, &conv.weight, format)?;
        let norm = &conv.norm;
        let fits = codes.len() == conv.weight_shape().iter().product::<usize>()
            && [&norm.gamma, &norm.beta, &norm.mean, &norm.variance]
                .iter()
                .all(|values| values.len() == channels);
        if !fits {
            return Err(refused(format!(
                "has {} weights and {} channels' batch norm for {channels} channels",
                codes.len(),
                norm.gamma.len()
            )));
        }
        let weights = codes.chunks_exact(codes.len() / channels);
        let ranges: Vec<Range> = weights.map(|weights| Range::new(weights, input)).collect();
        let largest = ranges.iter().map(Range::magnitude).fold(0, i64::max);
        if largest > i64::from(i32::MAX) {
            return Err(refused(format!(
                "could have sums of {largest}, and those of 32 bits are computed"
            )));
        }
        let step = input.step() * format.step();
        let (scales, shifts) = norm.affine();
        let slopes: Vec<f64> = scales.iter().map(|scale| scale * f64::from(step)).collect();
        if let Some(value) = slopes.iter().chain(&shifts).find(|v| !v.is_finite()) {
            return Err(refused(format!(
                "has a batch norm that makes {value} of its sums"
            )));
        }
        Ok(Filtered {
            filter: Filter::new(geometry, conv.kernel, &codes, input, frame),
            ranges,
            step,
            slopes,
            shifts,
        })
    }
}

impl Channel {
    /// The largest magnitude of what the sums become.
    fn largest(&self) -> f64 {
        let added = self.added.map_or(0.0, |added| {
            added.slope.abs() * added.most as f64 + added.shift.abs()
        });
        self.slope.abs() * self.range.magnitude() as f64 + self.shift.abs() + added
    }

    /// Totals with so many fraction bits; what is added aside.
    pub(super) fn line(&self, fraction: u32) -> Line {
        let shift = self.shift + self.added.map_or(0.0, |added| added.shift);
        Line {
            multiplier: fixed(self.slope, fraction),
            offset: fixed(shift, fraction),
            shift: 0,
            least: i64::MIN,
            most: i64::MAX,
        }
    }

    /// What is added is multiplied by.
    pub(super) fn addend_multiplier(&self, fraction: u32) -> i64 {
        self.added.map_or(0, |added| fixed(added.slope, fraction))
    }

    /// The largest magnitude of a total.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where totals of 64 bits could overflow.
    pub(super) fn largest_total(&self, name: &str, line: &Line, fraction: u32) -> Result<i64> {
        let product = |a: i64, b: i64| i128::from(a.unsigned_abs()) * i128::from(b.unsigned_abs());
        let most = self.added.map_or(0, |added| added.most);
        let largest = product(line.multiplier, self.range.magnitude())
            + i128::from(line.offset.unsigned_abs())
            + product(self.addend_multiplier(fraction), most);
        match largest < TOTAL_LIMIT {
            true => Ok(largest as i64),
            false => Err(refuse(format!(
                "{name} could have totals of {largest}, and less than {TOTAL_LIMIT} is computed with"
            ))),
        }
    }
}

/// Fraction bits of the totals and of the values of a convolution, as many as its largest value leaves.
///
/// # Errors
/// [`crate::Error::Unsupported`] where it leaves none to a value.
pub(super) fn precision(name: &str, channels: &[Channel]) -> Result<[u32; 2]> {
    let largest = channels.iter().map(Channel::largest).fold(1.0, f64::max);
    let exponent = (0..=VALUE_BITS).find(|&bits| largest <= f64::from(1_u32 << bits));
    match exponent {
        Some(bits) => Ok([TOTAL_BITS - bits, VALUE_BITS - bits]),
        None => Err(refuse(format!(
            "{name} could have values of {largest:e}, and up to 2^{VALUE_BITS} are computed with"
        ))),
    }
}

/// `value * 2^fraction`, the nearest integer.
fn fixed(value: f64, fraction: u32) -> i64 {
    (value * f64::from(fraction).exp2()).round_ties_even() as i64
}
