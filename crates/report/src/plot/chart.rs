//! The frame of a plot: axes, grid and titles.

use super::{Scale, number};
use maud::{Markup, html};

/// The user units of an SVG; text is 12 of them high. At its intended width one is about a CSS pixel.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

impl Size {
    /// One of three beside each other, and what fits a telephone.
    pub const SMALL: Self = Self {
        width: 370.0,
        height: 230.0,
    };
    /// As wide as the page.
    pub const WIDE: Self = Self {
        width: 1120.0,
        height: 340.0,
    };
    /// A plot that is [`Self::WIDE`] on a wide page, on a narrow one.
    pub const NARROW: Self = Self {
        width: 370.0,
        height: 300.0,
    };
}

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    pub title: String,
    pub scale: Scale,
}

/// Axes in a frame.
#[derive(Debug)]
pub struct Chart {
    size: Size,
    /// Room above the axes, for a legend.
    above: f64,
    left: f64,
    x: Axis,
    y: Axis,
}

const RIGHT: f64 = 16.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 38.0;

/// About how wide a text of 12 units is.
pub fn text_width(text: &str) -> f64 {
    7.2 * text.chars().count() as f64
}

impl Chart {
    pub fn new(size: Size, x: Axis, y: Axis) -> Self {
        let widths = y.scale.ticks.iter().map(|(_, label)| text_width(label));
        let left = widths.fold(0.0, f64::max) + 12.0;
        Self {
            size,
            above: 0.0,
            left,
            x,
            y,
        }
    }

    /// The same with room above it, by which it grows.
    pub fn with_room_above(self, above: f64) -> Self {
        let size = Size {
            height: self.size.height + above,
            ..self.size
        };
        Self {
            size,
            above,
            ..self
        }
    }

    /// Left and right end of the x axis.
    pub fn across(&self) -> (f64, f64) {
        (self.left, self.size.width - RIGHT)
    }

    /// Lower and upper end of the y axis.
    pub fn upright(&self) -> (f64, f64) {
        (self.size.height - BOTTOM, self.above + TOP)
    }

    /// Where a value lies along the x axis.
    pub fn x(&self, value: f64) -> f64 {
        let (from, to) = self.across();
        from + (to - from) * self.x.scale.at(value)
    }

    /// Where a value lies along the y axis.
    pub fn y(&self, value: f64) -> f64 {
        let (from, to) = self.upright();
        from + (to - from) * self.y.scale.at(value)
    }

    /// The plot: `label` is what it shows, for those who cannot see it; `marks` lie over the grid.
    pub fn svg(&self, label: &str, marks: &Markup) -> Markup {
        let view = format!(
            "0 0 {} {}",
            number(self.size.width),
            number(self.size.height)
        );
        html! {
            svg.plot viewBox=(view) role="img" aria-label=(label) font-size="12"
                font-family="sans-serif" {
                (self.axes())
                (marks)
            }
        }
    }

    fn axes(&self) -> Markup {
        let ((left, right), (bottom, top)) = (self.across(), self.upright());
        let x_ticks = thinned(&self.x.scale.ticks, right - left);
        let middle = (left + right) / 2.0;
        html! {
            text x="0" y=(number(top - 14.0)) fill="currentColor" class="quiet" { (self.y.title) }
            @for (value, label) in &self.y.scale.ticks {
                @let y = number(self.y(*value));
                line x1=(number(left)) x2=(number(right)) y1=(y) y2=(y)
                    stroke="currentColor" stroke-opacity="0.13" {}
                text x=(number(left - 6.0)) y=(y) dy="0.35em" text-anchor="end" fill="currentColor" { (label) }
            }
            @for (value, label) in x_ticks {
                @let x = self.x(*value);
                line x1=(number(x)) x2=(number(x)) y1=(number(bottom)) y2=(number(bottom + 4.0))
                    stroke="currentColor" stroke-opacity="0.5" {}
                text x=(number(inside(x, label, self.size.width))) y=(number(bottom + 17.0))
                    text-anchor="middle" fill="currentColor" { (label) }
            }
            line x1=(number(left)) x2=(number(right)) y1=(number(bottom)) y2=(number(bottom))
                stroke="currentColor" stroke-opacity="0.5" {}
            text x=(number(middle)) y=(number(bottom + 33.0)) text-anchor="middle" fill="currentColor" class="quiet" {
                (self.x.title)
            }
        }
    }
}

/// The middle of a label that stays within the picture.
fn inside(x: f64, label: &str, width: f64) -> f64 {
    let half = text_width(label) / 2.0;
    x.min(width - half)
}

/// As many ticks, evenly left out, as have room beside each other.
fn thinned(ticks: &[(f64, String)], room: f64) -> impl Iterator<Item = &(f64, String)> {
    let widest = ticks
        .iter()
        .map(|(_, label)| text_width(label))
        .fold(0.0, f64::max);
    let most = (room / (widest + 10.0)).max(1.0) as usize;
    ticks.iter().step_by(ticks.len().div_ceil(most).max(1))
}
