//! What can be wrong with a row of a table of three fidelities.

/// What can be wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowFault {
    /// The row has another number of fields than the header.
    #[error("{found} fields, but the header has {expected}")]
    Fields {
        /// How many it has.
        found: usize,
        /// How many there are columns.
        expected: usize,
    },
    /// A field is not what its column holds.
    #[error("`{column}` is `{value:.80}`, but has to be {expected}")]
    Field {
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What has to stand there.
        expected: &'static str,
    },
    /// The code of an architecture is of another length than those of the space.
    #[error(
        "`arch` is `{code:.80}`, {found} characters, but this space takes {expected}: one a list of choices, those of \
         one entry included"
    )]
    CodeLength {
        /// The code.
        code: String,
        /// Its characters.
        found: usize,
        /// Those of a code of the space.
        expected: usize,
    },
    /// A character of a code stands for no choice.
    #[error(
        "`arch` is `{code:.80}`, whose character {place} has to be one of the {choices} from `0` to `{}`",
        last(*choices)
    )]
    CodeDigit {
        /// The code.
        code: String,
        /// Which character, from 1.
        place: usize,
        /// How many choices there are.
        choices: usize,
    },
    /// Another row is of the same architecture and seed.
    #[error("`{code:.80}` with seed {seed} stands on line {first} already")]
    Again {
        /// The architecture.
        code: String,
        /// The seed.
        seed: u64,
        /// The line before.
        first: usize,
    },
    /// The architecture has other AOPS in the space.
    #[error(
        "`aops` of `{code:.80}` is {found}, but {expected} in this space; the table was made with another space or width"
    )]
    Aops {
        /// The architecture.
        code: String,
        /// What the row says.
        found: u64,
        /// What the space says.
        expected: u64,
    },
}

/// The character of the last of so many choices.
fn last(choices: usize) -> char {
    let last = choices.saturating_sub(1) as u32;
    char::from_digit(last.min(35), 36).unwrap_or('z')
}
