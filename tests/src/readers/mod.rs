//! What reads files from outside: each reader on any bytes, and whole files to begin with.
//!
//! A [`Reader`] takes what it is given as the content of a file, or of several ([`files`]). It goes past reading: what
//! was read is used, written and read again. Whatever the bytes are, it may refuse them and must not panic; what
//! comes back from its own written form must be equal. `tests/readers.rs` damages the seeds a little,
//! `cargo xtask fuzz` lets libFuzzer search from them.

mod architecture;
mod checkpoint;
mod config;
mod dataset;
mod fidelity_table;
pub mod files;
mod image;
mod model;
mod onnx;
mod result;
pub mod seeds;
mod space;
mod table;

/// A reader of files from outside.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// What it is called.
    pub name: &'static str,
    /// Reads, and does with what was read what the program would do.
    pub read: fn(&[u8]),
    /// Inputs that are whole.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them, by name.
pub const READERS: &[Reader] = &[
    architecture::READER,
    checkpoint::READER,
    config::READER,
    dataset::READER,
    fidelity_table::READER,
    image::READER,
    model::READER,
    onnx::READER,
    result::READER,
    space::READER,
    table::READER,
];

/// Lets the reader of that name read.
///
/// # Panics
/// What a fuzz target is there to find, and where there is no such reader.
pub fn read(name: &str, bytes: &[u8]) {
    let reader = READERS.iter().find(|reader| reader.name == name);
    (reader.expect("a reader of that name").read)(bytes);
}
