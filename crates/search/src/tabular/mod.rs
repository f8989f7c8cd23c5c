//! Searching a table: architectures whose accuracies somebody has measured already.
//!
//! A [`Table`] is a file with a row for every architecture of a small space and the accuracy of each of several
//! trainings (NAS-Bench-201 is one). [`Tabular`] looks accuracies up in it for a search; a [`Study`] lets
//! methods search it hundreds of times in seconds, which shows how well they sample and nothing else.
//!
//! Tables of [`fidelity`] hold what networks of a real space came to at each of the three fidelities.

mod deal;
mod error;
mod evaluator;
pub mod fidelity;
mod study;
mod table;

pub use error::{RowFault, TableError};
pub use evaluator::Tabular;
pub use study::{Figure, Studied, Study};
pub use table::{Row, Table};
