//! From the text of a flag to its value.

use bytesize::ByteSize;
use std::time::Duration;

/// A size such as `96MiB`.
pub fn size(text: &str) -> Result<ByteSize, String> {
    text.parse()
        .map_err(|_| "a size with its unit is expected, such as 96MiB, 2GiB or 1500MB".to_owned())
}

/// Height and width such as `64x48`.
pub fn height_and_width(text: &str) -> Result<(usize, usize), String> {
    text.split_once('x')
        .and_then(|(height, width)| height.parse().ok().zip(width.parse().ok()))
        .ok_or_else(|| "height and width in pixels are expected, such as 64x48".to_owned())
}

/// A duration such as `48h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; a duration is expected, such as 48h, 90m or `1h 30m`"))
}

/// A share: 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    number(
        text,
        |value| (0.0..=1.0).contains(&value),
        "a number from 0 to 1",
    )
}

/// A positive number.
pub fn positive(text: &str) -> Result<f64, String> {
    number(
        text,
        |value| value > 0.0 && value.is_finite(),
        "a positive number",
    )
}

/// A number of at least 0.
pub fn not_negative(text: &str) -> Result<f64, String> {
    number(
        text,
        |value| value >= 0.0 && value.is_finite(),
        "a number of at least 0",
    )
}

/// A number of at least 1.
pub fn at_least_one(text: &str) -> Result<f64, String> {
    number(
        text,
        |value| value >= 1.0 && value.is_finite(),
        "a number of at least 1",
    )
}

/// A number.
pub fn finite(text: &str) -> Result<f64, String> {
    number(text, f64::is_finite, "a number")
}

fn number(text: &str, accepts: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if accepts(value) => Ok(value),
        _ => Err(format!("{expected} is expected")),
    }
}

/// A whole number of things, which may be written as `5e8`.
pub fn count(text: &str) -> Result<u64, String> {
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    /// Up to here every whole number is an f64.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let accepts = |value: f64| (0.0..=EXACT).contains(&value) && value.fract() == 0.0;
    number(text, accepts, "a whole number such as 500000000 or 5e8").map(|value| value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_units_and_limits() {
        assert_eq!(size("96MiB"), Ok(ByteSize(96 << 20)));
        assert_eq!(size("1.5 GB"), Ok(ByteSize(1_500_000_000)));
        assert!(size("plenty").unwrap_err().contains("96MiB"));
        assert_eq!(height_and_width("64x48"), Ok((64, 48)));
        for text in ["64", "64x", "64x48x3", "-1x4"] {
            assert!(height_and_width(text).unwrap_err().contains("64x48"));
        }
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert!(duration("soon").unwrap_err().contains("48h"));
        assert_eq!(share("1"), Ok(1.0));
        assert!(share("1.01").is_err() && share("NaN").is_err());
        assert!(positive("0").is_err() && positive("inf").is_err());
        assert_eq!(not_negative("0"), Ok(0.0));
        assert!(not_negative("-0.1").is_err() && not_negative("NaN").is_err());
        assert_eq!(at_least_one("1"), Ok(1.0));
        assert!(at_least_one("0.5").is_err() && at_least_one("inf").is_err());
        assert_eq!(finite("-2.5"), Ok(-2.5));
        assert_eq!(count("5e8"), Ok(500_000_000));
        assert_eq!(count("18446744073709551615"), Ok(u64::MAX));
        assert!(count("1.5").is_err() && count("-1").is_err() && count("1e17").is_err());
    }
}
