//! What can be wrong with a table.

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
