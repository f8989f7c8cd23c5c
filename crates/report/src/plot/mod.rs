//! SVG plots: axes and the marks on them.
//!
//! Everything is drawn in `currentColor`; the classes of `plot.css` say which colour that is in the light and in
//! the dark scheme. The libraries at hand write fixed colours and sizes, which is why these few files exist.

mod chart;
mod heat_map;
mod key;
mod marks;
mod scale;

pub use chart::{Axis, Chart, Size};
pub use heat_map::{HeatMap, HeatRow};
pub use key::{Key, Sign, below, in_svg};
pub use marks::{Shape, shape};
pub use scale::{Scale, Unit};

/// The colours of all plots, light and dark.
pub const CSS: &str = include_str!("plot.css");

/// How many series have a colour of their own.
pub const COLOURS: usize = 8;

/// The class of a series' colour.
pub fn colour(series: usize) -> String {
    format!("c{}", series % COLOURS)
}

/// A coordinate, to a tenth of a pixel.
pub fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
