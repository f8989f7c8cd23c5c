//! Quantities as text for people.

use bytesize::ByteSize;
use indicatif::HumanCount;
use std::time::Duration;

/// `1.5 MiB`.
pub fn bytes(bytes: usize) -> String {
    ByteSize(bytes as u64).to_string()
}

/// `67,832,320`.
pub fn count(count: u64) -> String {
    HumanCount(count).to_string()
}

/// `1.23e12`: what is too large to be read digit by digit.
pub fn macs(macs: f64) -> String {
    format!("{macs:.2e}")
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

/// `0.8750`, or a dash for what was not measured.
pub fn fraction(fraction: Option<f64>) -> String {
    fraction.map_or_else(|| "-".to_owned(), |fraction| format!("{fraction:.4}"))
}

/// `1m 30s`: what nobody knows more exactly.
pub fn rough(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        assert_eq!(bytes(3 << 19), "1.5 MiB");
        assert_eq!(count(67_832_320), "67,832,320");
        assert_eq!(macs(1_234_000_000_000.0), "1.23e12");
        assert_eq!(seconds(0.254), "0.25 s");
        assert_eq!(seconds(3725.4), "1h 2m 5s");
        assert_eq!(seconds(f64::INFINITY), "inf s");
        assert_eq!(fraction(Some(0.875)), "0.8750");
        assert_eq!(fraction(None), "-");
        assert_eq!(rough(Duration::from_millis(90_700)), "1m 30s");
    }
}
