//! Whether a JPEG file is whole.

/// Whether JPEG data has an end-of-image marker behind its last start-of-scan marker.
///
/// Decoders fill what is missing of a cut file with grey and report success, which would put broken images
/// into training; so this is checked separately. Inside a scan an 0xff byte is always followed by a zero or a
/// restart marker, so neither marker searched for can be pixels; thumbnails lie before the last scan.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    last(0xd9) > last(0xda)
}

/// Whether data begins as JPEG files do.
pub(super) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_marker_must_follow_the_last_scan() {
        assert!(is_whole(&[0xff, 0xd8, 0xff, 0xda, 1, 2, 0xff, 0xd9]));
        assert!(
            is_whole(&[0xff, 0xda, 1, 0xff, 0xd9, 0, 0]),
            "padding may follow"
        );
        assert!(
            !is_whole(&[0xff, 0xd9, 0xff, 0xda, 1, 2]),
            "a thumbnail's end is not the image's"
        );
        assert!(!is_whole(&[0xff, 0xda, 1, 2, 0xff]));
        assert!(!is_whole(&[]));
    }
}
