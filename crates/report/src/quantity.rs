//! Quantities as text for people.

use bytesize::ByteSize;
use std::time::Duration;

/// `1.5 MiB`.
pub fn bytes(bytes: u64) -> String {
    ByteSize(bytes).to_string()
}

/// `67,832,320`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `414 M`, `1.52 G`: three digits of a large number.
pub fn short(value: f64) -> String {
    let units = [
        (1e15, " P"),
        (1e12, " T"),
        (1e9, " G"),
        (1e6, " M"),
        (1e3, " k"),
    ];
    for (unit, name) in units {
        if value.abs() >= 0.9995 * unit {
            let scaled = value / unit;
            let decimals = if scaled.abs() >= 99.95 {
                0
            } else if scaled.abs() >= 9.995 {
                1
            } else {
                2
            };
            return format!("{scaled:.decimals$}{name}");
        }
    }
    if value == value.trunc() {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// `0.25 s` below ten seconds, `1m 30s` above.
pub fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.2} s");
    }
    match Duration::try_from_secs_f64(seconds.round()) {
        Ok(duration) => humantime::format_duration(duration).to_string(),
        Err(_) => format!("{seconds} s"),
    }
}

/// `81.3 %`.
pub fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

/// `1 layer`, `2 layers`.
pub fn plural(count: usize, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        assert_eq!(bytes(3 << 19), "1.5 MiB");
        assert_eq!(count(7), "7");
        assert_eq!(count(67_832_320), "67,832,320");
        assert_eq!(count(100_000), "100,000");
        assert_eq!(seconds(0.254), "0.25 s");
        assert_eq!(seconds(3725.4), "1h 2m 5s");
        assert_eq!(percent(0.8125), "81.2 %"); // half to even: 81.25
        assert_eq!(plural(1, "layer"), "1 layer");
        assert_eq!(plural(0, "layer"), "0 layers");
    }

    #[test]
    fn large_numbers_keep_three_digits() {
        assert_eq!(short(414_204_544.0), "414 M");
        assert_eq!(short(1.52e9), "1.52 G");
        assert_eq!(short(31_400.0), "31.4 k");
        assert_eq!(short(999_900.0), "1.00 M");
        assert_eq!(short(64.0), "64");
        assert_eq!(short(0.0), "0");
    }
}
