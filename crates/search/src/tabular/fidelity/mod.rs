//! Tables of networks trained at three fidelities: what a search would have measured, all of it, beforehand.
//!
//! [`tabulate`] trains every architecture of a small space briefly, to convergence and finally, with one seed or
//! several, and appends a row to a file as each is done. A [`FidelityTable`] is such a file when no architecture is
//! missing; [`FidelityTabular`] looks trainings up in it for a search, at the price they had; a [`FidelityStudy`] lets
//! methods search it hundreds of times in seconds and says what their winners are truly worth.

mod codes;
mod evaluator;
mod fault;
mod file;
mod growing;
mod header;
mod making;
mod order;
mod row;
mod study;
mod table;

pub use codes::Codes;
pub use evaluator::FidelityTabular;
pub use fault::RowFault;
pub use file::{TableFile, is_fidelity_table};
pub use making::{Onlooker, Place, Tabulated, Tabulation, tabulate};
pub use order::Order;
pub use row::MeasuredRow;
pub use study::{FidelityStudied, FidelityStudy, Winner};
pub use table::{FidelityTable, Known, MOST_ARCHITECTURES, architectures};
