//! Sizes in a file, exactly.

use bytesize::ByteSize;
use serde::Serializer;

/// A size in the largest unit that loses nothing; `ByteSize` by itself rounds to a tenth of a unit.
pub(super) fn exact<S: Serializer>(size: &ByteSize, serializer: S) -> Result<S::Ok, S::Error> {
    let units = [
        (1 << 30, "GiB"),
        (1 << 20, "MiB"),
        (1 << 10, "KiB"),
        (1, "B"),
    ];
    let bytes = size.as_u64();
    let whole = |&&(unit, _): &&(u64, &str)| bytes > 0 && bytes.is_multiple_of(unit);
    let (unit, name) = units.iter().find(whole).unwrap_or(&(1, "B"));
    serializer.serialize_str(&format!("{} {name}", bytes / unit))
}

pub(super) fn exact_of_some<S: Serializer>(
    size: &Option<ByteSize>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match size {
        Some(size) => exact(size, serializer),
        None => serializer.serialize_none(),
    }
}
