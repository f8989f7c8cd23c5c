//! Turns a run folder into something to look at: one self-contained HTML page, SVG plots, TensorBoard files.
//!
//! A run folder holds `config.toml`, `space.toml`, `events.jsonl` and, once the run is over, `result.json`.
//! **`events.jsonl` is the interface**: this crate knows nothing of the search that wrote it, reads the events
//! and fields it knows, passes over those it does not, and leaves out what a run has no data for. So it works
//! on a run that is still going, on one that was killed in the middle of a line, and on those of every method.
//!
//! - [`write()`] makes `report.html` in a run folder, [`html`] makes the page of an opened [`Run`]. The page
//!   needs no network and no script, follows the reader's light or dark scheme, and prints.
//! - [`tensorboard()`] writes the scalars of a run as an event file that TensorBoard reads.
//! - [`pareto_svg`] and [`curves_svg`] are the plots that compare several searches, [`growth_svg`] that of what
//!   memory is needed; each result is an SVG file of its own that can also stand inside a page.
//!
//! ```
//! use radars_report::{PlotText, Series, pareto_svg};
//!
//! let series = [Series {
//!     name: "radars".into(),
//!     points: vec![(4.1e8, 0.18), (9.0e8, 0.15)],
//!     winners: vec![(9.0e8, 0.15)],
//! }];
//! let svg = pareto_svg(&series, &PlotText { title: "fashion-small".into(), ..PlotText::pareto() });
//! assert!(svg.starts_with("<svg"));
//! ```

mod compared;
mod error;
mod files;
mod front;
mod growth;
mod page;
mod plot;
mod quantity;
mod run;
mod tensorboard;

pub use compared::{Curve, CurvePoint, PlotText, Series, curves_svg, pareto_svg};
pub use error::{Error, Result};
pub use files::{REPORT, write, write_to};
pub use front::pareto_front;
pub use growth::growth_svg;
pub use page::html;
pub use run::Run;
pub use tensorboard::tensorboard;
