//! Whether an image file has its end, which decoders do not insist on.
//!
//! They fill what is missing of a cut JPEG with grey and report success, and never look at the end of a
//! PNG; so a truncated file would put broken images into training.

/// The last chunk of every PNG file: no data, its name, its checksum.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// What marks the end of an image in the format that `bytes` begin as, if it is not there.
///
/// Anything may follow the mark, as some cameras and editors append to their files.
pub(crate) fn missing_end(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        (!jpeg_ends(bytes)).then_some("JPEG end-of-image marker")
    } else if bytes.starts_with(b"\x89PNG") {
        let ends = bytes
            .windows(PNG_END.len())
            .rev()
            .any(|window| window == PNG_END);
        (!ends).then_some("PNG end chunk")
    } else {
        None
    }
}

/// Whether an end-of-image marker follows the last start-of-scan marker.
///
/// Inside a scan an 0xff byte is always followed by a zero or a restart marker, so neither marker searched for
/// can be pixels; and thumbnails, which have an end of their own, lie before the last scan.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let end = bytes.windows(2).rposition(|pair| pair == [0xff, 0xd9]);
    // The end is near the file's own, so what follows it is soon searched.
    end.is_some_and(|end| !bytes[end..].windows(2).any(|pair| pair == [0xff, 0xda]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_end_must_follow_the_last_scan() {
        assert!(jpeg_ends(&[0xff, 0xd8, 0xff, 0xda, 1, 2, 0xff, 0xd9]));
        assert!(
            jpeg_ends(&[0xff, 0xda, 1, 0xff, 0xd9, 0, 0]),
            "padding may follow"
        );
        assert!(
            !jpeg_ends(&[0xff, 0xd9, 0xff, 0xda, 1, 2]),
            "a thumbnail's end is not the image's"
        );
        assert!(!jpeg_ends(&[0xff, 0xda, 1, 2, 0xff]));
        assert!(!jpeg_ends(&[]));
    }

    #[test]
    fn other_formats_are_left_to_their_decoder() {
        assert_eq!(missing_end(b"GIF89a"), None);
        assert_eq!(missing_end(b""), None);
        assert!(missing_end(b"\x89PNG\r\n").is_some());
        assert_eq!(
            missing_end(&[b"\x89PNG...", PNG_END, b"more"].concat()),
            None
        );
    }
}
