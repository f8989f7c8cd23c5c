//! Several files as one input, for readers of folders.

use std::path::Path;

/// Stands between two files; nothing that is read contains it.
const SEPARATOR: &[u8] = b"\n--8<--\n";

/// The input that is these files.
pub fn joined<C: AsRef<[u8]>>(files: &[C]) -> Vec<u8> {
    let files: Vec<&[u8]> = files.iter().map(AsRef::as_ref).collect();
    files.join(SEPARATOR)
}

/// The first `N` files of an input; those that it does not have are absent.
pub fn split<const N: usize>(input: &[u8]) -> [Option<&[u8]>; N] {
    let mut rest = Some(input);
    std::array::from_fn(|_| {
        let all = rest.take()?;
        let end = all.windows(SEPARATOR.len()).position(|w| w == SEPARATOR);
        rest = end.map(|end| &all[end + SEPARATOR.len()..]);
        Some(&all[..end.unwrap_or(all.len())])
    })
}

/// Writes those files that are there, under these names, with the folders above them.
///
/// # Errors
/// What the system says.
pub fn place(folder: &Path, files: &[(&str, Option<&[u8]>)]) -> std::io::Result<()> {
    for (name, content) in files {
        let Some(content) = content else { continue };
        let path = folder.join(name);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)?;
        }
        std::fs::write(path, content)?;
    }
    Ok(())
}
