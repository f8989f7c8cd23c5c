//! What can be wrong with a table.

use super::fidelity;
use radars_space::HyperParameter;
use std::path::PathBuf;

/// What can be wrong with a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It cannot be read, or is not CSV: not UTF-8, or a row with more or fewer fields than the header.
    #[error("{}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why not, and where.
        source: std::io::Error,
    },
    /// A column is missing.
    #[error("{}: line 1: no column is called `{column}`, there {found}", file.display())]
    NoColumn {
        /// The file.
        file: PathBuf,
        /// What is missing.
        column: &'static str,
        /// What there is instead.
        found: String,
    },
    /// A row is wrong.
    #[error("{}: line {line}: {fault}", file.display())]
    Row {
        /// The file.
        file: PathBuf,
        /// Its line, from 1; blank lines before it count as part of it.
        line: u64,
        /// What is wrong with it.
        fault: RowFault,
    },
    /// There are no rows.
    #[error("{}: there is no row after the header", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// A combination of digits has no row.
    #[error(
        "{}: there is no row for `{architecture:.80}`; every combination of the digits that the table uses needs one",
        file.display()
    )]
    Incomplete {
        /// The file.
        file: PathBuf,
        /// The first that is missing.
        architecture: String,
    },
    /// The line after the comments is not the header of a table of three fidelities.
    #[error("{}: line {line}: the header is `{found:.200}`, but has to be `{expected}`", file.display())]
    Header {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What has to.
        expected: String,
    },
    /// A row of a table of three fidelities is wrong.
    #[error("{}: line {line}: {fault}", file.display())]
    FidelityRow {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: fidelity::RowFault,
    },
    /// A table is searched whole, and architectures have no row.
    #[error(
        "{}: there is no row for `{code:.80}`, the first of {missing} of {architectures} architectures without one; \
         go on with `radars tabulate` until all have one", file.display()
    )]
    Missing {
        /// The file.
        file: PathBuf,
        /// The first that is missing, as rows write it.
        code: String,
        /// How many are missing.
        missing: usize,
        /// How many there are.
        architectures: usize,
    },
    /// The comments of a table hold no space.
    #[error("{}: its comments hold no space; name the space file that it was made with by --space", file.display())]
    NoSpace {
        /// The file.
        file: PathBuf,
    },
    /// A list of choices is too long for a code.
    #[error(
        "{}: layer {layer} lists {choices} choices of `{kind}`, and a table can tell {most} apart", file.display()
    )]
    LongList {
        /// The file.
        file: PathBuf,
        /// The layer, from 1.
        layer: usize,
        /// Of what.
        kind: HyperParameter,
        /// How many.
        choices: usize,
        /// How many there may be.
        most: usize,
    },
    /// A space has too many architectures to measure all.
    #[error(
        "the space {space} holds {architectures} architectures, and a table has at most {most}; give its lists of \
         choices fewer entries, some layers a single one"
    )]
    TooLarge {
        /// The space.
        space: String,
        /// How many there are.
        architectures: f64,
        /// How many there may be.
        most: usize,
    },
    /// A table was made with other settings than those it is to be gone on with.
    #[error(
        "{}: was made with other settings: {}; give those, or another --out", file.display(), differences.join("; ")
    )]
    OtherSettings {
        /// The file.
        file: PathBuf,
        /// Each line of the comments that differs, with what it would be.
        differences: Vec<String>,
    },
    /// Another process is making the table.
    #[error("{}: another process is writing to this table; wait for it or stop it", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// A table cannot be written.
    #[error("{}: {source}; the rows before are whole: go on by the same command", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// An architecture of another space.
    #[error(
        "the table has no row for the architecture {architecture}; search the space that it gives"
    )]
    Unknown {
        /// The architecture.
        architecture: String,
    },
}

/// What can be wrong with a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowFault {
    /// The name of the architecture is no string of digits.
    #[error("`arch` is `{arch:.80}`, but has to be digits, one a decision")]
    Name {
        /// What it is.
        arch: String,
    },
    /// It has another number of digits than the first row.
    #[error("`arch` has {digits} digits, but has to have {expected} as the first row has")]
    Length {
        /// Its digits.
        digits: usize,
        /// Those of the first row.
        expected: usize,
    },
    /// Another row is of the same architecture.
    #[error("`{arch:.80}` stands on line {first} already; every architecture has one row")]
    Twice {
        /// The architecture.
        arch: String,
        /// The line before.
        first: u64,
    },
    /// An accuracy is none.
    #[error("`{column:.80}` is `{value:.80}`, but has to be percent, 0 to 100, or empty")]
    Accuracy {
        /// The column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// All accuracies are missing.
    #[error("every `val_acc` is empty, but a row needs at least one")]
    NoAccuracy,
}
